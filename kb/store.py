"""The database: one SQL text for SQLite (embedded default) and PostgreSQL.

`read` gives one consistent read transaction, `write` runs a work in a transaction and returns after the
commit. On SQLite every write of the process goes through one `Writer`; on PostgreSQL each is its own
transaction, run again (at most twice) when the server picks it as a deadlock's victim.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kb.tables import (
    Moment,
    audit,
    entries,
    entry_history,
    labels,
    metadata,
    moment_text,
    pointers,
    policies,
    presence,
    proposals,
    rates,
    releases,
    sessions,
    users,
)
from kb.writer import Writer, WriterFull

__all__ = [
    "Moment",
    "Store",
    "StoreAway",
    "StoreBusy",
    "StoreError",
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
    "utcnow_text",
]

T = TypeVar("T")
_BUSY_S = 10.0
_RETRIED = frozenset({"40001", "40P01"})


class StoreError(Exception):
    """The database cannot do it now; nothing of the work was kept."""


class StoreBusy(StoreError):
    """Too much is waiting, or another process holds the database. Try again."""


class StoreAway(StoreError):
    """The database cannot be reached or written (stopped, disk full, damaged)."""


def utcnow_text() -> str:
    return moment_text(datetime.now(UTC))


class Store:
    """Open one per process and database; thread-safe."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.dialect: str = url.get_backend_name()
        self._writer: Writer | None = None
        self._serving: sqlite3.Connection | None = None
        if self.dialect == "sqlite":
            self._reads = _sqlite(url, "BEGIN", read_only=True)
            self._writes = _sqlite(url, "BEGIN IMMEDIATE", read_only=False)
            self._writer = Writer(self._writes)
        else:
            self._writes = self._reads = _postgres(url)

    @classmethod
    def open(cls, url: str, *, migrate: bool = True) -> Store:
        """`url`: `sqlite:///PATH` or `postgresql://…`. Makes the database file and its tables as needed.

        Raises `StoreAway` when it cannot be reached, `StoreError` when it was made by a newer version.
        """
        parsed = _parsed(url)
        if parsed.get_backend_name() == "sqlite":
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        store = cls(parsed)
        if migrate:
            from kb.migrations import upgrade

            try:
                upgrade(store)
            except BaseException:
                store.close()
                raise
        return store

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction: everything read in it is of the same moment."""
        with _telling():
            connection = self._reads.connect()
            if self.dialect != "sqlite":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection, connection.begin():
                yield connection

    def write(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Runs `work` in a transaction and returns what it returned, after the commit.

        `work` may run more than once (only its last run counts): it must do nothing but SQL. With
        `durable=False` a power cut may undo it; only for leases and presence.
        """
        with _telling():
            if self._writer is not None:
                return self._writer.submit(work, durable).result()
            return self._write_alone(work, durable)

    def _write_alone(self, work: Callable[[Connection], T], durable: bool) -> T:
        for tries_left in (2, 1, 0):
            try:
                with self._writes.begin() as connection:
                    if not durable:
                        connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
                    return work(connection)
            except DBAPIError as error:
                if not tries_left or getattr(error.orig, "sqlstate", None) not in _RETRIED:
                    raise
        raise AssertionError("unreachable")

    def serve(self) -> None:
        """Claims the right to be the one serving process of an SQLite database until `close` or death.

        Raises `StoreBusy` when another process serves it. Nothing to do on PostgreSQL.
        """
        if self.dialect != "sqlite" or self._serving is not None:
            return
        lock = sqlite3.connect(f"{self.url.database}.serving", timeout=0, check_same_thread=False)
        try:
            lock.execute("PRAGMA journal_mode=MEMORY")
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            raise StoreBusy(
                f"another toritsugi already serves {self.url.database}: stop it, or use PostgreSQL"
            ) from None
        self._serving = lock

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reads.dispose()
        self._writes.dispose()
        if self._serving is not None:
            self._serving.close()
            self._serving = None


@contextmanager
def _telling() -> Iterator[None]:
    """Turns the driver's troubles into ours; a mistake in a statement stays what it is."""
    try:
        yield
    except WriterFull:
        raise StoreBusy("too many writes are waiting") from None
    except PoolTimeout as error:
        raise StoreBusy("too many connections are in use") from error
    except DisconnectionError as error:
        raise StoreAway("the database went away") from error
    except DBAPIError as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def _told(error: DBAPIError) -> StoreError | None:
    code = getattr(error.orig, "sqlite_errorname", "") or getattr(error.orig, "sqlstate", "") or ""
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or code in _RETRIED or code == "55P03":
        return StoreBusy("the database is busy")
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return StoreAway(f"the database file cannot be used ({code})")
    if error.connection_invalidated or type(error.orig).__name__ in ("OperationalError", "InterfaceError"):
        if code.startswith(("42", "SQLITE_ERROR")):
            return None
        return StoreAway(f"the database cannot be used now ({code or type(error.orig).__name__})")
    return None


def _parsed(url: str) -> URL:
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("an SQLite database needs a file: sqlite:////path/to/file.db")
        return parsed.set(drivername="sqlite+pysqlite")
    if name in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"{name} is not supported: use sqlite:///FILE or postgresql://…")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _sqlite(url: URL, begin: str, *, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_S, "check_same_thread": False, "cached_statements": 256},
        pool_size=8 if read_only else 1,
        max_overflow=24 if read_only else 0,
        pool_timeout=_BUSY_S,
        json_serializer=_dumps,
        hide_parameters=True,  # what people type has no place in error messages
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin by itself: we say which BEGIN
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=_BUSY_S,
        pool_pre_ping=True,
        json_serializer=_dumps,
        hide_parameters=True,  # what people type has no place in error messages
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c statement_timeout=15000"},
    )
