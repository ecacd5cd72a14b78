"""The log's tables: the events (the truth) and what is projected from them in the same transaction.

`events`, `receipts` and `tickets` are written once; `conversations`, `turns` and `handlings` can be
rebuilt from the events.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kb.store import Moment, metadata

events = Table(
    "events",
    metadata,
    Column("conversation", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("prev", Integer, nullable=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("type", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("from_kind", String(16), nullable=False),
    Column("from_id", String(64), nullable=False),
    Column("name", Text),
    Column("body", JSON, nullable=False),
    Column("client_id", String(64)),
    Column("client_hash", String(64)),
    UniqueConstraint("conversation", "from_id", "client_id", name="events_client"),
    Index("events_by_time", "at"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("owner_kind", String(16), nullable=False),
    Column("owner_id", String(64)),
    Column("owner_name", Text),
    Column("epoch", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("shown_seq", Integer, nullable=False),
    Column("heard_seq", Integer, nullable=False),
    Column("covered_seq", Integer, nullable=False),
    Column("cut_seq", Integer, nullable=False),
    Column("asked_at", Moment),
    Column("unread", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("desk", String(64), nullable=False),
    Column("ticket", String(32)),
    Column("queued_at", Moment),
    Column("front", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("reason", String(32)),
    Column("assigned_at", Moment),
    Column("replied_at", Moment),
    Column("agent_at", Moment),
    Column("held", Boolean, nullable=False),
    Column("locale", String(8), nullable=False),
    Column("page", Text),
    Column("customer", Text),
    Column("rating", Integer),
    Column("closed_at", Moment),
    Column("erased", Boolean, nullable=False),
    Index("conversations_by_owner", "owner_kind", "owner_id", "last_at"),
    Index("conversations_by_customer", "customer"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("conversation", String(64), nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("taken_by", String(32)),
    Column("taken_until", Moment),
    Column("tries", Integer, nullable=False),
    Index(
        "turns_open",
        "conversation",
        unique=True,
        sqlite_where=text("taken_by IS NULL"),
        postgresql_where=text("taken_by IS NULL"),
    ),
    Index("turns_due", "due_at"),
    Index("turns_by_conversation", "conversation", "first_seq"),
)

handlings = Table(
    "handlings",
    metadata,
    Column("conversation", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("desk", String(64), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("ticket", String(32)),
    Column("queued_at", Moment),
    Column("assigned_at", Moment, nullable=False),
    Column("replied_at", Moment),
    Column("ended_at", Moment, nullable=False),
    Column("how", String(16), nullable=False),
    Index("handlings_recent", "desk", "ended_at"),
    Index("handlings_by_agent", "agent", "ended_at"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("conversation", String(64), primary_key=True),
    Column("from_id", String(64), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("client_hash", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("desk", String(64), primary_key=True),
    Column("n", Integer, nullable=False),
)
