"""What every request passes, as pure ASGI: request id and log line, security headers, sizes, content
types, origins. Streams flow through untouched."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import logs
from api.errors import Problem
from api.settings import Network

BODY = 64 * 1024
DRAIN = 2 * 1024 * 1024  # read on so much after a refusal, so that the client reads our answer
DRAIN_SECONDS = 5.0
LARGE = ("/v1/imports",)  # these routes count for themselves, after they know who is asking

_log = logs.get("guard")
_API_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Observer(Protocol):
    """Hears of every finished request."""

    def request(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None: ...


class Envelope:
    """Outermost: request id, security headers, and one log line and figure a request."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app, self._observer = app, observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = uuid4().hex[:16]
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _COMMON.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _API_CSP)
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
                if scope["path"].startswith("/v1"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, out)
        finally:
            self._observer.request(
                scope["method"], route_of(scope), status, time.perf_counter() - started, request_id
            )


def route_of(scope: Scope) -> str:
    """The route's template, never the path: paths hold ids and what people typed into the address bar."""
    route = scope.get("route")
    return str(getattr(route, "path", "unmatched"))


class Origins:
    """CORS for what the widget calls, by allow-list. Staff's endpoints are same-origin only."""

    WIDGET = ("/v1/conversations", "/v1/suggestions")
    _METHODS = "GET, POST, OPTIONS"
    _HEADERS = "Authorization, Content-Type, Last-Event-ID, Accept"

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._any = "*" in origins
        self._origins = frozenset(origin.lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None or not self._is_widget(scope["path"]):
            await self._app(scope, receive, send)
            return
        allowed = self._any or origin.lower() in self._origins
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await self._preflight(origin, allowed, scope, receive, send)
            return

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if allowed:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
            await send(message)

        await self._app(scope, receive, out)

    def _is_widget(self, path: str) -> bool:
        return path.startswith(self.WIDGET)

    async def _preflight(
        self, origin: str, allowed: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not allowed:
            refusal = Problem("origin_not_allowed", "Name the shop's origin in TORITSUGI_ORIGINS.")
            await refusal.response()(scope, receive, send)
            return
        headers = {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": self._METHODS,
            "Access-Control-Allow-Headers": self._HEADERS,
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
            "Content-Length": "0",
        }
        await send(
            {
                "type": "http.response.start",
                "status": 204,
                "headers": [
                    (k.lower().encode(), v.encode()) for k, v in headers.items() if k != "Content-Length"
                ],
            }
        )
        await send({"type": "http.response.body", "body": b""})


class Faults:
    """The one place for what nobody expected: logged without what was typed, answered as a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def out(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, out)
        except Exception as error:
            if scope["type"] != "http":
                raise
            request_id = scope.get("state", {}).get("request_id")
            _log.error("fault", route=route_of(scope), error=logs.fault_of(error), id=request_id)
            if not started:
                await Problem("internal").response()(scope, receive, send)


class Bodies:
    """Sizes and content types, before anything is parsed.

    A body over 64 KB is answered with 413 at once; up to 2 MB more are read so that the answer
    arrives, then the connection is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        if scope["path"] in LARGE:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > BODY:
            await refuse_large(receive, send, BODY)
            return
        body = await self._read(receive)
        if body is None:
            await refuse_large(receive, send, BODY)
            return
        if body and not _is_json(headers.get("content-type", "")):
            refusal = Problem("unsupported_media_type", "Send application/json.")
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)

    @staticmethod
    async def _read(receive: Receive) -> bytes | None:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > BODY:
                return None
            more = message.get("more_body", False)
        return b"".join(parts)


class _Replay:
    """`receive` once more, from a body that was read already; afterwards the real one (disconnects)."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()


def _is_json(content_type: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


async def refuse_large(receive: Receive, send: Send, limit: int) -> None:
    """Answer 413 at once, read on up to 2 MB, then close the connection."""
    body = json.dumps(
        Problem("too_large", f"At most {limit // 1024} KB are accepted here.").as_json()
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await _drain(receive)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    read = 0
    while read < DRAIN:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
        read += len(message.get("body", b""))


class Address:
    """Who is asking: the socket's address, or what a named proxy says in X-Forwarded-For."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, scope: Scope) -> str:
        peer = (scope.get("client") or ("", 0))[0]
        if not self._is_proxy(peer):
            return peer
        chain = [part.strip() for part in Headers(scope=scope).get("x-forwarded-for", "").split(",")]
        for hop in reversed([part for part in chain if part]):
            peer = hop
            if not self._is_proxy(hop):
                break
        return peer

    def is_https(self, scope: Scope) -> bool:
        """Did the browser come by https, here or at a named proxy?"""
        if self._is_proxy((scope.get("client") or ("", 0))[0]):
            return Headers(scope=scope).get("x-forwarded-proto", scope["scheme"]) == "https"
        return bool(scope["scheme"] == "https")

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)
