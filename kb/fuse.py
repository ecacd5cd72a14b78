"""Sides → one order. Which side counts how much stands in `fusion.json` and depends on the query.

Units are fixed instead of taken from each query's own scores (z-scores): a side that found nothing says
nothing, few entries are enough, and a score means the same for every query, which the gate needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FILE = Path(__file__).with_name("fusion.json")
SIDES = (
    "question_words",
    "answer_words",
    "characters",
    "readings",
    "question_vector",
    "answer_vector",
    "joint",
)
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """A side's value that says nothing, and its usual spread over the entries of one query."""

    zero: float
    unit: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """`weights`: side → {"base": …, feature: slope, …}."""

    weights: Mapping[str, Mapping[str, float]]
    scales: Mapping[str, Scale]

    @property
    def features(self) -> frozenset[str]:
        """The features of a query that some weight depends on; only these need computing."""
        return frozenset(name for slopes in self.weights.values() for name in slopes) - {"base"}

    def scaled(self, scales: Mapping[str, Scale]) -> Fusion:
        """With other scales for some sides: another encoder spreads its cosines otherwise."""
        return replace(self, scales={**self.scales, **scales})

    def weight(self, side: str, features: Mapping[str, float]) -> float:
        slopes = self.weights[side]
        total = sum(
            slope * features.get(name, 1.0 if name == "base" else 0.0) for name, slope in slopes.items()
        )
        return max(0.0, total)

    def scores(self, values: Mapping[str, Array], features: Mapping[str, float]) -> Array:
        """One score for each candidate. `values`: side → one value a candidate; NaN where it is silent."""
        total = np.zeros(len(next(iter(values.values()))) if values else 0)
        for side, found in values.items():
            weight = self.weight(side, features) if side in self.weights else 0.0
            if weight:
                scale = self.scales[side]
                total += np.nan_to_num(weight * (found - scale.zero) / scale.unit)
        return total


def fusion_for(encoder: str | None) -> Fusion:
    """The product's own, from `fusion.json`: the learned one for the encoder that it was learned with, else
    the fixed one."""
    learned, fixed = _stored()
    return learned[1] if learned is not None and learned[0] == encoder else fixed


@cache
def _stored() -> tuple[tuple[str, Fusion] | None, Fusion]:
    raw = json.loads(FILE.read_text("utf-8"))
    learned = raw["learned"]
    return (learned["encoder"], _fusion(learned)) if learned else None, _fusion(raw["fixed"])


def _fusion(raw: Mapping[str, Any]) -> Fusion:
    scales = {side: Scale(scale["zero"], scale["unit"]) for side, scale in raw["scales"].items()}
    return Fusion(raw["weights"], scales)
