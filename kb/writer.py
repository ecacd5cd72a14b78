"""The one writer of an SQLite database: commits together whatever waits, a savepoint for each.

A caller is answered only after the commit. One that raises takes back its own changes and nobody
else's. When the transaction as a whole is lost (disk full), everyone in it is told.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")

_TOGETHER = 32
"""Most works in one commit: bounds how long the first of them waits for the others."""


class WriterFull(Exception):
    """More is waiting than the writer takes on."""


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    durable: bool
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None


class Writer:
    """`submit` hands a work to the thread. `durable=False` skips the sync (leases, presence)."""

    def __init__(self, engine: Engine, waiting: int = 1024) -> None:
        self._engine = engine
        self._jobs: queue.Queue[_Job | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T], durable: bool = True) -> Future[T]:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write: use the connection that the work was given")
        job = _Job(work, durable)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise WriterFull from None
        return job.future

    def close(self) -> None:
        """Finishes what waits, then stops."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        closing = False
        connection: Connection | None = None
        while not closing:
            batch = [self._jobs.get()]
            while len(batch) < _TOGETHER and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            closing = None in batch
            jobs = [job for job in batch if job is not None]
            if not jobs:
                continue
            try:
                connection = connection or self._engine.connect()
                _commit(connection, jobs)
            except BaseException as error:  # the thread must outlive any failure, and everyone is told
                _tell(jobs, error)
                _drop(connection)
                connection = None
        if connection is not None:
            connection.close()


def _commit(connection: Connection, jobs: list[_Job]) -> None:
    sync = "FULL" if any(job.durable for job in jobs) else "NORMAL"
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA synchronous={sync}")
    with connection.begin():
        for job in jobs:
            _attempt(connection, job)
    for job in jobs:
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


def _attempt(connection: Connection, job: _Job) -> None:
    savepoint = connection.begin_nested()
    try:
        job.result = job.work(connection)
        savepoint.commit()
    except Exception as error:
        if not _in_transaction(connection):  # SQLite gave up the whole of it: nobody's is kept
            raise
        savepoint.rollback()
        job.error = error


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.driver_connection, "in_transaction", True))


def _tell(jobs: list[_Job], error: BaseException) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(job.error or error)


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()
