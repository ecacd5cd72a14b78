"""Events, and the state that they fold into. Pure: a conversation's row is `fold` over its events.

Nothing else may enter a state, so that a row can be rebuilt from the log at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

Owner = Literal["bot", "queue", "agent", "closed"]

HIDDEN = frozenset({"decided", "held", "note"})
"""Event types that are never sent to shoppers."""

_STAFF_ONLY: Mapping[str, frozenset[str]] = {
    "opened": frozenset({"locale", "page", "customer"}),
    "closed": frozenset({"disposition"}),
}


def wire_time(at: datetime) -> str:
    """UTC with milliseconds and Z, as every time on the wire."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    `prev` is the seq of the event before it that the shopper may see. `from_kind` is who caused it as
    people are told; `from_id` is whose write it was (a shopper's hand-over makes events of the system).
    `position` orders the whole log and is 0 until stored.
    """

    conversation: str
    seq: int
    prev: int
    type: str
    at: datetime
    from_kind: str
    from_id: str
    name: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    position: int = 0

    @property
    def shown(self) -> bool:
        return self.type not in HIDDEN

    def public(self) -> dict[str, Any]:
        """As the shopper reads it."""
        private = _STAFF_ONLY.get(self.type, frozenset())
        body = {key: value for key, value in self.body.items() if key not in private}
        return self._wire(self.prev, body)

    def staff(self) -> dict[str, Any]:
        """As staff read it: nothing is left out, so `prev` is the seq before."""
        return self._wire(self.seq - 1, dict(self.body)) | {
            "conversation": self.conversation,
            "position": self.position,
        }

    def _wire(self, prev: int, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "prev": prev,
            "type": self.type,
            "at": wire_time(self.at),
            "from": self.from_kind,
            "name": self.name,
            "body": body,
        }


@dataclass(frozen=True, slots=True)
class State:
    """A conversation as it is after `last_seq`.

    `epoch` counts changes of owner. `heard_seq`: the shopper's last word that asks for an answer;
    `covered_seq`: everything up to here was decided on, or answered by an agent, or cut by closing.
    `asked_at`: since when the oldest uncovered word waits. `queued_at` outlives a claim, so that a
    released chat keeps its waiting time; `front` puts it first. `agent_at`: when the agent took the
    chat or last wrote. `unread`: the shopper's words since a person last wrote.
    """

    id: str
    opened_at: datetime
    last_at: datetime
    owner_kind: Owner = "bot"
    owner_id: str | None = None
    owner_name: str | None = None
    epoch: int = 0
    generation: int = 0
    last_seq: int = 0
    shown_seq: int = 0
    heard_seq: int = 0
    covered_seq: int = 0
    cut_seq: int = 0
    asked_at: datetime | None = None
    unread: int = 0
    misses: int = 0
    desk: str = "main"
    ticket: str | None = None
    queued_at: datetime | None = None
    front: bool = False
    late: bool = False
    reason: str | None = None
    assigned_at: datetime | None = None
    replied_at: datetime | None = None
    agent_at: datetime | None = None
    held: bool = False
    locale: str = "ja"
    page: str | None = None
    customer: str | None = None
    rating: int | None = None
    closed_at: datetime | None = None
    erased: bool = False

    @property
    def owed(self) -> bool:
        """Does the bot owe a decision?"""
        return self.owner_kind == "bot" and self.heard_seq > self.covered_seq

    @property
    def asking(self) -> bool:
        """Has the shopper said something that nobody has answered?"""
        return self.heard_seq > self.covered_seq


def fold(state: State | None, events: Iterable[Event]) -> State:
    for event in events:
        state = apply(state, event)
    if state is None:
        raise ValueError("a conversation has at least one event")
    return state


def apply(state: State | None, event: Event) -> State:
    """The state after one more event. The first one is `opened`."""
    if state is None:
        state = _opened(event)
    else:
        change = _CHANGES.get(event.type)
        state = change(state, event) if change else state
    shown = event.seq if event.shown else state.shown_seq
    return replace(state, last_seq=event.seq, last_at=event.at, shown_seq=shown)


def _opened(event: Event) -> State:
    body = event.body
    customer = body.get("customer") or {}
    return State(
        id=event.conversation,
        opened_at=event.at,
        last_at=event.at,
        locale=body.get("locale", "ja"),
        page=body.get("page"),
        customer=customer.get("id"),
    )


def _owned_by(state: State, owner: Owner, owner_id: str | None = None, name: str | None = None) -> State:
    return replace(
        state, owner_kind=owner, owner_id=owner_id, owner_name=name, epoch=state.epoch + 1, held=False
    )


def _heard(state: State, event: Event) -> State:
    asked_at = state.asked_at if state.asking else event.at
    unread = state.unread + (state.owner_kind != "bot")
    return replace(state, heard_seq=event.seq, asked_at=asked_at, unread=unread)


def _message(state: State, event: Event) -> State:
    if event.from_kind == "shopper":
        return _heard(state, event)
    if event.from_kind != "agent":
        return state
    replied_at = state.replied_at or event.at
    return replace(state, covered_seq=event.seq, agent_at=event.at, replied_at=replied_at, unread=0)


def _missed(misses: int, kind: str) -> int:
    """Turns without an answer in a row; courtesy neither counts nor ends the row."""
    if kind in ("answer", "escalate"):
        return 0
    return misses + (kind in ("offer", "decline"))


def _decided(state: State, event: Event) -> State:
    last = int(event.body.get("last_seq", state.covered_seq))
    covered = max(state.covered_seq, last)
    asked_at = event.at if state.heard_seq > covered else None
    misses = _missed(state.misses, event.body.get("kind", ""))
    return replace(state, covered_seq=covered, misses=misses, asked_at=asked_at)


def _feedback(state: State, event: Event) -> State:
    if event.body.get("helpful", True) or state.owner_kind != "bot":
        return state
    return replace(_heard(state, event), misses=state.misses + 1)


def _escalated(state: State, event: Event) -> State:
    return replace(state, reason=event.body.get("reason"))


def _queued(state: State, event: Event) -> State:
    body = event.body
    if state.owner_kind != "queue":
        state = _owned_by(state, "queue")
    return replace(
        state,
        ticket=body.get("ticket") or state.ticket,
        queued_at=state.queued_at or event.at,
        late=bool(body.get("late", False)),
    )


def _assigned(state: State, event: Event) -> State:
    state = _owned_by(state, "agent", event.from_id, event.name)
    return replace(state, assigned_at=event.at, agent_at=event.at, replied_at=None, front=False, late=False)


def _released(state: State, event: Event) -> State:
    return replace(_owned_by(state, "queue"), front=True)


def _transferred(state: State, event: Event) -> State:
    to = str(event.body.get("to", ""))
    if to == "supervisor" or to.startswith("desk:"):
        return replace(_owned_by(state, "queue"), desk=to.removeprefix("desk:"), front=False)
    return replace(
        _owned_by(state, "agent", to, event.body.get("name")),
        assigned_at=event.at,
        agent_at=event.at,
        replied_at=None,
    )


def _left_desk(state: State) -> State:
    return replace(
        state,
        ticket=None,
        queued_at=None,
        front=False,
        late=False,
        reason=None,
        assigned_at=None,
        replied_at=None,
        agent_at=None,
        unread=0,
        misses=0,
        desk="main",
    )


def _returned(state: State, event: Event) -> State:
    return _left_desk(_owned_by(state, "bot"))


def _closed(state: State, event: Event) -> State:
    state = _left_desk(_owned_by(state, "closed"))
    return replace(state, closed_at=event.at, covered_seq=event.seq, cut_seq=event.seq, asked_at=None)


def _reopened(state: State, event: Event) -> State:
    return replace(_owned_by(state, "bot"), closed_at=None)


def _held(state: State, event: Event) -> State:
    return replace(state, held=bool(event.body.get("on", True)))


def _rated(state: State, event: Event) -> State:
    return replace(state, rating=event.body.get("score"))


def _erased(state: State, event: Event) -> State:
    """Whatever came from a body is gone, so a replay over the emptied events ends in the same state."""
    return State(
        id=state.id,
        opened_at=state.opened_at,
        last_at=state.last_at,
        owner_kind="closed",
        epoch=int(event.body["epoch"]),
        generation=state.generation + 1,
        last_seq=state.last_seq,
        shown_seq=state.shown_seq,
        covered_seq=event.seq,
        cut_seq=event.seq,
        closed_at=event.at,
        erased=True,
    )


_CHANGES: Mapping[str, Callable[[State, Event], State]] = {
    "message": _message,
    "chosen": _heard,
    "decided": _decided,
    "feedback": _feedback,
    "escalated": _escalated,
    "queued": _queued,
    "assigned": _assigned,
    "released": _released,
    "transferred": _transferred,
    "returned": _returned,
    "closed": _closed,
    "reopened": _reopened,
    "held": _held,
    "rated": _rated,
    "erased": _erased,
}
