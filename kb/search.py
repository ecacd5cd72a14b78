"""Query → hits: candidates from every side, each with all its parts, in one order."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from kb.contrast import set_aside
from kb.dense import Floats, Ints, centred
from kb.encoder import Encoder, Reading
from kb.entry import Entry
from kb.fuse import Array, Fusion, fusion_for
from kb.index import Opened, open_index, scales_of
from kb.lexical import Heard
from kb.text import Text, normalise
from kb.words import Term, Words

Evidence = Literal["joint", "vectors", "words"]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)

NEAREST = 32  # vectors of each dense side whose entries become candidates
BEST = {"answer_words": 48, "readings": 16}  # fields whose entries become candidates

LONG = 60  # characters of a message that count as long
JOINT = 16  # best entries that the joint side looks at
SECOND = 0.4  # share of an entry's second best way to ask in its question vector's value
SECOND_LAG = 2.0  # at most so many units below the best
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
    """How a text was understood. `terms` are without what the text sets aside (「XではなくY」). `meant`: what
    is searched instead of the text, if it is not the text: the shop's spelling of kana, or Y alone. `vector`
    is None without an encoder, `tokens` also where the encoder has no joint part. `features` in [0, 1]
    decide the weights."""

    text: Text
    terms: tuple[Term, ...]
    vector: Floats | None = None
    tokens: Floats | None = None
    meant: str | None = None
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` best first; `ms` are the milliseconds of text, encode and search."""

    query: Query
    hits: tuple[Hit, ...]
    ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Heard:
    """`meant` and the range that is set `aside`: see `Query`."""

    text: Text
    meant: str | None
    aside: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Listened:
    """`query` is still without its vectors; `written`: the places of each side's best entries."""

    query: Query
    sides: Mapping[str, Heard]
    written: list[Ints]


@dataclass(frozen=True, slots=True)
class Compared:
    """The candidates by id, each side's values as they count in the fusion (NaN: silent), the query's
    features."""

    entries: tuple[str, ...]
    values: Mapping[str, Array]
    features: Mapping[str, float]


class Knowledge:
    """An open release. Immutable and thread-safe; share one for each release in a process."""

    def __init__(
        self, opened: Opened, encoder: Encoder | None, words: Words, fusion: Fusion | None = None
    ) -> None:
        self.release: str = opened.manifest["release"]
        self.manifest = opened.manifest
        self.entries = opened.entries
        self.words = words
        self.lexical = opened.lexical
        self._places = {entry.id: place for place, entry in enumerate(self.entries)}
        self._respelling = opened.respelling
        self._questions, self._answers, self._means = opened.questions, opened.answers, opened.means
        self._tokens = opened.tokens
        self._encoder = encoder if opened.questions is not None else None
        made = fusion or fusion_for(self._encoder.id if self._encoder else None)
        self._fusion = made.scaled(scales_of(opened.manifest))
        self._dated = any(entry.valid_from or entry.valid_until for entry in self.entries)

    @classmethod
    def open(
        cls,
        home: Path,
        encoder: Encoder | None,
        words: Words | None = None,
        fusion: Fusion | None = None,
    ) -> Knowledge:
        """Open a release's directory. Without an encoder the vector sides are silent. `fusion`: another
        one than the product's own, to try or to learn.

        Raises `IndexRefused` when the directory is damaged or was built with another encoder, dictionary
        or version; the message names the command that mends it.
        """
        words = words or Words()
        return cls(open_index(home, encoder, words), encoder, words, fusion)

    @property
    def has_vectors(self) -> bool:
        return self._encoder is not None

    @property
    def evidence(self) -> Evidence:
        """What kinds of sides speak here."""
        if self._encoder is None:
            return "words"
        return "vectors" if self._tokens is None else "joint"

    @property
    def encoder_id(self) -> str | None:
        """Whose vectors the queries of this release carry."""
        return self._encoder.id if self._encoder else None

    def entry(self, identifier: str) -> Entry | None:
        place = self._places.get(identifier)
        return None if place is None else self.entries[place]

    def forms(self, entry: Entry) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
        """The word forms of each way to ask, and of the answer, as they were read for the index."""
        kept = self.lexical.analysed(self._places[entry.id])
        return kept.questions, kept.answer

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
        heard = self._heard(text)
        if not _LETTERS.search(heard.text.text):
            return Found(Query(heard.text, ()), (), {"text": (time.perf_counter() - start) * 1e3})
        listened = self._listen(heard)
        read = encoded = time.perf_counter()
        reading = None
        if self._encoder is not None:
            reading = self._encoder.read(heard.meant or text, "query")
            encoded = time.perf_counter()
        query = _read(listened.query, reading)
        hits = self._hits(query, listened, k, at)
        done = time.perf_counter()
        marks = {"text": read - start, "encode": encoded - read, "search": done - encoded}
        return Found(query, hits, {stage: seconds * 1e3 for stage, seconds in marks.items()})

    def suggest(self, text: str, k: int = 5, *, at: date | None = None) -> list[Hit]:
        """Questions that the text typed so far may become: no encoder, a millisecond or two."""
        heard = self._heard(text)
        typed = heard.text.text
        if not _LETTERS.search(typed):
            return []
        started = [place for place, entry in enumerate(self.entries) if _begins(entry, text.strip())]
        listened = self._listen(heard)
        begun = np.array(started[:k], np.int64)
        candidates = np.union1d(begun, self._candidates(listened.written, None))
        raw, values = _lexical_values(listened.sides, candidates)
        scores = self._fusion.scores(values, listened.query.features) + BEGUN * np.isin(candidates, begun)
        return list(self._ranked(candidates, scores, raw, k, at))

    def _heard(self, text: str) -> _Heard:
        """What a text means, before its words are looked at."""
        plain = normalise(text)
        meant, aside = self._respelling(plain.text), None
        if meant is None and (aside := set_aside(plain.text)):
            meant = plain.text[: aside[0]] + plain.text[aside[1] :]
        return _Heard(plain, meant, aside)

    def _listen(self, heard: _Heard) -> _Listened:
        """The words of a text, what the sides of writing say, and the entries that are among their best."""
        plain, terms = heard.text, self.words.analyse(heard.text)
        seen = plain if heard.meant is None else normalise(heard.meant)
        seen_terms = terms if heard.meant is None else self.words.analyse(seen)
        understood = self.lexical.understood(plain, terms)
        if heard.aside:
            start, end = plain.span(*heard.aside)
            understood = tuple(term for term in understood if not start <= term.start < end)
        query = Query(plain, understood, meant=heard.meant, features=self._features(plain, seen_terms))
        sides = self.lexical.hear(seen, seen_terms)
        return _Listened(
            query, sides, [sides[side].best(count) for side, count in BEST.items() if side in sides]
        )

    def _features(self, text: Text, terms: tuple[Term, ...]) -> dict[str, float]:
        """What the weights depend on; see `fusion.json`."""
        ways: dict[str, Callable[[], float]] = {
            "kana": lambda: len(_KANA.findall(text.text)) / max(1, len(text.text)),
            "latin": lambda: len(_LATIN.findall(text.text)) / max(1, len(text.text)),
            "long": lambda: min(1.0, len(text.text) / LONG),
            "unknown": lambda: self._unknown(terms),
        }
        return {name: ways[name]() for name in self._fusion.features}

    def _unknown(self, terms: tuple[Term, ...]) -> float:
        """The share of the query's weight that lies in words which no entry has."""
        known = [self.lexical.idf(term.form) for term in terms]
        lost = self.lexical.rarest * known.count(None)
        total = lost + sum(idf for idf in known if idf is not None)
        return lost / total if total else 1.0

    def _hits(self, query: Query, listened: _Listened, k: int, at: date | None) -> tuple[Hit, ...]:
        candidates, raw, values = self._compared(query, listened)
        scores = self._fusion.scores(values, query.features)
        return self._ranked(candidates, scores, raw, k, at)

    def _compared(
        self, query: Query, listened: _Listened, joint: int = JOINT
    ) -> tuple[Ints, dict[str, Array], dict[str, Array]]:
        """The candidates, what each side says of them in its own unit, and as it counts in the fusion. The
        `joint` best by the other sides are compared token by token."""
        candidates = self._candidates(listened.written, query.vector)
        raw, values = _lexical_values(listened.sides, candidates)
        if query.vector is not None:
            cosines, steadied = self._cosines(query.vector, candidates)
            raw |= cosines
            values |= steadied
        if query.tokens is not None and self._tokens is not None and len(candidates):
            scores = self._fusion.scores(values, query.features)
            top = np.sort(np.argsort(-scores, kind="stable")[:joint])
            found = np.full(len(candidates), np.nan)
            found[top] = self._tokens.compare(query.tokens, candidates[top])
            raw["joint"] = found
            values["joint"] = np.where(np.isnan(found), np.nanmin(found), found)  # the others stay behind
        return candidates, raw, values

    def sides(self, text: str) -> Compared:
        """Everything that the fusion may know of a text, for learning its weights: every candidate is
        compared token by token, so that what is learned does not depend on the weights of today."""
        heard = self._heard(text)
        reading = self._encoder.read(heard.meant or text, "query") if self._encoder else None
        listened = self._listen(heard)
        query = _read(listened.query, reading)
        candidates, _, values = self._compared(query, listened, len(self.entries))
        return Compared(tuple(self.entries[place].id for place in candidates), values, query.features)

    def _candidates(self, written: Sequence[Ints], vector: Floats | None) -> Ints:
        """The places of all entries that some side has among its best; ascending."""
        sets = list(written)
        if vector is not None and self._questions and self._answers and self._means:
            sets.append(self._questions.nearest(vector[None], NEAREST))
            sets.append(self._answers.nearest(centred(vector, self._means.query), NEAREST))
        return np.unique(np.concatenate(sets)) if sets else np.empty(0, np.int64)

    def _cosines(self, vector: Floats, candidates: Ints) -> tuple[dict[str, Array], dict[str, Array]]:
        """The vector sides' best cosines, and the same as they count in the fusion.

        An entry that is near by two of its ways to ask is surer than one that is near by one alone, so the
        second best takes a share; how much it can take is bounded, for many entries have few variants.
        """
        if self._questions is None or self._answers is None or self._means is None:
            return {}, {}
        best, second = self._questions.cosines(vector, candidates)
        answer, _ = self._answers.cosines(centred(vector, self._means.query), candidates)
        lag = np.minimum(best - second, SECOND_LAG * self._fusion.scales["question_vector"].unit)
        cosines = {"question_vector": best.astype(np.float64), "answer_vector": answer.astype(np.float64)}
        return cosines, cosines | {"question_vector": cosines["question_vector"] - SECOND * lag}

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


def _read(query: Query, reading: Reading | None) -> Query:
    return query if reading is None else replace(query, vector=reading.vector, tokens=reading.tokens)


def _lexical_values(
    heard: Mapping[str, Heard], candidates: Ints
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Each lexical side's BM25 for the candidates, and as a share of all that was asked; NaN: silent."""
    raw: dict[str, Array] = {}
    for side, said in heard.items():
        values = said.of(candidates)
        raw[side] = np.where(values > 0, values, np.nan)
    return raw, {side: values / max(heard[side].whole, 1e-9) for side, values in raw.items()}


def _begins(entry: Entry, typed: str) -> bool:
    return any(question.startswith(typed) for question in entry.questions)
