"""What a decision about a turn may depend on, read from the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select

from bot.conversation import Event, State
from bot.reads import as_event, event_at
from bot.tables import events

if TYPE_CHECKING:
    from bot.decision import Turn

HISTORY = 20
_GREETING = 2
_SAID = ("message", "chosen")

_IN_CHAT = select(events).where(events.c.conversation == bindparam("chat"))
_BETWEEN = _IN_CHAT.where(events.c.seq.between(bindparam("first"), bindparam("last"))).order_by(events.c.seq)
_EARLIER = (
    _IN_CHAT.where(
        events.c.seq > bindparam("after"), events.c.seq < bindparam("before"), events.c.type.in_(_SAID)
    )
    .order_by(events.c.seq.desc())
    .limit(HISTORY)
)


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


def read_material(
    conn: Connection, state: State, span: tuple[int, int], now: datetime, duty: tuple[bool, datetime | None]
) -> Material:
    """The turn `span` of a conversation as it is now. `duty`: can a person come, and if not, from when."""
    first, last = span
    between = conn.execute(_BETWEEN, {"chat": state.id, "first": first, "last": last})
    words = [event for event in map(as_event, between) if _is_word(event)]
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
        on_duty=duty[0],
        back_at=duty[1],
        misses=state.misses,
        chosen=str(final.body["entry"]) if final is not None and final.type == "chosen" else None,
        unhelpful=unhelpful,
        rejected=about.body.get("entry") if about is not None else None,
        customer=state.customer,
    )


def _is_word(event: Event) -> bool:
    if event.from_kind != "shopper":
        return False
    return event.type in _SAID or (event.type == "feedback" and not event.body.get("helpful", True))


def _text(event: Event) -> str:
    return str(event.body.get("text") or event.body.get("question") or "")


def _history(conn: Connection, state: State, first: int) -> tuple[tuple[str, str], ...]:
    """The last words before the turn; the greeting and what lies before the last closing are left out."""
    limits = {"chat": state.id, "after": max(state.cut_seq, _GREETING), "before": first}
    found = [as_event(row) for row in conn.execute(_EARLIER, limits)]
    return tuple((event.from_kind, _text(event)) for event in reversed(found))
