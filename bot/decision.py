"""What goes into `think` and what comes out: plain data, no behaviour but its own JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from kb.search import Hit

Kind = Literal["answer", "offer", "decline", "escalate", "social"]
Who = Literal["shopper", "bot", "agent"]
MoodLabel = Literal["calm", "upset", "furious"]


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier utterance of the conversation, as it was written."""

    who: Who
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What a shopper said before pausing, and what the decision may depend on.

    `history` is oldest first and at most 20 long. `on_duty`: could a person come now? `misses`: how
    many turns in a row ended without an answer just before this one. `chosen`: the id of an offered
    entry that the shopper picked; the turn is then that entry, without search. `back_at`: when nobody is
    on duty, the shop-local time from which somebody will be.
    """

    text: str
    at: datetime
    locale: str = "ja"
    history: tuple[Said, ...] = ()
    on_duty: bool = True
    misses: int = 0
    chosen: str | None = None
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a stable code that can be counted, and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Mood:
    label: MoodLabel = "calm"
    score: float = 0.0
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """Does the shopper want a person? `score` in [0, 1]; `evidence` is the phrase that shows it."""

    human: bool = False
    score: float = 0.0
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    entry: str
    question: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bot does about one turn. See `think`.

    `confidence` is the probability that `hits[0]` answers the turn (0 without hits); it is given for
    every kind. `ms` are milliseconds by stage.
    """

    kind: Kind
    text: str
    entry: str | None = None
    revision: int | None = None
    offers: tuple[Offer, ...] = ()
    confidence: float = 0.0
    mood: Mood = field(default_factory=Mood)
    wish: Wish = field(default_factory=Wish)
    topic: str | None = None
    reasons: tuple[Reason, ...] = ()
    hits: tuple[Hit, ...] = ()
    release: str = ""
    policy: str = ""
    ms: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The public form of a decision (the contract's field names)."""
        return {
            "kind": self.kind,
            "text": self.text,
            "entry": self.entry,
            "revision": self.revision,
            "offers": [{"entry": o.entry, "question": o.question} for o in self.offers],
            "confidence": round(self.confidence, 4),
            "mood": {
                "label": self.mood.label,
                "score": round(self.mood.score, 3),
                "evidence": self.mood.evidence,
            },
            "wish": {
                "human": self.wish.human,
                "score": round(self.wish.score, 3),
                "evidence": self.wish.evidence,
            },
            "topic": self.topic,
            "reasons": [{"code": r.code, "text": r.text} for r in self.reasons],
            "hits": [h.as_json() for h in self.hits[:10]],
            "release": self.release,
            "policy": self.policy,
            "ms": {stage: round(value, 2) for stage, value in self.ms.items()},
        }
