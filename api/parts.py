"""The parts that routes work with, and the bounded way to run what blocks. `app` joins them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, ParamSpec, TypeVar

import anyio
from fastapi import Depends, Request
from starlette.responses import Response

from api import logs
from api.auth import Me, Sessions, Tokens, Users
from api.channels.email import Mail
from api.drafts import Drafts
from api.duty import Duty
from api.errors import Problem
from api.guard import Address
from api.limits import Limits
from api.metrics import Metrics
from api.publishing import Publishing, Trials
from api.settings import Settings
from api.tail import Tail
from bot.feed import Feed
from bot.log import Log
from bot.policy import Policy
from bot.timers import Timers
from bot.turns import Turns
from bot.worker import Worker
from kb.encoder import Encoder
from kb.release import Live, ReleaseRefused, Releases
from kb.search import Knowledge
from kb.store import Store

P = ParamSpec("P")
T = TypeVar("T")
WORKERS = 32
WAITING = 400  # requests that may wait for a thread before the next is told that we are busy


class Runner:
    """Runs what blocks in a bounded number of threads, with a bounded queue before them."""

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._workers, self._waiting = workers, waiting
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._workers)
        if self._limiter.statistics().tasks_waiting >= self._waiting:
            raise Problem("busy", retry_after=1)
        return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._limiter)


@dataclass(slots=True)
class Parts:
    """Everything that was opened at start. Routes reach it through `P`."""

    settings: Settings
    demo: bool
    store: Store
    feed: Feed
    log: Log
    live: Live
    releases: Releases
    policy: Policy
    encoder: Encoder | None
    duty: Duty
    drafts: Drafts
    publishing: Publishing
    trials: Trials
    turns: Turns
    worker: Worker
    timers: Timers
    mail: Mail | None
    tokens: Tokens
    sessions: Sessions
    users: Users
    limits: Limits
    address: Address
    metrics: Metrics
    tail: Tail
    run: Runner
    read: Runner  # for streams, which must not take the places of writes

    def start(self) -> None:
        """Begin to owe and to answer. What a predecessor left half done is free again."""
        self.turns.start()
        self.worker.start()
        self.timers.start()
        if self.mail is not None:
            self.mail.start()
        if self.demo:
            threading.Thread(target=self._propose, name="propose", daemon=True).start()

    def _propose(self) -> None:
        """The demo's month of chats, read while the first visitors look around."""
        from api.demo import propose

        try:
            propose(self.store, self.live.current())
        except Exception as error:
            logs.get("demo").warning("no proposals", error=logs.fault_of(error))

    def stop(self) -> None:
        """Finish what is being decided, then close everything."""
        self.timers.stop()
        if self.mail is not None:
            self.mail.stop()
        self.worker.stop()
        self.feed.close()
        self.store.close()

    def who(self, cookie: str | None) -> Me | None:
        """Whose session it is; the request counts as being at the desk."""
        me = self.sessions.who(cookie)
        if me is not None:
            self.duty.seen(me.id)
        return me

    def gather(self) -> int:
        """Read the closed chats, masked, for proposals; returns how many are new."""
        from api.transcripts import harvested

        return self.drafts.propose(harvested(self.store, self.knowledge()))

    def knowledge(self) -> Knowledge:
        """What is live. Raises Problem not_ready before the first release."""
        try:
            return self.live.current()
        except ReleaseRefused:
            raise Problem(
                "not_ready", "Publish a release first: `toritsugi publish`.", retry_after=5
            ) from None


def of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _parts(request: Request) -> Parts:
    return of(request)


With = Annotated[Parts, Depends(_parts)]


class Json(Response):
    """JSON as people read it: Japanese stays Japanese."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        import json

        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class May:
    """Lets staff of these roles in: 401 without a session, 403 for another role or a wrong CSRF token."""

    def __init__(self, *roles: str) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Me:
        from hmac import compare_digest

        from api.auth import COOKIE

        parts = of(request)
        me = await parts.run(parts.who, request.cookies.get(COOKIE))
        if me is None:
            raise Problem("not_signed_in")
        if me.role not in self.roles:
            raise Problem("forbidden", f"This is for {', '.join(sorted(self.roles))}.")
        if request.method not in {"GET", "HEAD"}:
            sent = request.headers.get("x-csrf-token", "")
            if not compare_digest(sent.encode(), me.csrf.encode()):
                raise Problem("csrf_failed", "Send the csrf value of GET /v1/session as X-CSRF-Token.")
        return me


def now() -> datetime:
    """The edge's only clock."""
    return datetime.now(UTC)
