"""What only SQLite does, what only goes wrong, and how it is told. Both engines: tests/contract."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text

import kb.store
from kb.migrations import head
from kb.store import Store, StoreAway, StoreBusy, StoreError, moment_text, pointers, utcnow_text
from kb.writer import Writer, WriterFull


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "where" / "toritsugi.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    made = Store.open(f"sqlite:///{path}")
    yield made
    made.close()


def put(name: str, value: str = "1") -> Any:
    return lambda conn: conn.execute(insert(pointers).values(name=name, value=value)).rowcount


def count(store: Store) -> int:
    with store.read() as conn:
        return conn.scalar(select(func.count()).select_from(pointers)) or 0


def test_a_database_is_made_with_its_folders_and_is_durable(store: Store, path: Path) -> None:
    assert path.exists()
    mode, sync = store.write(
        lambda conn: (conn.scalar(text("PRAGMA journal_mode")), conn.scalar(text("PRAGMA synchronous")))
    )
    assert (mode, sync) == ("wal", 2)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_what_cannot_be_used_is_refused_with_what_can(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:///"):
        Store.open(url)


def test_a_newer_schema_is_refused(store: Store, path: Path) -> None:
    store.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")).rowcount)
    with pytest.raises(StoreError, match=f"9999.*{head()}"):
        Store.open(f"sqlite:///{path}")


def test_many_may_open_a_new_database_at_once(path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store.open(f"sqlite:///{path}"), range(4)))
    for n, each in enumerate(stores):
        each.write(put(str(n)))
    assert count(stores[0]) == 4
    for each in stores:
        each.close()


def test_a_full_disk_is_told_to_everyone_in_the_commit_and_nothing_is_kept(store: Store) -> None:
    store.write(put("before"))
    pages = store.write(lambda conn: conn.scalar(text("PRAGMA page_count")))
    store.write(lambda conn: conn.scalar(text(f"PRAGMA max_page_count={pages + 2}")))
    started, go = threading.Event(), threading.Event()

    def first(conn: Connection) -> None:
        started.set()
        go.wait(5)

    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(store.write, first)
        assert started.wait(5)
        small = pool.submit(store.write, put("small"))
        big = pool.submit(store.write, put("big", "x" * 100_000))
        go.set()
        running.result(10)
        with pytest.raises(StoreAway) as away:
            big.result(10)
        assert "xxx" not in str(away.value.__cause__), "errors hold nothing that people typed"
        told = small.exception(10)
    assert told is None or isinstance(told, StoreAway)
    assert count(store) == 1 + (told is None)
    store.write(lambda conn: conn.scalar(text("PRAGMA max_page_count=1000000")))
    store.write(put("after", "x" * 100_000))
    assert count(store) == 2 + (told is None)


def test_another_process_that_writes_long_makes_it_busy(
    path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(kb.store, "_BUSY_S", 0.05)
    mine = Store.open(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        mine.write(put("a"))
    assert count(mine) == 0, "reading goes on"
    other.execute("COMMIT")
    mine.write(put("a"))
    mine.close()
    other.close()


def test_one_process_serves(store: Store, path: Path) -> None:
    store.serve()
    store.serve()
    code = "import sys; from kb.store import Store; Store.open(sys.argv[1]).serve()"
    told = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{path}"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "StoreBusy" in told.stderr and str(path) in told.stderr and "PostgreSQL" in told.stderr
    store.write(put("beside"))
    store.close()
    free = subprocess.run([sys.executable, "-c", code, f"sqlite:///{path}"], capture_output=True, check=False)
    assert free.returncode == 0


def test_who_serves_and_is_killed_leaves_no_lock(path: Path) -> None:
    code = (
        "import sys, os, signal; from kb.store import Store; Store.open(sys.argv[1]).serve();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, f"sqlite:///{path}"], check=False)
    assert killed.returncode == -9
    heir = Store.open(f"sqlite:///{path}")
    heir.serve()
    heir.close()


def test_a_write_inside_a_write_is_a_defect_and_said_so(store: Store) -> None:
    with pytest.raises(RuntimeError, match="inside a write"):
        store.write(lambda conn: store.write(put("inner")))


def test_a_writer_takes_on_no_more_than_it_should(store: Store) -> None:
    writer = Writer(kb.store._sqlite(store.url, "BEGIN IMMEDIATE", read_only=False), waiting=1)
    started, go = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        started.set()
        go.wait(5)

    first = writer.submit(slow)
    assert started.wait(5)
    second = writer.submit(put("second"))
    with pytest.raises(WriterFull):
        writer.submit(put("third"))
    go.set()
    assert first.result(5) is None and second.result(5) == 1
    writer.close()
    assert count(store) == 1


def test_closing_finishes_what_waits(store: Store, path: Path) -> None:
    futures = [store._writer.submit(put(str(n))) for n in range(30)]
    store.close()
    assert all(future.result(5) == 1 for future in futures)
    again = Store.open(f"sqlite:///{path}")
    assert count(again) == 30
    again.close()


def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(StoreAway):
        Store.open("postgresql://postgres@127.0.0.1:1/none")


def test_a_file_that_is_no_database_is_away(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is not a database, whatever the name says" * 100)
    with pytest.raises(StoreAway):
        Store.open(f"sqlite:///{broken}")


def test_now_is_text_of_fixed_width() -> None:
    from datetime import UTC, datetime

    assert moment_text(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01T00:00:00.000Z"
    assert len(utcnow_text()) == 24
