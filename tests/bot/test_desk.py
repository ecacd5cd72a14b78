"""Who can come, in which order, and how long it takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk import (
    Agent,
    Desk,
    Waiting,
    assignments,
    in_order,
    on_duty,
    place_of,
    places,
    present,
    serves,
    wait_estimate,
)
from bot.hours import read_calendar
from tests.logkit import START


def agent(
    name: str = "a", *, load: int = 0, state: str = "available", seen: float | None = 0, **more: object
) -> Agent:
    seen_at = None if seen is None else START - timedelta(seconds=seen)
    return Agent(name, name, state=state, seen_at=seen_at, load=load, **more)  # type: ignore[arg-type]


def chat(name: str, waited: float, front: bool = False, desk: str = "main") -> Waiting:
    return Waiting(name, desk, START - timedelta(seconds=waited), front)


@pytest.mark.parametrize(
    ("stream", "seen", "here"),
    [
        (None, None, False),
        (44, None, True),
        (46, None, False),
        (None, 60, True),
        (None, 61, False),
        (500, 10, True),
    ],
)
def test_present_is_an_open_stream_or_a_recent_request(
    stream: float | None, seen: float | None, here: bool
) -> None:
    stream_at = None if stream is None else START - timedelta(seconds=stream)
    seen_at = None if seen is None else START - timedelta(seconds=seen)
    assert present(Agent("a", "a", stream_at=stream_at, seen_at=seen_at), START) is here


def test_a_clock_that_went_back_counts_as_present() -> None:
    assert present(agent(seen=-3600), START)


@pytest.mark.parametrize("state", ["away", "wrapup"])
def test_only_the_available_are_on_duty(state: str) -> None:
    assert on_duty([agent(state=state)], Desk(), START) == ()
    busy = agent(load=99)
    assert on_duty([busy], Desk(), START) == (busy,), "busy or not"


def test_nobody_is_on_duty_while_the_desk_is_closed() -> None:
    calendar = read_calendar({"week": {"wed": ["10:00-18:00"]}})
    assert on_duty([agent()], Desk(calendar=calendar), START) == (), "START is 09:00 in Tokyo"
    later = START + timedelta(hours=1)
    assert on_duty([agent(seen=-3600)], Desk(calendar=calendar), later)


def test_who_serves_which_desk() -> None:
    assert serves(agent(), "returns")
    assert serves(agent(desks=("returns",)), "returns")
    assert not serves(agent(desks=("returns",)), "main")
    assert not serves(agent(), "supervisor")
    assert serves(agent(role="supervisor", desks=("main",)), "supervisor")


def test_released_chats_come_first_then_the_longest_waiting() -> None:
    queue = [
        chat("new", 1),
        chat("old", 100),
        chat("back", 50, front=True),
        chat("other", 500, desk="returns"),
    ]
    assert [w.conversation for w in in_order(queue)] == ["back", "other", "old", "new"]
    assert places(queue) == {"back": 1, "old": 2, "new": 3, "other": 1}


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=12))
def test_places_are_one_to_n_and_place_of_agrees(waits: list[tuple[int, bool]]) -> None:
    queue = [chat(f"c{n}", waited, front) for n, (waited, front) in enumerate(waits)]
    found = places(queue)
    assert sorted(found.values()) == list(range(1, len(queue) + 1))
    for waiting in queue:
        assert place_of(waiting, queue) == found[waiting.conversation]


def test_with_a_free_hand_the_wait_is_the_time_to_pick_up() -> None:
    wait = wait_estimate(1, [agent()], 3, [])
    assert (wait.low, wait.high) == (20, 90)


def test_behind_busy_hands_the_wait_follows_what_chats_take() -> None:
    busy = [agent(load=1)]
    quick = wait_estimate(2, busy, 1, [60.0] * 9)
    slow = wait_estimate(2, busy, 1, [600.0] * 9)
    assert quick.low < slow.low and quick.high < slow.high
    assert wait_estimate(2, busy, 1, [600.0] * 4) == wait_estimate(2, busy, 1, []), "too few to tell"
    assert wait_estimate(2, busy * 2, 1, [600.0] * 9).high < slow.high


@given(
    st.integers(1, 60),
    st.lists(st.integers(0, 5), max_size=6),
    st.integers(1, 5),
    st.lists(st.floats(1, 10_000), max_size=60),
)
def test_an_estimate_is_a_range_that_grows_with_the_place(
    place: int, loads: list[int], capacity: int, handled: list[float]
) -> None:
    staff = [agent(f"a{n}", load=load) for n, load in enumerate(loads)]
    wait, next_one = (wait_estimate(p, staff, capacity, handled) for p in (place, place + 1))
    assert 0 < wait.low < wait.high
    assert next_one.low >= wait.low and next_one.high >= wait.high


def test_push_gives_the_first_in_order_to_the_least_busy_then_longest_idle() -> None:
    desk = Desk(push=True, capacity=2)
    staff = [
        agent("full", load=2),
        agent("one", load=1),
        agent("fresh", idle_at=START),
        agent("idle", idle_at=START - timedelta(hours=1)),
        agent("away", state="away"),
    ]
    queue = [
        chat("b", 10),
        chat("a", 20),
        chat("c", 5),
        chat("front", 1, front=True),
        chat("d", 4),
        chat("e", 3),
    ]
    given_out = [(w.conversation, a.id) for w, a in assignments(queue, staff, desk, START)]
    assert given_out == [("front", "idle"), ("a", "fresh"), ("b", "one"), ("c", "idle"), ("d", "fresh")]
