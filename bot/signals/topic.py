"""What must not be left to a bot: delicate topics and attacks, with the phrase that shows them.

Which topic leads where is the policy's business; here it is only recognised. Where several are seen,
the first of `URGENCY` wins: a person in danger before anything else. Rules and head read
together: a rule needs little support from the head, the head alone must be sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.decision import Said
from bot.signals.cues import Reading, load, read
from bot.signals.foreign import joined
from bot.signals.heads import Meaning, judge

Topic = Literal["self-harm", "injury", "threat", "attack", "abuse", "fraud", "privacy", "legal"]
URGENCY: tuple[Topic, ...] = ("self-harm", "injury", "threat", "attack", "abuse", "fraud", "privacy", "legal")
ENOUGH = 1.0  # sum of weights
SURE = 0.5  # probability at which the head calls it a topic without any rule
NAMED = 0.3  # probability that the likeliest topic needs by itself then
BACKED = 0.2  # the same for a text in which the rules see a topic too
LONGEST = 40  # characters of evidence


@dataclass(frozen=True, slots=True)
class Seen:
    topic: Topic
    evidence: str


def topic(text: str, history: tuple[Said, ...] = (), meaning: Meaning | None = None) -> Seen | None:
    """The most urgent delicate topic of a text, or None.

    Without `meaning`, or with that of another encoder than the head's, the rules decide alone.
    """
    reading = read(text, load("topic"))
    chances = judge("topic", reading, text, history, meaning)
    reading = joined(reading, text)
    ruled = _by_rules(reading)
    if chances is None:
        return ruled
    if 1 - chances["none"] < (BACKED if ruled else SURE):
        return None
    if ruled is not None:
        return ruled
    name = max(URGENCY, key=lambda each: chances.get(each, 0.0))
    if chances.get(name, 0.0) < NAMED:
        return None
    return Seen(name, reading.evidence.get(name, text.strip()[:LONGEST]))


def _by_rules(reading: Reading) -> Seen | None:
    for name in URGENCY:
        if reading.score(name) >= ENOUGH:
            return Seen(name, reading.evidence[name])
    return None
