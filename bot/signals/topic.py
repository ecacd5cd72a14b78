"""What must not be left to a bot: delicate topics and attacks, with the phrase that shows them.

Which topic leads where is the policy's business; here it is only recognised. Where several are seen,
the first of `URGENCY` wins: a person in danger before anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.signals.cues import load, read

Topic = Literal["self-harm", "injury", "threat", "attack", "abuse", "fraud", "privacy", "legal"]
URGENCY: tuple[Topic, ...] = ("self-harm", "injury", "threat", "attack", "abuse", "fraud", "privacy", "legal")
ENOUGH = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    topic: Topic
    evidence: str


def topic(text: str) -> Seen | None:
    """The most urgent delicate topic of a text, or None."""
    reading = read(text, load("topic"))
    for name in URGENCY:
        if reading.score(name) >= ENOUGH:
            return Seen(name, reading.evidence[name])
    return None
