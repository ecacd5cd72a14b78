"""Would this release be worse? Golden questions and past turns through `think`, before publishing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.decision import Decision, Said, Turn
from bot.policy import Policy
from bot.think import think
from kb.search import Knowledge

WORSE = 0.02  # share of golden questions that may be lost before a release counts as worse


@dataclass(frozen=True, slots=True)
class Golden:
    """A question with the entry that must answer it. An entry's own question and variants are golden."""

    text: str
    entry: str


@dataclass(frozen=True, slots=True)
class Change:
    """A past turn that the new release decides otherwise."""

    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Checked:
    """`found` of `asked` golden questions have their entry first; `lost` names those that had it before."""

    asked: int
    found: int
    lost: tuple[Golden, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def worse(self) -> bool:
        return len(self.lost) > WORSE * max(1, self.asked)

    def as_json(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "found": self.found,
            "worse": self.worse,
            "lost": [{"text": g.text, "entry": g.entry} for g in self.lost[:50]],
            "changes": [{"text": c.text, "before": c.before, "after": c.after} for c in self.changes[:50]],
        }


def golden(knowledge: Knowledge, most: int = 300) -> list[Golden]:
    """The headline questions of the entries, evenly thinned to at most `most`."""
    entries = knowledge.entries
    step = max(1, -(-len(entries) // most))
    return [Golden(entry.question, entry.id) for entry in entries[::step]]


def check(
    new: Knowledge,
    live: Knowledge | None,
    policy: Policy,
    now: datetime,
    past: Iterable[tuple[str, Sequence[Said]]] = (),
) -> Checked:
    """Compare a release to the live one. `past`: masked texts of earlier turns, each with its history."""
    questions = golden(new)
    found = {g for g in questions if _first(g.text, new, now) == g.entry}
    lost = tuple(g for g in questions if g not in found and live and _first(g.text, live, now) == g.entry)
    changes = _changes(new, live, policy, now, past) if live else ()
    return Checked(len(questions), len(found), lost, changes)


def _changes(
    new: Knowledge, live: Knowledge, policy: Policy, now: datetime, past: Iterable[tuple[str, Sequence[Said]]]
) -> tuple[Change, ...]:
    changes = []
    for text, history in past:
        turn = Turn(text, now, history=tuple(history))
        before, after = think(turn, live, policy), think(turn, new, policy)
        if (before.kind, before.entry) != (after.kind, after.entry):
            changes.append(Change(text, _said(before), _said(after)))
    return tuple(changes)


def _first(text: str, knowledge: Knowledge, now: datetime) -> str | None:
    hits = knowledge.find(text, 1, at=now.date()).hits
    return hits[0].entry.id if hits else None


def _said(decision: Decision) -> str:
    return f"{decision.kind} {decision.entry}" if decision.entry else decision.kind
