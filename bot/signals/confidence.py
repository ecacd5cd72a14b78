"""P(the first hit answers the turn): a calibrated logistic over `features`, readable and small.

The model is a JSON file, fitted on labelled queries by `python -m eval.fit_gate` and stored with the
hash of its data. It holds two models: one for an index with vectors, one for words alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.fit import Logistic
from bot.signals.features import NAMES


class GateRefused(ValueError):
    """A gate file that does not fit this version; the message names the command that mends it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """`vectors` serves an index with vector sides, `words` one without. `about`: data, hash, date."""

    vectors: Logistic
    words: Logistic
    about: Mapping[str, Any]

    def confidence(self, row: npt.NDArray[np.float64], with_vectors: bool) -> float:
        """The probability, in [0, 1], for one row of features."""
        return float((self.vectors if with_vectors else self.words).predict_proba(row)[1])

    def as_json(self) -> dict[str, Any]:
        return {
            "about": dict(self.about),
            "features": list(NAMES),
            "vectors": self.vectors.as_json(),
            "words": self.words.as_json(),
        }


def parse_gate(raw: Mapping[str, Any], where: str = "gate") -> Gate:
    """A gate from its JSON form. Raises GateRefused when it was made for other features."""
    if list(raw.get("features", [])) != list(NAMES):
        raise GateRefused(f"{where}: made for other features; run `python -m eval.fit_gate` to make it anew")
    return Gate(
        Logistic.from_json(raw["vectors"]), Logistic.from_json(raw["words"]), dict(raw.get("about", {}))
    )


@lru_cache(maxsize=1)
def default_gate() -> Gate:
    """The gate that ships with the bot."""
    return parse_gate(json.loads(files("bot.signals").joinpath("gate.json").read_text("utf-8")), "gate.json")


def read_gate(path: Path | None = None) -> Gate:
    """The gate in `path`, or the one that ships with the bot. Raises GateRefused."""
    return default_gate() if path is None else parse_gate(json.loads(path.read_text("utf-8")), str(path))
