"""Texts → unit vectors (onnxruntime), the same on every run and whatever else is being encoded.

`open_encoder` finds the encoder's folder under the data directory and builds it at first use: from the
installed weights (`weights`) and what training adds to them (`deltas`), or from any sentence-transformers
model (`export`).

One encode at a time with two threads, not two with one thread each: on two cores both give about
150 short questions a second, but a single question takes 6 ms instead of 9.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kb import deltas, folder, weights
from kb.text import encoder_view

Kind = Literal["query", "entry", "passage"]
Floats = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

FORMAT = 2  # grows when the same weights would give other vectors
PLAIN = "plain"  # the name of the embedded encoder without what training adds
PREFIXES = {"query": "query: ", "passage": "passage: ", "entry": ""}
AGREEMENT = 0.9999  # least cosine with the stored vectors of the weight package's own engine
TRAINED_AGREEMENT = 0.998  # and with those that a trained model gave in full precision
STEPS = 4  # of building
WAITING = 64  # queries that may wait for a slot before the next is refused
RECENT = 512  # query vectors kept


class Busy(Exception):
    """More queries wait for the encoder than can be served soon; try again in a moment."""


class EncoderDamaged(Exception):
    """What was just built does not give the reference vectors; the message says what to check."""


def open_encoder(data: Path, name: str | None = None, progress: Progress | None = None) -> Encoder:
    """The encoder, built under `data/encoder` when it is not there yet or damaged (about 4 s).

    `name`: None for the embedded one with the shipped deltas, "plain" for the one without, a file of
    `toritsugi train` (`.npz`), or a sentence-transformers folder or hub id. `progress(done, total)` is
    called only while building. Raises `weights.WeightsMissing` where none can be had, and
    `deltas.DeltasRefused`.
    """
    if _is_trained(name) and not Path(str(name)).is_file():
        raise deltas.DeltasRefused(
            f"TORITSUGI_ENCODER={name}: there is no such file: make it with `toritsugi train`, correct the "
            "path, or unset TORITSUGI_ENCODER to use the embedded encoder"
        )
    home = data / "encoder" / _key(name)
    if home.exists():
        try:
            return Encoder(home)
        except folder.FolderDamaged:
            folder.removed(home)
    with folder.written(home) as building:
        _build(building, name, progress or (lambda done, total: None))
    return Encoder(home)


def deltas_of(name: str | None) -> deltas.Deltas | None:
    """What training adds to the embedded encoder of this name (see `open_encoder`); None for the plain one
    and for another model. Raises `deltas.DeltasRefused`."""
    if name is None:
        return deltas.Deltas.read(deltas.SHIPPED) if deltas.SHIPPED.exists() else None
    return deltas.Deltas.read(Path(name)) if _is_trained(name) else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A text's unit vector [dim], and its tokens' short unit vectors [tokens, width] for the joint side
    (None where the encoder has no joint part)."""

    vector: Floats
    tokens: Floats | None


class Encoder:
    """Thread-safe. `id` changes when the same text would get another vector; `dim` is a vector's length."""

    def __init__(self, home: Path, *, slots: int | None = None, waiting: int = WAITING) -> None:
        from tokenizers import Tokenizer

        self.manifest = folder.opened(home)
        self.id: str = self.manifest["id"]
        self.dim: int = self.manifest["dim"]
        self.joint: int | None = self.manifest.get("joint")
        self._prefixes: dict[str, str] = self.manifest["prefixes"]
        self._tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
        self._tokens: int = self.manifest["tokens"]
        self._rows: npt.NDArray[np.uint8] | None = None
        self._norm: dict[int, str] = {}
        if self.manifest["form"] == "rows":
            self._rows = np.load(home / "rows.npy", mmap_mode="r")
            self._norm = {int(k): v for k, v in json.loads((home / "norm.json").read_text("utf-8")).items()}
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        slots = slots or max(1, min(4, cores // 2))
        self._pool = _Pool([_session(home / "graph.onnx", min(2, cores)) for _ in range(slots)], waiting)
        self._recent = _Recent(RECENT)
        self._home = home

    @cached_property
    def typical(self) -> tuple[Floats, Floats]:
        """This encoder's vectors of the reference texts (ten queries, ten passages of a shop): what its
        vectors look like on average, where an index has too few entries to tell."""
        vectors = np.load(self._home / "typical.npy")
        return vectors[:10], vectors[10:]

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """float32 [len(texts), dim], each of length 1. Text beyond 512 tokens is not seen.

        "query" is what a shopper asks, "passage" a document, "entry" an entry's question (e5 compares
        questions best when one side has no prefix). Queries raise `Busy` when too many wait; the
        others, which belong to indexing, wait for their turn.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        for place, text in enumerate(texts):
            vectors[place] = self.read(text, kind).vector
        return vectors

    def read(self, text: str, kind: Kind) -> Reading:
        """One text's vector and its tokens' vectors; as `encode` otherwise."""
        if kind != "query":
            return self._read(text, kind, patient=True)
        found = self._recent.get(text)
        if found is None:
            found = self._read(text, kind, patient=False)
            self._recent.put(text, found)
        return found

    def embeddings(self, text: str, kind: Kind, most: int | None = None) -> Floats:
        """What the graph is given for a text: its pieces' word embeddings [pieces, dim], at most `most`.

        Training reads with the same eyes. Only the embedded encoder has them; ValueError for another.
        """
        if self._rows is None:
            raise ValueError("only the embedded encoder reads word embeddings")
        seen = min(most or self._tokens, self._tokens)
        return self._rows_of(self._prefixes[kind] + encoder_view(text), seen)

    def _read(self, text: str, kind: Kind, *, patient: bool) -> Reading:
        feed = self._feed(self._prefixes[kind] + encoder_view(text))
        with self._pool.slot(patient=patient) as session:
            found: list[Floats] = session.run(None, feed)
        return Reading(found[0].reshape(-1), found[1] if self.joint else None)

    def _feed(self, text: str) -> dict[str, npt.NDArray[Any]]:
        if self._rows is None:
            whole = np.array([self._tokenizer.encode(text).ids[: self._tokens]])
            return {"ids": whole, "mask": np.ones_like(whole)}
        return {"embeds": self._rows_of(text, self._tokens)[None]}

    def _rows_of(self, text: str, most: int) -> Floats:
        assert self._rows is not None
        text = text.translate(self._norm).strip()
        ids = [0, *self._tokenizer.encode(text, add_special_tokens=False).ids[: most - 2], 2]
        return weights.dequantised(self._rows[ids])


class _Pool:
    """A few sessions; a bounded number of impatient callers may wait for one."""

    def __init__(self, sessions: Sequence[Any], waiting: int) -> None:
        self._free = list(sessions)
        self._changed = threading.Condition()
        self._waiting, self._limit = 0, waiting

    @contextmanager
    def slot(self, *, patient: bool) -> Iterator[Any]:
        with self._changed:
            if not patient and not self._free and self._waiting >= self._limit:
                raise Busy(f"{self._waiting} questions already wait for the encoder")
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._free)
                session = self._free.pop()
            finally:
                self._waiting -= 1
        try:
            yield session
        finally:
            with self._changed:
                self._free.append(session)
                self._changed.notify()


class _Recent:
    """What was read of the last queries: a follow-up searches twice, staff try a question again."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Reading | None:
        with self._lock:
            if text in self._readings:
                self._readings.move_to_end(text)
            return self._readings.get(text)

    def put(self, text: str, reading: Reading) -> None:
        with self._lock:
            self._readings[text] = reading
            if len(self._readings) > self._size:
                self._readings.popitem(last=False)


def reference() -> tuple[list[tuple[Kind, str]], Floats]:
    """The stored texts and the vectors that the weight package's own engine gave them."""
    stored = json.loads(Path(__file__).with_name("reference.json").read_text("utf-8"))
    vectors = np.frombuffer(base64.b64decode(stored["vectors"]), "<f4").reshape(len(stored["texts"]), -1)
    return [(each["kind"], each["text"]) for each in stored["texts"]], vectors


def _build(building: Path, name: str | None, progress: Progress) -> None:
    trained = deltas_of(name)
    embedded = trained is not None or name == PLAIN
    facts = (
        _embedded(building, trained, progress)
        if embedded or name is None
        else _exported(building, name, progress)
    )
    folder.seal(building, facts)  # for the next line
    typical = _vectors_of_reference(Encoder(building, slots=1))
    if trained is not None:
        _verify_trained(typical, trained.reference)
    elif embedded or name is None:
        _verify(typical, reference()[1])
    np.save(building / "typical.npy", typical)
    folder.seal(building, facts)
    progress(STEPS, STEPS)


def _is_trained(name: str | None) -> bool:
    return name is not None and name.endswith(".npz")


def _embedded(building: Path, trained: deltas.Deltas | None, progress: Progress) -> dict[str, Any]:
    source = weights.installed_weights()
    found = weights.Weights(source)
    if trained is not None:
        trained.check(found)
    facts = weights.write(found, building, lambda done, _: progress(done, STEPS), trained)
    digest = folder.file_digest(building / "graph.onnx")
    title = "multilingual-e5-small, 4-bit" + (", trained" if trained else "")
    facts |= {"form": "rows", "name": title, "source": folder.file_digest(source), "prefixes": PREFIXES}
    return {"format": FORMAT, "id": _short([FORMAT, digest, PREFIXES]), **facts}


def _exported(building: Path, name: str, progress: Progress) -> dict[str, Any]:
    from kb import export

    facts = export.write(name, building, lambda done, _: progress(done, STEPS))
    identity = _short([FORMAT, folder.file_digest(building / "graph.onnx"), facts["prefixes"]])
    return {"format": FORMAT, "id": identity, "form": "ids", "name": name, **facts}


def _vectors_of_reference(encoder: Encoder) -> Floats:
    return np.concatenate([encoder.encode([text], kind) for kind, text in reference()[0]])


def _verify(vectors: Floats, expected: Floats) -> None:
    text, cosine = _farthest(vectors, expected)
    if not cosine >= AGREEMENT:
        raise EncoderDamaged(
            f"the encoder built from {weights.PACKAGE} gives another vector than its reference for "
            f"{text!r} (cosine {cosine:.5f}, at least {AGREEMENT} wanted): reinstall {weights.PACKAGE} "
            "and onnxruntime in the pinned versions"
        )


def _verify_trained(vectors: Floats, expected: Floats) -> None:
    if expected.shape != vectors.shape:
        raise deltas.DeltasRefused(f"the trained model was made for other reference texts: {deltas.MEND}")
    text, cosine = _farthest(vectors, expected)
    if not cosine >= TRAINED_AGREEMENT:
        raise EncoderDamaged(
            f"the trained encoder gives another vector than in training for {text!r} (cosine {cosine:.5f}, "
            f"at least {TRAINED_AGREEMENT} wanted): {deltas.MEND}"
        )


def _farthest(vectors: Floats, expected: Floats) -> tuple[str, float]:
    """The reference text whose vector is farthest from what was expected, and their cosine."""
    cosines = (vectors * expected).sum(axis=1) / np.linalg.norm(expected, axis=1)
    place = int(np.argmin(np.nan_to_num(cosines, nan=-1.0)))
    return reference()[0][place][1], float(cosines[place])


def _key(name: str | None) -> str:
    """The folder's name: other weights, another format or another model get another folder."""
    path = deltas.SHIPPED if name is None else Path(name)
    if name is None or name == PLAIN or _is_trained(name):
        try:
            version = importlib.metadata.version(weights.PACKAGE)
        except importlib.metadata.PackageNotFoundError:
            version = None
        added = folder.file_digest(path) if name != PLAIN and path.is_file() else None
        return _short([FORMAT, weights.FILE, version, added])
    files = [(str(p.relative_to(path)), p.stat()) for p in sorted(path.rglob("*")) if p.is_file()]
    facts = [(each, stat.st_size, stat.st_mtime_ns) for each, stat in files]
    return _short([FORMAT, name, facts])


def _short(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _session(graph: Path, threads: int) -> Any:
    import onnxruntime
    from threadpoolctl import threadpool_limits

    # Numpy's products here are small, and its own threads would wait actively beside the encoder's: a turn
    # would take twice as long.
    threadpool_limits(1, user_api="blas")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
