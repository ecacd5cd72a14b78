"""What the desk shows, read in one transaction so that its parts fit together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, tuple_

from api.auth import Me
from bot.conversation import Event, wire_time
from bot.desk import in_order, places, present
from bot.reads import as_event
from bot.tables import conversations, events
from bot.world import agents, waiting
from kb.store import Store, users

OPEN = 200  # most chats of others that a supervisor's desk lists
PAST = 20


def read(store: Store, me: Me, at: datetime) -> dict[str, Any]:
    """`{me, queue, conversations, agents, position}`; a supervisor also gets `others`."""
    with store.read() as conn:
        mine = _chats(conn, (conversations.c.owner_kind == "agent") & (conversations.c.owner_id == me.id))
        shown: dict[str, Any] = {
            "me": myself(conn, me),
            "queue": _queue(conn, at),
            "conversations": _cards(conn, mine, at),
            "agents": _agents(conn, at),
            "position": conn.scalar(select(func.max(events.c.position))) or 0,
        }
        if me.sees_all:
            others = (conversations.c.owner_kind == "bot") | (
                (conversations.c.owner_kind == "agent") & (conversations.c.owner_id != me.id)
            )
            shown["others"] = _cards(conn, _chats(conn, others), at)
        return shown


def myself(conn: Connection, me: Me) -> dict[str, Any]:
    row = conn.execute(select(users).where(users.c.id == me.id)).mappings().one()
    return me.as_json() | {"state": row["state"], "reason": row["state_reason"], "desks": row["desks"] or []}


def _queue(conn: Connection, at: datetime) -> list[dict[str, Any]]:
    """Who waits, in the order in which they come; `position` is the place in the chat's own queue."""
    everyone = waiting(conn)
    place = places(everyone)
    rows = {row["id"]: row for row in _chats(conn, conversations.c.owner_kind == "queue", limit=None)}
    ordered = [rows[each.conversation] for each in in_order(everyone) if each.conversation in rows]
    return [card | {"position": place[card["conversation"]]} for card in _cards(conn, ordered, at)]


def _chats(conn: Connection, which: Any, limit: int | None = OPEN) -> list[RowMapping]:
    found = select(conversations).where(which).order_by(conversations.c.last_at.desc()).limit(limit)
    return list(conn.execute(found).mappings())


def _cards(conn: Connection, rows: Sequence[RowMapping], at: datetime) -> list[dict[str, Any]]:
    said, moods = _last_said(conn, rows), _moods(conn, rows)
    return [_card(row, said.get(row["id"]), moods.get(row["id"]), at) for row in rows]


def _card(row: RowMapping, said: str | None, mood: str | None, at: datetime) -> dict[str, Any]:
    queued = row["queued_at"]
    return {
        "conversation": row["id"],
        "ticket": row["ticket"],
        "owner": {"kind": row["owner_kind"], "id": row["owner_id"], "name": row["owner_name"]},
        "desk": row["desk"],
        "reason": row["reason"],
        "mood": mood,
        "locale": row["locale"],
        "page": row["page"],
        "customer": row["customer"],
        "opened_at": wire_time(row["opened_at"]),
        "last_at": wire_time(row["last_at"]),
        "queued_at": wire_time(queued) if queued else None,
        "waited": max(0, round((at - queued).total_seconds())) if queued else None,
        "front": bool(row["front"]),
        "late": bool(row["late"]),
        "held": bool(row["held"]),
        "unread": row["unread"],
        "seq": row["last_seq"],
        "text": said,
    }


def _last_said(conn: Connection, rows: Sequence[RowMapping]) -> dict[str, str]:
    """The shopper's last words in each chat, cut for a list."""
    wanted = [(row["id"], row["heard_seq"]) for row in rows if row["heard_seq"]]
    if not wanted:
        return {}
    found = conn.execute(
        select(events.c.conversation, events.c.body).where(
            tuple_(events.c.conversation, events.c.seq).in_(wanted)
        )
    )
    return {
        row.conversation: str(row.body.get("text") or row.body.get("question") or "")[:120] for row in found
    }


def _moods(conn: Connection, rows: Sequence[RowMapping]) -> dict[str, str]:
    """The mood that the bot read last in each chat."""
    mood = events.c.body[("mood", "label")].as_string()
    found = conn.execute(
        select(events.c.conversation, mood.label("mood"))
        .where(events.c.conversation.in_([row["id"] for row in rows]), events.c.type == "decided")
        .order_by(events.c.seq)
    )
    return {row.conversation: row.mood for row in found if row.mood}


def _agents(conn: Connection, at: datetime) -> list[dict[str, Any]]:
    """Colleagues who can take chats, with how many each has."""
    return [
        {
            "id": agent.id,
            "name": agent.name,
            "role": agent.role,
            "state": agent.state,
            "reason": agent.reason,
            "desks": list(agent.desks),
            "present": present(agent, at),
            "conversations": agent.load,
        }
        for agent in sorted(agents(conn), key=lambda agent: agent.name)
    ]


def owner_kind(conn: Connection, c: str) -> str | None:
    return conn.scalar(select(conversations.c.owner_kind).where(conversations.c.id == c))


def owns(conn: Connection, user: str, c: str) -> bool:
    row = conn.execute(
        select(conversations.c.owner_kind, conversations.c.owner_id).where(conversations.c.id == c)
    ).first()
    return row is not None and row.owner_kind == "agent" and row.owner_id == user


def conversation(conn: Connection, me: Me, c: str) -> dict[str, Any]:
    """`{conversation, events, customer, decision}` for staff who may see it, and its card as `state`."""
    row = conn.execute(select(conversations).where(conversations.c.id == c)).mappings().one()
    told = [as_event(each) for each in _rows(conn, c)]
    decided = next((event for event in reversed(told) if event.type == "decided"), None)
    return {
        "conversation": c,
        "state": _cards(conn, [row], row["last_at"])[0],
        "events": [event.staff() for event in told],
        "customer": _customer(conn, me, row, told),
        "decision": dict(decided.body) if decided else None,
        "seq": row["last_seq"],
    }


def _rows(conn: Connection, c: str) -> Iterable[Any]:
    return conn.execute(select(events).where(events.c.conversation == c).order_by(events.c.seq))


def _customer(conn: Connection, me: Me, row: RowMapping, told: Sequence[Event]) -> dict[str, Any] | None:
    """Whom the shop vouched for, with earlier chats of the same customer."""
    if row["customer"] is None:
        return None
    named = next((event.body.get("customer") for event in told if event.type == "opened"), None) or {}
    past = conn.execute(
        select(conversations)
        .where(conversations.c.customer == row["customer"], conversations.c.id != row["id"])
        .order_by(conversations.c.opened_at.desc())
        .limit(PAST)
    ).mappings()
    earlier = [
        {
            "conversation": each["id"],
            "opened_at": wire_time(each["opened_at"]),
            "closed_at": wire_time(each["closed_at"]) if each["closed_at"] else None,
            "rating": each["rating"],
        }
        for each in past
    ]
    return {"id": row["customer"], "name": named.get("name"), "past": earlier}
