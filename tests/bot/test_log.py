"""Random lives through the real log: rows equal their rebuild, the log has no hole, readers miss nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.conversation import (
    SHOPPER,
    SYSTEM,
    Actor,
    Choose,
    Claim,
    Close,
    Command,
    Erase,
    Feedback,
    Handover,
    Hold,
    LeaveContact,
    Note,
    Rate,
    Refused,
    Release,
    Reply,
    Return,
    Say,
    State,
    Timeout,
    Transfer,
    fold,
)
from bot.tables import handlings
from bot.turns import DecidedWords
from tests.logkit import CHIEF, SATO, SUZUKI, Kit, sqlite_store


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    made = Kit(sqlite_store(tmp_path_factory.mktemp("log")))
    yield made
    made.store.close()


COMMANDS: list[tuple[Command | str, Actor]] = [
    (Say("送料はいくらですか"), SHOPPER),
    (Say("あと返品"), SHOPPER),
    ("answer", SHOPPER),
    ("offer", SHOPPER),
    ("escalate", SHOPPER),
    (Choose(5, "e1"), SHOPPER),
    (Handover(), SHOPPER),
    (Return(), SHOPPER),
    (Return(), SATO),
    (Feedback(2, False), SHOPPER),
    (Feedback(2, True), SHOPPER),
    (Rate(4, "よい"), SHOPPER),
    (LeaveContact("a@example.jp", "連絡ください"), SHOPPER),
    (Close(), SHOPPER),
    (Close("solved"), SATO),
    (Claim(), SATO),
    (Claim(), SUZUKI),
    (Claim(), CHIEF),
    (Reply("承ります", "e1"), SATO),
    (Reply("承ります"), CHIEF),
    (Note("要確認"), SATO),
    (Release(), SATO),
    (Transfer("u_suzuki", "鈴木"), SATO),
    (Transfer("desk:returns"), SATO),
    (Transfer("supervisor"), CHIEF),
    (Hold(True), SATO),
    (Hold(False), SATO),
    (Timeout("close"), SYSTEM),
    (Timeout("waiting"), SYSTEM),
    (Timeout("agent_silent"), SYSTEM),
    (Timeout("agent_lost"), SYSTEM),
]
LIVES = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(COMMANDS), st.booleans(), st.integers(0, 3000)), max_size=30
)


def live(kit: Kit, chats: list[str], life: list[tuple[int, tuple[Command | str, Actor], bool, int]]) -> None:
    for which, (command, actor), staffed, seconds in life:
        kit.clock.forward(seconds=seconds)
        kit.on_duty(SATO, CHIEF, state="available" if staffed else "away")
        try:
            if isinstance(command, str):
                _decide(kit, command)
            else:
                client_id = None if actor is SYSTEM else secrets.token_hex(6)
                kit.log.append(chats[which], command, actor, client_id)
        except Refused:
            continue


def _decide(kit: Kit, kind: str) -> None:
    taken = kit.turns.take()
    offers: Any = ({"entry": "e1", "question": "送料はいくら"},) if kind == "offer" else ()
    if taken is not None:
        kit.turns.finish(taken, DecidedWords(kind, "はい。", {"kind": kind}, offers=offers))


SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # emptied by the test; a busy machine


@settings(max_examples=15, deadline=None, suppress_health_check=SHARED)
@given(LIVES)
def test_after_any_life(kit: Kit, life: list[tuple[int, tuple[Command | str, Actor], bool, int]]) -> None:
    start = kit.log.position()
    chats = [kit.open(customer={"id": "k1"}) for _ in range(3)]
    live(kit, chats, life)
    for c in chats:
        _looks_right(kit, c)
    whole = kit.log.since(start)
    assert [event.position for event in whole] == list(range(start + 1, kit.log.position() + 1))


def _looks_right(kit: Kit, c: str) -> None:
    some = kit.events(c)
    state = kit.log.state(c)
    assert state == fold(None, some), "the row is the fold of the events"
    assert [event.seq for event in some] == list(range(1, len(some) + 1))
    assert all(a.at <= b.at for a, b in pairwise(some))
    shown = [event for event in some if event.shown]
    assert list(kit.log.events(c).events) == shown
    assert [event.prev for event in shown] == [0, *(event.seq for event in shown)][:-1]
    owed, rows = kit.owed(c), _handled(kit, c)
    assert bool(owed) is state.owed
    if owed:
        assert (owed[0][0] > state.covered_seq) and owed[-1][1] == state.heard_seq
    assert kit.log.rebuild(c) == state
    assert (kit.owed(c), _handled(kit, c)) == (owed, rows), "projections are their rebuild"
    kit.log.append(c, Erase(), SYSTEM)
    erased: State = kit.log.rebuild(c)
    assert erased == fold(None, kit.events(c))
    assert not erased.owed and kit.owed(c) == []


def _handled(kit: Kit, c: str) -> list[Any]:
    with kit.store.read() as conn:
        found = select(handlings).where(handlings.c.conversation == c).order_by(handlings.c.seq)
        return [tuple(row) for row in conn.execute(found)]
