"""Weighted patterns with guards: the readable part of the mood, wish and topic signals.

A cue file is JSON: `guards` are patterns whose matches are taken out of the text first, because they
look like a cue and are none (「人気の商品」 is no wish for a person); `cues` maps a label to rows
`[weight, pattern, …]`, where each pattern is a regular expression on the normalised text
(`kb.text.normalise`, lower case); `<NAME>` in a pattern stands for that entry of `parts`. Weights add up;
1 is "enough to call it so by itself". Which rows matched is also what a head (`heads`) learns from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from kb.text import Text, normalise

OTHER_SCRIPT = re.compile(r"[ぁ-ゖ一-龠]")
KATAKANA = re.compile(r"[ァ-ヶ]{3}")
TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
BLANK = "\ue000"  # a private-use character: stands for what a guard took out, and matches no cue


@dataclass(frozen=True, slots=True)
class Cue:
    label: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Cues:
    """`digest` names the content: a head that was fitted on other patterns must not be used."""

    guards: tuple[re.Pattern[str], ...]
    cues: tuple[Cue, ...]
    digest: str

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cue.label for cue in self.cues))


@dataclass(frozen=True, slots=True)
class Reading:
    """Sum of weights and the heaviest phrase, by label (one without a match is absent); `marks` says for
    each cue, in the file's order, whether it matched."""

    scores: Mapping[str, float]
    evidence: Mapping[str, str]
    marks: tuple[bool, ...]

    def score(self, label: str) -> float:
        return self.scores.get(label, 0.0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text as patterns see it: one spelling in lower case (as long as `seen.text`), and its asides.

    `hiragana` is `lower` with katakana made hiragana, for a text typed in katakana alone; else empty.
    """

    seen: Text
    lower: str
    aside: str
    hiragana: str


@lru_cache(maxsize=8)
def load(name: str) -> Cues:
    """The cue file `bot/signals/NAME.json`, compiled once."""
    source = files("bot.signals").joinpath(f"{name}.json").read_text("utf-8")
    raw = json.loads(source)
    parts: Mapping[str, str] = raw.get("parts", {})

    def compiled(pattern: str) -> re.Pattern[str]:
        for part, text in parts.items():
            pattern = pattern.replace(f"<{part}>", text)
        return re.compile(pattern)

    return Cues(
        guards=tuple(map(compiled, raw["guards"])),
        cues=tuple(
            Cue(label, float(row[0]), compiled("|".join(f"(?:{p})" for p in row[1:])))
            for label, rows in raw["cues"].items()
            for row in rows
        ),
        digest=hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()[:16],
    )


@lru_cache(maxsize=128)
def prepare(text: str) -> Prepared:
    """Normalised once for all signals of a turn, and for the next turn whose history it will be."""
    seen = normalise(text)
    lower = seen.text.lower()
    if len(lower) != len(seen.text):  # a few letters grow when lowered (İ); offsets matter more
        lower = seen.text
    hiragana = (
        "" if OTHER_SCRIPT.search(lower) or not KATAKANA.search(lower) else lower.translate(TO_HIRAGANA)
    )
    return Prepared(seen, lower, " ".join(piece.text for piece in seen.asides), hiragana)


def read(text: str, cues: Cues) -> Reading:
    """Which labels the text shows, how strongly, and by which phrase (as the shopper wrote it).

    Each cue counts once however often it matches, so that length is no evidence.
    """
    ready = prepare(text)
    views = [_guarded(view, cues) for view in (ready.lower, ready.hiragana) if view]
    scores: dict[str, float] = {}
    evidence: dict[str, tuple[float, str]] = {}
    marks: list[bool] = []
    for cue in cues.cues:
        phrase = _found(cue.pattern, views, ready, text)
        marks.append(phrase is not None)
        if phrase is None:
            continue
        scores[cue.label] = scores.get(cue.label, 0.0) + cue.weight
        if cue.weight > evidence.get(cue.label, (0.0, ""))[0]:
            evidence[cue.label] = (cue.weight, phrase)
    return Reading(scores, {label: phrase for label, (_, phrase) in evidence.items()}, tuple(marks))


def _guarded(view: str, cues: Cues) -> str:
    for guard in cues.guards:
        view = guard.sub(lambda match: BLANK * len(match.group()), view)
    return view


def _found(pattern: re.Pattern[str], views: list[str], ready: Prepared, text: str) -> str | None:
    for view in views:
        if match := pattern.search(view):
            start, end = ready.seen.span(match.start(), match.end())
            return text[start:end].strip() or match.group()
    if ready.aside and (match := pattern.search(ready.aside)):
        return match.group()
    return None
