"""What a member of staff may see of the log: who owned a chat before and after each event decides.

Supervisors and admins see every chat. An agent sees the queue and own chats; an event by which a chat
leaves the queue or the agent is still seen, so that no list keeps a ghost.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from api.auth import Me
from bot.conversation import Event
from bot.tables import conversations, events, handlings
from kb.store import Store

CHANGES = (
    "opened",
    "queued",
    "assigned",
    "released",
    "transferred",
    "returned",
    "closed",
    "reopened",
    "erased",
)
KEPT = 20_000


class Owner(NamedTuple):
    kind: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the chat's owner before and after it."""

    event: Event
    before: Owner
    after: Owner


def owner_after(type: str, from_id: str, to: str, before: Owner) -> Owner:
    """Who owns the chat after an event of this type; `to` is a transfer's target."""
    match type:
        case "opened" | "returned" | "reopened":
            return Owner("bot")
        case "queued" | "released":
            return Owner("queue")
        case "assigned":
            return Owner("agent", from_id)
        case "transferred":
            return Owner("queue") if to == "supervisor" or to.startswith("desk:") else Owner("agent", to)
        case "closed" | "erased":
            return Owner("closed")
        case _:
            return before


class Owners:
    """Follows who owns which chat, event by event; looks a chat up the first time it is met."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Owner] = OrderedDict()

    def tell(self, some: Sequence[Event]) -> list[Told]:
        """`some` in the log's order, each chat's without a hole."""
        told = []
        for event in some:
            with self._lock:
                before = self._known.get(event.conversation)
            if before is None:
                before = Owner("bot") if event.seq == 1 else self._before(event)
            after = owner_after(event.type, event.from_id, str(event.body.get("to", "")), before)
            with self._lock:
                self._known[event.conversation] = after
                self._known.move_to_end(event.conversation)
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
            told.append(Told(event, before, after))
        return told

    def now(self, conversation: str) -> Owner | None:
        with self._lock:
            return self._known.get(conversation)

    def _before(self, event: Event) -> Owner:
        with self._store.read() as conn:
            row = conn.execute(
                select(events.c.type, events.c.from_id, events.c.body)
                .where(
                    events.c.conversation == event.conversation,
                    events.c.seq < event.seq,
                    events.c.type.in_(CHANGES),
                )
                .order_by(events.c.seq.desc())
                .limit(1)
            ).first()
        if row is None:
            return Owner("bot")
        return owner_after(row.type, row.from_id, str((row.body or {}).get("to", "")), Owner("bot"))


def concerns(me: Me, owner: Owner | None) -> bool:
    """Is a chat of this owner one that `me` may follow?"""
    if me.sees_all:
        return True
    return owner is not None and (owner.kind == "queue" or (owner.kind == "agent" and owner.id == me.id))


def sees(me: Me, told: Told) -> bool:
    return concerns(me, told.before) or concerns(me, told.after)


def may_read(conn: Connection, me: Me, conversation: str) -> bool:
    """May `me` read this chat now: the queue, own chats (closed ones too), or an own customer's past?"""
    row = conn.execute(
        select(conversations.c.owner_kind, conversations.c.owner_id, conversations.c.customer).where(
            conversations.c.id == conversation
        )
    ).first()
    if row is None:
        return False
    if concerns(me, Owner(row.owner_kind, row.owner_id)):
        return True
    handled = exists().where(handlings.c.conversation == conversation, handlings.c.agent == me.id)
    if row.owner_kind == "closed" and conn.scalar(select(handled)):
        return True
    if row.customer is None:
        return False
    same = exists().where(
        conversations.c.customer == row.customer,
        conversations.c.owner_kind == "agent",
        conversations.c.owner_id == me.id,
    )
    return bool(conn.scalar(select(same)))
