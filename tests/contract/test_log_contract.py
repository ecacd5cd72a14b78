"""The log on either engine: repeats, guards, projections, positions, erasure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from bot.conversation import (
    BOT,
    SHOPPER,
    SYSTEM,
    Actor,
    Claim,
    Close,
    Decide,
    Erase,
    Feedback,
    Handover,
    LeaveContact,
    Note,
    Open,
    Rate,
    Refused,
    Release,
    Reply,
    Return,
    Say,
    Timeout,
    Transfer,
)
from bot.feed import Wake
from bot.log import NotFound
from bot.tables import events, handlings
from kb.store import Store
from tests.logkit import CHIEF, SATO, SUZUKI, Kit


def refusal(work: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        work(*args, **kwargs)
    return refused.value.code


def test_an_opening_greets_and_repeats(kit: Kit) -> None:
    opening = Open("ja", "https://shop.example/item", {"id": "k1", "name": "山田"})
    first = kit.log.append("c1", opening, SHOPPER, "o1")
    assert [(e.seq, e.type, e.from_kind, e.name) for e in first.events] == [
        (1, "opened", "system", None),
        (2, "message", "bot", "name/ja"),
    ]
    again = kit.log.append("c1", opening, SHOPPER, "o1")
    assert (again.seq, again.at, again.repeated) == (2, first.at, True)
    assert refusal(kit.log.append, "c1", Open("en"), SHOPPER, "o1") == "client_id_reused"
    state = kit.log.state("c1")
    assert state is not None
    assert (state.customer, state.page) == ("k1", "https://shop.example/item")


def test_two_equal_openings_at_once_are_one(kit: Kit) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: kit.log.append("c1", Open(), SHOPPER, "o1"), range(6)))
    assert {each.seq for each in done} == {2}
    assert sum(not each.repeated for each in done) == 1
    assert kit.types("c1") == ["opened", "message"]


def test_an_unknown_conversation_is_not_found(kit: Kit) -> None:
    with pytest.raises(NotFound):
        kit.say("c_none")
    assert kit.log.state("c_none") is None
    assert kit.log.events("c_none").events == ()


def test_a_repeat_gets_the_first_result_also_after_claim_and_close(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    first = kit.say(c, "送料は", "a1")
    handed = kit.do(c, Handover(), client_id="a2")
    assert handed.seq == first.seq + 2
    kit.do(c, Claim(), SATO, "b1")
    replied = kit.do(c, Reply("はい"), SATO, "b2")
    kit.do(c, Close("solved"), SATO, "b3")
    before = kit.types(c)
    kit.clock.forward(hours=1)
    again = kit.say(c, "送料は", "a1")
    assert (again.seq, again.at, again.repeated) == (first.seq, first.at, True)
    assert kit.do(c, Handover(), client_id="a2").seq == handed.seq
    assert kit.do(c, Reply("はい"), SATO, "b2").seq == replied.seq
    assert kit.do(c, Claim(), SATO, "b1").repeated
    assert kit.types(c) == before, "repeats wrote nothing"
    assert refusal(kit.say, c, "別の文", "a1") == "client_id_reused"
    assert refusal(kit.do, c, Handover(), client_id="a1") == "client_id_reused", "the action counts"
    assert refusal(kit.do, c, Note("はい"), SATO, "b2") == "client_id_reused"


def test_client_ids_are_each_actors_own(kit: Kit) -> None:
    c = kit.open()
    kit.say(c, "送料は", "same")
    assert not kit.do(c, Note("見た"), SATO, "same").repeated
    assert not kit.do(c, Note("見た"), SUZUKI, "same").repeated
    assert not kit.do(kit.open(), Say("送料は"), SHOPPER, "same").repeated


def test_a_write_without_an_event_repeats_too(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.do(c, Handover())
    kit.do(c, Claim(), SATO)
    kit.do(c, Note("内緒"), SATO)
    nothing = kit.do(c, Handover(), client_id="h")
    assert (nothing.events, nothing.seq) == ((), 5), "the last one that the shopper may see"
    assert kit.do(c, Claim(), SATO, "b").seq == 6
    kit.say(c, "もしもし")
    assert kit.do(c, Handover(), client_id="h").seq == 5
    assert kit.log.seen(c, "shopper", "h") and not kit.log.seen(c, "shopper", "i")
    assert refusal(kit.say, c, "x", "h") == "client_id_reused"


def test_an_epoch_that_has_passed_is_refused(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    epoch = kit.log.state(c).epoch
    kit.do(c, Handover())
    assert refusal(kit.log.append, c, Close(), SHOPPER, epoch=epoch) == "stale_epoch"
    kit.log.append(c, Claim(), SATO, epoch=epoch + 1)


def test_of_two_who_claim_one_wins(kit: Kit) -> None:
    kit.on_duty(SATO, SUZUKI)
    for _ in range(5):
        c = kit.open()
        kit.do(c, Handover())
        gate = threading.Barrier(6)

        def claim(actor: Actor, c: str = c, gate: threading.Barrier = gate) -> str:
            gate.wait(5)
            try:
                return "won" if kit.log.append(c, Claim(), actor).events else "own"
            except Refused as refused:
                return refused.code

        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(claim, [Actor("agent", f"u_{n}", f"{n}") for n in range(6)]))
        assert sorted(results) == ["already_owned"] * 5 + ["won"]
        assert kit.types(c).count("assigned") == 1


def test_a_decision_computed_before_a_claim_is_never_spoken(kit: Kit) -> None:
    c = kit.open()
    said = kit.say(c)
    taken = kit.turns.take()
    assert taken is not None
    kit.do(c, Claim(), CHIEF)
    late = Decide("answer", taken.first, taken.last, "遅い答え")
    assert refusal(kit.log.append, c, late, BOT, epoch=taken.epoch, lease=taken.lease) == "stale_epoch"
    assert refusal(kit.log.append, c, late, BOT, lease=taken.lease) == "lease_lost", (
        "the lease went with the owner"
    )
    assert kit.types(c)[said.seq :] == ["assigned"]


def test_the_session_keeps_its_numbers_in_the_database(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    assert kit.say(c, "送料っていくら？", "a1").seq == 3
    assert kit.answer(entry="ship-001").seq == 5
    assert kit.do(c, Feedback(5, True)).seq == 6
    assert kit.do(c, Handover()).seq == 8
    assert kit.do(c, Claim(), SATO).seq == 9
    assert kit.do(c, Reply("佐藤です"), SATO).seq == 10
    assert kit.say(c, "沖縄でも？").seq == 11
    assert kit.turns.take() is None, "the bot stays silent"
    assert kit.do(c, Note("要確認"), SATO).seq == 12
    assert kit.do(c, Close("solved"), SATO).seq == 13
    assert kit.do(c, Rate(5)).seq == 14
    assert kit.say(c, "ありがとう、あと返品は？").seq == 16
    page = kit.log.events(c)
    assert [(e.seq, e.prev) for e in page.events][2:] == [
        (3, 2),
        (5, 3),
        (6, 5),
        (7, 6),
        (8, 7),
        (9, 8),
        (10, 9),
        (11, 10),
        (13, 11),
        (14, 13),
        (15, 14),
        (16, 15),
    ]
    queued = next(e for e in page.events if e.type == "queued").public()
    assert queued["body"] == {"ticket": "A-1", "position": 1, "wait": {"low": 20, "high": 90}}
    assert queued["from"] == "system"


def test_nobody_on_duty_keeps_the_bot_and_queues_nobody(kit: Kit) -> None:
    c = kit.open()
    told = kit.do(c, Handover())
    assert [e.type for e in told.events] == ["message"]
    assert told.events[0].public()["from"] == "bot"
    kit.say(c)
    kit.answer(kind="escalate", text="おつなぎします", alone="不在です")
    assert kit.types(c)[-2:] == ["decided", "message"]
    assert kit.events(c)[-1].body["text"] == "不在です"
    assert kit.log.state(c).owner_kind == "bot"


@pytest.mark.parametrize(
    ("seconds", "state", "coming"), [(59, "available", True), (61, "available", False), (0, "away", False)]
)
def test_on_duty_is_available_and_heard_of_within_a_minute(
    kit: Kit, seconds: int, state: str, coming: bool
) -> None:
    kit.on_duty(SATO, state=state)
    c = kit.open()
    kit.clock.forward(seconds=seconds)
    assert ("queued" in [e.type for e in kit.do(c, Handover()).events]) is coming


def test_tickets_count_up_and_places_follow_the_order(kit: Kit) -> None:
    kit.on_duty(SATO)
    chats = [kit.open() for _ in range(3)]
    queued = []
    for c in chats:
        kit.clock.forward(seconds=1)
        queued.append(kit.do(c, Handover()).events[-1].body)
    assert [body["ticket"] for body in queued] == ["A-1", "A-2", "A-3"]
    assert [body["position"] for body in queued] == [1, 2, 3]
    kit.do(chats[2], Claim(), SATO)
    back = kit.do(chats[2], Release(), SATO)
    assert [e.type for e in back.events] == ["released", "queued"]
    assert back.events[-1].body["ticket"] == "A-3"
    assert back.events[-1].body["position"] == 1, "in front"


def test_a_transfer_to_another_desk_keeps_the_ticket(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.do(c, Handover())
    kit.do(c, Claim(), SATO)
    moved = kit.do(c, Transfer("desk:returns"), SATO)
    assert [e.type for e in moved.events] == ["transferred", "queued"]
    assert moved.events[-1].body["ticket"] == "A-1"
    assert kit.log.state(c).desk == "returns"


def test_waits_are_estimated_from_what_chats_took(kit: Kit) -> None:
    kit.on_duty(SATO)
    for _ in range(6):
        c = kit.open()
        kit.do(c, Handover())
        kit.do(c, Claim(), SATO)
        kit.clock.forward(seconds=30)
        kit.see(SATO)
        kit.do(c, Close(), SATO)
    with kit.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(handlings)) == 6
    waits = [kit.do(kit.open(), Handover()).events[-1].body["wait"] for _ in range(6)]
    assert waits[0] == {"low": 20, "high": 90}
    assert waits[5]["high"] < 180, "three behind the three free hands, thirty seconds each by three"


def test_timers_are_judged_again_when_they_come_in(kit: Kit) -> None:
    c = kit.open()
    half_an_hour = Timeout("close", timedelta(minutes=30))
    assert refusal(kit.log.append, c, half_an_hour, BOT) == "not_due"
    kit.clock.forward(minutes=30)
    assert [e.type for e in kit.log.append(c, half_an_hour, BOT).events] == ["closed"]


def test_positions_are_one_order_without_a_hole_and_readers_miss_nothing(kit: Kit) -> None:
    """A reader that follows `since` while many write sees every event once, in order."""
    chats = [kit.open() for _ in range(6)]
    start = kit.log.position()
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        cursor = start
        while True:
            last = done.is_set()
            for event in kit.log.since(cursor, 7):
                seen.append(event.position)
                cursor = event.position
            if last and cursor == kit.log.position():
                return

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda c: [kit.say(c, f"{n}") for n in range(15)], chats))
    done.set()
    reader.join(20)
    assert seen == list(range(start + 1, start + 1 + 6 * 15))


def test_wake_ups_carry_the_position(kit: Kit) -> None:
    heard: list[Wake] = []
    stop = kit.feed.subscribe(heard.append)
    c = kit.open()
    kit.log.typing(c, "agent")
    kit.say(c, "送料は", "a1")
    kit.say(c, "送料は", "a1")
    stop()
    kit.say(c)
    assert heard == [
        Wake("look", kit.log.position() - 2),
        Wake("typing", 0, c, "agent"),
        Wake("look", kit.log.position() - 1),
    ]


def test_pages_are_bounded_and_say_what_is_left(kit: Kit) -> None:
    c = kit.open()
    for n in range(5):
        kit.say(c, str(n))
    kit.do(c, Note("内緒"), SATO)
    page = kit.log.events(c, 2, 3)
    assert ([e.seq for e in page.events], page.seq, page.more) == ([3, 4, 5], 5, True)
    page = kit.log.events(c, page.seq, 3)
    assert ([e.seq for e in page.events], page.seq, page.more) == ([6, 7], 7, False)
    page = kit.log.events(c, 7)
    assert (page.events, page.seq, page.more) == ((), 7, False)
    assert [e.seq for e in kit.log.events(c, 7, shopper=False).events] == [8]


def test_erasing_leaves_seq_type_and_time(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open(customer={"id": "k9", "name": "山田花子"}, page="https://shop.example")
    kit.say(c, "山田花子です", "a1")
    kit.answer()
    kit.do(c, Handover(), client_id="a2")
    kit.do(c, Handover(), client_id="a3")
    kit.do(c, Claim(), SATO)
    kit.do(c, Reply("山田様"), SATO)
    kit.do(c, LeaveContact("hanako@example.jp", "電話ください", "山田花子"))
    before = kit.events(c)
    kit.do(c, Erase(), CHIEF)
    after = kit.events(c)
    assert [(e.seq, e.type, e.at) for e in after[: len(before)]] == [(e.seq, e.type, e.at) for e in before]
    assert [e.type for e in after[len(before) :]] == ["closed", "erased"]
    assert all(e.body == {} and e.name is None for e in after[:-1])
    for table in ("events", "conversations", "receipts", "turns"):
        with kit.store.read() as conn:
            rows = str(conn.execute(text(f"SELECT * FROM {table}")).all())
        gone = ("山田", "hanako", "電話", "k9", "'a1'", "'a2'", "'a3'")
        assert not [word for word in gone if word in rows], table
    state = kit.log.state(c)
    assert state == kit.log.rebuild(c)
    assert (state.generation, state.erased) == (1, True)
    assert refusal(kit.say, c, "まだいる？") == "erased"
    assert refusal(kit.log.append, c, Open(), SHOPPER, "again") == "erased"
    assert kit.do(c, Erase(), SYSTEM).events == ()


def test_rows_can_be_rebuilt_when_they_are_lost(kit: Kit, store: Store) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.say(c, "一")
    kit.answer(kind="decline")
    kit.say(c, "二")
    wanted, owed = kit.log.state(c), kit.owed(c)
    for table in ("conversations", "turns", "handlings"):
        store.write(lambda conn, table=table: conn.execute(text(f"DELETE FROM {table}")).rowcount)
    assert kit.log.rebuild(c) == wanted == kit.log.state(c)
    assert [last for _, last in kit.owed(c)] == [last for _, last in owed]
    assert kit.answer() is not None


def test_returned_and_closed_chats_leave_the_queue(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.do(c, Handover())
    assert [e.type for e in kit.do(c, Return()).events] == ["returned"]
    state = kit.log.state(c)
    assert (state.owner_kind, state.ticket, state.queued_at) == ("bot", None, None)


def test_staff_see_the_log_while_it_is_written_by_others(kit: Kit) -> None:
    c = kit.open()
    with kit.store.read() as conn:
        before = conn.scalar(select(func.count()).select_from(events))
        kit.say(c)
        assert conn.scalar(select(func.count()).select_from(events)) == before
