"""A conversation's life as one table, and `step`: what a command does to a state. Pure, no clock.

Callers take commands, actors, events and states from here too; they live in `commands` and `state`; what a
command writes once the table lets it is in `acts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.acts import DO, Draft, Refused, Wait, Wording, World
from bot.commands import (
    BOT,
    SHOPPER,
    SYSTEM,
    Actor,
    Assign,
    Choose,
    Claim,
    Close,
    Command,
    Decide,
    Erase,
    Feedback,
    Handover,
    Hold,
    LeaveContact,
    Note,
    Open,
    Rate,
    Release,
    Reply,
    Return,
    Say,
    Timeout,
    Transfer,
)
from bot.state import HIDDEN, Event, Owner, State, apply, fold, wire_time

__all__ = [
    "BOT",
    "HIDDEN",
    "LIFE",
    "SHOPPER",
    "SYSTEM",
    "Actor",
    "Assign",
    "Cell",
    "Choose",
    "Claim",
    "Close",
    "Command",
    "Decide",
    "Drop",
    "Erase",
    "Event",
    "Feedback",
    "Handover",
    "Hold",
    "LeaveContact",
    "Note",
    "Open",
    "Outcome",
    "Owe",
    "Owner",
    "Rate",
    "Refused",
    "Release",
    "Reply",
    "Return",
    "Say",
    "State",
    "Timeout",
    "Transfer",
    "Wait",
    "Wording",
    "World",
    "apply",
    "begin",
    "fold",
    "row",
    "step",
    "wire_time",
]


By = Literal["anyone", "owner", "owner_or_supervisor", "supervisor"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one kind of command does to one kind of owner.

    `to`: the owners that may result (empty: it stays). `refused`: the code. `silent`: accepted, but no
    event. `own`: silent in one's own chat, refused elsewhere. `by` limits agents only.
    """

    to: tuple[Owner, ...] = ()
    refused: str | None = None
    silent: bool = False
    own: bool = False
    by: By = "anyone"


def _refused(code: str) -> Cell:
    return Cell(refused=code)


def _to(*owners: Owner, by: By = "anyone") -> Cell:
    return Cell(to=owners, by=by)


_STAYS, _NO_EVENT = Cell(), Cell(silent=True)
_NOT_OWNER, _CLOSED, _NOT_DUE = _refused("not_owner"), _refused("closed"), _refused("not_due")


def _line(bot: Cell, queue: Cell, agent: Cell, closed: Cell) -> Mapping[Owner, Cell]:
    return {"bot": bot, "queue": queue, "agent": agent, "closed": closed}


LIFE: Mapping[str, Mapping[Owner, Cell]] = {
    #                        bot owns, queue owns, an agent owns, closed
    "shopper_message": _line(_STAYS, _STAYS, _STAYS, _to("bot")),
    "bot_words": _line(_to("bot", "queue"), _NOT_OWNER, _NOT_OWNER, _CLOSED),
    "handover": _line(_to("queue", "bot"), _NO_EVENT, _NO_EVENT, _to("queue", "bot")),
    "assigned": _line(
        _to("agent", by="supervisor"), _to("agent"), Cell(refused="already_owned", own=True), _CLOSED
    ),
    "agent_message": _line(_NOT_OWNER, _NOT_OWNER, Cell(by="owner"), _CLOSED),
    "released": _line(_NOT_OWNER, _NOT_OWNER, _to("queue", by="owner_or_supervisor"), _CLOSED),
    "transferred": _line(
        _NOT_OWNER,
        _to("queue", by="supervisor"),
        _to("agent", "queue", by="owner_or_supervisor"),
        _CLOSED,
    ),
    "returned": _line(_NO_EVENT, _to("bot", by="supervisor"), _to("bot", by="owner_or_supervisor"), _CLOSED),
    "held": _line(_NOT_OWNER, _NOT_OWNER, Cell(by="owner_or_supervisor"), _CLOSED),
    "note": _line(_STAYS, _STAYS, _STAYS, _STAYS),
    "feedback": _line(_STAYS, _STAYS, _STAYS, _STAYS),
    "rated": _line(_STAYS, _STAYS, _STAYS, _STAYS),
    "contact_left": _line(_STAYS, _STAYS, _STAYS, _STAYS),
    "waiting": _line(_NOT_DUE, _STAYS, _NOT_DUE, _NOT_DUE),
    "closed": _line(
        _to("closed", by="supervisor"),
        _to("closed", by="supervisor"),
        _to("closed", by="owner_or_supervisor"),
        _NO_EVENT,
    ),
    "erased": _line(_to("closed"), _to("closed"), _to("closed"), _STAYS),
}
"""Row: what happens; column: who owns. Where both may result: the bot, if nobody can come."""


@dataclass(frozen=True, slots=True)
class Owe:
    """The bot owes a decision on `first`..`last`; `pause` says how long to wait for more words."""

    first: int
    last: int
    pause: Literal["none", "short", "full"]


@dataclass(frozen=True, slots=True)
class Drop:
    """The open turn goes: the bot no longer owns the chat."""


@dataclass(frozen=True, slots=True)
class Outcome:
    events: tuple[Event, ...]
    state: State
    turn: Owe | Drop | None = None


def row(command: Command) -> str:
    """The row of `LIFE` that a command falls under."""
    return command.row if isinstance(command, Timeout) else command.what


def step(state: State | None, command: Command, actor: Actor, now: datetime, world: World) -> Outcome:
    """What the command does. Raises `Refused`; events are complete but for their position."""
    if isinstance(command, Open):
        raise TypeError("a conversation is opened by `begin`")
    if state is None:
        raise Refused("not_found")
    if state.erased:
        if isinstance(command, Erase):
            return Outcome((), state)
        raise Refused("erased")
    cell = LIFE[row(command)][state.owner_kind]
    if cell.silent or (cell.own and _taker(command, actor) == state.owner_id):
        return Outcome((), state)
    if cell.refused:
        raise Refused(cell.refused)
    if not _may(cell.by, state, actor):
        raise Refused("not_owner")
    draft = Draft(state, actor, max(now, state.last_at), world)
    DO[type(command)](draft, command)
    return Outcome(tuple(draft.events), draft.state, _owing(state, draft.state, command))


def begin(conversation: str, command: Open, actor: Actor, now: datetime, world: World) -> Outcome:
    """The first two events: `opened`, and the bot's greeting."""
    body = {key: value for key, value in command.content().items() if value is not None}
    opened = Event(conversation, 1, 0, "opened", now, "system", actor.id, None, body)
    draft = Draft(apply(None, opened), actor, now, world)
    draft.events.append(opened)
    draft.bot_says({"text": world.words("greeting", command.locale)})
    return Outcome(tuple(draft.events), draft.state)


def _taker(command: Command, actor: Actor) -> str:
    return command.agent if isinstance(command, Assign) else actor.id


def _may(by: By, state: State, actor: Actor) -> bool:
    if actor.kind != "agent" or by == "anyone":
        return True
    if by != "owner" and actor.supervisor:
        return True
    return by != "supervisor" and state.owner_kind == "agent" and state.owner_id == actor.id


def _owing(before: State, after: State, command: Command) -> Owe | Drop | None:
    if after.owner_kind != "bot":
        return Drop() if before.owner_kind == "bot" else None
    if after.heard_seq > before.heard_seq:
        return Owe(after.heard_seq, after.heard_seq, _pause(command))
    if before.owner_kind != "bot" and after.owed:
        return Owe(after.covered_seq + 1, after.heard_seq, "none")
    return None


_ENDS = re.compile(r"(?:[。．.!！?？…♪」』)）]|です|ます|ですか|ますか|ません|ください|下さい|します)\s*$")


def _pause(command: Command) -> Literal["none", "short", "full"]:
    if not isinstance(command, Say):
        return "none"
    return "short" if _ENDS.search(command.text) else "full"
