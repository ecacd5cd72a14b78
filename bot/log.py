"""The log: append, read, and the projections that go with it.

`append` is the one way in which a conversation changes. It decides by `step` inside the write
transaction, from the row as it is then, and answers after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.commands import Actor, Command, Decide, Erase, Open
from bot.conversation import Event, Outcome, Owe, Refused, State, Wording, begin, fold, step
from bot.desk import Desk
from bot.feed import Feed, Wake
from bot.project import (
    LONGEST_PAUSE,
    Pauses,
    change_turn,
    forget,
    handled,
    load,
    note_handled,
    save,
    turn_row,
)
from bot.reads import EVENT, accepted, events_of, events_since, last_position
from bot.tables import conversations, events, handlings, receipts, turns
from bot.world import Surroundings, fixed_words
from kb.store import Store

Clock = Callable[[], datetime]
MOST = 500
_POSITION_LOCK = 7_046_029_255


class NotFound(Refused):
    """There is no such conversation."""

    def __init__(self) -> None:
        super().__init__("not_found")


@dataclass(frozen=True, slots=True)
class Write:
    """One append. `epoch`: what the command was computed from; `lease`: of the turn that it decides."""

    conversation: str
    command: Command
    actor: Actor
    client_id: str | None = None
    epoch: int | None = None
    lease: str | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What a write led to. `seq`, `at`: of its last event, or without one the last its sender may see.

    A repeat gives the first result again, without the events.
    """

    conversation: str
    events: tuple[Event, ...]
    seq: int
    at: datetime
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`seq`: of the last event, else where the reader was."""

    events: tuple[Event, ...]
    seq: int
    more: bool


def utcnow() -> datetime:
    """Now, in the precision that is stored."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Log:
    """`burst`: the pause that ends a turn. `desks`: by name; without them one desk, always open."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        clock: Clock = utcnow,
        *,
        burst: timedelta = timedelta(seconds=1.5),
        desks: Mapping[str, Desk] | None = None,
        words: Wording = fixed_words,
        agent_silence: timedelta = timedelta(minutes=3),
    ) -> None:
        self.store, self.feed, self.clock = store, feed, clock
        self.around = Surroundings(desks, words, agent_silence)
        self._pauses = Pauses(burst)

    # ---- writing ----------------------------------------------------------------------------------

    def append(
        self,
        conversation: str,
        command: Command,
        actor: Actor,
        client_id: str | None = None,
        *,
        epoch: int | None = None,
        lease: str | None = None,
    ) -> Appended:
        """Raises `NotFound`, `Refused` (see there; `stale_epoch` when the owner changed since `epoch`)."""
        write = Write(conversation, command, actor, client_id, epoch, lease)
        try:
            appended = self.store.write(lambda conn: self.append_in(conn, write))
        except IntegrityError:
            if not isinstance(command, Open):
                raise
            # the same opening came twice at once on two connections: by now it is a repeat
            appended = self.store.write(lambda conn: self.append_in(conn, write))
        self.tell(appended)
        return appended

    def append_in(self, conn: Connection, write: Write) -> Appended:
        """The same within a transaction of the caller, who calls `tell` after the commit."""
        state = load(conn, write.conversation, lock=True)
        if state is not None and (first := _first_result(conn, write)) is not None:
            return first
        outcome = self._decide(conn, state, write)
        if not outcome.events:
            return _nothing(conn, outcome.state, write, self.clock())
        return self._keep(conn, state, outcome, write)

    def tell(self, appended: Appended) -> None:
        """Wakes whoever follows the log."""
        if appended.events:
            self.feed.publish(Wake("look", appended.events[-1].position))

    def _decide(self, conn: Connection, state: State | None, write: Write) -> Outcome:
        command, actor, now = write.command, write.actor, self.clock()
        if isinstance(command, Open):
            if state is not None:
                raise Refused("erased" if state.erased else "client_id_reused")
            return begin(write.conversation, command, actor, now, self.around.plain())
        if state is None:
            raise NotFound
        if write.epoch is not None and write.epoch != state.epoch:
            raise Refused("stale_epoch")
        if isinstance(command, Decide):
            _end_turn(conn, write.conversation, command, write.lease)
        return step(state, command, actor, now, self.around.read(conn, state, command, now))

    def _keep(self, conn: Connection, before: State | None, outcome: Outcome, write: Write) -> Appended:
        state, last = outcome.state, outcome.events[-1]
        save(conn, state, new=before is None)
        note_handled(conn, before, outcome.events)
        change_turn(conn, state, outcome.turn, last.at, self._pauses)
        if isinstance(write.command, Erase):
            forget(conn, state.id)
        position = _next_position(conn)
        placed = tuple(replace(event, position=position + n) for n, event in enumerate(outcome.events))
        rows = [{name: getattr(event, name) for name in EVENT} | _UNCLAIMED for event in placed]
        if write.client_id:
            rows[-1] |= {"client_id": write.client_id, "client_hash": write.command.digest()}
        conn.execute(_INSERT, rows)
        return Appended(state.id, placed, last.seq, last.at)

    def rebuild(self, conversation: str) -> State:
        """Writes the row, the handlings and the owed turn anew from the events alone."""
        return self.store.write(lambda conn: self._rebuild(conn, conversation))

    def _rebuild(self, conn: Connection, conversation: str) -> State:
        known = load(conn, conversation, lock=True) is not None
        some = events_of(conn, conversation)
        if not some:
            raise NotFound
        state = fold(None, some)
        save(conn, state, new=not known)
        if not state.erased:
            conn.execute(delete(handlings).where(handlings.c.conversation == conversation))
            if rows := handled(None, some):
                conn.execute(insert(handlings), rows)
        owed = turns.c.conversation == conversation
        if not state.owed:
            conn.execute(delete(turns).where(owed))
        elif conn.execute(select(turns.c.id).where(owed)).first() is None:
            span = (state.covered_seq + 1, state.heard_seq)
            conn.execute(insert(turns), turn_row(conversation, span, self.clock()))
        return state

    # ---- telling without storing --------------------------------------------------------------------

    def typing(self, conversation: str, who: str) -> None:
        """Tells who follows; a shopper who is typing also gets more time before the bot answers."""
        self.feed.publish(Wake("typing", 0, conversation, who))
        if who == "shopper" and self._pauses.full:
            self._extend(conversation)

    def _extend(self, conversation: str) -> None:
        is_open = (turns.c.conversation == conversation) & turns.c.taken_by.is_(None)
        now = self.clock()
        with self.store.read() as conn:
            turn = conn.execute(select(turns.c.id, turns.c.opened_at).where(is_open)).one_or_none()
        if turn is None:
            return
        due_at = self._pauses.due(Owe(0, 0, "full"), now, turn.opened_at)
        later = (
            update(turns).where(is_open, turns.c.id == turn.id, turns.c.due_at < due_at).values(due_at=due_at)
        )
        if due_at <= turn.opened_at + LONGEST_PAUSE:
            self.store.write(lambda conn: conn.execute(later).rowcount, durable=False)

    def look(self) -> None:
        """Wakes whoever follows: something changed that is not an event."""
        self.feed.publish(Wake())

    # ---- reading ------------------------------------------------------------------------------------

    def state(self, conversation: str) -> State | None:
        with self.store.read() as conn:
            return load(conn, conversation)

    def seen(self, conversation: str, from_id: str, client_id: str) -> bool:
        """Was this write accepted before?"""
        with self.store.read() as conn:
            return accepted(conn, conversation, from_id, client_id) is not None

    def events(self, conversation: str, after: int = 0, limit: int = MOST, *, shopper: bool = True) -> Page:
        """Events after a seq, ascending; without the hidden ones if the reader is the shopper."""
        with self.store.read() as conn:
            some = events_of(conn, conversation, after, limit + 1, shopper=shopper)
        shown = tuple(some[:limit])
        return Page(shown, shown[-1].seq if shown else after, len(some) > limit)

    def since(self, position: int, limit: int = MOST) -> list[Event]:
        """Everyone's events after a position, in the order of the whole log."""
        with self.store.read() as conn:
            return events_since(conn, position, limit)

    def position(self) -> int:
        with self.store.read() as conn:
            return last_position(conn)

    def ids(self) -> Sequence[str]:
        with self.store.read() as conn:
            return conn.scalars(select(conversations.c.id).order_by(conversations.c.id)).all()


_UNCLAIMED = {"client_id": None, "client_hash": None}
_INSERT = insert(events)
_END_TURN = delete(turns).where(
    turns.c.conversation == bindparam("chat"),
    turns.c.taken_by == bindparam("lease"),
    turns.c.first_seq == bindparam("first"),
    turns.c.last_seq == bindparam("last"),
)


def _first_result(conn: Connection, write: Write) -> Appended | None:
    if not write.client_id:
        return None
    known = accepted(conn, write.conversation, write.actor.id, write.client_id)
    if known is None:
        return None
    seq, at, digest = known
    if digest != write.command.digest():
        raise Refused("client_id_reused")
    return Appended(write.conversation, (), seq, at, repeated=True)


def _nothing(conn: Connection, state: State, write: Write, now: datetime) -> Appended:
    """A write that made no event still has a first result that its repeats get."""
    seq = state.shown_seq if write.actor.kind == "shopper" else state.last_seq
    if write.client_id:
        keys = {"conversation": state.id, "from_id": write.actor.id, "client_id": write.client_id}
        result = {"client_hash": write.command.digest(), "seq": seq, "at": now}
        conn.execute(insert(receipts), keys | result)
    return Appended(state.id, (), seq, now)


def _end_turn(conn: Connection, conversation: str, command: Decide, lease: str | None) -> None:
    """A decision ends the turn that its lease was given for; without the lease it is too late."""
    key = {"chat": conversation, "lease": lease, "first": command.first, "last": command.last}
    if conn.execute(_END_TURN, key).rowcount != 1:
        raise Refused("lease_lost")


def _next_position(conn: Connection) -> int:
    """The next place in the whole log.

    On PostgreSQL under a lock that is taken last and held until the commit, so that positions become
    visible in their order; SQLite has one writer anyway. The price, measured with eight writers on a busy
    two-core machine: 95 commits a second instead of 215 from a bare sequence. Reading only below the
    oldest running transaction would be free here, but its order is (transaction, position), and a
    stream's cursor is one number.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSITION_LOCK})
    return last_position(conn) + 1
