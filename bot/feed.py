"""Wake-ups between those who write the log and those who follow it: in process, or over Redis.

They carry *look* (there is something at `position`) and *typing*, and may be lost: whoever follows the
log also looks by itself. Publishing never blocks and never fails.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Wake:
    """`conversation` and `who` (shopper, agent) come with typing."""

    kind: Literal["look", "typing"] = "look"
    position: int = 0
    conversation: str | None = None
    who: str | None = None


Callback = Callable[[Wake], None]


class Feed(Protocol):
    def publish(self, message: Wake) -> None: ...

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Calls back from any thread, quickly please; returns what ends it."""
        ...

    def close(self) -> None: ...


class LocalFeed:
    """For one process: callbacks run in the publisher's thread."""

    def __init__(self) -> None:
        self._callbacks: tuple[Callback, ...] = ()
        self._lock = threading.Lock()

    def publish(self, message: Wake) -> None:
        for callback in self._callbacks:
            try:
                callback(message)
            except Exception:  # noqa: S112 - a listener that fails must not fail the writer; it looks again by itself
                continue

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks = tuple(c for c in self._callbacks if c is not callback)

        return unsubscribe

    def close(self) -> None:
        self._callbacks = ()


class RedisFeed:
    """For several processes. One's own messages are delivered at once, Redis or not.

    A thread sends (looks that wait are sent as one), another listens and reconnects; while Redis is
    away other processes are woken by their own looking only.
    """

    def __init__(self, url: str, channel: str = "toritsugi") -> None:
        import redis

        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=2, socket_timeout=5, health_check_interval=15
        )
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._channel = channel
        self._origin = secrets.token_hex(8)
        self._local = LocalFeed()
        self._waiting: deque[Wake] = deque(maxlen=1000)
        self._ready = threading.Condition()
        self._closing = threading.Event()
        self.listening = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, name="feed-send", daemon=True),
            threading.Thread(target=self._listen, name="feed-listen", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def publish(self, message: Wake) -> None:
        self._local.publish(message)
        with self._ready:
            if message.kind == "look" and self._waiting and self._waiting[-1].kind == "look":
                self._waiting.pop()
            self._waiting.append(message)
            self._ready.notify()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        return self._local.subscribe(callback)

    def close(self) -> None:
        self._closing.set()
        with self._ready:
            self._ready.notify_all()
        for thread in self._threads:
            thread.join(timeout=3)
        self._local.close()
        self._redis.close()

    def _send(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._waiting or self._closing.is_set())
                if not self._waiting:
                    return
                message = self._waiting.popleft()
            text = json.dumps({"origin": self._origin, **asdict(message)})
            try:
                self._redis.publish(self._channel, text)
            except self._errors:
                self._closing.wait(0.5)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                with self._redis.pubsub() as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.subscribe(self._channel)
                    self._follow(pubsub)
            except self._errors:
                self._closing.wait(0.5)
            finally:
                self.listening.clear()

    def _follow(self, pubsub: Any) -> None:
        while not self._closing.is_set():
            message = pubsub.get_message(timeout=0.5)
            if message is None:
                continue
            if message["type"] == "subscribe":
                self.listening.set()
                self._local.publish(Wake())  # whatever was said while we were away
            elif message["type"] == "message":
                self._heard(message["data"])

    def _heard(self, data: bytes) -> None:
        try:
            fields = json.loads(data)
            if fields.pop("origin") != self._origin:
                self._local.publish(Wake(**fields))
        except (ValueError, KeyError, TypeError):
            return  # not ours


def open_feed(redis_url: str | None) -> LocalFeed | RedisFeed:
    return RedisFeed(redis_url) if redis_url else LocalFeed()
