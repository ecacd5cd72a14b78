"""What each command writes: one small function each, over a draft that folds as it grows. Pure.

Whether a command may run at all is the table's business (`conversation.LIFE`); `World` is what these
functions need to know beyond the conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.commands import (
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
    Rate,
    Release,
    Reply,
    Return,
    Say,
    Timeout,
    Transfer,
)
from bot.state import Event, State, apply


class Refused(Exception):
    """The command does not fit the conversation as it is. `code` is stable and public.

    not_found, erased, closed, not_owner, already_owned, stale_epoch, client_id_reused, not_offered,
    lease_lost, no_such_message, not_yet (the shopper cannot leave an agent who just wrote), not_due (a
    timer that something overtook).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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


class Draft:
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


def _say(d: Draft, c: Say) -> None:
    d.reopen_if_closed()
    d.add("message", {"text": c.text})


def _choose(d: Draft, c: Choose) -> None:
    offers = d.world.about.body.get("offers", ()) if d.world.about else ()
    question = next((o.get("question", "") for o in offers if o.get("entry") == c.entry), None)
    if question is None:
        raise Refused("not_offered")
    d.reopen_if_closed()
    d.add("chosen", {"seq": c.seq, "entry": c.entry, "question": question})


def _handover(d: Draft, c: Handover) -> None:
    d.reopen_if_closed()
    if d.world.can_come:
        d.add("escalated", {"reason": "asked"}, SYSTEM)
        d.enqueue()
    else:
        words = d.world.words("handover_away", d.state.locale, opens_at=d.world.opens_at)
        d.bot_says({"text": words, "form": True})


def _decide(d: Draft, c: Decide) -> None:
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


def _nobody(d: Draft, c: Decide) -> str:
    key = "escalate_fault_away" if c.reason == "fault" else "escalate_away"
    return d.world.words(key, d.state.locale, opens_at=d.world.opens_at)


def _return(d: Draft, c: Return) -> None:
    by_shopper = d.state.owner_kind == "agent" and d.actor.kind == "shopper"
    if by_shopper and not _since(d.state.agent_at, d.at, d.world.agent_silence):
        raise Refused("not_yet")
    d.add("returned", {})


def _feedback(d: Draft, c: Feedback) -> None:
    about = d.world.about
    if about is None or about.type != "message" or about.from_kind not in ("bot", "agent"):
        raise Refused("no_such_message")
    d.add("feedback", {"seq": c.seq, "helpful": c.helpful})


def _rate(d: Draft, c: Rate) -> None:
    d.add("rated", {"score": c.score} | ({"comment": c.comment} if c.comment else {}))


def _contact(d: Draft, c: LeaveContact) -> None:
    d.add("contact_left", {key: value for key, value in c.content().items() if value is not None})


def _close(d: Draft, c: Close) -> None:
    d.add("closed", {"disposition": c.disposition} if c.disposition else {})


def _claim(d: Draft, c: Claim) -> None:
    d.add("assigned", {})


def _assign(d: Draft, c: Assign) -> None:
    d.add("assigned", {}, Actor("agent", c.agent, c.name), own=True)


def _reply(d: Draft, c: Reply) -> None:
    d.add("message", {key: value for key, value in c.content().items() if value is not None})


def _note(d: Draft, c: Note) -> None:
    d.add("note", {"text": c.text})


def _release(d: Draft, c: Release) -> None:
    d.add("released", {"reason": c.reason} if c.reason else {})
    d.enqueue()


def _transfer(d: Draft, c: Transfer) -> None:
    if c.to == "supervisor" or c.to.startswith("desk:"):
        d.add("transferred", {"to": c.to})
        d.enqueue()
    elif d.state.owner_kind == "queue":
        raise Refused("not_owner")  # to a person out of the queue: that is `assigned`
    else:
        d.add("transferred", {"to": c.to} | ({"name": c.name} if c.name else {}))


def _hold(d: Draft, c: Hold) -> None:
    if c.on != d.state.held:
        d.add("held", {"on": c.on})


def _timeout(d: Draft, c: Timeout) -> None:
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


def _erase(d: Draft, c: Erase) -> None:
    if d.state.owner_kind != "closed":
        d.add("closed", {}, SYSTEM)
    d.add("erased", {"epoch": d.state.epoch}, SYSTEM)


DO: Mapping[type[Command], Callable[[Draft, Any], None]] = {
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
