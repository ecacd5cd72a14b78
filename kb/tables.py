"""Every ordinary table (the log adds its own, in `bot.tables`). Migrations hold the same by hand.

Times are UTC text of fixed width with milliseconds, so that both engines order and compare them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData()


def moment_text(at: datetime) -> str:
    """`2026-07-01T09:00:00.000Z`: what a `Moment` column holds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as text; naive ones are refused."""

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return moment_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(64), primary_key=True)


def _json(name: str, **more: Any) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), **more)


users = Table(
    "users",
    metadata,
    _id(),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=False),
    Column("state", String(16), nullable=False, default="away", server_default="away"),
    Column("state_reason", Text),
    _json("desks"),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

presence = Table(
    "presence",
    metadata,
    _id("user"),
    Column("stream_at", Moment),
    Column("seen_at", Moment),
)

sessions = Table(
    "sessions",
    metadata,
    _id("id_hash"),
    Column("user", String(64), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("seen_at", Moment),
)

entries = Table(
    "entries",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("live_revision", Integer),
    Column("state", String(16), nullable=False),
    _json("body", nullable=False),
    Column("category", Text),
    Column("updated_at", Moment, nullable=False),
    Column("updated_by", String(64)),
    Index("entries_by_category", "category", "id"),
)

entry_history = Table(
    "entry_history",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("revision", Integer, primary_key=True),
    _json("body", nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(64)),
    Column("why", Text),
)

releases = Table(
    "releases",
    metadata,
    _id(),
    Column("created_at", Moment, nullable=False),
    Column("by", String(64)),
    Column("state", String(16), nullable=False),
    Column("path", Text),
    Column("entries", Integer, nullable=False, default=0, server_default="0"),
    Column("note", Text),
    _json("check"),
    Column("error", Text),
)

proposals = Table(
    "proposals",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),
    Column("entry", String(200)),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    _json("evidence", nullable=False),
    Column("conversations", Integer, nullable=False),
    _json("reasons", nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", Text),
    Column("created_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("decided_by", String(64)),
)

policies = Table(
    "policies",
    metadata,
    _id(),
    _json("body", nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(64)),
    Column("why", Text),
)

audit = Table(
    "audit",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", Text),
    _json("detail"),
)

labels = Table(
    "labels",
    metadata,
    Column("conversation", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("by", String(64), primary_key=True),
    _json("value", nullable=False),
    Column("at", Moment, nullable=False),
)

rates = Table(
    "rates",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("n", Integer, nullable=False, default=1, server_default="1"),
)

pointers = Table(
    "pointers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text),
)

__all__ = [
    "Moment",
    "audit",
    "entries",
    "entry_history",
    "labels",
    "metadata",
    "moment_text",
    "pointers",
    "policies",
    "presence",
    "proposals",
    "rates",
    "releases",
    "sessions",
    "users",
]
