"""Who is at the desk: kept in the database for all processes, written at most every five seconds a person."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from kb.store import Store, presence

EVERY = 5.0  # a request counts for 60 s, so what is kept may not be much older than what happened


class Duty:
    """Remembers requests and open desk streams of staff."""

    def __init__(self, store: Store, run: Callable[..., Awaitable[Any]]) -> None:
        self._store, self._run = store, run
        self._lock = threading.Lock()
        self._written: dict[tuple[str, str], float] = {}

    def seen(self, user: str) -> None:
        """A request came. Blocks for one small write, at most every five seconds."""
        self._note(user, "seen_at")

    async def during(self, user: str, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same stream; while it flows (at least a comment every 15 s) the person is at the desk."""
        try:
            async for part in body:
                await self._run(self._note, user, "stream_at")
                yield part
        finally:
            await asyncio.shield(body.aclose())  # type: ignore[attr-defined]

    def _note(self, user: str, column: str) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._written.get((user, column), -EVERY) < EVERY:
                return
            self._written[user, column] = now
        moment = datetime.now(UTC)

        upsert = postgresql.insert if self._store.dialect == "postgresql" else sqlite.insert
        mark = upsert(presence).values({"user": user, column: moment})
        mark = mark.on_conflict_do_update(index_elements=[presence.c.user], set_={column: moment})
        self._store.write(lambda conn: conn.execute(mark).rowcount, durable=False)
