"""What `step` needs to know beyond the conversation: read in the transaction that decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from bot.commands import Choose, Command, Decide, Feedback, Handover, Release, Timeout, Transfer
from bot.conversation import State, Wait, Wording, World
from bot.desk import Agent, Desk, Waiting, on_duty, place_of, present, wait_estimate
from bot.hours import next_open, open_at
from bot.reads import event_at
from bot.tables import conversations, handlings
from bot.words import say, until
from kb.store import presence, users

TAKES_CHATS = ("agent", "supervisor", "admin")
DESKS: Mapping[str, Desk] = {"main": Desk(), "supervisor": Desk("supervisor", "S")}
_RECENT = 50


def fixed_words(key: str, locale: str, *, opens_at: datetime | None = None) -> str:
    """The house's own sentences, with the time from which somebody will be there."""
    sentence = say(key, locale)
    return sentence if opens_at is None else until(sentence, opens_at, locale)


class Surroundings:
    """Reads the world for one command."""

    def __init__(
        self,
        desks: Mapping[str, Desk] | None = None,
        words: Wording = fixed_words,
        agent_silence: timedelta = timedelta(minutes=3),
    ) -> None:
        self.desks = dict(desks or DESKS)
        self.words = words
        self.agent_silence = agent_silence

    def plain(self) -> World:
        return World(words=self.words, agent_silence=self.agent_silence)

    def desk(self, name: str) -> Desk:
        """A desk that nobody set up is open like the main one."""
        return self.desks.get(name) or Desk(name, calendar=self.desks.get("main", Desk()).calendar)

    def read(self, conn: Connection, state: State, command: Command, now: datetime) -> World:
        match command:
            case Choose(seq=seq) | Feedback(seq=seq):
                return World(self.words, about=event_at(conn, state.id, seq))
            case Handover() if state.owner_kind in ("bot", "closed"):
                return self._queueing(conn, state, self.desk(state.desk), now)
            case Decide(kind="escalate") | Release():
                return self._queueing(conn, state, self.desk(state.desk), now)
            case Timeout(kind=kind) if kind != "close":
                return self._queueing(conn, state, self.desk(state.desk), now, front=kind != "waiting")
            case Transfer(to=to) if to == "supervisor" or to.startswith("desk:"):
                return self._queueing(conn, state, self.desk(to.removeprefix("desk:")), now)
        return self.plain()

    def can_come(self, conn: Connection, desk: str, now: datetime) -> tuple[bool, datetime | None]:
        """Could a person come now, and if the desk is closed, when does it open?"""
        at = self.desk(desk)
        if not open_at(at.calendar, now):
            return False, next_open(at.calendar, now)
        return bool(on_duty(agents(conn), at, now)), None

    def _queueing(
        self, conn: Connection, state: State, desk: Desk, now: datetime, front: bool = True
    ) -> World:
        everyone = agents(conn)
        staff = on_duty(everyone, desk, now)
        is_open = open_at(desk.calendar, now)
        front = (front and state.owner_kind == "agent") or (not front and state.front)
        me = Waiting(state.id, desk.name, state.queued_at or now, front, state.epoch)
        place = place_of(me, waiting(conn, desk.name))
        owner = next((a for a in everyone if a.id == state.owner_id), None)
        needed = state.ticket is None and (bool(staff) or state.owner_kind == "agent")
        return World(
            self.words,
            can_come=bool(staff),
            opens_at=None if is_open else next_open(desk.calendar, now),
            ticket=_ticket(conn, desk) if needed else "",
            place=place,
            wait=self._wait(conn, desk, place, staff),
            owner_present=owner is not None and present(owner, now),
            agent_silence=self.agent_silence,
        )

    def _wait(self, conn: Connection, desk: Desk, place: int, staff: tuple[Agent, ...]) -> Wait:
        return wait_estimate(place, staff, desk.capacity, handled_s(conn, desk.name))


def _everyone() -> Select[Any]:
    c = conversations.c
    load = (
        select(c.owner_id, func.count().label("load"), func.max(c.assigned_at).label("at"))
        .where(c.owner_kind == "agent")
        .group_by(c.owner_id)
        .subquery()
    )
    return (
        select(users, presence.c.stream_at, presence.c.seen_at, load.c.load, load.c.at.label("idle_at"))
        .outerjoin(presence, presence.c.user == users.c.id)
        .outerjoin(load, load.c.owner_id == users.c.id)
        .where(users.c.role.in_(TAKES_CHATS), users.c.disabled_at.is_(None))
    )


_EVERYONE = _everyone()


def agents(conn: Connection) -> tuple[Agent, ...]:
    """Everyone who may take chats, with presence and load."""
    return tuple(
        Agent(
            row.id,
            row.name,
            row.role,
            row.state,
            row.state_reason,
            tuple(row.desks or ()),
            row.stream_at,
            row.seen_at,
            row.load or 0,
            row.idle_at,
        )
        for row in conn.execute(_EVERYONE)
    )


def last_ended(conn: Connection, agent: str) -> datetime | None:
    """When the agent's last chat ended."""
    ended: datetime | None = conn.scalar(
        select(handlings.c.ended_at)
        .where(handlings.c.agent == agent)
        .order_by(handlings.c.ended_at.desc())
        .limit(1)
    )
    return ended


def waiting(conn: Connection, desk: str | None = None) -> list[Waiting]:
    """The queue (of one desk), in no order."""
    c = conversations.c
    found = select(c.id, c.desk, c.queued_at, c.front, c.epoch, c.ticket).where(c.owner_kind == "queue")
    if desk is not None:
        found = found.where(c.desk == desk)
    return [Waiting(r.id, r.desk, r.queued_at, r.front, r.epoch, r.ticket) for r in conn.execute(found)]


def handled_s(conn: Connection, desk: str) -> list[float]:
    """How long the desk's most recent chats took their agents, in seconds."""
    h = handlings.c
    found = select(h.assigned_at, h.ended_at).where(h.desk == desk).order_by(h.ended_at.desc()).limit(_RECENT)
    return [(row.ended_at - row.assigned_at).total_seconds() for row in conn.execute(found)]


def _ticket(conn: Connection, desk: Desk) -> str:
    """The desk's next number, 1 to 999 and round again; the row stays locked until the commit."""
    n = conn.execute(
        text(
            "INSERT INTO tickets (desk, n) VALUES (:desk, 1)"
            " ON CONFLICT (desk) DO UPDATE SET n = tickets.n % 999 + 1 RETURNING n"
        ),
        {"desk": desk.name},
    ).scalar_one()
    return f"{desk.letter}-{n}"
