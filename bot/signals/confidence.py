"""P(the first hit answers the turn): a calibrated logistic over `features`, readable and small.

The model is a JSON file: weights on standardised features, fitted on labelled queries by
`python -m bot.fit` and stored with the hash of its data. Two models are kept: one for an index with
vectors, one for words alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.signals.features import NAMES


class GateRefused(ValueError):
    """A gate file that does not fit this version; the message names the command that mends it."""


@dataclass(frozen=True, slots=True)
class Model:
    """`p = 1 / (1 + exp(-(bias + weights · (x - mean) / scale)))`; arrays over `features.NAMES`."""

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    bias: float

    def probability(self, row: npt.NDArray[np.float64]) -> float:
        logit = self.bias + float(self.weights @ ((row - self.mean) / self.scale))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Gate:
    """`vectors` serves an index with vector sides, `words` one without."""

    vectors: Model
    words: Model
    about: Mapping[str, Any]

    def confidence(self, row: npt.NDArray[np.float64], with_vectors: bool) -> float:
        return (self.vectors if with_vectors else self.words).probability(row)


def parse_gate(raw: Mapping[str, Any], where: str = "gate") -> Gate:
    """A gate from its JSON form. Raises GateRefused when it was made for other features."""
    if list(raw.get("features", [])) != list(NAMES):
        raise GateRefused(f"{where}: made for other features; run `python -m bot.fit` to make it anew")
    models = {name: _model(raw[name]) for name in ("vectors", "words")}
    return Gate(models["vectors"], models["words"], dict(raw.get("about", {})))


def _model(raw: Mapping[str, Any]) -> Model:
    mean, scale, weights = (np.array(raw[name], dtype=np.float64) for name in ("mean", "scale", "weights"))
    return Model(mean, scale, weights, float(raw["bias"]))


@lru_cache(maxsize=1)
def default_gate() -> Gate:
    """The gate that ships with the bot."""
    return parse_gate(json.loads(files("bot.signals").joinpath("gate.json").read_text("utf-8")), "gate.json")


def read_gate(path: Path | None = None) -> Gate:
    """The gate in `path`, or the one that ships with the bot. Raises GateRefused."""
    return default_gate() if path is None else parse_gate(json.loads(path.read_text("utf-8")), str(path))
