"""Second readers: a logistic model over the encoder's query vector, the cues and the manner.

`heads.json` holds one head a signal, fitted by `python -m eval.fit_signals`. A head speaks only when the
vector comes from the encoder that it was fitted on, the cue file is the one it learned, and the text is
in a language that it learned from; otherwise the rules decide alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.decision import Said
from bot.fit import Logistic
from bot.signals.cues import Reading, load, read
from bot.signals.foreign import unlearnt
from bot.signals.manner import manner

Vector = NDArray[np.float32]

LOOK_BACK = 3  # shopper's earlier utterances whose cues count
STRONG = 3.0  # where a sum of weights is cut


@dataclass(frozen=True, slots=True)
class Meaning:
    """The encoder's query vector of a turn's text, and the id of the encoder that made it."""

    vector: Vector
    encoder: str


@dataclass(frozen=True, slots=True)
class Head:
    """`cues` is the digest of the cue file that it learned with."""

    model: Logistic
    cues: str


@dataclass(frozen=True, slots=True)
class Heads:
    """`about` says what they were fitted on (files, hash, date of the data, cross-validation)."""

    encoder: str
    heads: Mapping[str, Head]
    about: Mapping[str, Any]


@lru_cache(maxsize=1)
def default_heads() -> Heads | None:
    """What ships with the bot."""
    source = files("bot.signals").joinpath("heads.json")
    return from_json(json.loads(source.read_text("utf-8"))) if source.is_file() else None


def from_json(raw: Mapping[str, Any]) -> Heads:
    heads = {name: Head(Logistic.from_json(each), each["cues"]) for name, each in raw["heads"].items()}
    return Heads(raw["encoder"], heads, raw["about"])


def judge(
    name: str, reading: Reading, text: str, history: tuple[Said, ...], meaning: Meaning | None
) -> Mapping[str, float] | None:
    """Probability by class, or None where no head may speak."""
    heads = default_heads()
    if meaning is None or heads is None or meaning.encoder != heads.encoder or unlearnt(text):
        return None
    head = heads.heads.get(name)
    if head is None or head.cues != load(name).digest:
        return None
    row = np.concatenate([meaning.vector, numbers(name, reading, text, history)])
    return dict(zip(head.model.classes, map(float, head.model.predict_proba(row)), strict=True))


def numbers(name: str, reading: Reading, text: str, history: tuple[Said, ...]) -> list[float]:
    """All features but the vector: each cue, sums by label now and before, manner."""
    labels = load(name).labels
    before = earlier(name, history)
    return [
        *map(float, reading.marks),
        *(min(STRONG, reading.score(label)) for label in labels),
        *(min(STRONG, max((r.score(label) for r in before), default=0.0)) for label in labels),
        *manner(text, history),
    ]


def earlier(name: str, history: tuple[Said, ...]) -> Sequence[Reading]:
    """The cues of the shopper's last few utterances, oldest first."""
    said = [each.text for each in history if each.who == "shopper"]
    return [_remembered(name, text) for text in said[-LOOK_BACK:]]


@lru_cache(maxsize=256)
def _remembered(name: str, text: str) -> Reading:
    return read(text, load(name))
