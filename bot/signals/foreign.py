"""Cues of Chinese and Korean, for mood, wish and topic alike (`foreign.json`, whose labels are theirs).

They stand in a file of their own because the heads learn from Japanese and English: there a cue is one
sign of many, here the cues decide alone.
"""

from __future__ import annotations

from bot.signals.cues import Reading, load, read
from kb.tongue import Tongue, tongues

UNLEARNT: frozenset[Tongue] = frozenset({"zh", "ko"})


def unlearnt(text: str) -> bool:
    """Is `text` in a language of which the heads saw no example?"""
    return tongues(text)[0] in UNLEARNT


def joined(reading: Reading, text: str) -> Reading:
    """`reading` of a text and what these cues add to its scores; `marks` stay those of its own file."""
    if UNLEARNT.isdisjoint(tongues(text)):
        return reading
    more = read(text, load("foreign"))
    scores = {label: reading.score(label) + more.score(label) for label in {*reading.scores, *more.scores}}
    return Reading(scores, {**more.evidence, **reading.evidence}, reading.marks)
