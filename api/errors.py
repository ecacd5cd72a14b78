"""How a refusal looks: `application/problem+json` (RFC 9457) with a stable `code`. One place for all.

A problem never repeats what was sent: people type personal data into every field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA = "application/problem+json"

# code -> (status, title). What a client may rely on; a test keeps the codes of the contract here.
CODES: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "not_signed_in": (401, "Not signed in"),
    "bad_credentials": (401, "E-mail address or password is wrong"),
    "forbidden": (403, "Not allowed"),
    "csrf_failed": (403, "The X-CSRF-Token header is missing or wrong"),
    "origin_not_allowed": (403, "This origin may not use the API"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "This method is not offered here"),
    "conflict": (409, "Conflict"),
    "client_id_reused": (409, "This client_id was used with other content"),
    "already_owned": (409, "Somebody else has taken this chat"),
    "not_owner": (409, "This chat is not yours"),
    "closed": (409, "This chat is closed"),
    "stale_epoch": (409, "The chat has changed hands meanwhile"),
    "not_yet": (409, "The agent has only just written; wait a little"),
    "not_due": (409, "Something else happened first"),
    "erased": (409, "This chat was erased"),
    "edit_conflict": (409, "The entry was changed meanwhile"),
    "proposal_decided": (409, "The proposal was decided before"),
    "release_busy": (409, "A release is being published"),
    "release_not_usable": (409, "This release cannot go live"),
    "check_failed": (409, "The release would make the bot worse"),
    "nobody_on_duty": (409, "Nobody can come now"),
    "too_large": (413, "Too large"),
    "unsupported_media_type": (415, "This content type is not accepted"),
    "invalid": (422, "A field has a wrong value"),
    "not_offered": (422, "That event did not offer this entry"),
    "no_such_message": (422, "There is no such message to refer to"),
    "customer_invalid": (422, "The customer token is not valid"),
    "corpus_invalid": (422, "The corpus file has errors"),
    "too_many": (429, "Too many requests"),
    "too_many_streams": (429, "Too many open streams"),
    "internal": (500, "Something went wrong on our side"),
    "busy": (503, "Busy; try again shortly"),
    "database_away": (503, "The database cannot be reached; try again shortly"),
    "not_ready": (503, "No release is published yet"),
}
_BY_STATUS = {
    400: "malformed", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    409: "conflict", 413: "too_large", 415: "unsupported_media_type", 422: "invalid", 429: "too_many",
    503: "busy",
}  # fmt: skip


class Problem(Exception):
    """A refusal with a code of `CODES`. `detail` says what to do about it; never what was typed."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.status, self.title = CODES.get(code, (409, code.replace("_", " ").capitalize()))
        self.detail = detail or self.title + "."
        self.field = field
        self.retry_after = retry_after if retry_after is not None else (1 if self.status == 503 else None)
        self.extra = extra or {}
        super().__init__(code)

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.field is not None:
            body["field"] = self.field
        return body | dict(self.extra)

    def response(self) -> Response:
        headers = {"Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        body = json.dumps(self.as_json(), ensure_ascii=False).encode("utf-8", "replace")
        return Response(body, self.status, headers, media_type=MEDIA)


def from_validation(error: RequestValidationError) -> Problem:
    """A validation error as a problem: the field and the rule, without the input that broke it."""
    first = error.errors()[0]
    if first.get("type") == "json_invalid":
        return Problem("malformed", "The body is not valid JSON.")
    place = [str(part) for part in first.get("loc", ()) if part not in {"body", "query", "path", "header"}]
    field = ".".join(place) or "body"
    if first.get("type") == "missing" and not place:
        return Problem("malformed", "The body is missing; send a JSON object.")
    rule = str(first.get("msg", "invalid")).removeprefix("Value error, ")
    return Problem("invalid", f"{field}: {rule}", field=field)


def from_http(error: HTTPException) -> Problem:
    """Starlette's own refusals (no such path, wrong method, unreadable body) in our shape."""
    code = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "malformed")
    detail = "The body cannot be read as JSON." if code == "malformed" else None
    return Problem(code, detail)


def from_store(error: Exception) -> Problem:
    """The database's and the conversation's refusals, by the code they carry."""
    from bot.conversation import Refused
    from bot.log import NotFound
    from kb.store import StoreAway, StoreBusy

    if isinstance(error, Refused):
        if error.code in {"not_found"}:
            return Problem("not_found")
        return Problem(error.code, field="seq" if error.code in {"not_offered", "no_such_message"} else None)
    if isinstance(error, NotFound):
        return Problem("not_found")
    if isinstance(error, StoreBusy):
        return Problem("busy", retry_after=1)
    if isinstance(error, StoreAway):
        return Problem("database_away", retry_after=3)
    return Problem("internal")


def allowed(app: FastAPI, path: str) -> list[str]:
    """Every method that the document gives this path; the plainest template counts."""
    fitting = [
        (template.count("{"), sorted(method.upper() for method in operations))
        for template, operations in app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)
    ]
    return min(fitting)[1] if fitting else []


def install(app: FastAPI) -> None:
    """Give every way in which a request can fail the one shape."""
    from bot.conversation import Refused
    from bot.log import NotFound
    from kb.encoder import Busy
    from kb.store import StoreAway, StoreBusy

    async def problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error.response()

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return from_validation(error).response()

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = from_http(error).response()
        if error.status_code == 405:
            own = (error.headers or {}).get("Allow", "")
            response.headers["Allow"] = ", ".join(allowed(app, request.url.path)) or own
        return response

    async def refused(_: Request, error: Exception) -> Response:
        return from_store(error).response()

    async def busy(_: Request, __: Exception) -> Response:
        return Problem("busy", retry_after=1).response()

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for kind in (Refused, NotFound, StoreBusy, StoreAway):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(Busy, busy)
