"""Signals + hits + policy → what to do. Pure; the rules stand in the order in which they win."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.decision import Kind, Mood, Reason, Turn, Wish
from bot.policy import Policy
from bot.signals.topic import Seen
from bot.words import reason
from kb.search import Hit

SCORE_UNIT = 0.5  # a hit whose fused score is this much lower is taken to be e times less probable


@dataclass(frozen=True, slots=True)
class Signals:
    """What was read from a turn. `several` are the first hits of a message's separate questions, where
    each is sure enough for an offer; `either`, the first hits of a turn read alone and read with what came
    before, where they differ; `lost`, the rarest decisive word that the first hit ignores."""

    mood: Mood
    wish: Wish
    topic: Seen | None
    social: str | None
    confidence: float
    several: tuple[Hit, ...] = ()
    lost: str | None = None
    own_case: bool = False
    carried: bool = False
    either: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`words` is the key of the fixed sentence (see `bot.words`); `hits` are what is answered or offered."""

    kind: Kind
    words: str
    reasons: tuple[Reason, ...]
    hits: tuple[Hit, ...] = ()


def decide(turn: Turn, signals: Signals, hits: tuple[Hit, ...], policy: Policy) -> Verdict:
    """The first rule that applies."""
    return (
        _must_go(signals, policy)
        or _wants_person(signals, policy)
        or _chosen(turn, hits)
        or _social(signals)
        or _several(signals)
        or _either(signals)
        or _answer(signals, hits, policy)
        or _too_many_misses(turn, policy)
        or _offer(signals, hits, policy)
        or _decline(signals, hits)
    )


def _must_go(signals: Signals, policy: Policy) -> Verdict | None:
    if signals.topic is None:
        return None
    way = policy.topics[signals.topic.topic]
    code = "attack" if signals.topic.topic == "attack" else "topic"
    because = (_reason(code, signals.topic.evidence),)
    if way == "decline":
        return Verdict("decline", "decline_attack" if code == "attack" else "decline", because)
    if way == "escalate":
        return Verdict("escalate", f"escalate_{signals.topic.topic}", because)
    return None


def _wants_person(signals: Signals, policy: Policy) -> Verdict | None:
    if signals.mood.label == "furious" and policy.furious == "escalate":
        return Verdict("escalate", "escalate_furious", (_reason("furious", signals.mood.evidence),))
    if signals.wish.human and policy.wish == "escalate":
        return Verdict("escalate", "escalate", (_reason("asked", signals.wish.evidence),))
    if signals.mood.label == "upset" and policy.upset == "escalate":
        return Verdict("escalate", "escalate_furious", (_reason("upset", signals.mood.evidence),))
    return None


def _chosen(turn: Turn, hits: tuple[Hit, ...]) -> Verdict | None:
    if turn.chosen is None or not hits:
        return None
    return Verdict("answer", "answer", (_reason("chosen"),), hits[:1])


def _social(signals: Signals) -> Verdict | None:
    if signals.social is None:
        return None
    return Verdict("social", f"social_{signals.social}", (_reason("social"),))


def _several(signals: Signals) -> Verdict | None:
    if len(signals.several) < 2:
        return None
    return Verdict("offer", "offer_several", (_reason("several"),), signals.several)


def _either(signals: Signals) -> Verdict | None:
    if len(signals.either) < 2:
        return None
    return Verdict("offer", "offer_many", (_reason("carried"), _reason("margin_small")), signals.either)


def _answer(signals: Signals, hits: tuple[Hit, ...], policy: Policy) -> Verdict | None:
    if not hits or signals.confidence < policy.answer:
        return None
    because = [_reason("sure")]
    if signals.carried:
        because.append(_reason("carried"))
    if signals.mood.label == "upset":
        because.append(_reason("upset", signals.mood.evidence))
    return Verdict("answer", "answer", tuple(because), hits[:1])


def _too_many_misses(turn: Turn, policy: Policy) -> Verdict | None:
    if turn.misses + 1 < policy.max_misses:
        return None
    return Verdict("escalate", "escalate_misses", (_reason("misses"),))


def _offer(signals: Signals, hits: tuple[Hit, ...], policy: Policy) -> Verdict | None:
    if not hits or signals.confidence < policy.offer:
        return None
    near = [
        hit
        for hit in hits[: policy.offers]
        if math.exp((hit.score - hits[0].score) / SCORE_UNIT) >= policy.offer_within
    ]
    because = [_reason("margin_small" if len(near) > 1 else "unsure")]
    if signals.lost:
        because.append(_reason("uncovered", signals.lost))
    return Verdict("offer", "offer_many" if len(near) > 1 else "offer_one", tuple(because), tuple(near))


def _decline(signals: Signals, hits: tuple[Hit, ...]) -> Verdict:
    if signals.own_case:
        return Verdict("decline", "decline_own", (_reason("own_case"),))
    if hits and signals.lost:
        return Verdict("decline", "decline", (_reason("uncovered", signals.lost),))
    return Verdict("decline", "decline", (_reason("unsure" if hits else "nothing_found"),))


def _reason(code: str, what: str | None = None) -> Reason:
    return Reason(code, reason(code, what=what or "…"))
