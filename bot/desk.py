"""The desk: who is on duty, the order of a queue, the wait, who gets which chat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.conversation import Wait
from bot.hours import Calendar, open_at

STREAM_ALIVE = timedelta(seconds=45)
"""An open desk stream renews its mark every 15 s; three missed marks are a lost stream."""
REQUEST_ALIVE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Desk:
    """One queue. `push`: chats are given to agents instead of picked. `letter` begins its tickets."""

    name: str = "main"
    letter: str = "A"
    calendar: Calendar | None = None
    push: bool = False
    capacity: int = 3


@dataclass(frozen=True, slots=True)
class Agent:
    """A member of staff who takes chats. `desks` empty: all. `load`: chats owned now.

    `stream_at`: last mark of an open desk stream; `seen_at`: last request; `idle_at`: when the last
    chat was taken or ended, None if there was none (the longest idle gets the next one).
    """

    id: str
    name: str
    role: str = "agent"
    state: str = "away"
    reason: str | None = None
    desks: tuple[str, ...] = ()
    stream_at: datetime | None = None
    seen_at: datetime | None = None
    load: int = 0
    idle_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation in a queue."""

    conversation: str
    desk: str
    queued_at: datetime
    front: bool = False
    epoch: int = 0
    ticket: str | None = None


def present(agent: Agent, now: datetime) -> bool:
    """Is somebody at the console? A clock that went back counts as present."""
    return _fresh(agent.stream_at, now, STREAM_ALIVE) or _fresh(agent.seen_at, now, REQUEST_ALIVE)


def _fresh(at: datetime | None, now: datetime, alive: timedelta) -> bool:
    return at is not None and now - at <= alive


def serves(agent: Agent, desk: str) -> bool:
    """The supervisors' desk is served by supervisors; another by whoever is on it."""
    if desk == "supervisor":
        return agent.role in ("supervisor", "admin")
    return not agent.desks or desk in agent.desks


def on_duty(agents: Iterable[Agent], desk: Desk, now: datetime) -> tuple[Agent, ...]:
    """Who could come, busy or not: available, present, on this desk, while it is open."""
    if not open_at(desk.calendar, now):
        return ()
    return tuple(a for a in agents if a.state == "available" and present(a, now) and serves(a, desk.name))


def in_order(queue: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Released chats first, then by the time they began to wait."""
    return tuple(sorted(queue, key=lambda w: (not w.front, w.queued_at, w.conversation)))


def places(queue: Iterable[Waiting]) -> dict[str, int]:
    """Everyone's place in their own queue, from 1."""
    counts: dict[str, int] = {}
    result: dict[str, int] = {}
    for waiting in in_order(queue):
        counts[waiting.desk] = counts.get(waiting.desk, 0) + 1
        result[waiting.conversation] = counts[waiting.desk]
    return result


def place_of(new: Waiting, queue: Iterable[Waiting]) -> int:
    """The place of a conversation that joins (or is moved within) the queue now."""
    others = (w for w in queue if w.conversation != new.conversation and w.desk == new.desk)
    return in_order((*others, new)).index(new) + 1


_UNKNOWN_HANDLING_S = (180.0, 480.0)
"""Before anything was measured: a chat takes an agent three to eight minutes."""
_PICK_UP_S = (20.0, 90.0)
"""How long a free agent takes to notice and pick up."""
_ENOUGH = 5


def wait_estimate(place: int, agents: Sequence[Agent], capacity: int, handled_s: Sequence[float]) -> Wait:
    """An honest range for the conversation at `place`, from the seconds that recent chats took.

    While free hands suffice it is the time to pick up. Behind them every further place waits for one
    more chat to end: one of the chats under way ends about every handling time / chats under way,
    taken at the quartiles of what was measured.
    """
    free = sum(max(0, capacity - agent.load) for agent in agents)
    behind = max(0, place - free)
    short, long = _quartiles(handled_s)
    at_once = max(1, capacity * len(agents))
    low = _PICK_UP_S[0] + behind * short / at_once
    high = _PICK_UP_S[1] + behind * long / at_once * (1 if agents else 2)
    return Wait(_round(low), max(_round(high), _round(low) + 10))


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < _ENOUGH:
        return _UNKNOWN_HANDLING_S
    ordered = sorted(values)
    return ordered[len(ordered) // 4], ordered[(len(ordered) * 3) // 4]


def _round(seconds: float) -> int:
    """Nobody believes 437 seconds: tens below five minutes, whole minutes above."""
    step = 10 if seconds < 300 else 60
    return int(round(seconds / step) * step)


def assignments(
    queue: Iterable[Waiting], agents: Iterable[Agent], desk: Desk, now: datetime
) -> tuple[tuple[Waiting, Agent], ...]:
    """Who gets which chat of a push queue: first in order to the least busy, then the longest idle."""
    staff = on_duty(agents, desk, now)
    loads = {agent.id: agent.load for agent in staff}
    result = []
    for waiting in in_order(w for w in queue if w.desk == desk.name):
        free = [agent for agent in staff if loads[agent.id] < desk.capacity]
        if not free:
            break
        chosen = min(free, key=lambda a: (loads[a.id], a.idle_at is not None, a.idle_at or now, a.id))
        loads[chosen.id] += 1
        result.append((waiting, chosen))
    return tuple(result)
