"""A conversation's life as one table, and `step`: what a command does to a state. Pure, no clock.

Callers take commands, actors, events and states from here too; they live in `commands` and `state`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

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


class Refused(Exception):
    """The command does not fit the conversation as it is. `code` is stable and public.

    not_found, erased, closed, not_owner, already_owned, stale_epoch, client_id_reused, not_offered,
    lease_lost, no_such_message, not_yet (the shopper cannot leave an agent who just wrote), not_due (a
    timer that something overtook).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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


class Wording(Protocol):
    """The bot's fixed words, by key and locale.

    Keys: name (who the bot is), greeting, handover_away (asked for a person, nobody can come; `opens_at`
    says when the desk opens, None if it is open), escalate_away and escalate_fault_away (it was the bot
    that wanted a person, or failed), escalate_fault (failed, and a person comes),
    waiting_long (still nobody took the chat).
    """

    def __call__(self, key: str, locale: str, *, opens_at: datetime | None = None) -> str: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """An honest range, in seconds."""

    low: int = 20
    high: int = 90


@dataclass(frozen=True, slots=True)
class World:
    """What `step` needs to know beyond the conversation, read in the same transaction.

    `ticket`: the desk's next free one. `place`, `wait`: of this conversation if it is queued now.
    `about`: the event that the command refers to. `agent_silence`: how long an agent must have been
    silent before a shopper may go back to the bot.
    """

    words: Wording
    can_come: bool = False
    opens_at: datetime | None = None
    ticket: str = ""
    place: int = 1
    wait: Wait = field(default_factory=Wait)
    about: Event | None = None
    owner_present: bool = True
    agent_silence: timedelta = timedelta(minutes=3)


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
    draft = _Draft(state, actor, max(now, state.last_at), world)
    _DO[type(command)](draft, command)
    return Outcome(tuple(draft.events), draft.state, _owing(state, draft.state, command))


def begin(conversation: str, command: Open, actor: Actor, now: datetime, world: World) -> Outcome:
    """The first two events: `opened`, and the bot's greeting."""
    body = {key: value for key, value in command.content().items() if value is not None}
    opened = Event(conversation, 1, 0, "opened", now, "system", actor.id, None, body)
    draft = _Draft(apply(None, opened), actor, now, world)
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


class _Draft:
    """Collects the events of one command and folds them as they come."""

    def __init__(self, state: State, actor: Actor, at: datetime, world: World) -> None:
        self.state, self.actor, self.at, self.world = state, actor, at, world
        self.events: list[Event] = []

    def add(self, type: str, body: Mapping[str, Any], by: Actor | None = None, own: bool = False) -> None:
        """`by` is who people are told it was; the write stays the actor's, unless it is `own` of `by`."""
        by = by or self.actor
        event = Event(
            self.state.id,
            self.state.last_seq + 1,
            self.state.shown_seq,
            type,
            self.at,
            by.kind,
            by.id if own else self.actor.id,
            by.name,
            body,
        )
        self.state = apply(self.state, event)
        self.events.append(event)

    def bot_says(self, body: Mapping[str, Any]) -> None:
        self.add("message", body, Actor("bot", "bot", self.world.words("name", self.state.locale)))

    def enqueue(self, **more: object) -> None:
        wait = {"low": self.world.wait.low, "high": self.world.wait.high}
        ticket = self.state.ticket or self.world.ticket
        self.add("queued", {"ticket": ticket, "position": self.world.place, "wait": wait, **more}, SYSTEM)

    def reopen_if_closed(self) -> None:
        if self.state.owner_kind == "closed":
            self.add("reopened", {}, SYSTEM)


def _say(d: _Draft, c: Say) -> None:
    d.reopen_if_closed()
    d.add("message", {"text": c.text})


def _choose(d: _Draft, c: Choose) -> None:
    offers = d.world.about.body.get("offers", ()) if d.world.about else ()
    question = next((o.get("question", "") for o in offers if o.get("entry") == c.entry), None)
    if question is None:
        raise Refused("not_offered")
    d.reopen_if_closed()
    d.add("chosen", {"seq": c.seq, "entry": c.entry, "question": question})


def _handover(d: _Draft, c: Handover) -> None:
    d.reopen_if_closed()
    if d.world.can_come:
        d.add("escalated", {"reason": "asked"}, SYSTEM)
        d.enqueue()
    else:
        words = d.world.words("handover_away", d.state.locale, opens_at=d.world.opens_at)
        d.bot_says({"text": words, "form": True})


def _decide(d: _Draft, c: Decide) -> None:
    bot = Actor("bot", "bot", d.world.words("name", d.state.locale))
    d.add("decided", {**c.decision, "kind": c.kind, "first_seq": c.first, "last_seq": c.last}, bot)
    coming = c.kind == "escalate" and d.world.can_come
    alone = c.kind == "escalate" and not coming
    text = c.alone or _nobody(d, c) if alone else c.text
    if text:
        body: dict[str, Any] = {"text": text, "answers": c.last}
        body |= {"entry": c.entry} if c.entry else {}
        body |= {"offers": [dict(o) for o in c.offers]} if c.offers else {}
        body |= {"form": True} if alone or c.form else {}
        d.bot_says(body)
    elif not coming:
        raise ValueError(f"a decision of kind {c.kind} needs words")
    if coming:
        d.add("escalated", {"reason": c.reason}, bot)
        d.enqueue()


def _nobody(d: _Draft, c: Decide) -> str:
    key = "escalate_fault_away" if c.reason == "fault" else "escalate_away"
    return d.world.words(key, d.state.locale, opens_at=d.world.opens_at)


def _return(d: _Draft, c: Return) -> None:
    by_shopper = d.state.owner_kind == "agent" and d.actor.kind == "shopper"
    if by_shopper and not _since(d.state.agent_at, d.at, d.world.agent_silence):
        raise Refused("not_yet")
    d.add("returned", {})


def _feedback(d: _Draft, c: Feedback) -> None:
    about = d.world.about
    if about is None or about.type != "message" or about.from_kind not in ("bot", "agent"):
        raise Refused("no_such_message")
    d.add("feedback", {"seq": c.seq, "helpful": c.helpful})


def _rate(d: _Draft, c: Rate) -> None:
    d.add("rated", {"score": c.score} | ({"comment": c.comment} if c.comment else {}))


def _contact(d: _Draft, c: LeaveContact) -> None:
    d.add("contact_left", {key: value for key, value in c.content().items() if value is not None})


def _close(d: _Draft, c: Close) -> None:
    d.add("closed", {"disposition": c.disposition} if c.disposition else {})


def _claim(d: _Draft, c: Claim) -> None:
    d.add("assigned", {})


def _assign(d: _Draft, c: Assign) -> None:
    d.add("assigned", {}, Actor("agent", c.agent, c.name), own=True)


def _reply(d: _Draft, c: Reply) -> None:
    d.add("message", {key: value for key, value in c.content().items() if value is not None})


def _note(d: _Draft, c: Note) -> None:
    d.add("note", {"text": c.text})


def _release(d: _Draft, c: Release) -> None:
    d.add("released", {"reason": c.reason} if c.reason else {})
    d.enqueue()


def _transfer(d: _Draft, c: Transfer) -> None:
    if c.to == "supervisor" or c.to.startswith("desk:"):
        d.add("transferred", {"to": c.to})
        d.enqueue()
    elif d.state.owner_kind == "queue":
        raise Refused("not_owner")  # to a person out of the queue: that is `assigned`
    else:
        d.add("transferred", {"to": c.to} | ({"name": c.name} if c.name else {}))


def _hold(d: _Draft, c: Hold) -> None:
    if c.on != d.state.held:
        d.add("held", {"on": c.on})


def _timeout(d: _Draft, c: Timeout) -> None:
    s = d.state
    if not _DUE[c.kind](s, d.at, c.after, d.world):
        raise Refused("not_due")
    if c.kind == "close":
        d.add("closed", {"disposition": "silence"})
    elif c.kind == "waiting":
        key = "waiting_long" if d.world.can_come else "escalate_away"
        said = d.world.words(key, d.state.locale, opens_at=d.world.opens_at)
        d.enqueue(late=True, nobody=not d.world.can_come, text=said)
    else:
        d.add("released", {"reason": "silence" if c.kind == "agent_silent" else "lost"}, SYSTEM)
        d.enqueue()


def _since(start: datetime | None, now: datetime, after: timedelta) -> bool:
    return start is not None and now - start >= after


_DUE: Mapping[str, Callable[[State, datetime, timedelta, World], bool]] = {
    "close": lambda s, now, after, w: s.owner_kind == "bot" and not s.owed and _since(s.last_at, now, after),
    "waiting": lambda s, now, after, w: not s.late and _since(s.queued_at, now, after),
    "agent_silent": lambda s, now, after, w: not s.held and s.asking and _since(s.asked_at, now, after),
    "agent_lost": lambda s, now, after, w: (
        not s.held and not w.owner_present and _since(s.agent_at, now, after)
    ),
}


def _erase(d: _Draft, c: Erase) -> None:
    if d.state.owner_kind != "closed":
        d.add("closed", {}, SYSTEM)
    d.add("erased", {"epoch": d.state.epoch}, SYSTEM)


_DO: Mapping[type[Command], Callable[[_Draft, Any], None]] = {
    Say: _say,
    Choose: _choose,
    Handover: _handover,
    Decide: _decide,
    Return: _return,
    Feedback: _feedback,
    Rate: _rate,
    LeaveContact: _contact,
    Close: _close,
    Claim: _claim,
    Assign: _assign,
    Reply: _reply,
    Note: _note,
    Release: _release,
    Transfer: _transfer,
    Hold: _hold,
    Timeout: _timeout,
    Erase: _erase,
}
