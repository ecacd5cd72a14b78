"""What agents and supervisors do: sign in, see the queue, take a chat, write, hand it on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select, update
from sqlalchemy.engine import Connection
from starlette.responses import Response

from api import board, schemas
from api.auth import COOKIE, Me
from api.errors import Problem
from api.parts import Json, May, Parts, With, now
from api.schemas import STREAM, After, LastEventId, problems
from api.shopper import EventStream
from api.sight import Owners, Told, concerns, may_read, sees
from api.tail import BATCH, sse, stream, typing
from bot.conversation import (
    Actor,
    Claim,
    Close,
    Command,
    Hold,
    Note,
    Release,
    Reply,
    Return,
    Transfer,
    wire_time,
)
from bot.feed import Wake
from kb.store import users

router = APIRouter(prefix="/v1", tags=["desk"])
ANYONE = May("agent", "supervisor", "editor", "admin")
DESK = May("agent", "supervisor", "admin")
Anyone = Annotated[Me, Depends(ANYONE)]
Agent = Annotated[Me, Depends(DESK)]
_READ = problems(401, 403, 404, 422, 503)
_WRITE = problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
SIGN_INS = 10  # failed ones a minute, for an address and an account


# ---- signing in ---------------------------------------------------------------------------------------


@router.post("/session", summary="Sign in", responses=problems(400, 401, 413, 415, 422, 429, 503))
async def sign_in(body: schemas.SignIn, request: Request, parts: With) -> Response:
    def begin() -> tuple[Me, str]:
        address = parts.address.of(request.scope)
        places = parts.limits.take(
            [
                (f"signin:{address}", SIGN_INS * 5),
                (f"signin:{address}:{body.email.strip().lower()}", SIGN_INS),
            ]
        )
        signed_in = parts.sessions.sign_in(body.email, body.password, request.cookies.get(COOKIE))
        places.refund()
        return signed_in

    me, secret = await parts.run(begin)
    response = Json({"user": me.as_json(), "csrf": me.csrf})
    response.set_cookie(
        COOKIE,
        secret,
        max_age=12 * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure=parts.address.is_https(request.scope),
    )
    return response


@router.get("/session", summary="Who am I?", responses=problems(401, 503))
async def session(me: Anyone) -> Response:
    return Json({"user": me.as_json(), "csrf": me.csrf})


@router.delete("/session", status_code=204, summary="Sign out", responses=problems(401, 403, 503))
async def sign_out(me: Anyone, parts: With) -> Response:
    await parts.run(parts.sessions.sign_out, me)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return response


# ---- seeing -------------------------------------------------------------------------------------------


@router.get("/desk", summary="The queue, my chats, my colleagues: one moment", responses=_READ)
async def desk(me: Agent, parts: With) -> Response:
    return Json(await parts.run(board.read, parts.store, me, now()))


@router.put("/desk/me", summary="Can I take chats?", responses=_WRITE)
async def set_state(me: Agent, body: schemas.Presence, parts: With) -> Response:
    def change(conn: Connection) -> None:
        conn.execute(
            update(users).where(users.c.id == me.id).values(state=body.state, state_reason=body.reason)
        )

    def work() -> dict[str, Any]:
        parts.store.write(change)
        parts.log.look()
        with parts.store.read() as conn:
            return board.myself(conn, me)

    return Json({"me": await parts.run(work)})


@router.get(
    "/desk/events",
    status_code=200,
    response_class=EventStream,
    summary="One stream of all that I may see, from now on or from a position",
    responses={**STREAM, **problems(401, 403, 422, 429, 503)},
)
async def desk_events(
    me: Agent, parts: With, after: After = None, last_event_id: LastEventId = None
) -> Response:
    channel = parts.tail.open(None, 0)
    start = schemas.cursor(after, last_event_id)
    owners = Owners(parts.store)

    def look(cursor: int) -> tuple[list[Told], int, bool]:
        some = parts.log.since(cursor, BATCH)
        last = some[-1].position if some else cursor
        return owners.tell(some), last, len(some) == BATCH

    async def read(cursor: int) -> tuple[list[Told], int, bool]:
        return await parts.read(look, cursor)

    def show(item: Told | Wake) -> bytes:
        if isinstance(item, Wake):
            if item.who == "agent" or not concerns(me, parts.tail.owners.now(str(item.conversation))):
                return b""
            return sse(typing(str(item.who), conversation=item.conversation), event="typing")
        if not sees(me, item):
            return b""
        return sse(item.event.staff(), event=item.event.type, id=item.event.position)

    cursor = parts.tail.position if start is None else start
    body = stream(
        parts.tail, channel, cursor, read, show, lambda told: told.event.position, behind=start is not None
    )
    return EventStream(parts.tail, channel, parts.duty.during(me.id, body))


@router.get("/desk/conversations/{c}", summary="One chat with all that was said and decided", responses=_READ)
async def conversation(me: Agent, c: schemas.ConversationId, parts: With) -> Response:
    def read() -> dict[str, Any]:
        with parts.store.read() as conn:
            if not may_read(conn, me, c):
                raise Problem("not_found")
            return board.conversation(conn, me, c)

    return Json(await parts.run(read))


# ---- writing ------------------------------------------------------------------------------------------


async def _write(
    parts: Parts, me: Me, c: str, command: Command, client_id: str, status: int = 200
) -> Response:
    def append() -> tuple[dict[str, Any], int]:
        _refuse_unseen(parts, me, c, command)
        actor = Actor("agent", me.id, me.name, supervisor=me.sees_all)
        done = parts.log.append(c, command, actor, client_id)
        body: dict[str, Any] = {"seq": done.seq}
        if status == 201:
            return body | {"at": wire_time(done.at)}, 200 if done.repeated else 201
        return body, 200

    return Json(*await parts.run(append))


def _refuse_unseen(parts: Parts, me: Me, c: str, command: Command) -> None:
    """404 where the answer would tell of a chat that `me` may not know of; else the table decides.

    A claim on a colleague's chat answers already_owned, writing into one not_owner: the contract says so.
    """
    if me.sees_all:
        return
    with parts.store.read() as conn:
        kind = board.owner_kind(conn, c)
        if kind is None:
            raise Problem("not_found")
        if isinstance(command, Note) and not may_read(conn, me, c):
            raise Problem("not_found")
        if isinstance(command, Claim) and kind == "bot":
            raise Problem("not_found")
        if kind == "bot" and isinstance(command, Close | Return) and not may_read(conn, me, c):
            raise Problem("not_owner")


def _agent_named(parts: Parts, to: str) -> str | None:
    """The name of the colleague whom a chat goes to; None for a desk. Raises invalid for nobody."""
    if to == "supervisor" or to.startswith("desk:"):
        return None
    with parts.store.read() as conn:
        row = conn.execute(
            select(users.c.name).where(
                users.c.id == to, users.c.disabled_at.is_(None), users.c.role.in_(DESK.roles)
            )
        ).first()
    if row is None:
        raise Problem("invalid", 'to: an agent\'s id, "desk:NAME" or "supervisor"', field="to")
    return str(row.name)


def _act(
    path: str,
    summary: str,
    shape: type[schemas.Act],
    command: Callable[[Parts, Any], Command],
    status: int = 200,
) -> None:
    """A write in a chat that answers `{seq}` (201: `{seq, at}`)."""

    async def act(me: Agent, c: schemas.ConversationId, body: Any, parts: With) -> Response:
        made = await parts.run(command, parts, body) if path == "transfer" else command(parts, body)
        return await _write(parts, me, c, made, body.client_id, status)

    act.__annotations__["body"] = shape
    act.__name__ = f"desk_{path}"
    model = schemas.Written if status == 201 else schemas.Done
    documented: dict[int | str, dict[str, Any]] = {200: {"model": model}, status: {"model": model}}
    router.post(
        f"/desk/conversations/{{c}}/{path}",
        status_code=status,
        summary=summary,
        responses={**documented, **_WRITE},
    )(act)


_act("claim", "I take this chat", schemas.Act, lambda p, b: Claim())
_act(
    "messages",
    "Write to the shopper",
    schemas.AgentMessage,
    lambda p, b: Reply(b.text, b.entry, b.suggested),
    201,
)
_act("notes", "A note for colleagues; shoppers never see it", schemas.Message, lambda p, b: Note(b.text))
_act("release", "Back to the queue, in front", schemas.Released, lambda p, b: Release(b.reason))
_act("return", "Back to the bot", schemas.Act, lambda p, b: Return())
_act(
    "transfer",
    "To a colleague, a desk or a supervisor",
    schemas.Transferred,
    lambda p, b: Transfer(b.to, _agent_named(p, b.to)),
)
_act("hold", "No time-outs meanwhile", schemas.Held, lambda p, b: Hold(b.on))
_act("close", "Done", schemas.Closing, lambda p, b: Close(b.disposition))


@router.post(
    "/desk/conversations/{c}/typing",
    status_code=204,
    summary="The agent is typing; shown to the shopper, not stored",
    responses=_WRITE,
)
async def agent_typing(
    me: Agent, c: schemas.ConversationId, parts: With, body: schemas.Nothing | None = None
) -> Response:
    def tell() -> None:
        with parts.store.read() as conn:
            if not board.owns(conn, me.id, c):
                raise Problem("not_owner" if may_read(conn, me, c) else "not_found")
        parts.log.typing(c, "agent")

    await parts.run(tell)
    return Response(status_code=204)
