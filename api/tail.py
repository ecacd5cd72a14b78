"""How events reach streams: one tailer a process reads the log by position and hands events out.

It reads on a wake-up, or every two seconds because wake-ups may be lost. A stream has a bounded buffer
and reads the log itself only on connecting and after its buffer overflowed, so a slow reader costs
nobody else anything and misses nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from api import logs
from api.errors import Problem
from api.metrics import Metrics
from api.sight import Owners, Told
from bot.feed import Feed, Wake
from bot.log import Log

EVERY = 2.0  # seconds between looks when no wake-up came
COMMENT = 10.0  # seconds of silence after which a comment is sent; the contract allows 15
BUFFER = 256  # events that a stream may lag behind before it reads the log itself
BATCH = 500

Run = Callable[..., Awaitable[Any]]
_log = logs.get("tail")


def sse(data: dict[str, Any], *, event: str, id: int | None = None) -> bytes:
    """One server-sent event; `data` is one line of JSON."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {event}\ndata: {text}\n\n".encode()


def typing(who: str, at: datetime | None = None, conversation: str | None = None) -> dict[str, Any]:
    """The wake-up that is shown and not stored."""
    moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data: dict[str, Any] = {"type": "typing", "from": who, "at": moment}
    return data | ({"conversation": conversation} if conversation else {})


class Channel:
    """One stream's buffer. `take` waits; `lost` says that the log has to be read again."""

    def __init__(self, conversation: str | None) -> None:
        self.conversation = conversation
        self.lost = False
        self.closed = False
        self._items: deque[Told | Wake] = deque()
        self._wake = asyncio.Event()

    def put(self, item: Told | Wake) -> bool:
        """Hand an item over; False when the buffer overflowed."""
        full = len(self._items) >= BUFFER
        if full:
            self.lost = True
            self._items.clear()
        elif not self.lost or isinstance(item, Wake):
            self._items.append(item)
        self._wake.set()
        return not full

    def close(self) -> None:
        self.closed = True
        self._wake.set()

    def forget(self) -> None:
        """Start anew: what comes from now on is kept again."""
        self.lost = False
        self._items.clear()

    async def take(self, seconds: float) -> list[Told | Wake]:
        """Everything that waits; an empty list after `seconds` of silence or when closed."""
        if not self._items and not self.closed and not self.lost:
            self._wake.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                return []
        items = list(self._items)
        self._items.clear()
        return items


class Tail:
    """The process's one reader of new events, and the streams that it serves."""

    def __init__(self, log: Log, feed: Feed, owners: Owners, run: Run, metrics: Metrics) -> None:
        self._log, self._feed, self._run, self._metrics = log, feed, run, metrics
        self.owners = owners
        self._chats: dict[str, set[Channel]] = {}
        self._desks: set[Channel] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.position = 0

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def heard(message: Wake) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._hear, message)

        self.position = await self._run(self._log.position)
        self._unsubscribe = self._feed.subscribe(heard)
        self._task = asyncio.create_task(self._follow(), name="tail")

    def stop_streams(self) -> None:
        """Tell every stream to reconnect (elsewhere, or here after the restart)."""
        self._stopping = True
        for channel in [*self._desks, *(c for some in self._chats.values() for c in some)]:
            channel.close()

    async def stop(self) -> None:
        self.stop_streams()
        self._unsubscribe()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def open(self, conversation: str | None, limit: int) -> Channel:
        """A channel for one chat, or for the desk (None). Raises too_many_streams; close with `leave`."""
        if self._stopping:
            raise Problem("busy", "The server is stopping; reconnect shortly.", retry_after=1)
        some = self._desks if conversation is None else self._chats.setdefault(conversation, set())
        if conversation is not None and limit and len(some) >= limit:
            raise Problem("too_many_streams", "Close another stream of this chat first.", retry_after=5)
        channel = Channel(conversation)
        some.add(channel)
        self._metrics.streams.labels("desk" if conversation is None else "chat").inc()
        return channel

    def leave(self, channel: Channel) -> None:
        """Forget a channel. Both a stream and its answer say so when they end: the first one counts."""
        name = channel.conversation
        some = self._desks if name is None else self._chats.get(name, set())
        if channel not in some:
            return
        some.discard(channel)
        if name is not None and not some:
            del self._chats[name]
        self._metrics.streams.labels("desk" if name is None else "chat").dec()

    def _hear(self, message: Wake) -> None:
        if message.kind == "look":
            self._wake.set()
        elif message.conversation is not None:
            for channel in [*self._chats.get(message.conversation, ()), *self._desks]:
                self._hand(channel, message)

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            try:
                news: Sequence[Told] = await self._run(self._look)
            except Exception as error:  # the database may come back; streams stay open meanwhile
                _log.warning("cannot read the log", error=logs.fault_of(error))
                await asyncio.sleep(1.0)
                continue
            for told in news:
                self.position = max(self.position, told.event.position)
                self._metrics.events.labels(told.event.type).inc()
                for channel in [*self._chats.get(told.event.conversation, ()), *self._desks]:
                    self._hand(channel, told)
            if len(news) < BATCH:
                try:
                    async with asyncio.timeout(EVERY):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    def _look(self) -> list[Told]:
        return self.owners.tell(self._log.since(self.position, BATCH))

    def _hand(self, channel: Channel, item: Told | Wake) -> None:
        if not channel.put(item):
            self._metrics.overflows.inc()


Read = Callable[[int], Awaitable[tuple[Sequence[Told], int, bool]]]
Show = Callable[[Told | Wake], bytes]


async def stream(
    tail: Tail,
    channel: Channel,
    cursor: int,
    read: Read,
    show: Show,
    place: Callable[[Told], int],
    behind: bool = True,
) -> AsyncIterator[bytes]:
    """The body of one stream, from `cursor` on: neither gap nor double.

    `read(cursor)` gives events after the cursor, the cursor after them, and whether more are there;
    `show` turns an item into bytes (empty: this reader may not see it); `place` is an event's cursor.
    Without `behind` nothing is read at first: the cursor is where the tailer is now.
    """
    try:
        yield b": open\n\n"
        sent = time.monotonic()
        while not channel.closed:
            if behind or channel.lost:
                channel.forget()
                more = True
                while more and not channel.closed:
                    some, cursor, more = await read(cursor)
                    shown = [show(told) for told in some]
                    if any(shown):
                        sent = time.monotonic()
                        yield b"".join(shown)
                behind = False
                continue
            items = await channel.take(max(0.0, sent + COMMENT - time.monotonic()))
            parts = []
            for item in items:
                if isinstance(item, Wake):
                    parts.append(show(item))
                elif place(item) > cursor:
                    cursor = place(item)
                    parts.append(show(item))
            if any(parts) or time.monotonic() >= sent + COMMENT:
                sent = time.monotonic()
                yield b"".join(parts) or b": \n\n"
        yield f"retry: {random.randint(300, 2000)}\n\n".encode()  # noqa: S311
    except asyncio.CancelledError:
        raise
    except Exception as error:  # headers are out: the client reconnects from its cursor
        _log.warning("stream ended by a fault", error=logs.fault_of(error))
        yield b"retry: 2000\n\n"
    finally:
        tail.leave(channel)
