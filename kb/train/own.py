"""A shop's own corpus as lessons, without labels made for it.

What is known of how its shoppers ask: the other ways to ask that content staff wrote (variants), and pairs of
a text with the entry that answered it (offers that shoppers chose, answers that they found helpful, a file).
A part of both is held out for exams. In lessons each question is also asked itself, against answers alone.

A lesson of a large corpus takes some entries, and beside them their nearest others as hard negatives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import numpy.typing as npt

from kb.entry import Entry
from kb.train.lessons import Asked, Lesson, Portion, Subject, digest_of, lesson_of, view_of
from kb.train.part import TrainRefused

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

LEAST = 100  # ways to ask beyond the questions themselves, to learn from and to be examined on
HELD_OUT = 5  # one of so many is for exams
EXAM = 300  # questions of an exam at most
POOL = 400  # entries that an exam compares, at most
ASKED = 48  # questions of a lesson
NEAREST = 8  # entries from which a hard negative is drawn
LOOK_ALIKES = 3  # of these, so many count as look-alikes


@dataclass(frozen=True, slots=True)
class Pair:
    """A text, and the id of the entry that answered it."""

    text: str
    entry: str


@dataclass(frozen=True, slots=True)
class Own:
    """`learning` is without what is held out; `exam`: questions that no lesson has, among `POOL` entries."""

    learning: Subject
    exam: Subject


def own_of(entries: Sequence[Entry], pairs: Iterable[Pair], near: Ints) -> Own:
    """`near`: see `nearest`. Which questions are held out follows from their text, so that they stay held out
    when the corpus grows. Raises `TrainRefused` when there is too little to learn from."""
    same = _same(entries)
    ids = {entry.id for entry in entries}
    wanted: dict[str, set[str]] = {}
    for pair in (*pairs, *(Pair(way, entry.id) for entry in entries for way in entry.variants)):
        if pair.entry in ids and pair.text.strip():
            wanted.setdefault(pair.text.strip(), set()).update(same[pair.entry])
    for entry in entries:
        wanted.pop(entry.question, None)
    if len(wanted) < LEAST:
        raise TrainRefused(
            f"the {len(entries)} entries have {len(wanted)} ways to ask beyond their questions, and {LEAST} "
            "are needed: write variants into the entries, or give texts with their entries as --pairs FILE "
            '(JSON Lines {"text", "entry"}); nothing was changed'
        )
    held = {text for text in wanted if _hash(text) % HELD_OUT == 0}
    seen = tuple(
        replace(entry, variants=tuple(way for way in entry.variants if way.strip() not in held))
        for entry in entries
    )
    taught = [Asked(text, frozenset(names)) for text, names in wanted.items() if text not in held]
    taught += [Asked(entry.question, frozenset(same[entry.id])) for entry in entries]
    alike = {
        entry.id: tuple(entries[place].id for place in row[:LOOK_ALIKES])
        for entry, row in zip(entries, near, strict=True)
    }
    asked = [Asked(text, frozenset(wanted[text])) for text in sorted(held, key=_hash)[:EXAM]]
    exam = Subject("exam", _pool(seen, asked, near), tuple(asked), {})
    return Own(Subject("own", seen, tuple(taught), alike), exam)


def nearest(vectors: Floats) -> Ints:
    """[entries, NEAREST]: each entry's nearest others, nearest first. `vectors`: unit, one an entry."""
    count = min(NEAREST, len(vectors) - 1)
    found = np.empty((len(vectors), count), np.int64)
    for begin in range(0, len(vectors), 1000):
        cosines = vectors[begin : begin + 1000] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(begin, begin + len(cosines))] = -2
        found[begin : begin + 1000] = np.argsort(-cosines, axis=1)[:, :count]
    return found


class OwnLessons:
    """`ASKED` questions a lesson, of as many different entries as there are, with a near one of each entry;
    every question once an epoch."""

    def __init__(self, subject: Subject, near: Ints, seed: int) -> None:
        self._subject, self._near, self._seed = subject, near, seed
        self._places = {entry.id: place for place, entry in enumerate(subject.entries)}
        self._single = {entry.question for entry in subject.entries if not entry.variants}

    @property
    def digest(self) -> str:
        return digest_of([self._subject], self._seed)

    @property
    def epoch(self) -> int:
        """Lessons in which every question comes once."""
        return -(-len(self._subject.asked) // ASKED)

    def lesson(self, step: int) -> Lesson:
        number, place = divmod(step, self.epoch)
        order = Random(f"{self._seed} epoch {number}").sample(self._subject.asked, len(self._subject.asked))
        random = Random(f"{self._seed} step {step}")
        view = view_of(step + number)  # an epoch of an even length shows each question both views
        asked = order[place :: self.epoch]
        if view == "entry":  # an entry that is known by nothing but its question cannot be asked by it
            asked = [each for each in asked if each.text not in self._single] or asked
        return lesson_of([Portion(self._subject, self._beside(asked, random), tuple(asked))], view, random)

    def _beside(self, asked: Iterable[Asked], random: Random) -> tuple[Entry, ...]:
        """The entries that the questions want, and a near one of each."""
        wanted = sorted(self._places[name] for each in asked for name in each.entries)
        drawn = [int(random.choice(self._near[place])) for place in wanted] if self._near.size else []
        return tuple(self._subject.entries[place] for place in sorted({*wanted, *drawn}))


def _same(entries: Sequence[Entry]) -> dict[str, set[str]]:
    """Entry id → the ids of the entries with the very same answer, itself included."""
    answers: dict[str, set[str]] = {}
    for entry in entries:
        answers.setdefault(entry.answer, set()).add(entry.id)
    return {entry.id: answers[entry.answer] for entry in entries}


def _pool(entries: Sequence[Entry], asked: Iterable[Asked], near: Ints) -> tuple[Entry, ...]:
    """The entries that the questions want, their nearest, and others up to `POOL`."""
    places = {entry.id: place for place, entry in enumerate(entries)}
    wanted = sorted({places[name] for each in asked for name in each.entries})
    beside = [int(place) for row in near[wanted].T for place in row]
    others = sorted(range(len(entries)), key=lambda place: _hash(entries[place].id))
    kept = list(dict.fromkeys([*wanted, *beside, *others]))[: max(POOL, len(wanted))]
    return tuple(entries[place] for place in sorted(kept))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
