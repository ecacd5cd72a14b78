"""Lessons: what the encoder sees in one step of training.

A lesson holds what shoppers typed (queries) and all entries of the same shops (documents), so that the wrong
answers are the hard ones: an entry's look-alikes are always among them. Entries are seen either by a way to
ask (kind "entry") or by question and answer (kind "passage"), as the index has them.

Which lesson a step has follows from the seed alone, so that a run that was broken off goes on as if it never
had been.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from kb.entry import Entry
from kb.index import ANSWER
from kb.text import normalise
from kb.train.shop import Shop
from kb.words import reading_of

View = Literal["entry", "passage"]
Bools = npt.NDArray[np.bool_]

QUESTIONS = 36  # of one shop in a lesson, about
KANA = 0.08  # share of the questions that are respelled in kana, as some people type
_FOREIGN = {"kana", "english", "chinese", "korean"}
_HIRAGANA = str.maketrans({chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)})


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed, and the ids of the entries that answer it. `japanese`: kana could spell it."""

    text: str
    entries: frozenset[str]
    japanese: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """A shop as lessons see it. `alike`: entry id → ids of the entries that are easily taken for it."""

    name: str
    entries: tuple[Entry, ...]
    asked: tuple[Asked, ...]
    alike: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Portion:
    """A subject's part of a lesson."""

    subject: Subject
    entries: tuple[Entry, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """`right[q, d]`: document d answers query q. `close[q, d]`: it is a look-alike of one that does."""

    view: View
    documents: tuple[str, ...]
    queries: tuple[str, ...]
    right: Bools
    close: Bools


class Timetable(Protocol):
    """Which lesson a step has. `digest` is another when the lessons are."""

    @property
    def digest(self) -> str: ...

    def lesson(self, step: int) -> Lesson: ...


def subject_of(shop: Shop) -> Subject:
    asked = tuple(
        Asked(question.text, frozenset([question.entry]), question.kind not in _FOREIGN)
        for question in shop.questions
    )
    return Subject(shop.name, shop.entries, asked, shop.alike)


def passage(entry: Entry) -> str:
    """The text that the index makes an entry's answer vector and tokens of."""
    return f"{entry.question}\n{entry.answer[:ANSWER]}"


def in_kana(text: str) -> str:
    """A Japanese text as it is read, in hiragana."""
    return reading_of(normalise(text)).translate(_HIRAGANA) or text


def lesson_of(portions: Sequence[Portion], view: View, random: Random) -> Lesson:
    """Look-alikes and right entries are marked within a portion; entries of other shops are merely wrong.

    No document holds a query's own words: where the query is an entry's question, the entry is seen by
    another way to ask, or by its answer alone.
    """
    queries = [asked for portion in portions for asked in portion.asked]
    said = {asked.text for asked in queries}
    documents = [_seen(entry, view, said, random) for portion in portions for entry in portion.entries]
    right = np.zeros((len(queries), len(documents)), np.bool_)
    close = right.copy()
    row = column = 0
    for portion in portions:
        places = {entry.id: column + place for place, entry in enumerate(portion.entries)}
        for asked in portion.asked:
            right[row, [places[name] for name in asked.entries if name in places]] = True
            near = {other for name in asked.entries for other in portion.subject.alike.get(name, ())}
            close[row, [places[name] for name in near - asked.entries if name in places]] = True
            row += 1
        column += len(portion.entries)
    typed = [_typed(asked, random) for asked in queries]
    return Lesson(view, tuple(documents), tuple(typed), right, close)


class ShopLessons:
    """Two shops a lesson, about `QUESTIONS` questions of each, with all their entries; every question once an
    epoch."""

    def __init__(self, subjects: Sequence[Subject], seed: int) -> None:
        self._subjects, self._seed = subjects, seed
        self._number, self._begun, self._epoch = 0, 0, self._planned(0)

    @property
    def digest(self) -> str:
        return digest_of(self._subjects, self._seed)

    def lesson(self, step: int) -> Lesson:
        if step < self._begun:
            self._number, self._begun, self._epoch = 0, 0, self._planned(0)
        while step >= self._begun + len(self._epoch):
            self._begun += len(self._epoch)
            self._number += 1
            self._epoch = self._planned(self._number)
        return lesson_of(self._epoch[step - self._begun], view_of(step), Random(f"{self._seed} step {step}"))

    def _planned(self, number: int) -> list[list[Portion]]:
        random = Random(f"{self._seed} epoch {number}")
        portions: list[Portion] = []
        for subject in self._subjects:
            asked = random.sample(subject.asked, len(subject.asked))
            count = max(1, round(len(asked) / QUESTIONS))
            portions += [
                Portion(subject, subject.entries, tuple(asked[part::count])) for part in range(count)
            ]
        random.shuffle(portions)
        return list(_paired(portions))


def _paired(portions: list[Portion]) -> Iterable[list[Portion]]:
    """Each with the next of another shop; what is left over stands alone."""
    while portions:
        first = portions.pop()
        other = next((p for p in reversed(portions) if p.subject is not first.subject), None)
        if other is None:
            yield [first]
        else:
            portions.remove(other)
            yield [first, other]


def view_of(step: int) -> View:
    return "passage" if step % 2 else "entry"


def digest_of(subjects: Iterable[Subject], seed: int) -> str:
    """Another for other entries, questions or another seed."""
    found = hashlib.sha256(str(seed).encode())
    for subject in subjects:
        found.update("".join(f"{entry.id} {entry.digest}\n" for entry in subject.entries).encode())
        asked = [[asked.text, sorted(asked.entries)] for asked in subject.asked]
        found.update(json.dumps([subject.name, asked, sorted(subject.alike.items())]).encode())
    return found.hexdigest()


def _seen(entry: Entry, view: View, said: set[str], random: Random) -> str:
    if view == "passage":
        return passage(entry) if entry.question not in said else entry.answer[:ANSWER]
    ways = [way for way in entry.questions if way not in said] or [entry.question]
    return random.choice(ways) if random.random() < 0.5 else ways[0]


def _typed(asked: Asked, random: Random) -> str:
    respelled = asked.japanese and random.random() < KANA
    return in_kana(asked.text) if respelled else asked.text
