"""The studio's tables: entries as they are being written, and proposals. What is live is a release."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, update

from api.errors import Problem
from kb.entry import Entry, read_entry
from kb.store import Store, entries, entry_history, proposals, users

PAGE = 100
EVIDENCE = 2  # chats that a proposal needs at least


def entry_of(body: Mapping[str, Any], revision: int) -> Entry:
    """A stored body as an entry."""
    entry, wrong = read_entry({**body, "revision": revision})
    if entry is None:
        raise ValueError(f"a stored entry cannot be read: {wrong[0]}")
    return entry


def checked(fields: Mapping[str, Any]) -> Entry:
    """An entry from a request's fields. Raises Problem invalid with the field that is wrong."""
    entry, wrong = read_entry(fields)
    if entry is None:
        raise Problem("invalid", f"{wrong[0].field}: {wrong[0].message}", field=wrong[0].field)
    return entry


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What an import did to the draft."""

    added: int
    changed: int
    unchanged: int

    def as_json(self) -> dict[str, int]:
        total = self.added + self.changed + self.unchanged
        return {"entries": total, "added": self.added, "changed": self.changed, "unchanged": self.unchanged}


class Drafts:
    """Entries in writing. Every change is a new revision with its author, and is kept in the history."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- reading ------------------------------------------------------------------------------------

    def listed(
        self, category: str | None, state: str | None, after: str | None, text: str | None = None
    ) -> dict[str, Any]:
        """`{entries, next, total, categories}`, by id, a hundred at a time; `next` goes on as `after`."""
        fits = entries.c.state == state if state else entries.c.state != "deleted"
        if category is not None:
            fits &= entries.c.category == category
        if text:
            asked, said = entries.c.body["question"].as_string(), entries.c.body["answer"].as_string()
            fits &= or_(asked.contains(text, autoescape=True), said.contains(text, autoescape=True))
        found = select(entries).where(fits, entries.c.id > (after or "")).order_by(entries.c.id)
        with self._store.read() as conn:
            rows = list(conn.execute(found.limit(PAGE + 1)).mappings())
            names = _names(conn)
            total = conn.scalar(select(func.count()).select_from(entries).where(fits))
            categories = conn.execute(
                select(entries.c.category, func.count())
                .where(entries.c.state != "deleted")
                .group_by(entries.c.category)
                .order_by(entries.c.category)
            ).all()
        return {
            "entries": [_shown(row, names) for row in rows[:PAGE]],
            "next": rows[PAGE - 1]["id"] if len(rows) > PAGE else None,
            "total": total,
            "categories": [{"name": name, "count": count} for name, count in categories if name],
        }

    def one(self, entry: str) -> dict[str, Any]:
        with self._store.read() as conn:
            row = _row(conn, entry)
            history = conn.execute(
                select(entry_history)
                .where(entry_history.c.id == entry)
                .order_by(entry_history.c.revision.desc())
                .limit(PAGE)
            ).mappings()
            names = _names(conn)
            return _shown(row, names) | {"history": [_past(each, names) for each in history]}

    def changes(self) -> int:
        """How many entries the next release would change: written since, or taken out."""
        changed = or_(
            entries.c.state == "draft", (entries.c.state == "deleted") & entries.c.live_revision.is_not(None)
        )
        with self._store.read() as conn:
            return conn.scalar(select(func.count()).select_from(entries).where(changed)) or 0

    # ---- writing ------------------------------------------------------------------------------------

    def add(self, entry: Entry, by: str) -> dict[str, Any]:
        """Raises Problem conflict when the id is taken."""

        def work(conn: Connection) -> None:
            taken = conn.execute(select(entries.c.state).where(entries.c.id == entry.id)).first()
            if taken is not None and taken.state != "deleted":
                raise Problem("conflict", "An entry with this id exists; choose another id.", field="id")
            _put(conn, entry, by, None)

        self._store.write(work)
        return self.one(entry.id)

    def change(self, entry: Entry, revision: int, by: str, why: str | None) -> dict[str, Any]:
        """Raises Problem edit_conflict when somebody changed it since `revision`."""

        def work(conn: Connection) -> None:
            _same_revision(conn, entry.id, revision)
            _put(conn, entry, by, why)

        self._store.write(work)
        return self.one(entry.id)

    def remove(self, entry: str, revision: int, by: str) -> None:
        """Gone with the next release; the history stays."""

        def work(conn: Connection) -> None:
            _same_revision(conn, entry, revision)
            _retire(conn, entry, by)

        self._store.write(work)

    def take_in(self, some: Iterable[Entry], by: str) -> TakenIn:
        """Add or change all of them in one transaction; others stay as they are."""
        wanted = list(some)

        def work(conn: Connection) -> TakenIn:
            known = {
                row["id"]: row
                for row in conn.execute(select(entries)).mappings()
                if row["state"] != "deleted"
            }
            added = changed = 0
            for entry in wanted:
                row = known.get(entry.id)
                if row is not None and entry_of(row["body"], row["revision"]).digest == entry.digest:
                    continue
                _put(conn, entry, by, "import")
                added += row is None
                changed += row is not None
            return TakenIn(added, changed, len(wanted) - added - changed)

        return self._store.write(work)

    # ---- proposals ----------------------------------------------------------------------------------

    def proposed(self, state: str | None) -> list[dict[str, Any]]:
        found = (
            select(proposals).order_by(proposals.c.conversations.desc(), proposals.c.created_at).limit(500)
        )
        if state is not None:
            found = found.where(proposals.c.state == state)
        with self._store.read() as conn:
            rows = list(conn.execute(found).mappings())
            wanted = {row["entry"] for row in rows if row["entry"]}
            current = {
                row["id"]: row["body"]
                for row in conn.execute(
                    select(entries.c.id, entries.c.body).where(entries.c.id.in_(wanted))
                ).mappings()
            }
            names = _names(conn)
        return [_proposal(row, current.get(row["entry"]), names) for row in rows]

    def propose(self, found: Iterable[Mapping[str, Any]]) -> int:
        """Keep new proposals; one that says the same as a kept one, decided or not, is left out."""
        wanted = list(found)

        def work(conn: Connection) -> int:
            kept = {
                (row.kind, row.entry, row.question)
                for row in conn.execute(select(proposals.c.kind, proposals.c.entry, proposals.c.question))
            }
            fresh = [p for p in wanted if (p["kind"], p["entry"], p["question"]) not in kept]
            for proposal in fresh:
                conn.execute(
                    insert(proposals).values(
                        id="p_" + secrets.token_hex(6),
                        kind=proposal["kind"],
                        entry=proposal["entry"],
                        question=proposal["question"],
                        answer=proposal["answer"],
                        evidence=list(proposal["evidence"]),
                        conversations=proposal["conversations"],
                        reasons=list(proposal["reasons"]),
                        state="open",
                        created_at=datetime.now(UTC),
                    )
                )
            return len(fresh)

        return self._store.write(work)

    def accept(
        self, proposal: str, by: str, question: str | None, answer: str | None, entry: str | None
    ) -> dict[str, Any]:
        """Put the proposal into the draft, as the reviewer changed it. Returns it with the entry."""

        def work(conn: Connection) -> str:
            row = _open_proposal(conn, proposal)
            target = entry or row["entry"]
            changed = self._merged(
                conn, row, target, question or row["question"], answer or row["answer"], by
            )
            _decide(conn, proposal, "accepted", by, None)
            return changed

        changed = self._store.write(work)
        return self._proposal(proposal) | {"draft": self.one(changed)}

    def reject(self, proposal: str, by: str, reason: str) -> dict[str, Any]:
        def work(conn: Connection) -> None:
            _open_proposal(conn, proposal)
            _decide(conn, proposal, "rejected", by, reason)

        self._store.write(work)
        return self._proposal(proposal)

    def forget(self, conversation: str) -> None:
        """An erased chat is evidence no more; an open proposal that stood on it and one other goes."""

        def work(conn: Connection) -> None:
            rows = conn.execute(select(proposals.c.id, proposals.c.evidence, proposals.c.state)).all()
            for row in rows:
                if conversation not in row.evidence:
                    continue
                left = [other for other in row.evidence if other != conversation]
                this = proposals.c.id == row.id
                if row.state == "open" and len(left) < EVIDENCE:
                    conn.execute(delete(proposals).where(this))
                else:
                    conn.execute(update(proposals).where(this).values(evidence=left, conversations=len(left)))

        self._store.write(work)

    def _proposal(self, proposal: str) -> dict[str, Any]:
        with self._store.read() as conn:
            row = conn.execute(select(proposals).where(proposals.c.id == proposal)).mappings().one()
            return _proposal(row, None, _names(conn))

    @staticmethod
    def _merged(
        conn: Connection, row: RowMapping, target: str | None, question: str, answer: str, by: str
    ) -> str:
        kind = row["kind"]
        if kind == "new" or target is None:
            made = checked(
                {"id": target or f"new-{secrets.token_hex(4)}", "question": question, "answer": answer}
            )
            if conn.execute(select(entries.c.id).where(entries.c.id == made.id)).first():
                raise Problem("conflict", "An entry with this id exists; choose another id.", field="entry")
            _put(conn, made, by, f"proposal {row['id']}")
            return made.id
        current = _row(conn, target, lock=True)
        old = entry_of(current["body"], current["revision"])
        if kind == "retirement":
            _retire(conn, target, by)
        elif kind == "variant":
            changed = replace(old, variants=tuple(dict.fromkeys((*old.variants, question))))
            _put(conn, changed, by, f"proposal {row['id']}")
        else:
            _put(conn, replace(old, answer=answer), by, f"proposal {row['id']}")
        return target


def _row(conn: Connection, entry: str, *, lock: bool = False) -> RowMapping:
    found = select(entries).where(entries.c.id == entry)
    row = conn.execute(found.with_for_update() if lock else found).mappings().first()
    if row is None:
        raise Problem("not_found", "There is no such entry.")
    return row


def _same_revision(conn: Connection, entry: str, revision: int) -> None:
    row = _row(conn, entry, lock=True)
    if row["revision"] != revision or row["state"] == "deleted":
        current = {"current": _shown(row, _names(conn))}
        raise Problem("edit_conflict", "Make your change to what the entry is now: `current`.", extra=current)


def _put(conn: Connection, entry: Entry, by: str, why: str | None) -> None:
    now = datetime.now(UTC)
    known = conn.execute(select(entries.c.revision).where(entries.c.id == entry.id)).first()
    revision = known.revision + 1 if known else 1
    body = replace(entry, revision=revision).as_json()
    values = {
        "revision": revision,
        "state": "draft",
        "body": body,
        "category": entry.category,
        "updated_at": now,
        "updated_by": by,
    }
    if known:
        conn.execute(update(entries).where(entries.c.id == entry.id).values(values))
    else:
        conn.execute(insert(entries).values(id=entry.id, **values))
    conn.execute(
        insert(entry_history).values(id=entry.id, revision=revision, body=body, at=now, by=by, why=why)
    )


def _retire(conn: Connection, entry: str, by: str) -> None:
    conn.execute(
        update(entries)
        .where(entries.c.id == entry)
        .values(state="deleted", updated_at=datetime.now(UTC), updated_by=by)
    )


def _open_proposal(conn: Connection, proposal: str) -> RowMapping:
    row = (
        conn.execute(select(proposals).where(proposals.c.id == proposal).with_for_update()).mappings().first()
    )
    if row is None:
        raise Problem("not_found", "There is no such proposal.")
    if row["state"] != "open":
        raise Problem("proposal_decided")
    return row


def _decide(conn: Connection, proposal: str, state: str, by: str, reason: str | None) -> None:
    conn.execute(
        update(proposals)
        .where(proposals.c.id == proposal)
        .values(state=state, reason=reason, decided_at=datetime.now(UTC), decided_by=by)
    )


def _names(conn: Connection) -> dict[str, str]:
    """Staff by id, as people know them."""
    return {row.id: row.name for row in conn.execute(select(users.c.id, users.c.name))}


def _shown(row: RowMapping, names: Mapping[str, str]) -> dict[str, Any]:
    return dict(row["body"]) | {
        "id": row["id"],
        "revision": row["revision"],
        "live_revision": row["live_revision"],
        "state": row["state"],
        "updated_at": _text(row["updated_at"]),
        "updated_by": names.get(row["updated_by"], row["updated_by"]),
    }


def _past(row: RowMapping, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "revision": row["revision"],
        "at": _text(row["at"]),
        "by": names.get(row["by"], row["by"]),
        "why": row["why"],
        "body": row["body"],
    }


def _proposal(row: RowMapping, current: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: row[name] for name in _PROPOSAL} | {
        "created_at": _text(row["created_at"]),
        "decided_at": _text(row["decided_at"]),
        "decided_by": names.get(row["decided_by"], row["decided_by"]),
        "current": dict(current) if current else None,
    }


_PROPOSAL = (
    "id", "kind", "entry", "question", "answer", "evidence", "conversations", "reasons", "state", "reason",
)  # fmt: skip


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
