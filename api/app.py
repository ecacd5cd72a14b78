"""Where the parts are joined, and which routes exist. Read this first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import desk, errors, guard, logs, ops, pages, schemas, shopper, studio, supervisor
from api.auth import Passwords, Sessions, Tokens, Users, server_key
from api.channels.email import Mail, Mailbox
from api.drafts import Drafts
from api.duty import Duty
from api.limits import Limits, LocalWindow, RedisWindow
from api.metrics import Metrics
from api.parts import Parts, Runner
from api.publishing import Publishing, Trials
from api.settings import Settings
from api.sight import Owners
from api.tail import Tail
from bot.again import again
from bot.desk import Desk
from bot.feed import open_feed
from bot.hours import Calendar, read_calendar
from bot.log import Log
from bot.policy import Policy, read_policy
from bot.rephrase import Rephraser
from bot.think import think
from bot.timers import Timers
from bot.turns import DecidedWords, Material, Turns
from bot.worker import Worker
from kb.encoder import Encoder, open_encoder
from kb.release import Live, Releases
from kb.store import Store

VERSION = "0.1.0"
_log = logs.get("app")


def create_app(settings: Settings, *, demo: bool = False) -> FastAPI:
    """The product as an ASGI app. Everything is opened when it starts and closed when it stops."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            parts = join(settings, metrics, demo=demo)
        except Exception as error:
            app.state.failed = error  # for whoever started the server
            raise
        app.state.parts = parts
        await parts.tail.start()
        await parts.run(parts.start)
        try:
            yield
        finally:
            await parts.tail.stop()
            await parts.run(parts.stop)

    app = FastAPI(title="Toritsugi", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None)
    for router in (shopper.router, desk.router, studio.router, supervisor.router, ops.router, pages.router):
        app.include_router(router)
    app.router.default = pages.files
    errors.install(app)
    app.add_middleware(guard.Bodies)
    app.add_middleware(guard.Faults)
    app.add_middleware(guard.Origins, origins=settings.origins)
    app.add_middleware(guard.Envelope, observer=Watch(metrics))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def join(settings: Settings, metrics: Metrics, *, demo: bool) -> Parts:
    """Open everything that the settings name and put it together."""
    settings.data.mkdir(parents=True, exist_ok=True)
    store = Store.open(settings.store_url)
    store.serve()
    feed = open_feed(settings.redis_url)
    log = Log(store, feed, burst=timedelta(milliseconds=settings.burst_ms), desks=desks(settings))
    encoder = encoder_of(settings)
    policy = read_policy(settings.policy)
    releases = Releases(store, settings.data, encoder, studio.checker(policy))
    live = Live(releases)
    turns = Turns(log, store)
    run, read, passwords = Runner(), Runner(workers=8, waiting=10_000), Passwords()
    window = RedisWindow(settings.redis_url) if settings.redis_url else LocalWindow()
    return Parts(
        settings=settings,
        demo=demo,
        store=store,
        feed=feed,
        log=log,
        live=live,
        releases=releases,
        drafts=Drafts(store),
        publishing=Publishing(releases.publish, log.look),
        trials=Trials(settings.data, releases, encoder),
        policy=policy,
        encoder=encoder,
        duty=Duty(store, read),
        turns=turns,
        worker=Worker(turns, decider(settings, live, policy, metrics), feed),
        timers=Timers(log),
        mail=mail_of(settings, log),
        tokens=Tokens(server_key(settings.data, settings.secret)),
        sessions=Sessions(store, passwords),
        users=Users(store, passwords),
        limits=Limits(window),
        address=guard.Address(settings.trusted_proxies),
        metrics=metrics,
        tail=Tail(log, feed, Owners(store), read, metrics),
        run=run,
        read=read,
    )


def decider(
    settings: Settings, live: Live, policy: Policy, metrics: Metrics
) -> Callable[[Material], DecidedWords]:
    """What the worker does with a turn: think, then perhaps rephrase; outside every transaction."""
    rephraser = Rephraser.from_setting(settings.llm) if settings.llm else None

    def decide(material: Material) -> DecidedWords:
        turn = replace(material.turn(), at=material.at.astimezone(settings.zone))
        knowledge = live.current()
        decision = think(turn, knowledge, policy)
        if material.unhelpful:
            decision = again(decision, turn, material.rejected)
        metrics.thought(decision.kind, decision.ms)
        if rephraser is not None and decision.entry is not None:
            entry = knowledge.entry(decision.entry)
            said = rephraser.rephrase(turn, decision, entry) if entry else None
            decision = replace(decision, text=said) if said else decision
        return DecidedWords.of(decision, on_duty=material.on_duty)

    return decide


def encoder_of(settings: Settings) -> Encoder | None:
    """The encoder; `ENCODER=none` searches by words only."""
    return None if settings.encoder == "none" else open_encoder(settings.data, settings.encoder)


def mail_of(settings: Settings, log: Log) -> Mail | None:
    """The outgoing mail, where SMTP_URL says whose mailbox it is for."""
    if settings.smtp_url is None:
        return None
    try:
        return Mail(log, Mailbox.of(settings.smtp_url))
    except ValueError as error:
        _log.warning("no mail is sent", setting="TORITSUGI_SMTP_URL", says=str(error))
        return None


def checker_for(settings: Settings) -> Callable[..., Any]:
    """The release check by the policy of the settings, for the command line."""
    return studio.checker(read_policy(settings.policy))


def desks(settings: Settings) -> dict[str, Desk]:
    """The desks with the shop's business hours."""
    calendar: Calendar | None = None
    if settings.calendar is not None:
        raw: dict[str, Any] = {"timezone": settings.timezone} | json.loads(
            settings.calendar.read_text("utf-8")
        )
        calendar = read_calendar(raw)
    return {"main": Desk(calendar=calendar), "supervisor": Desk("supervisor", "S", calendar=calendar)}


class Watch:
    """A log line and a figure for each request."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def request(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        self._metrics.request(method, route, status, seconds)
        _log.info(
            "request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), id=request_id
        )


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema:
        return app.openapi_schema
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    parts["ProblemBody"] = schemas.ProblemBody.model_json_schema()
    for path in schema["paths"].values():
        for operation in path.values():
            found = operation.get("responses", {}).get("422", {}).get("content", {})
            found.pop("application/json", None)
    for name in ("HTTPValidationError", "ValidationError"):
        parts.pop(name, None)
    app.openapi_schema = schema
    return schema
