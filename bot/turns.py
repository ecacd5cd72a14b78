"""Owed turns: take one by a lease, decide outside every transaction, finish in one.

Nothing here waits inside a transaction: `take` and `finish` are short writes, and whatever thinks runs
between them. A decision whose lease or epoch has gone is dropped without a trace.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, func, not_, or_, select, update
from sqlalchemy.sql import ColumnElement

from bot.commands import BOT, Decide
from bot.conversation import Refused
from bot.log import Appended, Clock, Log, utcnow
from bot.material import Material, read_material
from bot.project import load
from bot.tables import turns
from kb.store import Store

if TYPE_CHECKING:
    from bot.decision import Decision

__all__ = ["DecidedWords", "Material", "Taken", "Turns", "escalation"]

LEASE = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(seconds=30)
FAILURES = 2
BACKOFF = timedelta(milliseconds=500)


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
        return self._lease_until(taken, self.clock() + LEASE)

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
        self._lease_until(taken, self.clock() + BACKOFF)
        self.log.look()

    def _lease_until(self, taken: Taken, until: datetime) -> bool:
        values = {"turn": taken.id, "lease": taken.lease, "until": until}
        return self.store.write(lambda conn: conn.execute(_RENEW, values).rowcount, durable=False) == 1

    def fault(self, taken: Taken) -> Appended | None:
        """Failure is never silence: a person takes over, or the shopper is told that none can."""
        from bot.compose import language

        spoken, words = language(taken.material.turn()), self.log.around.words
        said = words("escalate_fault", spoken)
        alone = words("escalate_fault_away", spoken, opens_at=taken.material.back_at)
        decided = DecidedWords("escalate", said, _fault(taken, said), alone, reason="fault")
        return self.finish(taken, decided)

    def next_due(self) -> datetime | None:
        """When something can be taken next; it may be past."""
        with self.store.read() as conn:
            found: datetime | None = conn.scalar(_NEXT_DUE)
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
        row = conn.execute(_DUE, {"now": now}).mappings().one_or_none()
        if row is None:
            return None
        taking = {"taken_by": secrets.token_hex(12), "taken_until": now + LEASE, "tries": row["tries"] + 1}
        conn.execute(_TAKE, taking | {"turn": row["id"]})
        return dict(row) | taking

    def _read(self, row: Mapping[str, Any]) -> Taken | None:
        """The material of a leased turn; None when the bot has left the chat meanwhile."""
        now = self.clock()
        with self.store.read() as conn:
            state = load(conn, row["conversation"])
            if state is None or state.owner_kind != "bot":
                return None
            duty = self.log.around.can_come(conn, state.desk, now)
            material = read_material(conn, state, (row["first_seq"], row["last_seq"]), now, duty)
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


_NEXT_DUE = select(func.min(func.coalesce(turns.c.taken_until, turns.c.due_at))).where(_first_of_its_chat())
_READY = or_(
    and_(turns.c.taken_by.is_(None), turns.c.due_at <= bindparam("now")),
    and_(turns.c.taken_by.is_not(None), turns.c.taken_until <= bindparam("now")),
)
_DUE = (
    select(turns)
    .where(_READY, _first_of_its_chat())
    .order_by(turns.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True, of=turns)
)
_TAKE = (
    update(turns)
    .where(turns.c.id == bindparam("turn"))
    .values({name: bindparam(name) for name in ("taken_by", "taken_until", "tries")})
)
_RENEW = (
    update(turns)
    .where(turns.c.id == bindparam("turn"), turns.c.taken_by == bindparam("lease"))
    .values(taken_until=bindparam("until"))
)


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
