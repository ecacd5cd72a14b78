"""How much is allowed: a sliding minute for each key, in this process or shared through Redis.

A write that repeats an earlier one is free: the caller gives the place back (`refund`), and one that
is over the limit is let through when the log already knows its client id. See `Limits.admit`.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from api.errors import Problem

WINDOW = 60.0


class Window(Protocol):
    """Counts what happened for a key in the last minute."""

    def take(self, key: str, limit: int, mark: str) -> float:
        """Take a place: 0 when there was one, else the seconds until one is free."""
        ...

    def refund(self, key: str, mark: str) -> None:
        """Give the place of `mark` back."""
        ...


class LocalWindow:
    """In this process. Keys that have been silent for a minute are forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, deque[tuple[float, str]]] = {}
        self._swept = clock()

    def take(self, key: str, limit: int, mark: str) -> float:
        now = self._clock()
        with self._lock:
            self._sweep(now)
            places = self._taken.setdefault(key, deque())
            while places and places[0][0] <= now - WINDOW:
                places.popleft()
            if len(places) >= limit:
                return max(places[len(places) - limit][0] + WINDOW - now, 0.001)
            places.append((now, mark))
            return 0.0

    def refund(self, key: str, mark: str) -> None:
        with self._lock:
            places = self._taken.get(key, deque())
            for place in reversed(places):
                if place[1] == mark:
                    places.remove(place)
                    return

    def _sweep(self, now: float) -> None:
        if now - self._swept < WINDOW:
            return
        self._swept = now
        for key in [k for k, places in self._taken.items() if not places or places[-1][0] <= now - WINDOW]:
            del self._taken[key]


_TAKE = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - tonumber(ARGV[2]))
local count = redis.call('ZCARD', KEYS[1])
local limit = tonumber(ARGV[1])
if count >= limit then
  local first = redis.call('ZRANGE', KEYS[1], count - limit, count - limit, 'WITHSCORES')
  return tostring(tonumber(first[2]) + tonumber(ARGV[2]) - at)
end
redis.call('ZADD', KEYS[1], at, ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) * 1000))
return '0'
"""


class RedisWindow:
    """Shared by all replicas, by Redis's own clock. While Redis is away, this process counts alone."""

    def __init__(self, url: str, prefix: str = "toritsugi:limit:") -> None:
        import redis

        self._redis = redis.Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._away: type[Exception] = redis.RedisError
        self._script: Any = self._redis.register_script(_TAKE)
        self._prefix = prefix
        self._alone = LocalWindow()

    def take(self, key: str, limit: int, mark: str) -> float:
        try:
            wait = float(self._script(keys=[self._prefix + key], args=[limit, WINDOW, mark]))
        except self._away:
            return self._alone.take(key, limit, mark)
        return max(wait, 0.001) if wait else 0.0

    def refund(self, key: str, mark: str) -> None:
        try:
            self._redis.zrem(self._prefix + key, mark)
        except self._away:
            self._alone.refund(key, mark)

    def close(self) -> None:
        self._redis.close()


@dataclass(frozen=True, slots=True)
class Places:
    """What was taken for one write; give it back when the write turns out to be a repeat."""

    window: Window
    keys: tuple[str, ...]
    mark: str

    def refund(self) -> None:
        for key in self.keys:
            self.window.refund(key, self.mark)


class Limits:
    """Takes a place under every key of a request, or none and raises 429."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def take(self, wanted: Sequence[tuple[str, int]]) -> Places:
        """`wanted`: (key, places a minute); a limit of 0 is no limit. Raises Problem too_many."""
        mark = uuid4().hex
        taken: list[str] = []
        for key, limit in wanted:
            if limit <= 0:
                continue
            wait = self._window.take(key, limit, mark)
            if wait:
                Places(self._window, tuple(taken), mark).refund()
                raise Problem(
                    "too_many",
                    "Wait as long as Retry-After says, then send the same request again.",
                    retry_after=max(1, math.ceil(wait)),
                )
            taken.append(key)
        return Places(self._window, tuple(taken), mark)

    def admit(self, wanted: Sequence[tuple[str, int]], known: Callable[[], bool]) -> Places:
        """As `take`, but a write that `known` says was done before is let through beyond the limit."""
        try:
            return self.take(wanted)
        except Problem:
            if known():
                return Places(self._window, (), "")
            raise
