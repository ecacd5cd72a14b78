"""Owed turns on either engine: taken once, decided once, never lost, never by a late mouth."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.conversation import SHOPPER, Choose, Claim, Close, Feedback, Handover, Reply, Return, Say
from bot.desk import Desk
from bot.hours import read_calendar
from bot.tables import turns as table
from bot.turns import DecidedWords, Material, Turns
from bot.worker import Worker
from kb.store import Store
from tests.logkit import CHIEF, SATO, Kit

YES = DecidedWords("answer", "はい。")


@pytest.fixture
def slow(store: Store) -> Kit:
    """With the usual pause."""
    return Kit(store, options={"burst": timedelta(seconds=1.5)})


def covered(kit: Kit, c: str) -> list[tuple[int, int]]:
    """(seq of a shopper's word while the bot owned, number of decisions that cover it)."""
    some = kit.events(c)
    spans = [(e.body["first_seq"], e.body["last_seq"]) for e in some if e.type == "decided"]
    words = [e.seq for e in some if e.type == "message" and e.from_kind == "shopper"]
    return [(seq, sum(first <= seq <= last for first, last in spans)) for seq in words]


def test_words_of_a_burst_are_one_turn(slow: Kit) -> None:
    c = slow.open()
    slow.say(c, "すみません")
    slow.clock.forward(seconds=1)
    slow.say(c, "送料")
    assert slow.turns.take() is None
    slow.clock.forward(seconds=1)
    assert slow.turns.take() is None, "the second word began the pause anew"
    slow.clock.forward(seconds=0.5)
    taken = slow.turns.take()
    assert taken is not None
    assert (taken.first, taken.last, taken.material.texts) == (3, 4, ("すみません", "送料"))


def test_the_pause_ends_four_seconds_after_the_first_word(slow: Kit) -> None:
    c = slow.open()
    for _ in range(4):
        slow.say(c, "あと")
        slow.clock.forward(seconds=1)
    assert slow.turns.take() is not None


def test_the_end_of_a_sentence_shortens_the_pause(slow: Kit) -> None:
    slow.say(slow.open(), "送料はいくらですか？")
    slow.clock.forward(seconds=0.6)
    assert slow.turns.take() is not None


def test_typing_extends_the_pause_but_not_beyond_four_seconds(slow: Kit) -> None:
    c = slow.open()
    slow.say(c, "あの")
    slow.clock.forward(seconds=1.4)
    slow.log.typing(c, "shopper")
    slow.clock.forward(seconds=1)
    assert slow.turns.take() is None
    for _ in range(3):
        slow.clock.forward(seconds=0.9)
        slow.log.typing(c, "shopper")
    assert slow.turns.take() is not None


def test_a_taken_turn_is_frozen_and_later_words_open_the_next(kit: Kit) -> None:
    c = kit.open()
    kit.say(c, "一")
    taken = kit.turns.take()
    kit.say(c, "二")
    kit.say(c, "三")
    assert kit.owed(c) == [(3, 3), (4, 5)]
    assert kit.turns.take() is None, "answers come in the order of the questions"
    assert kit.turns.finish(taken, YES).seq == 7, "a newer word refuses no frozen turn"
    then = kit.turns.take()
    assert (then.first, then.last, then.material.texts) == (4, 5, ("二", "三"))
    kit.turns.finish(then, YES)
    assert kit.owed(c) == []
    assert covered(kit, c) == [(3, 1), (4, 1), (5, 1)]
    assert [e.body["answers"] for e in kit.events(c) if "answers" in e.body] == [3, 5]


def test_a_lease_runs_out_and_another_takes_the_same_range(kit: Kit) -> None:
    c = kit.open()
    kit.say(c, "一")
    lost = kit.turns.take()
    kit.say(c, "二")
    kit.clock.forward(seconds=4)
    assert kit.turns.renew(lost)
    kit.clock.forward(seconds=4)
    assert kit.turns.take() is None
    kit.clock.forward(seconds=1)
    again = kit.turns.take()
    assert (again.first, again.last, again.tries) == (lost.first, lost.last, 2)
    assert not kit.turns.renew(lost)
    assert kit.turns.finish(lost, YES) is None
    assert kit.turns.finish(again, YES) is not None
    assert kit.turns.finish(again, YES) is None, "once"


def test_leaving_the_bot_drops_the_turn_and_returning_owes_it(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.say(c, "一")
    taken = kit.turns.take()
    kit.do(c, Handover())
    assert kit.owed(c) == []
    assert kit.turns.finish(taken, YES) is None
    kit.say(c, "二")
    kit.do(c, Return())
    again = kit.turns.take()
    assert again.material.texts == ("一", "二")


def test_what_an_agent_answered_is_not_owed_on_return(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.do(c, Handover())
    kit.do(c, Claim(), SATO)
    kit.say(c, "一")
    kit.do(c, Reply("はい"), SATO)
    kit.do(c, Return(), SATO)
    assert kit.turns.take() is None


def test_closing_while_the_bot_thinks(kit: Kit) -> None:
    c = kit.open()
    kit.say(c)
    taken = kit.turns.take()
    kit.do(c, Close())
    assert kit.turns.finish(taken, YES) is None
    kit.say(c, "返品は")
    then = kit.turns.take()
    assert then.material.texts == ("返品は",)
    assert then.material.history == (), "what was said before the closing is cut"


def test_two_failures_hand_over(kit: Kit) -> None:
    kit.on_duty(SATO)
    c = kit.open()
    kit.say(c)
    kit.turns.fail(kit.turns.take())
    assert kit.turns.take() is None, "not at once"
    kit.clock.forward(seconds=0.5)
    kit.turns.fail(kit.turns.take())
    assert kit.types(c)[3:] == ["decided", "message", "escalated", "queued"]
    assert kit.events(c)[-2].body["reason"] == "fault"


def test_a_turn_that_nobody_decided_in_thirty_seconds_is_handed_over(kit: Kit) -> None:
    c = kit.open()
    kit.say(c)
    kit.clock.forward(seconds=31)
    assert kit.turns.take() is None
    assert kit.types(c)[3:] == ["decided", "message"], "nobody is there: said honestly"
    assert kit.events(c)[-1].body["text"] == "escalate_fault_away/ja"
    assert covered(kit, c) == [(3, 1)]


@pytest.mark.parametrize(("said", "spoken"), [("请问运费多少？", "zh"), ("배송비가 얼마예요?", "ko")])
def test_a_fault_is_told_in_the_shoppers_language(kit: Kit, said: str, spoken: str) -> None:
    c = kit.open()
    kit.say(c, said)
    kit.turns.fault(kit.turns.take())
    assert kit.events(c)[-1].body["text"] == f"escalate_fault_away/{spoken}"
    kit.on_duty(SATO)
    kit.say(c, said)
    kit.turns.fault(kit.turns.take())
    assert kit.types(c)[-4:] == ["decided", "message", "escalated", "queued"]
    assert kit.events(c)[-3].body["text"] == f"escalate_fault/{spoken}"


def test_a_fault_after_hours_says_when_the_desk_opens(store: Store) -> None:
    calendar = read_calendar({"week": {"wed": ["10:00-18:00"]}})
    kit = Kit(store, options={"desks": {"main": Desk(calendar=calendar)}})
    c = kit.open()
    kit.say(c, "Where is my parcel?")
    kit.turns.fault(kit.turns.take())
    assert kit.events(c)[-1].body["text"] == "escalate_fault_away/en/07-01 10:00"


def test_a_restart_frees_leases_and_counts_time_anew(kit: Kit) -> None:
    c = kit.open()
    kit.say(c)
    kit.turns.take()
    kit.clock.forward(seconds=2)
    Turns(kit.log, clock=kit.clock).start()
    again = kit.turns.take()
    if kit.store.dialect == "sqlite":
        assert again is not None
        assert again.tries == 2
    else:
        assert again is None, "on PostgreSQL another process may hold it"


def test_a_clock_that_jumps_delays_but_loses_nothing(kit: Kit) -> None:
    c = kit.open()
    kit.say(c)
    taken = kit.turns.take()
    kit.clock.forward(hours=-3)
    assert kit.turns.take() is None
    assert kit.turns.finish(taken, YES) is not None
    ats = [e.at for e in kit.events(c)]
    assert ats == sorted(ats)


def test_material_of_a_chosen_question(kit: Kit) -> None:
    c = kit.open()
    kit.say(c, "送料")
    kit.answer(kind="offer", text="どちらですか", offers=({"entry": "e1", "question": "送料はいくら"},))
    kit.do(c, Choose(5, "e1"))
    material = kit.turns.take().material
    assert (material.chosen, material.text, material.misses) == ("e1", "送料はいくら", 1)
    assert material.history == (("shopper", "送料"), ("bot", "どちらですか"))
    assert material.turn().chosen == "e1"


def test_material_of_an_unhelpful_answer(kit: Kit) -> None:
    c = kit.open()
    kit.say(c, "送料")
    kit.answer(entry="e1")
    kit.do(c, Feedback(5, True))
    assert kit.turns.take() is None
    kit.do(c, Feedback(5, False))
    taken = kit.turns.take()
    material = taken.material
    assert (material.unhelpful, material.rejected, material.text, material.misses) == (True, "e1", "送料", 1)
    assert kit.turns.finish(taken, YES).events[-1].body["answers"] == 7


def test_material_knows_who_is_there(kit: Kit) -> None:
    c = kit.open(locale="en")
    kit.say(c)
    material = kit.turns.take().material
    assert (material.on_duty, material.locale) == (False, "en")
    kit.on_duty(SATO)
    c = kit.open()
    kit.say(c)
    assert kit.turns.take().material.on_duty


def test_a_burst_while_workers_decide_covers_every_word_once(kit: Kit) -> None:
    chats = [kit.open() for _ in range(4)]
    failing = {"left": 3}

    def decide(material: Material) -> DecidedWords:
        if failing["left"] > 0:
            failing["left"] -= 1
            raise LookupError("a fault of the thinking")
        return YES

    turns = Turns(kit.log)
    kit.log.clock = turns.clock
    worker = Worker(turns, decide, kit.feed, threads=3)
    idle = threading.Event()
    worker.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda c: [kit.say(c, f"{n}") for n in range(12)], chats))
        for _ in range(200):
            if turns.owed() == 0:
                break
            idle.wait(0.05)
    finally:
        worker.stop()
    for c in chats:
        assert len(covered(kit, c)) == 12
        assert {n for _, n in covered(kit, c)} == {1}, c
        bots = [e.body["answers"] for e in kit.events(c) if e.from_kind == "bot" and "answers" in e.body]
        assert bots == sorted(set(bots))


def test_a_worker_that_is_stopped_finishes_what_it_decides(kit: Kit) -> None:
    deciding, go = threading.Event(), threading.Event()

    def decide(material: Material) -> DecidedWords:
        deciding.set()
        go.wait(5)
        return YES

    turns = Turns(kit.log)
    kit.log.clock = turns.clock
    c = kit.open()
    worker = Worker(turns, decide, kit.feed, threads=1)
    worker.start()
    kit.say(c)
    assert deciding.wait(5)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    go.set()
    stopping.join(10)
    assert kit.types(c)[-2:] == ["decided", "message"]


ACTS = st.sampled_from(
    ["say", "take", "finish", "fail", "handover", "return", "claim", "close", "wait", "unhelpful", "restart"]
)


SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # emptied by the test; a busy machine


@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
@given(st.lists(ACTS, min_size=3, max_size=25))
def test_whatever_happens_every_word_is_covered_once_and_rows_equal_their_rebuild(
    kit: Kit, acts: list[str]
) -> None:
    kit.store.write(lambda conn: conn.execute(table.delete()).rowcount)
    kit.on_duty(SATO, CHIEF)
    c, held = kit.open(), []
    for act in acts:
        try:
            _act(kit, c, act, held)
        except Exception as error:
            if type(error).__name__ != "Refused":
                raise
    kit.clock.forward(seconds=6)
    while (taken := kit.turns.take()) is not None:
        kit.turns.finish(taken, YES)
    state = kit.log.state(c)
    assert not state.owed and kit.owed(c) == []
    assert all(n <= 1 for _, n in covered(kit, c))
    spans = [(e.body["first_seq"], e.body["last_seq"]) for e in kit.events(c) if e.type == "decided"]
    assert spans == sorted(spans) and all(a[1] < b[0] for a, b in pairwise(spans))
    assert kit.log.rebuild(c) == state


def _act(kit: Kit, c: str, act: str, held: list[object]) -> None:
    kit.see(SATO, CHIEF)
    match act:
        case "say":
            kit.log.append(c, Say("送料は"), SHOPPER, secrets.token_hex(4))
        case "take":
            taken = kit.turns.take()
            held += [taken] if taken else []
        case "finish" if held:
            kit.turns.finish(held.pop(), YES)  # type: ignore[arg-type]
        case "fail" if held:
            kit.turns.fail(held.pop())  # type: ignore[arg-type]
        case "handover":
            kit.do(c, Handover())
        case "return":
            kit.do(c, Return())
        case "claim":
            kit.do(c, Claim(), CHIEF)
        case "close":
            kit.do(c, Close())
        case "wait":
            kit.clock.forward(seconds=6)
        case "unhelpful":
            kit.do(c, Feedback(2, False))
        case "restart":
            kit.store.write(
                lambda conn: (
                    conn.execute(
                        update(table).where(table.c.taken_by.is_not(None)).values(taken_until=kit.clock())
                    ).rowcount
                )
            )
