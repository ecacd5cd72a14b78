"""Build and open a release's directory: entries, words, vectors and a manifest, never changed afterwards.

What an earlier directory already holds of unchanged texts is taken from there, so that publishing one
changed entry costs a second, not minutes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb import dense, folder, joint
from kb.encoder import Encoder, Kind
from kb.entry import Entry, read_entry, write_corpus
from kb.fuse import Scale
from kb.lexical import Lexical
from kb.respell import Respelling, learn_entries
from kb.words import Words, dictionary_version

FORMAT = 3  # grows with every change of what a release directory holds
ANSWER = 200  # characters of an answer that its vector sees: more is slower and found less
SAMPLE = 200  # questions encoded as queries, for the query mean
Floats = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]
Progress = Callable[[int, int], None]


class IndexRefused(Exception):
    """The directory cannot be used or written; the message says why and which command mends it."""


@dataclass(frozen=True, slots=True)
class Built:
    """`encoded` of the `vectors` were not in the previous directory."""

    release: str
    entries: int
    vectors: int
    encoded: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Opened:
    """What a directory holds. The vector parts are None in one built without an encoder."""

    manifest: Mapping[str, Any]
    entries: tuple[Entry, ...]
    lexical: Lexical
    respelling: Respelling
    questions: dense.Side | None
    answers: dense.Side | None
    means: dense.Means | None
    tokens: joint.Tokens | None


def build(
    entries: Sequence[Entry],
    out: Path,
    encoder: Encoder | None,
    *,
    previous: Path | None = None,
    progress: Progress | None = None,
    words: Words | None = None,
    release: str | None = None,
) -> Built:
    """Write a release to `out` (new or empty); complete or not at all, also when interrupted.

    Without an encoder it has words, characters and readings only. `previous` is an earlier release's
    directory; one that does not fit is ignored. `progress(done, total)` counts texts. `release` names it
    (default: by its content).
    """
    begun = time.perf_counter()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise IndexRefused(f"{out} is not an empty directory: name a new one")
    if not entries:
        raise IndexRefused("there is no entry to index: import a corpus first (`toritsugi import FILE`)")
    for identifier, times in Counter(entry.id for entry in entries).items():
        if times > 1:
            raise IndexRefused(f"the id {identifier!r} belongs to {times} entries: ids must differ")
    words = words or Words()
    old = _previous(previous, words)
    facts: dict[str, Any] = {
        "format": FORMAT,
        "release": release or release_of(entries, encoder, words),
        "entries": len(entries),
        "corpus": corpus_digest(entries),
        "dictionary": dictionary_version(),
        "words": words.digest,
        "encoder": {"id": encoder.id, "dim": encoder.dim} if encoder else None,
    }
    with folder.written(out) as building:
        write_corpus(entries, building / "entries.jsonl")
        Lexical.build(entries, words, Lexical.open(old) if old else None).save(building)
        learn_entries(entries, building, old)
        store = _Vectors(encoder, old, progress or (lambda done, total: None)) if encoder else None
        if store is not None:
            facts |= _write_vectors(entries, building, store)
        folder.seal(building, facts)
    vectors, encoded = (store.total, store.encoded) if store else (0, 0)
    return Built(facts["release"], len(entries), vectors, encoded, time.perf_counter() - begun)


def open_index(home: Path, encoder: Encoder | None, words: Words) -> Opened:
    """Check and open a directory. Raises `IndexRefused` for damage and for every mismatch."""
    manifest = _manifest(home, words)
    made_by = manifest["encoder"]
    if encoder is not None and (made_by is None or made_by["id"] != encoder.id):
        what = "another encoder" if made_by else "no encoder"
        raise IndexRefused(f"{home} was built with {what} than the one in use: {MEND}")
    try:
        entries = tuple(entries_of(home))
        questions = answers = means = tokens = None
        if made_by is not None and encoder is not None:
            owners = np.load(home / "owners.npy")
            kept = [np.load(home / name, mmap_mode="r") for name in ("vectors.npy", "answers.npy")]
            rows, turned = (each.view(np.ndarray) for each in kept)  # memmap's own indexing is slow
            questions = dense.read_side(home / "questions.faiss", rows, owners, len(entries))
            answers = dense.read_side(home / "answers.faiss", turned, np.arange(len(entries)), len(entries))
            means = dense.Means(*np.load(home / "means.npy"))
            tokens = joint.Tokens.open(home) if encoder.joint else None
        lexical, respelling = Lexical.open(home), Respelling.read(home)
    except (OSError, ValueError, RuntimeError) as error:
        raise IndexRefused(f"{home} cannot be read ({error}): {MEND}") from error
    return Opened(manifest, entries, lexical, respelling, questions, answers, means, tokens)


MEND = "build it again with `toritsugi index CORPUS --out DIR`, or publish again with `toritsugi publish`"


def entries_of(home: Path) -> Iterator[Entry]:
    """The entries of a directory, in order; they were checked when it was built."""
    with (home / "entries.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            entry, wrong = read_entry(json.loads(line))
            if entry is None:
                raise ValueError(f"entries.jsonl: {wrong[0]}")
            yield entry


def release_of(entries: Sequence[Entry], encoder: Encoder | None, words: Words) -> str:
    """A release's name says what it is made of: the same content has the same name."""
    parts = [
        FORMAT,
        corpus_digest(entries),
        dictionary_version(),
        words.digest,
        encoder.id if encoder else None,
    ]
    return "r_" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def corpus_digest(entries: Iterable[Entry]) -> str:
    lines = (f"{entry.id} {entry.revision} {entry.digest}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _manifest(home: Path, words: Words) -> dict[str, Any]:
    if not (home / folder.MANIFEST).is_file():
        raise IndexRefused(f"{home} holds no index: {MEND}")
    try:
        manifest = folder.opened(home)
    except folder.FolderDamaged as error:
        raise IndexRefused(f"{error}: {MEND}") from error
    for name, wanted, what in (
        ("format", FORMAT, "another version of toritsugi"),
        ("dictionary", dictionary_version(), f"another dictionary ({manifest.get('dictionary')})"),
        ("words", words.digest, "other word lists"),
    ):
        if manifest.get(name) != wanted:
            raise IndexRefused(f"{home} was built with {what} than what is installed: {MEND}")
    return manifest


def _previous(home: Path | None, words: Words) -> Path | None:
    """An earlier directory, if what it says of words still holds."""
    try:
        return home if home is not None and _manifest(home, words) else None
    except IndexRefused:
        return None


class _Vectors:
    """Texts → vectors, each text once, those of the previous directory for nothing."""

    def __init__(self, encoder: Encoder, old: Path | None, progress: Progress) -> None:
        self.encoder, self._progress = encoder, progress
        self._known, self._tokens = _known(old, encoder) if old else ({}, {})
        self.total = self.encoded = 0

    def encode(self, wanted: Sequence[tuple[Kind, str]]) -> tuple[Floats, Keys]:
        keys = np.array([_key(kind, text) for kind, text in wanted], np.uint64)
        rows = np.empty((len(wanted), self.encoder.dim), np.float32)
        self.total += len(wanted)
        for place, (kind, text) in enumerate(wanted):
            key = int(keys[place])
            if key not in self._known:
                found = self.encoder.read(text, kind)
                self._known[key] = found.vector
                if kind == "passage" and found.tokens is not None:
                    self._tokens[key] = joint.as_bytes(found.tokens)
                self.encoded += 1
            rows[place] = self._known[key]
            if place % 16 == 0 or place + 1 == len(wanted):
                self._progress(place + 1, len(wanted))
        return rows, keys

    def tokens(self, keys: Keys) -> joint.Tokens:
        return joint.Tokens.of([self._tokens[key] for key in keys.tolist()])


def _key(kind: Kind, text: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{kind}\0{text}".encode(), digest_size=8).digest(), "big")


def _known(old: Path, encoder: Encoder) -> tuple[dict[int, Floats], dict[int, joint.Bytes]]:
    """The vectors of a directory's texts by key, and its passages' tokens."""
    manifest = json.loads((old / folder.MANIFEST).read_text("utf-8"))
    made_by = manifest["encoder"]
    if made_by is None or made_by["id"] != encoder.id:
        return {}, {}
    keys = np.load(old / "keys.npy").tolist()
    vectors = dict(zip(keys, np.load(old / "vectors.npy", mmap_mode="r"), strict=True))
    if not encoder.joint:
        return vectors, {}
    count, tokens = manifest["entries"], joint.Tokens.open(old)
    asked = len(np.load(old / "owners.npy"))
    return vectors, {keys[asked + entry]: tokens.one(entry) for entry in range(count)}


def _write_vectors(entries: Sequence[Entry], building: Path, store: _Vectors) -> dict[str, Any]:
    """Encode and write all vectors; returns what the manifest says of them."""
    asked = [(place, text) for place, entry in enumerate(entries) for text in _ways_to_ask(entry)]
    sample = sorted((entry.question for entry in entries), key=lambda text: _key("query", text))[:SAMPLE]
    wanted: list[tuple[Kind, str]] = [
        *(("entry", text) for _, text in asked),
        *(("passage", f"{entry.question}\n{entry.answer[:ANSWER]}") for entry in entries),
        *(("query", text) for text in sample),
    ]
    rows, keys = store.encode(wanted)
    passages = slice(len(asked), len(asked) + len(entries))
    questions, answers, queries = rows[: passages.start], rows[passages], rows[passages.stop :]
    typical_queries, typical_answers = store.encoder.typical
    means = dense.Means(dense.mean_of(queries, typical_queries), dense.mean_of(answers, typical_answers))
    np.save(building / "keys.npy", keys)
    np.save(building / "vectors.npy", rows)
    np.save(building / "owners.npy", np.array([place for place, _ in asked], np.int64))
    np.save(building / "means.npy", np.stack([means.query, means.answer]))
    if store.encoder.joint:
        store.tokens(keys[passages]).save(building)
    turned, moved = dense.centred(queries, means.query), dense.centred(answers, means.answer)
    np.save(building / "answers.npy", moved)
    recalls = {
        "questions": dense.write_side(questions, building / "questions.faiss", queries),
        "answers": dense.write_side(moved, building / "answers.faiss", turned),
    }
    facts: dict[str, Any] = {"vectors": len(rows), "recall": recalls}
    if store.encoder.manifest["form"] != "rows":
        facts["scales"] = _scales(queries @ questions.T, turned @ moved.T)
    return facts


def _ways_to_ask(entry: Entry) -> list[str]:
    """The question, its variants and its translations, each once."""
    translated = [translation.question for translation in entry.translations.values()]
    return list(dict.fromkeys([*entry.questions, *translated]))


def _scales(questions: Floats, answers: Floats) -> dict[str, dict[str, float]]:
    """Another encoder's cosines spread otherwise than those that `fusion.json` was chosen on."""
    found = {}
    for side, cosines in (("question_vector", questions), ("answer_vector", answers)):
        unit = float(cosines.std(axis=1).mean())
        found[side] = {"zero": float(cosines.mean()), "unit": max(unit, 0.005)}
    return found


def scales_of(manifest: Mapping[str, Any]) -> dict[str, Scale]:
    return {side: Scale(s["zero"], s["unit"]) for side, s in manifest.get("scales", {}).items()}
