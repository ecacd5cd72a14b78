"""For those who run it: alive, ready, figures."""

from __future__ import annotations

import html
import ipaddress
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import Response

from api import logs
from api.auth import COOKIE
from api.errors import Problem
from api.pages import CSP
from api.parts import Json, Parts, With
from api.schemas import problems
from bot.tables import conversations, turns
from kb.index import IndexRefused

router = APIRouter(tags=["operations"])
_log = logs.get("ops")


@router.get("/health", summary="Is the process alive?")
async def health() -> Response:
    return Json({"alive": True})


@router.get(
    "/ready",
    summary="Are database, release and encoder usable?",
    responses={503: {"description": "not ready", "content": {"application/json": {}}}},
)
async def ready(parts: With) -> Response:
    checks = await parts.run(check, parts)
    good = all(checks.values())
    return Json({"ready": good, "checks": checks}, 200 if good else 503)


def check(parts: Parts) -> dict[str, bool]:
    """What an answer needs, each tried for real."""

    def database() -> bool:
        with parts.store.read() as conn:
            conn.execute(select(func.count()).select_from(turns))
        return True

    def release() -> bool:
        return bool(parts.knowledge().release)

    def encoder() -> bool:
        return parts.encoder is None or parts.encoder.encode(["確認"], "query").shape[1] == parts.encoder.dim

    return {probe.__name__: _holds(probe) for probe in (database, release, encoder)}


def _holds(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Problem:
        return False
    except IndexRefused as error:  # says which command mends it
        _log.error("the live release cannot be used", says=str(error))
        return False
    except Exception as error:
        _log.warning("not ready", check=probe.__name__, error=logs.fault_of(error))
        return False


@router.get(
    "/metrics",
    summary="Prometheus figures; without sign-in only on loopback",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(401, 403)},
    response_class=Response,
)
async def metrics(request: Request, parts: With) -> Response:
    address, peer = parts.address.of(request.scope), request.client.host if request.client else ""
    forwarded = "x-forwarded-for" in request.headers and address == peer  # by a proxy that nobody named
    if forwarded or not _is_loopback(address):
        me = await parts.run(parts.sessions.who, request.cookies.get(COOKIE))
        if me is None:
            raise Problem("not_signed_in", "Figures are open on loopback only; elsewhere sign in.")
        if not me.sees_all:
            raise Problem("forbidden")
    await parts.run(_measure, parts)
    return Response(parts.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _measure(parts: Parts) -> None:
    counts: dict[str, Any] = {}
    with parts.store.read() as conn:
        counts["owed"] = conn.scalar(select(func.count()).select_from(turns))
        counts["waiting"] = conn.scalar(
            select(func.count()).select_from(conversations).where(conversations.c.owner_kind == "queue")
        )
    parts.metrics.owed.set(counts["owed"] or 0)
    parts.metrics.waiting.set(counts["waiting"] or 0)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The contract as a plain page: no script, nothing from elsewhere."""
    return Response(
        docs_page(request.app.openapi()),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": CSP, "Cache-Control": "no-cache"},
    )


def docs_page(schema: dict[str, Any]) -> str:
    rows = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            answers = ", ".join(sorted(operation.get("responses", {})))
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            shape = str(body.get("schema", {}).get("$ref", "")).rpartition("/")[2]
            cells = (method.upper(), path, operation.get("summary", ""), shape, answers)
            rows.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    return _DOCS.format(version=html.escape(schema["info"]["version"]), rows="\n".join(rows))


_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Toritsugi API</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs.css"></head>
<body><main><h1>Toritsugi API {version}</h1>
<p>The same for machines: <a href="/openapi.json">/openapi.json</a>. Errors are
<code>application/problem+json</code> with a stable <code>code</code>.</p>
<table><thead><tr><th>Method</th><th>Path</th><th>What</th><th>Body</th><th>Answers</th></tr></thead>
<tbody>
{rows}
</tbody></table></main></body></html>
"""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
