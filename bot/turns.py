"""Owed turns: take one by a lease, decide outside every transaction, finish in one.

Nothing here waits inside a transaction: `take` and `finish` are short writes, and whatever thinks runs
between them. A decision whose lease or epoch has gone is dropped without a trace.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, func, not_, or_, select, update
from sqlalchemy.sql import ColumnElement

from bot.commands import BOT, Decide
from bot.conversation import Event, Refused, State
from bot.log import Appended, Clock, Log, utcnow
from bot.project import load
from bot.tables import events, turns
from bot.world import as_event, event_at
from kb.store import Store

if TYPE_CHECKING:
    from bot.decision import Decision, Turn

LEASE = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(seconds=30)
FAILURES = 2
BACKOFF = timedelta(milliseconds=500)
HISTORY = 20
_GREETING = 2


@dataclass(frozen=True, slots=True)
class Material:
    """What a decision may depend on: the turn's words and what came before them.

    `texts` are the shopper's words of this turn as they were sent, `text` joins them. `chosen`: the
    offered entry that was picked, if that was the last word. `rejected`: the entry of the answer that
    was marked unhelpful; `text` is then the question that it answered. `history`: (who, text), oldest
    first, from after the last closing. `back_at`: when the desk opens, if it is closed.
    """

    conversation: str
    locale: str
    at: datetime
    texts: tuple[str, ...]
    history: tuple[tuple[str, str], ...] = ()
    on_duty: bool = False
    back_at: datetime | None = None
    misses: int = 0
    chosen: str | None = None
    unhelpful: bool = False
    rejected: str | None = None
    customer: str | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def turn(self) -> Turn:
        """The same as `think` takes it."""
        from bot.decision import Said, Turn

        return Turn(
            text=self.text,
            at=self.at,
            locale=self.locale,
            history=tuple(Said(who, text) for who, text in self.history),  # type: ignore[arg-type]
            on_duty=self.on_duty,
            misses=self.misses,
            chosen=self.chosen,
            back_at=self.back_at,
        )


@dataclass(frozen=True, slots=True)
class DecidedWords:
    """A decision and what is said for it. `alone` replaces `text` when a person was wanted and none can come.

    Without `alone` the house's own sentence is said then.
    """

    kind: str
    text: str | None
    decision: Mapping[str, Any] = field(default_factory=dict)
    alone: str | None = None
    entry: str | None = None
    offers: tuple[Mapping[str, str], ...] = ()
    reason: str = "wish"
    form: bool = False

    @classmethod
    def of(cls, decision: Decision, *, on_duty: bool) -> DecidedWords:
        """`on_duty`: what the decision's text was composed for."""
        handing = decision.kind == "escalate"
        alone = handing and not on_duty
        return cls(
            kind=decision.kind,
            text=None if alone else decision.text,
            decision=decision.as_json(),
            alone=decision.text if alone else None,
            entry=decision.entry if decision.kind == "answer" else None,
            offers=tuple({"entry": o.entry, "question": o.question} for o in decision.offers),
            reason=escalation([reason.code for reason in decision.reasons]),
            form=decision.kind == "decline" and not on_duty,
        )


def escalation(codes: Sequence[str]) -> str:
    """The public reason of a hand-over that the bot decided, from its reason codes."""
    return next((code for code in codes if code in ("furious", "topic", "misses", "fault")), "wish")


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn under lease: its range is frozen. `tries` counts this one."""

    id: str
    lease: str
    conversation: str
    epoch: int
    first: int
    last: int
    tries: int
    due_at: datetime
    material: Material

    def overdue(self, now: datetime) -> bool:
        return now - self.due_at > GIVE_UP_AFTER


class Turns:
    def __init__(self, log: Log, store: Store | None = None, clock: Clock = utcnow) -> None:
        self.log, self.store, self.clock = log, store or log.store, clock

    def start(self) -> None:
        """For the one serving process of an SQLite database: what its predecessor held is free again.

        What fell due while nobody served has its time counted from now.
        """
        if self.store.dialect != "sqlite":
            return
        now = self.clock()

        def free(conn: Connection) -> None:
            conn.execute(update(turns).where(turns.c.taken_by.is_not(None)).values(taken_until=now))
            conn.execute(update(turns).where(turns.c.due_at < now).values(due_at=now))

        self.store.write(free)

    def take(self) -> Taken | None:
        """The turn that has been due longest, or None. Hands over what failed twice or took too long."""
        while self._is_due():
            row = self.store.write(self._lease, durable=False)
            if row is None:
                return None
            taken = self._read(row)
            if taken is None:
                continue
            if taken.tries <= FAILURES and not taken.overdue(self.clock()):
                return taken
            self.fault(taken)
        return None

    def renew(self, taken: Taken) -> bool:
        """False when the lease is gone: somebody else has the turn, or nobody owes it any more."""
        held = update(turns).where(turns.c.id == taken.id, turns.c.taken_by == taken.lease)
        later = held.values(taken_until=self.clock() + LEASE)
        return self.store.write(lambda conn: conn.execute(later).rowcount, durable=False) == 1

    def finish(self, taken: Taken, words: DecidedWords) -> Appended | None:
        """Decision, words and the turn's end in one transaction; None when it came too late."""
        command = Decide(
            kind=words.kind,
            first=taken.first,
            last=taken.last,
            text=words.text,
            alone=words.alone,
            entry=words.entry,
            offers=words.offers,
            reason=words.reason,
            decision=words.decision,
            form=words.form,
        )
        try:
            return self.log.append(taken.conversation, command, BOT, epoch=taken.epoch, lease=taken.lease)
        except Refused:
            return None

    def fail(self, taken: Taken) -> None:
        """The decision could not be made: once more after a moment, then a person."""
        if taken.tries >= FAILURES:
            self.fault(taken)
            return
        held = update(turns).where(turns.c.id == taken.id, turns.c.taken_by == taken.lease)
        again = held.values(taken_until=self.clock() + BACKOFF)
        self.store.write(lambda conn: conn.execute(again).rowcount, durable=False)
        self.log.look()

    def fault(self, taken: Taken) -> Appended | None:
        """Failure is never silence: a person takes over, or the shopper is told that none can."""
        said = self.log.around.words("escalate_fault", taken.material.locale)
        return self.finish(taken, DecidedWords("escalate", said, _fault(taken, said), reason="fault"))

    def next_due(self) -> datetime | None:
        """When something can be taken next; it may be past."""
        when = func.coalesce(turns.c.taken_until, turns.c.due_at)
        with self.store.read() as conn:
            found: datetime | None = conn.scalar(select(func.min(when)).where(_first_of_its_chat()))
        return found

    def owed(self) -> int:
        """How many turns wait or are being decided."""
        with self.store.read() as conn:
            return conn.scalar(select(func.count()).select_from(turns)) or 0

    def _is_due(self) -> bool:
        due = self.next_due()
        return due is not None and due <= self.clock()

    def _lease(self, conn: Connection) -> Mapping[str, Any] | None:
        now = self.clock()
        ready = or_(
            and_(turns.c.taken_by.is_(None), turns.c.due_at <= now),
            and_(turns.c.taken_by.is_not(None), turns.c.taken_until <= now),
        )
        found = select(turns).where(ready, _first_of_its_chat()).order_by(turns.c.due_at).limit(1)
        row = conn.execute(found.with_for_update(skip_locked=True, of=turns)).mappings().one_or_none()
        if row is None:
            return None
        taking = {"taken_by": secrets.token_hex(12), "taken_until": now + LEASE, "tries": row["tries"] + 1}
        conn.execute(update(turns).where(turns.c.id == row["id"]).values(taking))
        return dict(row) | taking

    def _read(self, row: Mapping[str, Any]) -> Taken | None:
        """The material of a leased turn; None when the bot has left the chat meanwhile."""
        now = self.clock()
        with self.store.read() as conn:
            state = load(conn, row["conversation"])
            if state is None or state.owner_kind != "bot":
                return None
            can_come, back_at = self.log.around.can_come(conn, state.desk, now)
            material = _material(conn, state, row["first_seq"], row["last_seq"], now)
        material = replace(material, on_duty=can_come, back_at=back_at)
        return Taken(
            row["id"],
            row["taken_by"],
            state.id,
            state.epoch,
            row["first_seq"],
            row["last_seq"],
            row["tries"],
            row["due_at"],
            material,
        )


def _first_of_its_chat() -> ColumnElement[bool]:
    """A turn waits for the chat's earlier one, so that answers come in the order of the questions."""
    earlier = turns.alias("earlier")
    before = select(earlier.c.id).where(
        earlier.c.conversation == turns.c.conversation, earlier.c.first_seq < turns.c.first_seq
    )
    return not_(before.exists())


_SAID = ("message", "chosen")


def _material(conn: Connection, state: State, first: int, last: int, now: datetime) -> Material:
    words = [event for event in _between(conn, state.id, first, last) if _is_word(event)]
    texts = tuple(_text(event) for event in words if event.type != "feedback")
    final = words[-1] if words else None
    unhelpful = final is not None and final.type == "feedback"
    about = event_at(conn, state.id, int(final.body["seq"])) if final is not None and unhelpful else None
    if not texts and about is not None:
        asked = event_at(conn, state.id, int(about.body.get("answers", 0)))
        texts = (_text(asked),) if asked is not None else ()
    return Material(
        conversation=state.id,
        locale=state.locale,
        at=final.at if final is not None else now,
        texts=texts,
        history=_history(conn, state, first),
        misses=state.misses,
        chosen=str(final.body["entry"]) if final is not None and final.type == "chosen" else None,
        unhelpful=unhelpful,
        rejected=about.body.get("entry") if about is not None else None,
        customer=state.customer,
    )


def _between(conn: Connection, conversation: str, first: int, last: int) -> list[Event]:
    within = select(events).where(events.c.conversation == conversation, events.c.seq.between(first, last))
    return [as_event(row) for row in conn.execute(within.order_by(events.c.seq))]


def _is_word(event: Event) -> bool:
    if event.from_kind != "shopper":
        return False
    return event.type in _SAID or (event.type == "feedback" and not event.body.get("helpful", True))


def _text(event: Event) -> str:
    return str(event.body.get("text") or event.body.get("question") or "")


def _history(conn: Connection, state: State, first: int) -> tuple[tuple[str, str], ...]:
    """The last words before the turn; the greeting and what lies before the last closing are left out."""
    e = events.c
    earlier = select(events).where(
        e.conversation == state.id, e.seq > max(state.cut_seq, _GREETING), e.seq < first, e.type.in_(_SAID)
    )
    found = [as_event(row) for row in conn.execute(earlier.order_by(e.seq.desc()).limit(HISTORY))]
    return tuple((event.from_kind, _text(event)) for event in reversed(found))


def _fault(taken: Taken, said: str) -> dict[str, Any]:
    return {
        "kind": "escalate",
        "text": said,
        "entry": None,
        "revision": None,
        "offers": [],
        "confidence": 0.0,
        "mood": {"label": "calm", "score": 0.0, "evidence": None},
        "wish": {"human": False, "score": 0.0, "evidence": None},
        "topic": None,
        "reasons": [{"code": "fault", "text": f"{taken.tries}"}],
        "hits": [],
        "release": "",
        "policy": "",
        "ms": {},
    }
