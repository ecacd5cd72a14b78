"""One turn → one decision. The whole of the bot's mind is on this page.

Pure: no I/O, no clock (a stopwatch reads how long each stage took and decides nothing). The widget, the
command line, the tuner's replay and the release check all call this same function.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.compose import compose
from bot.decision import Decision, Turn
from bot.gate import Signals, decide
from bot.policy import Policy
from bot.signals.confidence import Gate, default_gate
from bot.signals.features import NAMES, features, uncovered
from bot.signals.follow import asked_before
from bot.signals.heads import Meaning
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
    mind = _Mind(knowledge, policy, gate or default_gate(), turn)
    watch = _Watch()
    search = mind.search()
    watch.took("search")
    signals = mind.read(search)
    watch.took("signals")
    verdict = decide(turn, signals, search.best.found.hits, policy)
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
        hits=search.best.found.hits,
        release=knowledge.release,
        policy=policy.id,
        ms=watch.stages(search.best.found),
    )


class _Judged(NamedTuple):
    """A search, what it shows about its first hit, and how probably that answers."""

    found: Found
    row: npt.NDArray[np.float64]
    confidence: float


class _Search(NamedTuple):
    """`best` is decided on; `either` are first hits of two readings that differ."""

    best: _Judged
    alone: _Judged
    either: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mind:
    """What one turn is thought with."""

    knowledge: Knowledge
    policy: Policy
    gate: Gate
    turn: Turn

    def search(self) -> _Search:
        """The turn alone, and, where it may lean on the question before, the two together."""
        alone = self.judge(self.turn.text)
        chosen = self.knowledge.entry(self.turn.chosen) if self.turn.chosen else None
        if chosen is not None:
            picked = replace(alone.found, hits=(Hit(chosen, 0.0, {}),))
            return _Search(alone._replace(found=picked, confidence=CHOSEN), alone)
        before = asked_before(self.turn.text, self.turn.history, alone.confidence >= self.policy.answer)
        if before is None:
            return _Search(alone, alone)
        together = self.after(before, alone)
        surer = together if together.confidence > alone.confidence else alone
        if _first(alone) == _first(together) or surer.confidence < self.policy.offer:
            return _Search(surer, alone)
        either = (*together.found.hits[:2], *alone.found.hits[:1])
        return _Search(together, alone, tuple({hit.entry.id: hit for hit in either}.values()))

    def after(self, before: str, alone: _Judged) -> _Judged:
        """The question before and the turn as one; what only that question found was said already."""
        together = self.judge(f"{before}\n{self.turn.text}")
        said = _first(self.judge(before))
        new = [hit for hit in together.found.hits if hit.entry.id != said]
        if said == _first(alone) or len(new) == len(together.found.hits):
            return together
        old = next(hit for hit in together.found.hits if hit.entry.id == said)
        place = min(2, len(new))
        new.insert(place, replace(old, score=min(old.score, new[place - 1].score if new else old.score)))
        return self.weigh(replace(together.found, hits=tuple(new)))

    def judge(self, text: str) -> _Judged:
        return self.weigh(self.knowledge.find(text, HITS, at=self.turn.at.date()))

    def weigh(self, found: Found) -> _Judged:
        row = features(found, self.knowledge)
        sure = self.gate.confidence(row, self.knowledge.evidence) if found.hits else 0.0
        return _Judged(found, row, sure)

    def read(self, search: _Search) -> Signals:
        turn, judged, alone = self.turn, search.best, search.alone
        found = judged.found
        lost = uncovered(found.query.terms, found.hits[0], self.knowledge) if found.hits else []
        vector, encoder = alone.found.query.vector, self.knowledge.encoder_id
        meaning = Meaning(vector, encoder) if vector is not None and encoder is not None else None
        return Signals(
            mood=mood(turn.text, turn.history, meaning),
            wish=wish(turn.text, turn.history, meaning),
            topic=topic(turn.text, turn.history, meaning),
            social=None if turn.chosen else social(turn.text, turn.history),
            confidence=judged.confidence,
            several=self.several(),
            lost=lost[0].surface if lost else None,
            own_case=bool(judged.row[OWN] >= 1),
            carried=found.query is not alone.found.query,
            either=search.either,
        )

    def several(self) -> tuple[Hit, ...]:
        """A first hit for each question of the message, where each is sure and they differ."""
        asked = questions(self.turn.text) if self.turn.chosen is None else ()
        if len(asked) < 2:
            return ()
        judged = [self.judge(text) for text in asked]
        firsts = [j.found.hits[0] for j in judged if j.confidence >= self.policy.answer]
        return tuple({hit.entry.id: hit for hit in firsts}.values())


def _first(judged: _Judged) -> str | None:
    return judged.found.hits[0].entry.id if judged.found.hits else None


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
