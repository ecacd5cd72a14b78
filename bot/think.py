"""One turn → one decision. The whole of the bot's mind is on this page.

Pure: no I/O, no clock (a stopwatch reads how long each stage took and decides nothing). The widget, the
command line, the tuner's replay and the release check all call this same function.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from bot.compose import compose
from bot.decision import Decision, Turn
from bot.gate import Signals, decide
from bot.policy import Policy
from bot.signals.confidence import Gate, default_gate
from bot.signals.features import NAMES, features, uncovered
from bot.signals.follow import carried
from bot.signals.mood import mood
from bot.signals.questions import questions
from bot.signals.social import social
from bot.signals.topic import topic
from bot.signals.wish import wish
from kb.search import Found, Hit, Knowledge

HITS = 10
OWN = NAMES.index("own_case")
CHOSEN = 0.95  # a shopper who picked a question off a list of ours is very probably asking it


def think(turn: Turn, knowledge: Knowledge, policy: Policy, gate: Gate | None = None) -> Decision:
    """Read the turn, search, judge the first hit, decide, and find the words."""
    gate = gate or default_gate()
    watch = _Watch()
    found, confidence, leaning = _search(turn, knowledge, gate)
    watch.took("search")
    signals = _read(turn, found, confidence, leaning, knowledge, policy, gate)
    watch.took("signals")
    verdict = decide(turn, signals, found.hits, policy)
    watch.took("gate")
    text, offers = compose(turn, verdict, signals.mood)
    watch.took("compose")
    answered = verdict.hits[0].entry if verdict.kind == "answer" else None
    return Decision(
        kind=verdict.kind,
        text=text,
        entry=answered.id if answered else None,
        revision=answered.revision if answered else None,
        offers=offers,
        confidence=signals.confidence,
        mood=signals.mood,
        wish=signals.wish,
        topic=signals.topic.topic if signals.topic else None,
        reasons=verdict.reasons,
        hits=found.hits,
        release=knowledge.release,
        policy=policy.id,
        ms=watch.stages(found),
    )


def _search(turn: Turn, knowledge: Knowledge, gate: Gate) -> tuple[Found, float, bool]:
    """The turn alone, and with the question it leans on: the surer reading wins."""
    if turn.chosen is not None and (entry := knowledge.entry(turn.chosen)):
        alone = knowledge.find(turn.text, HITS, at=turn.at.date())
        return replace(alone, hits=(Hit(entry, 0.0, {}),)), CHOSEN, False
    alone, sure = _judged(turn.text, turn, knowledge, gate)
    whole = carried(turn.text, turn.history)
    if whole is None:
        return alone, sure, False
    together, surer = _judged(whole, turn, knowledge, gate)
    return (together, surer, True) if surer > sure else (alone, sure, False)


def _judged(text: str, turn: Turn, knowledge: Knowledge, gate: Gate) -> tuple[Found, float]:
    found = knowledge.find(text, HITS, at=turn.at.date())
    if not found.hits:
        return found, 0.0
    return found, gate.confidence(features(found, knowledge), knowledge.has_vectors)


def _read(
    turn: Turn, found: Found, confidence: float, leaning: bool, knowledge: Knowledge, policy: Policy, gate: Gate
) -> Signals:
    lost = uncovered(tuple(found.query.terms), found.hits[0], knowledge) if found.hits else []
    row = features(found, knowledge)
    return Signals(
        mood=mood(turn.text, turn.history),
        wish=wish(turn.text, turn.history),
        topic=topic(turn.text),
        social=None if turn.chosen else social(turn.text),
        confidence=confidence,
        several=_several(turn, knowledge, policy, gate),
        lost=lost[0].surface if lost else None,
        own_case=bool(row[OWN] >= 1),
        carried=leaning,
    )


def _several(turn: Turn, knowledge: Knowledge, policy: Policy, gate: Gate) -> tuple[Hit, ...]:
    """A first hit for each question of the message, where all are sure and differ."""
    asked = questions(turn.text) if turn.chosen is None else ()
    if len(asked) < 2:
        return ()
    hits: dict[str, Hit] = {}
    for text in asked:
        found, sure = _judged(text, turn, knowledge, gate)
        if sure >= policy.answer:
            hits.setdefault(found.hits[0].entry.id, found.hits[0])
    return tuple(hits.values())


class _Watch:
    def __init__(self) -> None:
        self._at = self._start = perf_counter()
        self._ms: dict[str, float] = {}

    def took(self, stage: str) -> None:
        now = perf_counter()
        self._ms[stage], self._at = (now - self._at) * 1000, now

    def stages(self, found: Found) -> dict[str, float]:
        """Milliseconds by stage; what the search itself measured is taken apart."""
        return {
            "text": found.ms.get("text", 0.0),
            "encode": found.ms.get("encode", 0.0),
            "search": found.ms.get("search", 0.0),
            "signals": self._ms["signals"],
            "gate": self._ms["gate"],
            "compose": self._ms["compose"],
            "total": (perf_counter() - self._start) * 1000,
        }
