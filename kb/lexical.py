"""The sides that compare what is written: words of question and answer, characters, readings.

`build` analyses the entries once; the result is a folder of numpy arrays that opens by memory mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.entry import Entry
from kb.inverted import Inverted
from kb.kana import Speller, fold, is_kana, ngrams
from kb.text import Text, normalise
from kb.words import Term, Words, katakana, reading_of

_SIDES = {"question_words": 0.4, "answer_words": 0.5, "characters": 0.5, "readings": 0.5}
"""Each side's `b` (how much a long field is marked down).

`question_words` sees each way to ask by itself, `answer_words` the entry as a whole (questions and answer
in one field): in one field they find more than apart (municipal nDCG@10 .54, apart .47 and .49).
"""

_KIND_WEIGHTS = {"question": 0.6, "name": 0.3, "number": 0.8, "negation": 1.0}
_MARKS = {"ない": 1, "以外": 2, "除く": 2, "抜き": 2, "前": 4, "後": 8}
_MISSING = 0.92
_EXTRA = 0.9
"""A field is marked down by these for each decisive mark (_MARKS) that only the query, or only it, has."""

_COMMON = {"question_words": 1.0, "answer_words": 1.0, "characters": 0.2, "readings": 0.2}
"""Tokens that more than this share of a side's fields hold are left out: they cost time and tell nothing."""

_MOST = {"question_words": 256, "answer_words": 256, "characters": 48, "readings": 48}
"""So many of a text's rarest tokens count: of the n-grams of a long story the rare ones tell enough."""

KEPT = 2048  # analyses of entries kept in memory: a turn asks for its first hit's several times

_HIRAGANA = str.maketrans({chr(c): chr(c - 0x60) for c in range(0x30A1, 0x30F7)})
_NOT_LETTERS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Scores:
    """Entries (by place in the index, ascending) that a side found, and how well (BM25, above 0).

    `whole` is the idf of all that was asked; value / whole says how much of it the entry holds, and means
    the same for every query.
    """

    ids: NDArray[np.int32]
    values: NDArray[np.float32]
    whole: float


@dataclass(frozen=True, slots=True)
class Analysed:
    """What indexing needs of one entry. Kept beside the index, so that an unchanged entry is not
    analysed again."""

    digest: str
    questions: tuple[tuple[str, ...], ...]
    answer: tuple[str, ...]
    spellings: tuple[str, ...]
    readings: tuple[str, ...]
    words: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, entry: Entry, words: Words) -> Analysed:
        texts = [normalise(question) for question in entry.questions]
        terms = [words.analyse(text) for text in texts]
        answer = words.analyse(entry.answer)
        return cls(
            entry.digest,
            tuple(tuple(term.form for term in found) for found in terms),
            tuple(term.form for term in answer),
            tuple(text.text for text in texts),
            tuple(reading_of(text) for text in texts),
            tuple({(t.reading, t.form): None for found in (*terms, answer) for t in found if t.reading}),
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """A side's BM25 of every field. `whole`: as in `Scores`."""

    side: Inverted
    fields: NDArray[np.float64]
    whole: float
    factors: NDArray[np.float64] | None
    marks: NDArray[np.uint8]

    def of(self, entries: NDArray[np.int64]) -> NDArray[np.float64]:
        """The best field's score of each of these entries (ascending); 0 where the side is silent."""
        if not len(entries):
            return np.empty(0)
        rows, starts = self.side.fields_of(entries)
        scores = self.fields[rows]
        if self.factors is not None:
            scores = scores * self.factors[self.marks[rows]]
        best: NDArray[np.float64] = np.maximum.reduceat(scores, starts)
        return best

    def best(self, count: int) -> NDArray[np.int64]:
        """The entries of the `count` best fields, ascending."""
        found = np.flatnonzero(self.fields > 0)
        if len(found) > count:
            found = found[np.argpartition(-self.fields[found], count)[:count]]
        owners: NDArray[np.int64] = np.unique(self.side.owners[found]).astype(np.int64)
        return owners


class _Analyses:
    """What was kept of each entry: in memory while building, else read from its file when asked for."""

    def __init__(self, file: Path | None, entries: list[Analysed] | None = None) -> None:
        self._file, self._entries = file, entries
        self._starts: list[int] | None = None
        self.one = lru_cache(KEPT)(self._one)

    def all(self) -> list[Analysed]:
        if self._entries is not None:
            return self._entries
        return _read_analysed(self._file) if self._file else []

    def _one(self, entry: int) -> Analysed:
        if self._entries is not None or self._file is None:
            return self.all()[entry]
        with self._file.open("rb") as lines:
            if self._starts is None:
                self._starts = [0, *accumulate(map(len, lines))]
            lines.seek(self._starts[entry])
            return Analysed(*_deep(json.loads(lines.readline())))


class Lexical:
    """An immutable index of entries' words. Thread-safe. `score` names entries by their place."""

    def __init__(
        self, sides: Mapping[str, Inverted], marks: NDArray[np.uint8], speller: Speller, analysed: _Analyses
    ) -> None:
        self._sides = sides
        self._marks = marks
        self._speller = speller
        self._analysed = analysed

    @classmethod
    def build(cls, entries: Iterable[Entry], words: Words, previous: Lexical | None = None) -> Lexical:
        """Index `entries`; what `previous` holds of unchanged ones is taken from there."""
        known = {entry.digest: entry for entry in previous._analysed.all()} if previous else {}
        analysed = [known.get(entry.digest) or Analysed.of(entry, words) for entry in entries]
        tokens: dict[str, Iterable[Sequence[Sequence[str]]]] = {
            "question_words": (entry.questions for entry in analysed),
            "answer_words": (((*chain(*entry.questions), *entry.answer),) for entry in analysed),
            "characters": ([_characters(text) for text in entry.spellings] for entry in analysed),
            "readings": ([_sounds(text) for text in entry.readings] for entry in analysed),
        }
        sides = {side: Inverted.build(tokens[side], b) for side, b in _SIDES.items()}
        marks = np.asarray(
            [_marks_of(forms) for entry in analysed for forms in entry.questions], dtype=np.uint8
        )
        speller = Speller(pair for entry in analysed for pair in entry.words)
        return cls(sides, marks, speller, _Analyses(None, analysed))

    def save(self, folder: Path) -> None:
        """Write the index into an existing folder."""
        for name, side in self._sides.items():
            side.save(folder, name)
        np.save(folder / "marks.npy", self._marks)
        self._speller.save(folder / "speller.tsv")
        with (folder / "analysed.jsonl").open("w", encoding="utf-8") as out:
            for entry in self._analysed.all():
                out.write(
                    json.dumps([getattr(entry, part.name) for part in fields(entry)], ensure_ascii=False)
                    + "\n"
                )

    @classmethod
    def open(cls, folder: Path) -> Lexical:
        """OSError or ValueError if the folder is not a whole index."""
        sides = {name: Inverted.open(folder, name) for name in _SIDES}
        marks = np.load(folder / "marks.npy", allow_pickle=False)
        speller = Speller.open(folder / "speller.tsv")
        return cls(sides, marks, speller, _Analyses(folder / "analysed.jsonl"))

    def __len__(self) -> int:
        return len(self._sides["question_words"].firsts)

    def score(self, text: Text, terms: Sequence[Term]) -> dict[str, Scores]:
        """Each side's findings. A side that finds nothing is absent."""
        everything = np.arange(len(self))
        found: dict[str, Scores] = {}
        for name, heard in self.hear(text, terms).items():
            values = heard.of(everything)
            ids = np.flatnonzero(values > 0)
            if ids.size:
                found[name] = Scores(ids.astype(np.int32), values[ids].astype(np.float32), heard.whole)
        return found

    def hear(self, text: Text, terms: Sequence[Term]) -> dict[str, Heard]:
        """Each side's scores, to be asked for the entries that matter; one that knows no token is absent."""
        terms = self.understood(text, terms)
        weights: dict[str, float] = {}
        for term in terms:
            weights[term.form] = max(weights.get(term.form, 0.0), _KIND_WEIGHTS.get(term.kind, 1.0))
        tokens = {
            "question_words": weights,
            "answer_words": weights,
            "characters": dict.fromkeys(_characters(text.text), 1.0),
            "readings": dict.fromkeys(_sounds(reading_of(text)), 1.0),
        }
        found: dict[str, Heard] = {}
        for name, side in self._sides.items():
            scores, whole = side.ask(tokens[name], common=_COMMON[name], most=_MOST[name])
            if scores is not None:
                factors = self._agreement(_marks_of(weights)) if name == "question_words" else None
                found[name] = Heard(side, scores, whole, factors, self._marks)
        return found

    @staticmethod
    def _agreement(marks: int) -> NDArray[np.float64]:
        """For each set of marks that a field may have: how far it agrees with the query in what decides
        (negation, exception, before, after)."""
        extra = [_EXTRA ** (have & ~marks).bit_count() for have in range(16)]
        missing = [_MISSING ** (marks & ~have).bit_count() for have in range(16)]
        factors: NDArray[np.float64] = np.asarray(extra) * np.asarray(missing)
        return factors

    def understood(self, text: Text, terms: Sequence[Term]) -> tuple[Term, ...]:
        """`terms`, with the entries' own words where a text in kana only was cut by guess."""
        if not is_kana(text.text):
            return tuple(terms)
        heard = self._speller.hear(text.text)
        covered = {i for word in heard for i in range(*text.span(word.start, word.end))}
        kept = [t for t in terms if self.idf(t.form) is not None and not covered & set(range(t.start, t.end))]
        for word in heard:
            begin, end = text.span(word.start, word.end)
            surface = text.original[begin:end]
            kept.append(Term(surface, word.form, katakana(surface), "名詞", begin, end))
        return tuple(sorted(kept, key=lambda term: term.start))

    def analysed(self, entry: int) -> Analysed:
        """The words of an entry as they were read for the index."""
        return self._analysed.one(entry)

    def idf(self, form: str) -> float | None:
        """How rare a form is among the entries' questions and answers; None if no entry has it."""
        known = [self._sides[side].idf(form) for side in ("question_words", "answer_words")]
        return min((idf for idf in known if idf is not None), default=None)

    @property
    def rarest(self) -> float:
        """The idf of a form that one entry has: what an unknown word counts."""
        return float(np.float32(np.log1p((len(self) - 0.5) / 1.5))) if len(self) else 0.0

    def holds(self, entry: int, form: str) -> bool:
        """Does the entry have the form, in its question, a variant or its answer?"""
        return self._sides["question_words"].has(form, entry) or self._sides["answer_words"].has(form, entry)


def _characters(text: str) -> list[str]:
    return ngrams(_NOT_LETTERS.sub("", text).translate(_HIRAGANA), 2, 3)


def _sounds(reading: str) -> list[str]:
    return ngrams(fold(reading), 2, 3)


def _marks_of(forms: Iterable[str]) -> int:
    marks = 0
    for form in forms:
        marks |= _MARKS.get(form, 0)
    return marks


def _read_analysed(path: Path) -> list[Analysed]:
    with path.open(encoding="utf-8") as lines:
        return [Analysed(*_deep(json.loads(line))) for line in lines]


def _deep(value: object) -> Any:
    return tuple(map(_deep, value)) if isinstance(value, list) else value
