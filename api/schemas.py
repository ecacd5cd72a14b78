"""What bodies look like: the shapes that are accepted, strictly, and the ones that are documented."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import Header, Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from kb.tongue import Tongue, primary

TEXT = 4000  # characters (code points) of one message
HIGHEST = 2**53 - 1  # the largest cursor that JavaScript can hold

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


def _not_blank(text: str) -> str:
    if all(unicodedata.category(character) in _INVISIBLE for character in text):
        raise ValueError("must not be blank")
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _page(text: str) -> str:
    """Origin and path only: queries and fragments of a shop's page may say who its visitor is."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme in {"http", "https"} and host:
        return f"{parts.scheme}://{host}{port}{parts.path}"
    return parts.path if not parts.scheme and not host else ""


def _language(text: str) -> Tongue:
    return primary(text) or "ja"


def _digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("must be a whole number, 0 or more")
    return value


SHOWN: Any = {"pattern": r"[^\s]"}  # in the document: at least one character that can be seen


def _iso_day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("must be a day, like 2026-07-01")
    if not isinstance(value, str | date):
        raise ValueError("must be a day, like 2026-07-01")
    return value


Day = Annotated[date, Field(strict=False), BeforeValidator(_iso_day)]
Plain = Annotated[str, AfterValidator(_plain)]
Text = Annotated[
    str,
    Field(min_length=1, max_length=TEXT, json_schema_extra=SHOWN),
    AfterValidator(_plain),
    AfterValidator(_not_blank),
]
Line = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra=SHOWN),
    AfterValidator(_plain),
    AfterValidator(_not_blank),
]
ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$", description="made before the first try")]
Email = Annotated[str, Field(max_length=254), AfterValidator(_plain), AfterValidator(_email)]
Seq = Annotated[int, Field(ge=0, le=HIGHEST)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
EntryId = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
ConversationId = Annotated[str, Path(max_length=64, description="the conversation's id")]
After = Annotated[int | None, Query(ge=0, le=HIGHEST), BeforeValidator(_digits)]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=20, pattern=r"^[0-9]{0,16}$")]


def cursor(after: int | None, last_event_id: str | None) -> int | None:
    """Where a stream goes on: `after` wins over the header; None when neither says."""
    if after is not None:
        return after
    return int(last_event_id) if last_event_id else None


def entry_path() -> Any:
    """A path's id of an entry, a release or a proposal."""
    return Path(max_length=100, min_length=1)


class Body(BaseModel):
    """A request's body. Unknown members are ignored, so that clients may be newer than the server."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class Opening(Body):
    client_id: ClientId
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] | None = None
    page: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] | None = None
    customer: Annotated[str, Field(max_length=4000), AfterValidator(_plain)] | None = None

    @property
    def language(self) -> Tongue:
        return _language(self.locale or "ja")

    @property
    def place(self) -> str | None:
        return (_page(self.page) or None) if self.page else None


class Act(Body):
    client_id: ClientId


class Message(Act):
    text: Text


class AgentMessage(Message):
    entry: EntryId | None = None
    suggested: bool | None = None


class Choice(Act):
    seq: Seq
    entry: EntryId


class Helpful(Act):
    seq: Seq
    helpful: bool


class Stars(Act):
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=TEXT), AfterValidator(_plain)] | None = None


class Contact(Act):
    email: Email
    name: Line | None = None
    text: Text


class Nothing(Body):
    pass


class Question(Body):
    text: Text
    locale: Annotated[str, Field(max_length=35)] | None = None

    @property
    def language(self) -> Tongue:
        return _language(self.locale or "ja")


class SignIn(Body):
    email: Annotated[str, Field(min_length=1, max_length=254), AfterValidator(_plain)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class Presence(Body):
    state: Literal["available", "away", "wrapup"]
    reason: Line | None = None


class Released(Act):
    reason: Line | None = None


class Transferred(Act):
    to: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            pattern=r"^(supervisor|desk:[A-Za-z0-9_-]{1,40}|u_[A-Za-z0-9_-]{1,60})$",
        ),
    ]


class Held(Act):
    on: bool = True


class Closing(Act):
    disposition: Line | None = None


class Translated(Body):
    question: Text
    answer: Text


class EntryBody(Body):
    """An entry as staff write it; `id` may be left out when it is new."""

    question: Text
    answer: Annotated[
        str, Field(min_length=1, max_length=20_000), AfterValidator(_plain), AfterValidator(_not_blank)
    ]
    variants: Annotated[list[Text], Field(max_length=100)] = []
    category: Line | None = None
    tags: Annotated[list[Line], Field(max_length=50)] = []
    valid_from: Day | None = None
    valid_until: Day | None = None
    translations: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], Translated], Field(max_length=10)
    ] = {}


class NewEntry(EntryBody):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = None


class ChangedEntry(EntryBody):
    revision: Annotated[int, Field(ge=0, le=HIGHEST)]
    why: Line | None = None


class Trial(Question):
    """What staff try: asked as a shopper would ask it."""


class Publishing(Body):
    note: Line | None = None
    force: bool = False


class Acceptance(Body):
    """What the reviewer changed before accepting; left out, the proposal's own words count."""

    question: Text | None = None
    answer: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_plain)] | None = None
    entry: EntryId | None = None


class Rejection(Body):
    reason: Line


# ---- what is documented -------------------------------------------------------------------------------


class ProblemBody(BaseModel):
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None


class EventBody(BaseModel):
    seq: int
    prev: int
    type: str
    at: str
    from_: Annotated[str, Field(alias="from")]
    name: str | None
    body: dict[str, Any]


class Opened(BaseModel):
    conversation: str
    token: str
    seq: int
    messages: list[EventBody]


class Written(BaseModel):
    seq: int
    at: str


class Done(BaseModel):
    seq: int


class EventPage(BaseModel):
    messages: list[EventBody]
    seq: int
    more: bool


class SuggestedQuestion(BaseModel):
    entry: str
    question: str


class Suggested(BaseModel):
    questions: list[SuggestedQuestion]


_MEANING = {
    400: "malformed body", 401: "not signed in", 403: "not allowed", 404: "not found, or not for you to know",
    409: "conflict", 413: "too large", 415: "content type not accepted", 422: "a field has a wrong value",
    429: "too many; see Retry-After", 503: "busy, or the database is away",
}  # fmt: skip
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route documents, all of one shape."""
    return {status: {"description": _MEANING[status], "content": _PROBLEM} for status in statuses}


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "server-sent events",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
