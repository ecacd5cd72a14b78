"""What is written beside the events in the same transaction: the row, the owed turn, the handlings."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.conversation import Drop, Event, Owe, State, apply
from bot.tables import conversations, events, handlings, receipts, turns

STATE = tuple(f.name for f in fields(State))
LONGEST_PAUSE = timedelta(seconds=4)
_SHORT = 0.4

_INSERT = insert(conversations)
_UPDATE = (
    update(conversations)
    .where(conversations.c.id == bindparam("key"))
    .values({name: bindparam(name) for name in STATE if name != "id"})
)
_LOAD = select(conversations).where(conversations.c.id == bindparam("key"))
_LOCK = _LOAD.with_for_update()
_OF_CHAT = turns.c.conversation == bindparam("chat")
_IS_OPEN = turns.c.taken_by.is_(None)
_OPEN_TURN = select(turns.c.id, turns.c.opened_at).where(_OF_CHAT, _IS_OPEN).with_for_update()
_NEW_TURN = insert(turns)
_LATER = (
    update(turns)
    .where(turns.c.id == bindparam("turn"))
    .values(last_seq=bindparam("last"), due_at=bindparam("due"))
)
_DROP = delete(turns).where(_OF_CHAT)


def load(conn: Connection, conversation: str, *, lock: bool = False) -> State | None:
    row = conn.execute(_LOCK if lock else _LOAD, {"key": conversation}).one_or_none()
    return None if row is None else State(**row._mapping)


def save(conn: Connection, state: State, *, new: bool) -> None:
    values: dict[str, Any] = {name: getattr(state, name) for name in STATE}
    if new:
        conn.execute(_INSERT, values)
    else:
        conn.execute(_UPDATE, values | {"key": state.id})


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long the bot waits for more words: `full`, less after the end of a sentence, none if zero."""

    full: timedelta = timedelta(seconds=1.5)

    def due(self, owe: Owe, now: datetime, opened_at: datetime) -> datetime:
        pause = {"none": 0.0, "short": _SHORT, "full": 1.0}[owe.pause] * self.full
        return max(now, min(now + pause, opened_at + LONGEST_PAUSE)) if pause else now


def change_turn(
    conn: Connection, state: State, change: Owe | Drop | None, now: datetime, pauses: Pauses
) -> None:
    """Opens or extends the one open turn, or drops every turn of a chat that the bot has left."""
    if change is None:
        return
    if isinstance(change, Drop):
        conn.execute(_DROP, {"chat": state.id})
        return
    turn = conn.execute(_OPEN_TURN, {"chat": state.id}).one_or_none()
    if turn is None:
        due_at = pauses.due(change, now, now)
        conn.execute(_NEW_TURN, turn_row(state.id, (change.first, change.last), now, due_at))
    else:
        due_at = pauses.due(change, now, turn.opened_at)
        conn.execute(_LATER, {"turn": turn.id, "last": change.last, "due": due_at})


def turn_row(
    conversation: str, span: tuple[int, int], now: datetime, due_at: datetime | None = None
) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(12),
        "conversation": conversation,
        "first_seq": span[0],
        "last_seq": span[1],
        "opened_at": now,
        "due_at": due_at or now,
        "taken_by": None,
        "taken_until": None,
        "tries": 0,
    }


def handled(before: State | None, some: Iterable[Event]) -> list[dict[str, Any]]:
    """A row for each time that an agent's hold on the chat ended within these events."""
    rows, state = [], before
    for event in some:
        after = apply(state, event)
        if state is not None and state.owner_kind == "agent" and after.epoch != state.epoch:
            rows.append(
                {
                    "conversation": state.id,
                    "seq": event.seq,
                    "desk": state.desk,
                    "agent": state.owner_id or "",
                    "ticket": state.ticket,
                    "queued_at": state.queued_at,
                    "assigned_at": state.assigned_at or state.last_at,
                    "replied_at": state.replied_at,
                    "ended_at": event.at,
                    "how": event.type,
                }
            )
        state = after
    return rows


def note_handled(conn: Connection, before: State | None, some: Sequence[Event]) -> None:
    rows = handled(before, some) if before is None or before.owner_kind == "agent" else []
    if rows:
        conn.execute(insert(handlings), rows)


def forget(conn: Connection, conversation: str) -> None:
    """Erasure: everything that was said, by whom, and under which client id."""
    blank: dict[str, Any] = {"body": {}, "name": None, "client_id": None, "client_hash": None}
    conn.execute(update(events).where(events.c.conversation == conversation).values(blank))
    conn.execute(delete(receipts).where(receipts.c.conversation == conversation))
