"""Weighted patterns with guards: the readable part of the mood, wish and topic signals.

A cue file is JSON: `guards` are patterns whose matches are taken out of the text first, because they
look like a cue and are none (「人気の商品」 is no wish for a person); `cues` maps a label to rows
`[weight, pattern, …]`, where each pattern is a regular expression on the normalised text
(`kb.text.normalise`, lower case). Weights add up; 1 is "enough to call it so by itself".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from kb.text import normalise

BLANK = "\ue000"  # a private-use character: stands for what a guard took out, and matches no cue


@dataclass(frozen=True, slots=True)
class Cue:
    label: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Cues:
    guards: tuple[re.Pattern[str], ...]
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Sum of weights and the heaviest phrase, by label. A label without a match is absent."""

    scores: Mapping[str, float]
    evidence: Mapping[str, str]

    def score(self, label: str) -> float:
        return self.scores.get(label, 0.0)


@lru_cache(maxsize=8)
def load(name: str) -> Cues:
    """The cue file `bot/signals/NAME.json`, compiled once."""
    raw = json.loads(files("bot.signals").joinpath(f"{name}.json").read_text("utf-8"))
    return Cues(
        guards=tuple(re.compile(p) for p in raw["guards"]),
        cues=tuple(
            Cue(label, float(row[0]), re.compile("|".join(f"(?:{p})" for p in row[1:])))
            for label, rows in raw["cues"].items()
            for row in rows
        ),
    )


def read(text: str, cues: Cues) -> Reading:
    """Which labels the text shows, how strongly, and by which phrase (as the shopper wrote it).

    Each cue counts once however often it matches, so that length is no evidence.
    """
    seen = normalise(text)
    guarded = seen.text.lower()
    if len(guarded) != len(seen.text):  # a few letters grow when lowered (İ); offsets matter more
        guarded = seen.text
    for guard in cues.guards:
        guarded = guard.sub(lambda match: BLANK * len(match.group()), guarded)
    aside = " ".join(piece.text for piece in seen.asides)
    scores: dict[str, float] = {}
    evidence: dict[str, tuple[float, str]] = {}
    for cue in cues.cues:
        if match := cue.pattern.search(guarded):
            start, end = seen.span(match.start(), match.end())
            phrase = text[start:end].strip()
        elif aside and (match := cue.pattern.search(aside)):
            phrase = match.group()
        else:
            continue
        scores[cue.label] = scores.get(cue.label, 0.0) + cue.weight
        if cue.weight > evidence.get(cue.label, (0.0, ""))[0]:
            evidence[cue.label] = (cue.weight, phrase or match.group())
    return Reading(scores, {label: phrase for label, (_, phrase) in evidence.items()})
