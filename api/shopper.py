"""What shoppers may do: open a chat, write, follow it, choose, rate, ask for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api import schemas
from api.auth import vouched
from api.errors import Problem
from api.parts import Json, Parts, With, now, of
from api.schemas import STREAM, After, LastEventId, problems
from api.sight import Owner, Told
from api.tail import Channel, Tail, sse, stream, typing
from bot.compose import question
from bot.conversation import (
    SHOPPER,
    Choose,
    Close,
    Command,
    Feedback,
    Handover,
    LeaveContact,
    Open,
    Rate,
    Return,
    Say,
    wire_time,
)
from bot.feed import Wake
from bot.log import Appended

PAGE = 500
SUGGESTIONS = 5
NOBODY = Owner("")  # shoppers' streams do not ask who owns the chat
router = APIRouter(prefix="/v1", tags=["shopper"])

Conversation = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class EventStream(StreamingResponse):
    """A stream of server-sent events; its channel is given back however it ends."""

    media_type = "text/event-stream"

    def __init__(self, tail: Tail, channel: Channel, body: Any) -> None:
        super().__init__(body, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._tail, self._channel = tail, channel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._tail.leave(self._channel)


async def chat(
    request: Request,
    c: Annotated[str, Path(description="the conversation's id")],
    authorization: Annotated[str | None, Header()] = None,
) -> str:
    """The conversation that the token opens: 401 without one, 404 for a wrong or foreign one."""
    parts = of(request)
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("not_signed_in", "Send the conversation's token as Authorization: Bearer TOKEN.")
    generation = parts.tokens.generation(c, token.strip())
    if generation is None:
        raise Problem("not_found")
    state = await parts.run(parts.log.state, c)
    if state is None or state.generation != generation:
        raise Problem("not_found")
    return c


Chat = Annotated[str, Depends(chat)]
_WRITE = problems(400, 401, 404, 409, 413, 415, 422, 429, 503)


def _address_limit(parts: Parts, request: Request, times: int = 1, of: str = "write") -> tuple[str, int]:
    limit = parts.settings.messages_per_minute_per_address
    return f"{of}:address:{parts.address.of(request.scope)}", limit * times


def _append(
    parts: Parts, conversation: str, command: Command, client_id: str, wanted: list[tuple[str, int]]
) -> Appended:
    """Count, append, and give the place back when the write was a repeat."""
    known: Callable[[], bool] = lambda: parts.log.seen(conversation, SHOPPER.id, client_id)  # noqa: E731
    places = parts.limits.admit(wanted, known)
    appended = parts.log.append(conversation, command, SHOPPER, client_id)
    if appended.repeated:
        places.refund()
    return appended


async def _write(parts: Parts, request: Request, c: str, command: Command, client_id: str) -> Appended:
    wanted = [
        _address_limit(parts, request),
        (f"write:chat:{c}", parts.settings.messages_per_minute),
    ]
    return await parts.run(_append, parts, c, command, client_id, wanted)


@router.post(
    "/conversations",
    status_code=201,
    summary="Open a conversation, or get it again by the same client_id",
    responses={
        201: {"model": schemas.Opened},
        200: {"model": schemas.Opened},
        **problems(400, 409, 413, 415, 422, 429, 503),
    },
)
async def open_conversation(body: schemas.Opening, request: Request, parts: With) -> Response:
    c = parts.tokens.conversation(body.client_id)
    who = vouched(body.customer, parts.settings.customer_key, now()) if body.customer else None
    customer = {"id": who.id, "name": who.name} if who else None
    command = Open(locale=body.language, page=body.place, customer=customer)
    opening = parts.tokens.opening(body.client_id)

    def begin() -> tuple[Appended, dict[str, Any]]:
        appended = _append(parts, c, command, opening, [_address_limit(parts, request)])
        state = parts.log.state(c)
        page = parts.log.events(c, 0, PAGE, shopper=True)
        first = [event.public() for event in page.events if event.seq <= appended.seq]
        generation = state.generation if state else 0
        return appended, {
            "conversation": c,
            "token": parts.tokens.token(c, generation),
            "seq": appended.seq,
            "messages": first,
        }

    appended, opened = await parts.run(begin)
    return Json(opened, 200 if appended.repeated else 201)


@router.post(
    "/conversations/{c}/messages",
    status_code=201,
    summary="Say something",
    responses={201: {"model": schemas.Written}, 200: {"model": schemas.Written}, **_WRITE},
)
async def say(c: Chat, body: schemas.Message, request: Request, parts: With) -> Response:
    done = await _write(parts, request, c, Say(body.text), body.client_id)
    return Json({"seq": done.seq, "at": wire_time(done.at)}, 200 if done.repeated else 201)


@router.get(
    "/conversations/{c}/messages",
    summary="Every event that the shopper may see, ascending, at most 500",
    responses={200: {"model": schemas.EventPage}, **problems(401, 404, 422, 503)},
)
async def page(c: Chat, parts: With, after: After = None) -> Response:
    found = await parts.run(parts.log.events, c, after or 0, PAGE, shopper=True)
    messages = [event.public() for event in found.events]
    return Json({"messages": messages, "seq": found.seq, "more": found.more})


@router.get(
    "/conversations/{c}/events",
    status_code=200,
    response_class=EventStream,
    summary="The same events as they come, as server-sent events",
    responses={**STREAM, **problems(401, 404, 422, 429, 503)},
)
async def events(c: Chat, parts: With, after: After = None, last_event_id: LastEventId = None) -> Response:
    channel = parts.tail.open(c, parts.settings.streams_per_conversation)

    async def read(cursor: int) -> tuple[list[Told], int, bool]:
        found = await parts.read(parts.log.events, c, cursor, PAGE, shopper=True)
        return [Told(event, NOBODY, NOBODY) for event in found.events], found.seq, found.more

    def show(item: Told | Wake) -> bytes:
        if isinstance(item, Wake):
            return sse(typing(str(item.who)), event="typing") if item.who in {"agent", "bot"} else b""
        event = item.event
        return sse(event.public(), event=event.type, id=event.seq) if event.shown else b""

    start = schemas.cursor(after, last_event_id) or 0
    body = stream(parts.tail, channel, start, read, show, lambda told: told.event.seq)
    return EventStream(parts.tail, channel, body)


def _act(path: str, summary: str, shape: type[schemas.Act], command: Callable[[Any], Command]) -> None:
    """A shopper's write that answers `{seq}`."""

    async def act(c: Chat, body: Any, request: Request, parts: With) -> Response:
        done = await _write(parts, request, c, command(body), body.client_id)
        return Json({"seq": done.seq})

    act.__annotations__["body"] = shape
    act.__name__ = path
    router.post(
        f"/conversations/{{c}}/{path}",
        summary=summary,
        responses={200: {"model": schemas.Done}, **_WRITE},
    )(act)


_act("handover", "A person, please", schemas.Act, lambda b: Handover())
_act("return", "Back to the bot", schemas.Act, lambda b: Return())
_act("choose", "One of the offered questions", schemas.Choice, lambda b: Choose(b.seq, b.entry))
_act("feedback", "Was that helpful?", schemas.Helpful, lambda b: Feedback(b.seq, b.helpful))
_act("rating", "How was it, 1 to 5", schemas.Stars, lambda b: Rate(b.score, b.comment))
_act("contact", "The message form", schemas.Contact, lambda b: LeaveContact(b.email, b.text, b.name))
_act("close", "That is all", schemas.Act, lambda b: Close())


@router.post(
    "/conversations/{c}/typing",
    status_code=204,
    summary="The shopper is typing; shown to the agent, not stored",
    responses=problems(400, 401, 404, 413, 415, 422, 429, 503),
)
async def is_typing(c: Chat, parts: With, body: schemas.Nothing | None = None) -> Response:
    limit = parts.settings.messages_per_minute * 4
    await parts.run(parts.limits.take, [(f"typing:chat:{c}", limit)])
    await parts.run(parts.log.typing, c, "shopper")
    return Response(status_code=204)


@router.post(
    "/suggestions",
    summary="Up to five questions that fit what is being typed",
    responses={200: {"model": schemas.Suggested}, **problems(400, 413, 415, 422, 429, 503)},
)
async def suggestions(body: schemas.Question, request: Request, parts: With) -> Response:
    def suggest() -> list[dict[str, str]]:
        parts.limits.take([_address_limit(parts, request, times=4, of="suggest")])
        found = parts.knowledge().suggest(body.text, SUGGESTIONS)
        return [{"entry": hit.entry.id, "question": question(hit.entry, body.language)} for hit in found]

    return Json({"questions": await parts.run(suggest)})
