"""The log read back as transcripts, masked: for export, for harvest, for statistics' readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select

from bot.conversation import wire_time
from bot.tables import conversations, events
from kb.search import Knowledge
from kb.store import Store

CHATS = 200


def transcripts(
    store: Store, mask: Callable[[str], str], *, closed_only: bool = False
) -> Iterator[dict[str, Any]]:
    """`{id, messages: [{from, text, at}]}` by id, as the shopper saw it; erased chats are left out."""
    after = ""
    while True:
        with store.read() as conn:
            found = select(conversations.c.id).where(
                conversations.c.id > after, conversations.c.erased.is_(False)
            )
            if closed_only:
                found = found.where(conversations.c.owner_kind == "closed")
            ids = list(conn.scalars(found.order_by(conversations.c.id).limit(CHATS)))
            rows = conn.execute(
                select(events.c.conversation, events.c.from_kind, events.c.body, events.c.at)
                .where(events.c.conversation.in_(ids), events.c.type.in_(("message", "chosen")))
                .order_by(events.c.conversation, events.c.seq)
            ).all()
        said: dict[str, list[dict[str, Any]]] = {name: [] for name in ids}
        for row in rows:
            text = row.body.get("text") or row.body.get("question")
            if text:
                said[row.conversation].append(
                    {"from": row.from_kind, "text": mask(str(text)), "at": wire_time(row.at)}
                )
        for name in ids:
            if said[name]:
                yield {"id": name, "messages": said[name]}
        if len(ids) < CHATS:
            return
        after = ids[-1]


def plainly(text: str) -> str:
    """Unmasked."""
    return text


def masked(text: str) -> str:
    from kb.mask import mask

    return mask(text).text


def harvested(store: Store, knowledge: Knowledge) -> list[dict[str, Any]]:
    """Proposals from the closed chats."""
    from kb.harvest import harvest

    closed = transcripts(store, plainly, closed_only=True)
    return [proposal.as_json() for proposal in harvest(closed, knowledge)]
