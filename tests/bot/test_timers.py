"""What happens because nothing happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.conversation import Claim, Handover, Hold, Reply
from bot.desk import Desk
from bot.feed import Wake
from bot.timers import Limits, Timers
from kb.store import Store
from tests.logkit import SATO, SUZUKI, Kit, empty, sqlite_store


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = sqlite_store(tmp_path_factory.mktemp("timers"))
    yield made
    made.close()


@pytest.fixture
def store(kept: Store) -> Store:
    empty(kept)
    return kept


@pytest.fixture
def kit(store: Store) -> Kit:
    return Kit(store)


@pytest.fixture
def timers(kit: Kit) -> Timers:
    return Timers(kit.log, Limits())


def queued(kit: Kit) -> str:
    c = kit.open()
    kit.do(c, Handover())
    return c


def claimed(kit: Kit) -> str:
    c = queued(kit)
    kit.do(c, Claim(), SATO)
    return c


def test_a_silent_chat_is_closed_by_the_bot_after_half_an_hour(kit: Kit, timers: Timers) -> None:
    silent, owing = kit.open(), kit.open()
    kit.say(owing)
    kit.clock.forward(minutes=29)
    assert timers.sweep() == 0
    kit.clock.forward(minutes=1)
    assert timers.sweep() == 1
    last = kit.events(silent)[-1]
    assert (last.type, last.from_kind, last.staff()["body"]) == ("closed", "bot", {"disposition": "silence"})
    assert kit.log.state(owing).owner_kind == "bot", "something is owed"
    assert timers.sweep() == 0


def test_a_silent_agent_loses_the_chat_to_the_front_of_the_queue(kit: Kit, timers: Timers) -> None:
    kit.on_duty(SATO)
    c = claimed(kit)
    waited_since = kit.log.state(c).queued_at
    other = queued(kit)
    kit.clock.forward(minutes=10)
    kit.see(SATO)
    assert timers.sweep() == 1, "the other one is told that it takes long; nobody asked this agent anything"
    kit.say(c, "もしもし")
    kit.clock.forward(minutes=4, seconds=59)
    kit.see(SATO)
    assert timers.sweep() == 0
    kit.clock.forward(seconds=1)
    assert timers.sweep() == 1
    state = kit.log.state(c)
    assert (state.owner_kind, state.front, state.queued_at) == ("queue", True, waited_since)
    assert kit.events(c)[-2].body == {"reason": "silence"}
    assert kit.events(c)[-1].body["position"] == 1
    assert kit.log.state(other).owner_kind == "queue"


def test_an_agent_who_answers_keeps_the_chat(kit: Kit, timers: Timers) -> None:
    kit.on_duty(SATO)
    c = claimed(kit)
    kit.say(c)
    kit.do(c, Reply("はい"), SATO)
    kit.clock.forward(minutes=20)
    kit.see(SATO)
    assert timers.sweep() == 0


def test_a_lost_agents_chats_go_back(kit: Kit, timers: Timers) -> None:
    kit.on_duty(SATO, SUZUKI)
    c, kept = claimed(kit), claimed(kit)
    kit.do(kept, Hold(True), SATO)
    kit.clock.forward(seconds=59)
    assert timers.sweep() == 0
    kit.clock.forward(seconds=2)
    kit.see(SUZUKI)
    assert timers.sweep() == 1
    assert kit.events(c)[-2].body == {"reason": "lost"}
    assert kit.log.state(kept).owner_kind == "agent", "held chats run no time-outs"


def test_who_waits_long_is_told_once_and_honestly(kit: Kit, timers: Timers) -> None:
    kit.on_duty(SATO)
    c = queued(kit)
    kit.clock.forward(minutes=3)
    kit.see(SATO)
    assert timers.sweep() == 1
    body = kit.events(c)[-1].body
    assert kit.events(c)[-1].type == "queued"
    assert (body["ticket"], body["position"], body["late"], body["nobody"]) == ("A-1", 1, True, False)
    assert timers.sweep() == 0
    gone = queued(kit)
    kit.clock.forward(minutes=5)
    assert timers.sweep() == 1
    assert kit.events(gone)[-1].body["nobody"] is True


def test_a_timer_that_was_overtaken_does_nothing(kit: Kit, timers: Timers) -> None:
    c = kit.open()
    kit.clock.forward(minutes=40)
    with kit.store.read() as conn:
        due = timers._silent(conn, kit.clock())
    kit.say(c)
    assert [timers._do(each) for each in due] == [False]
    assert kit.types(c)[-1] == "message"


def test_a_push_desk_gives_chats_out(store: Store) -> None:
    desks = {"main": Desk(push=True, capacity=1)}
    kit = Kit(store, options={"desks": desks})
    timers = Timers(kit.log)
    kit.on_duty(SATO, SUZUKI)
    chats = []
    for _ in range(3):
        chats.append(queued(kit))
        kit.clock.forward(seconds=1)
    assert timers.sweep() == 2
    owners = [kit.log.state(c).owner_kind for c in chats]
    assert owners == ["agent", "agent", "queue"]
    assert {kit.log.state(c).owner_id for c in chats[:2]} == {"u_sato", "u_suzuki"}
    assert kit.events(chats[0])[-1].from_kind == "agent"
    assert timers.sweep() == 0


def test_the_thread_sweeps_on_news_for_push_desks(store: Store) -> None:
    kit = Kit(store, options={"desks": {"main": Desk(push=True)}})
    kit.on_duty(SATO)
    assigned = threading.Event()

    def heard(wake: Wake) -> None:
        if kit.log.since(wake.position - 1)[-1].type == "assigned":
            assigned.set()

    kit.feed.subscribe(heard)
    timers = Timers(kit.log)
    timers.start()
    queued(kit)
    assert assigned.wait(5)
    timers.stop()


def test_limits_can_be_set(kit: Kit) -> None:
    kit.open()
    kit.clock.forward(minutes=2)
    assert Timers(kit.log, Limits(close=timedelta(minutes=1))).sweep() == 1
