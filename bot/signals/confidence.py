"""P(the first hit answers the turn): a calibrated logistic over `features`, readable and small.

The model is a JSON file, fitted on labelled queries by `python -m eval.fit_gate` and stored with the
hash of its data. It holds a model for each evidence that an index can give: with the joint side, with
vectors alone, and with words alone.
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
from kb.search import EVIDENCE, Evidence


class GateRefused(ValueError):
    """A gate file that does not fit this version; the message names the command that mends it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A model for each evidence. `about`: data, hash, date."""

    models: Mapping[Evidence, Logistic]
    about: Mapping[str, Any]

    def confidence(self, row: npt.NDArray[np.float64], evidence: Evidence) -> float:
        """The probability, in [0, 1], for one row of features."""
        return float(self.models[evidence].predict_proba(row)[1])

    def as_json(self) -> dict[str, Any]:
        models = {evidence: model.as_json() for evidence, model in self.models.items()}
        return {"about": dict(self.about), "features": list(NAMES), "models": models}


def parse_gate(raw: Mapping[str, Any], where: str = "gate") -> Gate:
    """A gate from its JSON form. Raises GateRefused when it was made for other features."""
    if list(raw.get("features", [])) != list(NAMES):
        raise GateRefused(f"{where}: made for other features; run `python -m eval.fit_gate` to make it anew")
    models: dict[Evidence, Logistic] = {name: Logistic.from_json(raw["models"][name]) for name in EVIDENCE}
    return Gate(models, dict(raw.get("about", {})))


@lru_cache(maxsize=1)
def default_gate() -> Gate:
    """The gate that ships with the bot."""
    return parse_gate(json.loads(files("bot.signals").joinpath("gate.json").read_text("utf-8")), "gate.json")


def read_gate(path: Path | None = None) -> Gate:
    """The gate in `path`, or the one that ships with the bot. Raises GateRefused."""
    return default_gate() if path is None else parse_gate(json.loads(path.read_text("utf-8")), str(path))
