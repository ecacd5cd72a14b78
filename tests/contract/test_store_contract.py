"""What a store promises, on either engine."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

import bot.tables  # registers the log's tables on the metadata that is compared below
from kb.migrations import current, head, upgrade
from kb.store import Store, StoreAway, audit, metadata, pointers, policies

assert bot.tables


def put(name: str, value: str = "1") -> Any:
    def work(conn: Connection) -> int:
        conn.execute(insert(pointers).values(name=name, value=value))
        return 1

    return work


def names(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.scalars(select(pointers.c.name).order_by(pointers.c.name)))


def test_migrations_make_what_the_tables_say(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as conn:
        assert current(conn) == head()
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_migrating_again_does_nothing(store: Store) -> None:
    store.write(put("kept"))
    upgrade(store)
    assert names(store) == ["kept"]


def test_what_a_write_returns_was_committed(store: Store) -> None:
    assert store.write(put("a")) == 1
    assert names(store) == ["a"]


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    def work(conn: Connection) -> None:
        put("half")(conn)
        raise LookupError("no")

    with pytest.raises(LookupError):
        store.write(work)
    assert names(store) == []


def test_one_refusal_spoils_no_neighbour(store: Store) -> None:
    """Works of one group commit: those that raise take back only their own."""
    started = threading.Event()
    held = threading.Event()

    def slow(conn: Connection) -> None:
        started.set()
        held.wait(5)
        put("first")(conn)

    def refused(n: int) -> Any:
        def work(conn: Connection) -> None:
            put(f"refused-{n}")(conn)
            if n % 2:
                put("first")(conn)  # breaks a constraint inside the database
            raise LookupError(n)

        return work

    with ThreadPoolExecutor(17) as pool:
        first = pool.submit(store.write, slow)
        started.wait(5)
        good = [pool.submit(store.write, put(f"good-{n}")) for n in range(8)]
        bad = [pool.submit(store.write, refused(n)) for n in range(8)]
        held.set()
        first.result(10)
        assert [future.result(10) for future in good] == [1] * 8
        errors = [future.exception(10) for future in bad]
    assert all(isinstance(error, LookupError | IntegrityError) for error in errors)
    assert names(store) == ["first", *(f"good-{n}" for n in range(8))]


def test_a_broken_constraint_is_told_as_it_is(store: Store) -> None:
    store.write(put("a"))
    with pytest.raises(IntegrityError):
        store.write(put("a"))


def test_reads_see_one_moment(store: Store) -> None:
    with store.read() as conn:
        before = conn.scalar(select(func.count()).select_from(pointers))
        store.write(put("later"))
        assert conn.scalar(select(func.count()).select_from(pointers)) == before == 0
    assert names(store) == ["later"]


def test_reads_do_not_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)read"), store.read() as conn:
        put("sneaky")(conn)
    assert names(store) == []


def test_times_come_back_in_utc_and_are_ordered_as_text(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 7, 1, 8, 59, 59, 123456, tzinfo=tokyo)

    def work(conn: Connection) -> None:
        for n, at in enumerate((moment + timedelta(seconds=1), moment)):
            conn.execute(insert(policies).values(id=str(n), body={"名": "送料"}, at=at))

    store.write(work)
    with store.read() as conn:
        rows = conn.execute(select(policies).order_by(policies.c.at)).all()
        raw = conn.scalar(text("SELECT at FROM policies ORDER BY at LIMIT 1"))
    assert raw == "2026-06-30T23:59:59.123Z"
    assert [row.id for row in rows] == ["1", "0"]
    assert rows[0].at == moment.replace(microsecond=123000) and rows[0].at.tzinfo == UTC
    assert rows[0].body == {"名": "送料"}


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 7, 1)  # noqa: DTZ001
    row = insert(policies).values(id="x", body={}, at=naive)
    with pytest.raises(Exception, match="without a zone"):
        store.write(lambda conn: conn.execute(row).rowcount)


def test_many_writers_lose_nothing(store: Store) -> None:
    store.write(put("counter", "0"))

    def grow(conn: Connection) -> None:
        value = conn.scalar(select(pointers.c.value).where(pointers.c.name == "counter").with_for_update())
        conn.execute(update(pointers).values(value=str(int(str(value)) + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.write(grow), range(80)))
    with store.read() as conn:
        assert conn.scalar(select(pointers.c.value)) == "80"


def test_soft_writes_are_seen_at_once(store: Store) -> None:
    store.write(put("soft"), durable=False)
    store.write(put("hard"))
    assert names(store) == ["hard", "soft"]


def test_the_audit_numbers_itself(store: Store) -> None:
    def work(conn: Connection) -> None:
        for action in ("export", "erase"):
            row = {"at": datetime.now(UTC), "actor": "u", "action": action, "detail": None}
            conn.execute(insert(audit).values(row))

    store.write(work)
    with store.read() as conn:
        rows = conn.execute(select(audit).order_by(audit.c.position)).all()
    assert [row.action for row in rows] == ["export", "erase"]
    assert rows[0].position < rows[1].position


@pytest.mark.parametrize("store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_server_that_restarted_is_found_again(store: Store) -> None:
    """PostgreSQL drops every connection: the next works get new ones."""
    store.write(put("before"))
    others = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    store.write(lambda conn: conn.scalar(others))
    assert names(store) == ["before"]
    store.write(put("later"))


@pytest.mark.parametrize("store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_server_that_dies_in_the_middle_is_away_and_keeps_nothing(store: Store) -> None:
    def work(conn: Connection) -> None:
        put("half")(conn)
        conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreAway):
        store.write(work)
    assert names(store) == []
