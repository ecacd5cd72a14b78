"""What must not be left to a bot: delicate topics and attacks, with the phrase that shows them.

Which topic leads where is the policy's business; here it is only recognised. Where several are seen,
the first of `URGENCY` wins: a person in danger before anything else. The rules speak first, since they
can show why; a head adds what they miss, when it is very sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.decision import Said
from bot.signals.cues import Reading, load, read
from bot.signals.heads import Meaning, judge

Topic = Literal["self-harm", "injury", "threat", "attack", "abuse", "fraud", "privacy", "legal"]
URGENCY: tuple[Topic, ...] = ("self-harm", "injury", "threat", "attack", "abuse", "fraud", "privacy", "legal")
ENOUGH = 1.0  # sum of weights
SURE = 0.8  # probability at which the head calls it a topic without any rule
DOUBT = 0.05  # probability below which the head overrules a single weak rule
WEAK = 1.2  # rules up to this weight can be overruled
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
    ruled = _by_rules(reading)
    if chances is None:
        return ruled
    any_topic = 1 - chances["none"]
    if ruled is not None:
        return None if any_topic < DOUBT and reading.score(ruled.topic) <= WEAK else ruled
    if any_topic < SURE:
        return None
    name = max(URGENCY, key=lambda each: chances.get(each, 0.0))
    return Seen(name, reading.evidence.get(name, text.strip()[:LONGEST]))


def _by_rules(reading: Reading) -> Seen | None:
    for name in URGENCY:
        if reading.score(name) >= ENOUGH:
            return Seen(name, reading.evidence[name])
    return None
