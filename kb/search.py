"""Query → hits: candidates from every side, each with all its parts, in one order."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.dense import Floats, Ints, centred
from kb.encoder import Encoder
from kb.entry import Entry
from kb.fuse import Array, fusion
from kb.index import Opened, open_index, scales_of
from kb.lexical import Scores
from kb.text import Text, normalise
from kb.words import Term, Words

NEAREST = 96  # vectors of each dense side whose entries become candidates
FOUND = 64  # entries of each lexical side that become candidates

BEGUN = 10.0  # a suggestion that begins with what was typed comes before all others

_KANA = re.compile(r"[ぁ-ゖァ-ヺー]")
_LATIN = re.compile(r"[a-z]")
_LETTERS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found. `parts`: what each side said in its own unit (words, characters and readings: BM25;
    vectors: cosine, for the answer after centring); a silent side is absent. Scores of different queries
    can be compared: 0 says nothing, 4 is much."""

    entry: Entry
    score: float
    parts: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        parts = {side: round(value, 4) for side, value in self.parts.items()}
        return {"entry": self.entry.id, "score": round(self.score, 4), "parts": parts}


@dataclass(frozen=True, slots=True)
class Query:
    """How a text was understood. `spelt`: the shop's spelling of a kana-only text, if it is one; the words
    and the encoder see that. `vector` is None without an encoder. `features` in [0, 1] decide the weights."""

    text: Text
    terms: tuple[Term, ...]
    vector: Floats | None = None
    spelt: str | None = None
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` best first; `ms` are the milliseconds of text, encode and search."""

    query: Query
    hits: tuple[Hit, ...]
    ms: Mapping[str, float]


class Knowledge:
    """An open release. Immutable and thread-safe; share one for each release in a process."""

    def __init__(self, opened: Opened, encoder: Encoder | None, words: Words) -> None:
        self.release: str = opened.manifest["release"]
        self.manifest = opened.manifest
        self.entries = opened.entries
        self.words = words
        self.lexical = opened.lexical
        self._places = {entry.id: place for place, entry in enumerate(self.entries)}
        self._respelling = opened.respelling
        self._questions, self._answers, self._means = opened.questions, opened.answers, opened.means
        self._encoder = encoder if opened.questions is not None else None
        self._fusion = fusion().scaled(scales_of(opened.manifest))
        self._dated = any(entry.valid_from or entry.valid_until for entry in self.entries)

    @classmethod
    def open(cls, home: Path, encoder: Encoder | None, words: Words | None = None) -> Knowledge:
        """Open a release's directory. Without an encoder the vector sides are silent.

        Raises `IndexRefused` when the directory is damaged or was built with another encoder, dictionary
        or version; the message names the command that mends it.
        """
        words = words or Words()
        return cls(open_index(home, encoder, words), encoder, words)

    @property
    def has_vectors(self) -> bool:
        return self._encoder is not None

    @property
    def encoder_id(self) -> str | None:
        """Whose vectors the queries of this release carry."""
        return self._encoder.id if self._encoder else None

    def entry(self, identifier: str) -> Entry | None:
        place = self._places.get(identifier)
        return None if place is None else self.entries[place]

    def rarity(self, form: str) -> float:
        """A word form's idf among the entries; a form that no entry has counts as the rarest."""
        known = self.lexical.idf(form)
        return self.lexical.rarest if known is None else known

    def search(self, text: str, k: int = 10) -> list[Hit]:
        return list(self.find(text, k).hits)

    def find_many(self, texts: Iterable[str], k: int = 10, *, at: date | None = None) -> list[Found]:
        return [self.find(text, k, at=at) for text in texts]

    def find(self, text: str, k: int = 10, *, at: date | None = None) -> Found:
        """The `k` best entries for `text`; on day `at` only those valid then (None: all).

        Raises `encoder.Busy` when too many queries wait for the encoder.
        """
        start = time.perf_counter()
        query, seen = self._understand(text)
        read = time.perf_counter()
        if self._encoder is not None and _LETTERS.search(query.text.text):
            vector = self._encoder.encode([query.spelt or text], "query")[0]
            query = Query(query.text, query.terms, vector, query.spelt, query.features)
        encoded = time.perf_counter()
        hits = self._hits(query, seen, k, at) if _LETTERS.search(query.text.text) else ()
        done = time.perf_counter()
        marks = {"text": read - start, "encode": encoded - read, "search": done - encoded}
        return Found(query, hits, {stage: seconds * 1e3 for stage, seconds in marks.items()})

    def suggest(self, text: str, k: int = 5, *, at: date | None = None) -> list[Hit]:
        """Questions that the text typed so far may become: no encoder, a millisecond or two."""
        query, seen = self._understand(text)
        typed = query.text.text
        if not _LETTERS.search(typed):
            return []
        started = [place for place, entry in enumerate(self.entries) if _begins(entry, text.strip())]
        found = self.lexical.score(*seen)
        begun = np.array(started[:FOUND], np.int64)
        candidates = np.union1d(begun, self._candidates(found, None))
        raw, values = self._lexical_values(found, candidates)
        scores = self._fusion.scores(values, query.features) + BEGUN * np.isin(candidates, begun)
        return list(self._ranked(candidates, scores, raw, k, at))

    def _understand(self, text: str) -> tuple[Query, tuple[Text, tuple[Term, ...]]]:
        """The query, and the text and terms that the lexical sides see (the shop's spelling of kana)."""
        plain = normalise(text)
        terms = self.words.analyse(plain)
        spelt = self._respelling(plain.text)
        if spelt is None:
            seen = plain, terms
        else:
            respelt = normalise(spelt)
            seen = respelt, self.words.analyse(respelt)
        return Query(
            plain, self.lexical.understood(plain, terms), None, spelt, self._features(plain, seen[1])
        ), seen

    def _features(self, text: Text, terms: tuple[Term, ...]) -> dict[str, float]:
        letters = max(1, len(text.text))
        known = [self.lexical.idf(term.form) is not None for term in terms]
        mass = [self.rarity(term.form) for term in terms]
        lost = sum(weight for weight, found in zip(mass, known, strict=True) if not found)
        return {
            "kana": len(_KANA.findall(text.text)) / letters,
            "latin": len(_LATIN.findall(text.text)) / letters,
            "unknown": lost / sum(mass) if mass else 1.0,
        }

    def _hits(
        self, query: Query, seen: tuple[Text, tuple[Term, ...]], k: int, at: date | None
    ) -> tuple[Hit, ...]:
        found = self.lexical.score(*seen)
        candidates = self._candidates(found, query.vector)
        raw, values = self._lexical_values(found, candidates)
        if query.vector is not None:
            raw |= self._cosines(query.vector, candidates)
            values |= {side: raw[side] for side in ("question_vector", "answer_vector") if side in raw}
        scores = self._fusion.scores(values, query.features)
        return self._ranked(candidates, scores, raw, k, at)

    def _candidates(self, found: Mapping[str, Scores], vector: Floats | None) -> Ints:
        """The places of all entries that some side has among its best; ascending."""
        sets = [scores.ids[_best(scores.values, FOUND)].astype(np.int64) for scores in found.values()]
        if vector is not None and self._questions and self._answers and self._means:
            sets.append(self._questions.nearest(vector[None], NEAREST))
            sets.append(self._answers.nearest(centred(vector, self._means.query), NEAREST))
        return np.unique(np.concatenate(sets)) if sets else np.empty(0, np.int64)

    def _lexical_values(
        self, found: Mapping[str, Scores], candidates: Ints
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Each lexical side's BM25 for the candidates, and as a share of all that was asked; NaN: silent."""
        raw: dict[str, Array] = {}
        for side, scores in found.items():
            at = np.minimum(np.searchsorted(scores.ids, candidates), len(scores.ids) - 1)
            raw[side] = np.where(scores.ids[at] == candidates, scores.values[at].astype(np.float64), np.nan)
        return raw, {side: values / max(found[side].whole, 1e-9) for side, values in raw.items()}

    def _cosines(self, vector: Floats, candidates: Ints) -> dict[str, Array]:
        if self._questions is None or self._answers is None or self._means is None:
            return {}
        moved = centred(vector, self._means.query)
        return {
            "question_vector": self._questions.cosines(vector[None], candidates).astype(np.float64),
            "answer_vector": self._answers.cosines(moved, candidates).astype(np.float64),
        }

    def _ranked(
        self, candidates: Ints, scores: Array, raw: Mapping[str, Array], k: int, at: date | None
    ) -> tuple[Hit, ...]:
        hits: list[Hit] = []
        for place in np.argsort(-scores, kind="stable"):
            entry = self.entries[candidates[place]]
            if at is not None and self._dated and not entry.valid_on(at):
                continue
            if len(hits) == k:
                break
            parts = {
                side: float(values[place]) for side, values in raw.items() if not np.isnan(values[place])
            }
            hits.append(Hit(entry, float(scores[place]), parts))
        return tuple(hits)


def _best(values: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    return np.argpartition(-values, count)[:count] if len(values) > count else np.arange(len(values))


def _begins(entry: Entry, typed: str) -> bool:
    return any(question.startswith(typed) for question in entry.questions)
