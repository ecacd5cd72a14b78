"""The words behind a proposal. They are masked when they are read and never stored with it, so that erasing
a chat takes its quotes along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, select

from api.errors import Problem
from api.transcripts import masked
from bot.tables import conversations, events
from kb.store import Store, proposals
from kb.text import normalise

MOST = 6  # conversations that are quoted
LONGEST = 240  # characters of one quote

Lines = Sequence[tuple[str, str]]


def evidence(store: Store, proposal: str, demo: bool) -> list[dict[str, Any]]:
    """`[{conversation, quotes: [{from, text}]}]`: what the shopper asked and the agent said, masked.

    A conversation that is gone has no quotes. Raises Problem not_found.
    """
    with store.read() as conn:
        row = conn.execute(select(proposals).where(proposals.c.id == proposal)).mappings().first()
        if row is None:
            raise Problem("not_found", "There is no such proposal.")
        ids = [str(each["conversation"] if isinstance(each, Mapping) else each) for each in row["evidence"]]
        said = _logged(conn, ids[:MOST])
    if demo:
        said = {name: _demo()[name] for name in ids[:MOST] if name in _demo()} | said
    return [
        {"conversation": name, "quotes": _quotes(said.get(name, ()), row["question"], row["answer"])}
        for name in ids
    ]


def _logged(conn: Connection, ids: Sequence[str]) -> dict[str, Lines]:
    rows = conn.execute(
        select(events.c.conversation, events.c.from_kind, events.c.body)
        .join(conversations, conversations.c.id == events.c.conversation)
        .where(events.c.conversation.in_(ids), events.c.type == "message", conversations.c.erased.is_(False))
        .order_by(events.c.conversation, events.c.seq)
    ).all()
    said: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        said.setdefault(row.conversation, []).append((row.from_kind, str((row.body or {}).get("text", ""))))
    return dict(said)


@cache
def _demo() -> Mapping[str, Lines]:
    """The demo's month of chats, which is not in any log."""
    from kb.transcript import parse_transcripts

    source = files("kb").joinpath("demo/transcripts.jsonl")
    found = parse_transcripts(source.read_bytes(), "demo/transcripts.jsonl")
    return {each.id: [(message.who, message.text) for message in each.messages] for each in found}


def _quotes(lines: Lines, question: str, answer: str) -> list[dict[str, str]]:
    """The shopper's line nearest to the question and the agent's nearest to the answer, as they were said."""
    asked = _nearest((text for who, text in lines if who == "shopper"), question)
    told = _nearest((text for who, text in lines if who == "agent"), answer)
    chosen = [("shopper", asked), ("agent", told)]
    return [{"from": who, "text": _cut(masked(text))} for who, text in chosen if text]


def _nearest(texts: Iterable[str], wanted: str) -> str | None:
    """By shared pairs of characters; the first of equals."""
    pairs = _pairs(wanted)
    return max(texts, key=lambda text: len(pairs & _pairs(text)), default=None)


def _pairs(text: str) -> frozenset[str]:
    plain = normalise(text).text
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
