"""Reading events. Statements are built once, because building one costs more than running it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, Table, bindparam, func, select

from bot.state import HIDDEN, Event
from bot.tables import events, receipts

EVENT = ("conversation", "seq", "prev", "type", "at", "from_kind", "from_id", "name", "body", "position")
"""The columns that make an `Event`; the client's id and hash stay in the table."""

_ALL = 2**31 - 1
_MOST = bindparam("most", type_=Integer)
_OF_CHAT = events.c.conversation == bindparam("chat")
_AT = select(events).where(_OF_CHAT, events.c.seq == bindparam("at_seq"))
_AFTER = select(events).where(_OF_CHAT, events.c.seq > bindparam("after")).order_by(events.c.seq).limit(_MOST)
_SHOWN = _AFTER.where(events.c.type.not_in(sorted(HIDDEN)))
_SINCE = select(events).where(events.c.position > bindparam("after")).order_by(events.c.position).limit(_MOST)
_LAST_POSITION = select(func.max(events.c.position))


def _by_client(table: Table) -> Select[Any]:
    return select(table.c.seq, table.c.at, table.c.client_hash).where(
        table.c.conversation == bindparam("chat"),
        table.c.from_id == bindparam("actor"),
        table.c.client_id == bindparam("client"),
    )


_IN_EVENTS, _IN_RECEIPTS = _by_client(events), _by_client(receipts)


def as_event(row: Row[Any]) -> Event:
    """A row of `events` as an Event."""
    columns = row._mapping
    return Event(**{name: columns[name] for name in EVENT})


def event_at(conn: Connection, conversation: str, seq: int) -> Event | None:
    row = conn.execute(_AT, {"chat": conversation, "at_seq": seq}).one_or_none()
    return None if row is None else as_event(row)


def events_of(
    conn: Connection, conversation: str, after: int = 0, limit: int | None = None, *, shopper: bool = False
) -> list[Event]:
    """A conversation's events, ascending; without the hidden ones for the shopper."""
    most = _ALL if limit is None else limit
    found = conn.execute(_SHOWN if shopper else _AFTER, {"chat": conversation, "after": after, "most": most})
    return [as_event(row) for row in found]


def events_since(conn: Connection, position: int, limit: int) -> list[Event]:
    """Everyone's events after a position."""
    return [as_event(row) for row in conn.execute(_SINCE, {"after": position, "most": limit})]


def last_position(conn: Connection) -> int:
    return conn.scalar(_LAST_POSITION) or 0


def accepted(
    conn: Connection, conversation: str, from_id: str, client_id: str
) -> tuple[int, datetime, str] | None:
    """(seq, at, hash) of a write that was accepted under this id."""
    key = {"chat": conversation, "actor": from_id, "client": client_id}
    row = conn.execute(_IN_EVENTS, key).one_or_none() or conn.execute(_IN_RECEIPTS, key).one_or_none()
    return None if row is None else (row.seq, row.at, row.client_hash)
