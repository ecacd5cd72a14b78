"""Intervals for figures: percentile bootstrap over lines, seeded so that a report can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import numpy.typing as npt

DRAWS = 2000


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


def mean(values: Sequence[float] | npt.NDArray[np.float64], *, draws: int = DRAWS) -> Figure:
    """The mean of one value a line (a rate, when they are 0 and 1)."""
    array = np.asarray(values, np.float64)
    if not len(array):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    picks = np.random.default_rng(20261122).integers(0, len(array), (draws, len(array)))
    low, high = np.percentile(array[picks].mean(axis=1), [2.5, 97.5])
    return Figure(float(array.mean()), float(low), float(high), len(array))


def of(values: npt.NDArray[np.float64], statistic: Callable[[npt.NDArray[np.float64]], float]) -> Figure:
    """Any statistic of rows (precision, AUROC, F1): `statistic(rows)`; draws where it is NaN are left out."""
    if not len(values):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    random = np.random.default_rng(20261122)
    drawn = [statistic(values[random.integers(0, len(values), len(values))]) for _ in range(DRAWS // 2)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Figure(float(statistic(values)), float(low), float(high), len(values))


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """Paired: the mean of ours − theirs on the same lines; an interval without 0 is a real difference."""
    return mean(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64))
