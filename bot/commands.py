"""What anyone can ask of a conversation: plain data, and its digest for repeats.

A field marked `aside` is not part of what the client sent (fixed words, what a role allows), so it does
not enter the digest that tells a repeat from a reused id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, ClassVar, Literal

ActorKind = Literal["shopper", "bot", "agent", "system"]
SHOPPER_ID = "shopper"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `name` is what the shopper reads; `supervisor` may step in and move others' chats."""

    kind: ActorKind
    id: str
    name: str | None = None
    supervisor: bool = False


SHOPPER = Actor("shopper", SHOPPER_ID)
BOT = Actor("bot", "bot")
SYSTEM = Actor("system", "system")


@dataclass(frozen=True, slots=True)
class Command:
    """`what` names the row of the table of life that the command falls under."""

    what: ClassVar[str] = ""

    def content(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.metadata.get("aside")}

    def digest(self) -> str:
        """sha256 over the action and the canonical body: what makes a repeat the same write."""
        body = json.dumps([type(self).__name__, self.content()], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Open(Command):
    """`customer` is what the shop vouched for ({"id", "name", …}); `page` is origin and path only."""

    what: ClassVar[str] = "open"
    locale: str = "ja"
    page: str | None = None
    customer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Say(Command):
    what: ClassVar[str] = "shopper_message"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Choose(Command):
    """An offered question: `entry` out of the offers of the bot's message `seq`."""

    what: ClassVar[str] = "shopper_message"
    seq: int = 0
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Handover(Command):
    """The shopper wants a person."""

    what: ClassVar[str] = "handover"


@dataclass(frozen=True, slots=True)
class Return(Command):
    """Back to the bot: by the shopper from the queue (or from a silent agent), or by the agent."""

    what: ClassVar[str] = "returned"


@dataclass(frozen=True, slots=True)
class Feedback(Command):
    what: ClassVar[str] = "feedback"
    seq: int = 0
    helpful: bool = True


@dataclass(frozen=True, slots=True)
class Rate(Command):
    what: ClassVar[str] = "rated"
    score: int = 5
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class LeaveContact(Command):
    """The message form."""

    what: ClassVar[str] = "contact_left"
    email: str = ""
    text: str = ""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Close(Command):
    what: ClassVar[str] = "closed"
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class Claim(Command):
    what: ClassVar[str] = "assigned"


@dataclass(frozen=True, slots=True)
class Assign(Command):
    """Routing gives the chat to an agent; it was computed earlier, so it carries an epoch."""

    what: ClassVar[str] = "assigned"
    agent: str = ""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Reply(Command):
    """An agent's message. `entry`: whose approved words were inserted; `suggested`: by the console."""

    what: ClassVar[str] = "agent_message"
    text: str = ""
    entry: str | None = None
    suggested: bool | None = None


@dataclass(frozen=True, slots=True)
class Note(Command):
    what: ClassVar[str] = "note"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Release(Command):
    """Back to the queue, in front, with the waiting time kept."""

    what: ClassVar[str] = "released"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer(Command):
    """`to`: an agent's id, "desk:NAME" or "supervisor"; `name`: the agent's, as the shopper reads it."""

    what: ClassVar[str] = "transferred"
    to: str = ""
    name: str | None = field(default=None, metadata={"aside": True})


@dataclass(frozen=True, slots=True)
class Hold(Command):
    what: ClassVar[str] = "held"
    on: bool = True


@dataclass(frozen=True, slots=True)
class Decide(Command):
    """The bot's decision about the turn `first`..`last`, with the words for either state of the desk.

    `decision` is the decision's JSON and becomes the body of `decided`. `text` is said when the bot
    stays, or (if any) when a person will come; `alone` when `kind` is escalate and nobody can come.
    """

    what: ClassVar[str] = "bot_words"
    kind: str = "decline"
    first: int = 0
    last: int = 0
    text: str | None = None
    alone: str | None = None
    entry: str | None = None
    offers: tuple[Mapping[str, str], ...] = ()
    reason: str = "wish"
    decision: Mapping[str, Any] = field(default_factory=dict)
    form: bool = False


TimeoutKind = Literal["close", "agent_silent", "agent_lost", "waiting"]


@dataclass(frozen=True, slots=True)
class Timeout(Command):
    """A timer that went off: silent chat, silent agent, lost agent, a shopper who waits too long.

    `after` is judged once more against the state inside the transaction.
    """

    kind: TimeoutKind = "close"
    after: timedelta = timedelta(0)

    @property
    def row(self) -> str:
        """The row of the table of life that this time-out falls under."""
        return {"close": "closed", "waiting": "waiting"}.get(self.kind, "released")


@dataclass(frozen=True, slots=True)
class Erase(Command):
    """Take away everything that was said; the conversation is closed for good."""

    what: ClassVar[str] = "erased"
