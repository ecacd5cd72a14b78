"""A question with everything the sides said of its candidates, and the order that some weights make of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eval.data import Asked
from kb.fuse import SIDES, Array, Fusion
from kb.search import Compared

DEEP = 50  # places looked at


@dataclass(frozen=True, slots=True)
class Ranked:
    """The entries that one version finds for a question, best first, at most `DEEP`."""

    asked: Asked
    entries: tuple[str, ...]

    def place(self) -> int:
        """How many entries stand before the first right one; `DEEP` when it is not among them."""
        return next((i for i, entry in enumerate(self.entries) if entry in self.asked.wanted), DEEP)

    def first(self) -> bool:
        return self.place() == 0


@dataclass(frozen=True, slots=True)
class Heard:
    """One search: all candidates with their sides' values, as `fusion` weighed them, and what it took.

    Other weights can be tried on it without searching again. That is exact but for the joint side, which
    looked at the best entries of the weights it was searched with.
    """

    shop: str
    asked: Asked
    compared: Compared
    fusion: Fusion
    ms: float

    def ranked(self) -> Ranked:
        """As the search itself ordered them."""
        return self.by(self.fusion)

    def by(self, fusion: Fusion) -> Ranked:
        return self._ordered(fusion.scores(self.compared.values, self.compared.features))

    def alone(self, side: str) -> Ranked:
        """The candidates of all sides, in the order of one; those that it is silent about are left out."""
        silent = np.full(len(self.compared.entries), np.nan)
        return self._ordered(self.compared.values.get(side, silent))

    def counts(self) -> dict[str, Array]:
        """What each side adds to each candidate's score."""
        compared = self.compared
        return {
            side: self.fusion.scores({side: values}, compared.features)
            for side, values in compared.values.items()
        }

    def _ordered(self, scores: Array) -> Ranked:
        order = [place for place in np.argsort(-scores, kind="stable") if not np.isnan(scores[place])]
        return Ranked(self.asked, tuple(self.compared.entries[place] for place in order[:DEEP]))


def without(fusion: Fusion, *sides: str) -> Fusion:
    """The same weights, but 0 for some sides."""
    kept = {side: slopes for side, slopes in fusion.weights.items() if side not in sides}
    return replace(fusion, weights=kept)


def counting(fusion: Fusion) -> tuple[str, ...]:
    """The sides that have a weight."""
    return tuple(side for side in SIDES if any(fusion.weights.get(side, {}).values()))


def ndcg(found: Sequence[str], grades: Mapping[str, int], deep: int = 10) -> float:
    """Gain = grade / log2(rank + 1); ideal from all graded entries (Järvelin and Kekäläinen 2002)."""
    gain = sum(grades.get(entry, 0) / math.log2(place + 2) for place, entry in enumerate(found[:deep]))
    best = sorted(grades.values(), reverse=True)[:deep]
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
    return gain / ideal if ideal else 0.0


def recall(found: Sequence[str], wanted: frozenset[str], deep: int = 10) -> float:
    return len(wanted.intersection(found[:deep])) / len(wanted)


MEASURES: Mapping[str, Callable[[Ranked], float]] = {
    "first": lambda one: float(one.first()),
    "top3": lambda one: float(one.place() < 3),
    "top10": lambda one: float(one.place() < 10),
    "ndcg10": lambda one: ndcg(one.entries, one.asked.grades),
    "recall10": lambda one: recall(one.entries, one.asked.wanted),
}


def measured(some: Sequence[Ranked], measure: str) -> list[float]:
    """One value a question."""
    return [MEASURES[measure](one) for one in some]


def by_kind(some: Sequence[Ranked]) -> dict[str, list[Ranked]]:
    """The most frequent kind first."""
    kinds: dict[str, list[Ranked]] = {}
    for one in some:
        kinds.setdefault(one.asked.kind, []).append(one)
    return dict(sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])))
