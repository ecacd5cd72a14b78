"""For those who lead: figures of a period, transcripts, and erasing a chat."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection, func, insert, select
from starlette.responses import Response, StreamingResponse

from api import erasure, schemas
from api.auth import Me
from api.errors import Problem
from api.parts import Json, May, Parts, With, now
from api.schemas import problems
from api.transcripts import masked, transcripts
from bot.conversation import Actor, Erase
from bot.tables import conversations, events, handlings
from kb.store import audit

DAYS = 30
LONGEST = 400
router = APIRouter(prefix="/v1", tags=["supervisor"])
Lead = Annotated[Me, Depends(May("supervisor", "editor", "admin"))]
Supervisor = Annotated[Me, Depends(May("supervisor", "admin"))]
Admin = Annotated[Me, Depends(May("admin"))]
_READ = problems(401, 403, 422, 503)


@router.get("/statistics", summary="A period's figures, by shop-local days, both included", responses=_READ)
async def statistics(
    me: Lead,
    parts: With,
    start: Annotated[schemas.Day | None, Query(alias="from")] = None,
    end: Annotated[schemas.Day | None, Query(alias="to")] = None,
) -> Response:
    last = end or now().astimezone(parts.settings.zone).date()
    first = start or last - timedelta(days=DAYS - 1)
    if first > last:
        raise Problem("invalid", "from: must not be after to", field="from")
    if (last - first).days > LONGEST:
        raise Problem("invalid", f"from: at most {LONGEST} days before to", field="from")
    return Json(await parts.run(figures, parts, first, last))


def figures(parts: Parts, first: date, last: date) -> dict[str, Any]:
    """Counts straight from the log, so that they are true by construction."""
    zone = parts.settings.zone
    begin = datetime.combine(first, time(), zone)
    finish = datetime.combine(last + timedelta(days=1), time(), zone)
    during = (events.c.at >= begin) & (events.c.at < finish)
    with parts.store.read() as conn:
        types = _counts(conn, events.c.type, during)
        reasons = _counts(conn, events.c.body["reason"].as_string(), during & (events.c.type == "escalated"))
        helpful = _counts(conn, events.c.body["helpful"].as_boolean(), during & (events.c.type == "feedback"))
        scores = _counts(conn, events.c.body["score"].as_integer(), during & (events.c.type == "rated"))
        waits = _waits(conn, begin, finish)
        decided = conn.execute(
            select(events.c.at, events.c.body["kind"].as_string()).where(during, events.c.type == "decided")
        ).all()
    total = Counter(kind for _, kind in decided)
    daily: dict[date, Counter[str]] = {}
    for at, kind in decided:
        daily.setdefault(at.astimezone(zone).date(), Counter())[kind] += 1
    rated = sum(scores.values())
    mean = round(sum(score * n for score, n in scores.items()) / rated, 2) if rated else None
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "conversations": types.get("opened", 0),
        "turns": len(decided),
        **_by_kind(total),
        "reasons": reasons,
        "assigned": types.get("assigned", 0),
        "contacts": types.get("contact_left", 0),
        "closed": types.get("closed", 0),
        "helpful": helpful.get(True, 0),
        "unhelpful": helpful.get(False, 0),
        "ratings": {"n": rated, "mean": mean},
        "wait_seconds": {"n": len(waits), "median": waits[len(waits) // 2] if waits else None},
        "days": [
            {"day": day.isoformat(), **_by_kind(daily.get(day, Counter()))}
            for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
        ],
    }


def _by_kind(kinds: Counter[str]) -> dict[str, int]:
    names = {"answered": "answer", "offered": "offer", "declined": "decline", "escalated": "escalate"}
    return {name: kinds[kind] for name, kind in {**names, "social": "social"}.items()}


def _counts(conn: Connection, what: Any, which: Any) -> dict[Any, int]:
    rows = conn.execute(select(what, func.count()).select_from(events).where(which).group_by(what)).all()
    return {key: count for key, count in rows if key is not None}


def _waits(conn: Connection, begin: datetime, finish: datetime) -> list[float]:
    """Seconds from joining the queue to being taken, ascending, of chats that ended in the period."""
    h = handlings.c
    found = select(h.queued_at, h.assigned_at).where(
        h.queued_at.is_not(None), h.ended_at >= begin, h.ended_at < finish
    )
    return sorted(round((row.assigned_at - row.queued_at).total_seconds(), 1) for row in conn.execute(found))


@router.get(
    "/export/transcripts",
    summary="All chats, masked, a line each",
    status_code=200,
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}, **_READ},
)
async def export(me: Supervisor, parts: With) -> Response:
    def lines() -> Iterator[bytes]:
        for transcript in transcripts(parts.store, masked):
            yield json.dumps(transcript, ensure_ascii=False).encode() + b"\n"

    await parts.run(note, parts, me, "export", "transcripts")
    return StreamingResponse(
        lines(),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="transcripts.jsonl"'},
    )


@router.post(
    "/desk/conversations/{c}/erase",
    summary="Take away for good what was said in a chat",
    responses={200: {"model": schemas.Done}, **problems(400, 401, 403, 404, 409, 413, 415, 422, 503)},
)
async def erase(me: Admin, c: schemas.ConversationId, body: schemas.Act, parts: With) -> Response:
    def work() -> int:
        with parts.store.read() as conn:
            if conn.scalar(select(conversations.c.id).where(conversations.c.id == c)) is None:
                raise Problem("not_found")
        erasure.remember(parts.settings.data, c)
        done = parts.log.append(c, Erase(), Actor("agent", me.id, me.name, supervisor=True), body.client_id)
        parts.drafts.forget(c)
        note(parts, me, "erase", c)
        return done.seq

    return Json({"seq": await parts.run(work)})


def note(parts: Parts, me: Me, action: str, target: str) -> None:
    """Into the audit."""
    row = {"at": now(), "actor": me.id, "action": action, "target": target, "detail": {}}
    parts.store.write(lambda conn: conn.execute(insert(audit).values(row)).rowcount)
