"""What content staff do: write entries, try them, look at proposals, publish, go back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api import logs, quotes, schemas
from api.auth import Me
from api.drafts import checked
from api.errors import Problem
from api.parts import Json, May, Parts, With, now
from api.schemas import problems
from bot.check import Checked, check
from bot.decision import Turn
from bot.policy import Policy
from bot.think import think
from kb.entry import CorpusError, parse_corpus
from kb.release import ReleaseRefused
from kb.search import Knowledge

IMPORT = 50 * 1024 * 1024
router = APIRouter(prefix="/v1", tags=["studio"])
READERS = May("agent", "supervisor", "editor", "admin")
WRITERS = May("editor", "admin")
Reader = Annotated[Me, Depends(READERS)]
Writer = Annotated[Me, Depends(WRITERS)]
_READ = problems(401, 403, 404, 422, 503)
_WRITE = problems(400, 401, 403, 404, 409, 413, 415, 422, 503)
_log = logs.get("studio")


def checker(policy: Policy) -> Callable[[Knowledge, Knowledge | None], Checked]:
    """The release check that `kb.release` is given: golden questions through the same `think`."""
    return lambda new, live: check(new, live, policy, now())


# ---- entries ------------------------------------------------------------------------------------------


@router.get("/entries", summary="Entries in writing, by id, a hundred at a time", responses=_READ)
async def entries(
    me: Reader,
    parts: With,
    category: Annotated[schemas.Line | None, Query()] = None,
    state: Annotated[Literal["draft", "live", "deleted"] | None, Query()] = None,
    after: Annotated[schemas.EntryId | None, Query()] = None,
    text: Annotated[schemas.Plain | None, Query(max_length=200)] = None,
) -> Response:
    return Json(await parts.run(parts.drafts.listed, category, state, after, text))


@router.post("/entries/search", summary="What the bot would find, and why", responses=_WRITE)
async def search(me: Reader, body: schemas.Trial, parts: With) -> Response:
    def find() -> list[dict[str, Any]]:
        found = parts.knowledge().find(body.text, 10, at=now().astimezone(parts.settings.zone).date())
        return [
            hit.as_json()
            | {"question": hit.entry.question, "answer": hit.entry.answer, "category": hit.entry.category}
            for hit in found.hits
        ]

    return Json({"hits": await parts.run(find)})


@router.post("/entries/try", summary="The decision by the draft and by the live release", responses=_WRITE)
async def try_out(me: Writer, body: schemas.Trial, parts: With) -> Response:
    def both() -> dict[str, Any]:
        turn = Turn(body.text, now(), body.language)
        live = _live(parts)
        draft = parts.trials.knowledge()
        return {
            "draft": think(turn, draft, parts.policy).as_json() if draft is not None else None,
            "live": think(turn, live, parts.policy).as_json() if live is not None else None,
        }

    return Json(await parts.run(both))


def _live(parts: Parts) -> Knowledge | None:
    try:
        return parts.live.current()
    except ReleaseRefused:
        return None


@router.post("/entries", status_code=201, summary="Write a new entry", responses=_WRITE)
async def add(me: Writer, body: schemas.NewEntry, parts: With) -> Response:
    import secrets

    fields = body.model_dump(mode="json", exclude_none=True)
    entry = checked({"id": f"e-{secrets.token_hex(4)}"} | fields)
    return Json(await parts.run(parts.drafts.add, entry, me.id), 201)


EntryPath = Annotated[str, schemas.entry_path()]


@router.get("/entries/{id}", summary="One entry with its history", responses=_READ)
async def one(me: Reader, id: EntryPath, parts: With) -> Response:
    return Json(await parts.run(parts.drafts.one, id))


@router.put("/entries/{id}", summary="Change an entry, from the revision that was read", responses=_WRITE)
async def change(me: Writer, id: EntryPath, body: schemas.ChangedEntry, parts: With) -> Response:
    fields = body.model_dump(mode="json", exclude={"revision", "why"}, exclude_none=True)
    entry = checked({**fields, "id": id})
    return Json(await parts.run(parts.drafts.change, entry, body.revision, me.id, body.why))


@router.delete(
    "/entries/{id}",
    status_code=204,
    summary="Leave an entry out of the next release",
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def remove(me: Writer, id: EntryPath, parts: With, revision: Annotated[int, Query(ge=0)]) -> Response:
    await parts.run(parts.drafts.remove, id, revision, me.id)
    return Response(status_code=204)


@router.post(
    "/imports",
    summary="Take a corpus file (JSON Lines or CSV) into the draft",
    responses=_WRITE,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media: {"schema": {"type": "string", "format": "binary"}}
                for media in ("application/x-ndjson", "text/csv", "application/octet-stream")
            },
        }
    },
)
async def imports(me: Writer, request: Request, parts: With) -> Response:
    data = await _received(request)
    name, data = _file_of(request, data)

    def take_in() -> dict[str, Any]:
        try:
            corpus = parse_corpus(data, name)
        except CorpusError as error:
            wrong = [asdict(problem) for problem in error.problems[:100]]
            raise Problem(
                "corpus_invalid",
                str(error.problems[0]),
                field=wrong[0]["field"] or None,
                extra={"problems": wrong},
            ) from None
        taken = parts.drafts.take_in(corpus.entries, me.id)
        return taken.as_json() | {"warnings": [asdict(problem) for problem in corpus.warnings[:100]]}

    return Json(await parts.run(take_in))


async def _received(request: Request) -> bytes:
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > IMPORT:
            raise Problem("too_large", "A corpus file may have 50 MB; split it.")
        parts.append(chunk)
    if not size:
        raise Problem("malformed", "The body is empty; send the corpus file.")
    return b"".join(parts)


def _file_of(request: Request, data: bytes) -> tuple[str, bytes]:
    """The file's name and bytes: a plain body, or the first file of a form."""
    media = request.headers.get("content-type", "")
    if not media.lower().startswith("multipart/form-data"):
        kind = media.partition(";")[0].strip().lower()
        named = {
            "text/csv": "corpus.csv",
            "application/x-ndjson": "corpus.jsonl",
            "application/jsonl": "corpus.jsonl",
        }
        return request.query_params.get("name", "")[:200] or named.get(kind, "corpus"), data
    form = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + media.encode("latin-1") + b"\r\n\r\n" + data
    )
    for part in form.iter_parts():
        if part.get_filename():
            content = part.get_payload(decode=True)
            return str(part.get_filename())[:200], content if isinstance(content, bytes) else b""
    raise Problem("malformed", "The form holds no file.")


# ---- releases -----------------------------------------------------------------------------------------


@router.get("/releases", summary="Releases, the newest first, and what is being published", responses=_READ)
async def releases(me: Writer, parts: With) -> Response:
    return Json(await parts.run(_releases, parts))


def _releases(parts: Parts) -> dict[str, Any]:
    """`{releases, live, changes, publishing}`; the one being built carries its `progress`."""
    told = parts.publishing.as_json()
    shown = [info.as_json() for info in parts.releases.listed()]
    names = parts.users.names()
    for info in shown:
        info["by"] = names.get(info["by"], info["by"])
        if info["state"] == "building" and told["state"] == "building":
            info["progress"] = {"done": told["done"], "total": told["total"]}
    live = next((info["id"] for info in shown if info["state"] == "live"), None)
    return {"releases": shown, "live": live, "changes": parts.drafts.changes(), "publishing": told}


@router.post("/releases", status_code=202, summary="Publish the draft, in the background", responses=_WRITE)
async def publish(me: Writer, body: schemas.Publishing, parts: With) -> Response:
    def begin() -> dict[str, Any]:
        parts.publishing.start(me.id, body.note, body.force)
        told = _releases(parts)
        building: dict[str, Any] | None = next(
            (info for info in told["releases"] if info["state"] == "building"), None
        )
        return {**(building or {}), "publishing": told["publishing"]}

    return Json(await parts.run(begin), 202)


@router.post("/releases/{r}/rollback", summary="Make an earlier release live again", responses=_WRITE)
async def rollback(me: Writer, r: Annotated[str, schemas.entry_path()], parts: With) -> Response:
    def back() -> dict[str, Any]:
        try:
            return parts.releases.rollback(r, me.id).as_json()
        except ReleaseRefused as error:
            code = (
                "release_not_usable" if any(info.id == r for info in parts.releases.listed()) else "not_found"
            )
            raise Problem(code, str(error)) from None

    return Json(await parts.run(back))


# ---- proposals ----------------------------------------------------------------------------------------


@router.get("/proposals", summary="What the chats suggest to write", responses=_READ)
async def proposals(
    me: Writer,
    parts: With,
    state: Annotated[Literal["open", "accepted", "rejected"] | None, Query()] = "open",
) -> Response:
    return Json({"proposals": await parts.run(parts.drafts.proposed, state)})


@router.post("/proposals", summary="Look for proposals in the chats, now", responses=_WRITE)
async def harvest(me: Writer, parts: With, body: schemas.Nothing | None = None) -> Response:
    return Json({"added": await parts.run(parts.gather)})


@router.get("/proposals/{p}/evidence", summary="The masked words behind a proposal", responses=_READ)
async def evidence(me: Writer, p: Annotated[str, schemas.entry_path()], parts: With) -> Response:
    return Json({"evidence": await parts.run(quotes.evidence, parts.store, p, parts.demo)})


@router.post("/proposals/{p}/accept", summary="Put it into the draft", responses=_WRITE)
async def accept(
    me: Writer, p: Annotated[str, schemas.entry_path()], body: schemas.Acceptance, parts: With
) -> Response:
    return Json(await parts.run(parts.drafts.accept, p, me.id, body.question, body.answer, body.entry))


@router.post("/proposals/{p}/reject", summary="Leave it, and say why", responses=_WRITE)
async def reject(
    me: Writer, p: Annotated[str, schemas.entry_path()], body: schemas.Rejection, parts: With
) -> Response:
    return Json(await parts.run(parts.drafts.reject, p, me.id, body.reason))
