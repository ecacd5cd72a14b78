"""Intervals for figures: percentile bootstrap over lines, seeded so that a report can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import numpy.typing as npt

DRAWS = 2000
PAIRED_DRAWS = 10_000
AT_ONCE = 2_000_000  # drawn lines held in memory


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval, from `n` lines. Empty data gives NaN."""

    value: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, float | int | None]:
        value, low, high = (None if isnan(x) else round(x, 4) for x in (self.value, self.low, self.high))
        return {"value": value, "low": low, "high": high, "n": self.n}

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Change:
    """Two versions on the same lines: the mean of new − old, and how many lines gained or lost by it."""

    mean: Figure
    gained: int
    lost: int

    @property
    def sure(self) -> bool:
        """The interval leaves 0 out: more than chance explains."""
        return self.mean.low > 0 or self.mean.high < 0


def mean(values: Sequence[float] | npt.NDArray[np.float64], *, draws: int = DRAWS) -> Figure:
    """The mean of one value a line (a rate, when they are 0 and 1)."""
    array = np.asarray(values, np.float64)
    if not len(array):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    random = np.random.default_rng(20261122)
    most = max(1, AT_ONCE // len(array))
    rounds = [min(most, draws - begun) for begun in range(0, draws, most)]
    means = [array[random.integers(0, len(array), (some, len(array)))].mean(axis=1) for some in rounds]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Figure(float(array.mean()), float(low), float(high), len(array))


def of(values: npt.NDArray[np.float64], statistic: Callable[[npt.NDArray[np.float64]], float]) -> Figure:
    """Any statistic of rows (precision, AUROC, F1): `statistic(rows)`; draws where it is NaN are left out."""
    if not len(values):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    random = np.random.default_rng(20261122)
    drawn = [statistic(values[random.integers(0, len(values), len(values))]) for _ in range(DRAWS // 2)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Figure(float(statistic(values)), float(low), float(high), len(values))


def change(ours: Sequence[float], theirs: Sequence[float], *, draws: int = PAIRED_DRAWS) -> Change:
    """Paired bootstrap: lines are drawn, and both versions are seen on the same ones."""
    moved = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    return Change(mean(moved, draws=draws), int((moved > 0).sum()), int((moved < 0).sum()))
