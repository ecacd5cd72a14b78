"""What happens because nothing happens: silent chats close, lost agents' chats go back, waits are told.

A sweep finds candidates by a read; each is judged once more by `step` inside its own transaction, with
the epoch it was found at, so that any number of processes may sweep.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.sql import ColumnElement

from bot.commands import BOT, SYSTEM, Assign, Command, Timeout, TimeoutKind
from bot.conversation import Refused
from bot.desk import Agent, assignments, present
from bot.feed import Wake
from bot.log import Log
from bot.tables import conversations
from bot.world import agents, last_ended, waiting
from kb.store import StoreError

_SWEEP_S = 5.0
_AT_ONCE = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """`close`: silence with nothing owed; `agent_silent`: a shopper's word unanswered by the agent;
    `agent_lost`: since the agent last did something in the chat, on top of lost presence; `waiting`:
    after which the shopper is told again how long it takes.
    """

    close: timedelta = timedelta(minutes=30)
    agent_silent: timedelta = timedelta(minutes=5)
    agent_lost: timedelta = timedelta(seconds=60)
    waiting: timedelta = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class _Due:
    conversation: str
    epoch: int
    command: Command


class Timers:
    """`sweep` once, or `start` a thread that does it every five seconds and on news for push desks."""

    def __init__(self, log: Log, limits: Limits | None = None) -> None:
        self._log, self._limits = log, limits or Limits()
        self._closing = threading.Event()
        self._news = threading.Event()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
        self._pushes = any(desk.push for desk in log.around.desks.values())

    def start(self) -> None:
        if self._pushes:
            self._unsubscribe = self._log.feed.subscribe(self._on_wake)
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        self._news.set()
        self._unsubscribe()
        if self._thread.is_alive():
            self._thread.join(10)

    def sweep(self) -> int:
        """Does everything that is due; returns how many chats it changed."""
        now = self._log.clock()
        with self._log.store.read() as conn:
            due = [*self._silent(conn, now), *self._lost(conn, now), *self._pushed(conn, now)]
        return sum(self._do(each) for each in due)

    def _do(self, due: _Due) -> bool:
        by = BOT if isinstance(due.command, Timeout) and due.command.kind == "close" else SYSTEM
        try:
            return bool(self._log.append(due.conversation, due.command, by, epoch=due.epoch).events)
        except Refused:
            return False  # something overtook the timer

    def _silent(self, conn: Connection, now: datetime) -> list[_Due]:
        c, limits = conversations.c, self._limits
        asking = c.heard_seq > c.covered_seq
        return [
            *_due(
                conn, "close", limits.close, c.owner_kind == "bot", ~asking, c.last_at <= now - limits.close
            ),
            *_due(
                conn,
                "agent_silent",
                limits.agent_silent,
                c.owner_kind == "agent",
                ~c.held,
                asking,
                c.asked_at <= now - limits.agent_silent,
            ),
            *_due(
                conn,
                "waiting",
                limits.waiting,
                c.owner_kind == "queue",
                ~c.late,
                c.queued_at <= now - limits.waiting,
            ),
        ]

    def _lost(self, conn: Connection, now: datetime) -> list[_Due]:
        c, after = conversations.c, self._limits.agent_lost
        here = [agent.id for agent in agents(conn) if present(agent, now)]
        return _due(
            conn,
            "agent_lost",
            after,
            c.owner_kind == "agent",
            ~c.held,
            c.agent_at <= now - after,
            c.owner_id.not_in(here),
        )

    def _pushed(self, conn: Connection, now: datetime) -> list[_Due]:
        if not self._pushes:
            return []
        queue = waiting(conn)
        everyone = [_rested(conn, agent) for agent in agents(conn)] if queue else []
        return [
            _Due(each.conversation, each.epoch, Assign(agent.id, agent.name))
            for desk in self._log.around.desks.values()
            if desk.push
            for each, agent in assignments(queue, everyone, desk, now)
        ]

    def _on_wake(self, message: Wake) -> None:
        if message.kind == "look":
            self._news.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait(_SWEEP_S)
            self._news.clear()
            if self._closing.is_set():
                return
            try:
                self.sweep()
            except StoreError as error:
                _log.warning("the database is away; timers wait: %s", error)
            except Exception:
                _log.exception("timers could not run")


def _rested(conn: Connection, agent: Agent) -> Agent:
    """With the time of the last chat that ended, so that work goes round."""
    moments = [at for at in (agent.idle_at, last_ended(conn, agent.id)) if at is not None]
    return replace(agent, idle_at=max(moments, default=None))


def _due(conn: Connection, kind: TimeoutKind, after: timedelta, *which: ColumnElement[bool]) -> list[_Due]:
    c = conversations.c
    found = conn.execute(select(c.id, c.epoch).where(*which).order_by(c.last_at).limit(_AT_ONCE))
    return [_Due(row.id, row.epoch, Timeout(kind, after)) for row in found]
