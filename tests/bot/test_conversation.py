"""The table of life: every pair of state and command, and what folding promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation import (
    BOT,
    LIFE,
    SHOPPER,
    SYSTEM,
    Actor,
    Assign,
    Choose,
    Claim,
    Close,
    Command,
    Decide,
    Drop,
    Erase,
    Event,
    Feedback,
    Handover,
    Hold,
    LeaveContact,
    Note,
    Open,
    Outcome,
    Owe,
    Rate,
    Refused,
    Release,
    Reply,
    Return,
    Say,
    State,
    Timeout,
    Transfer,
    World,
    begin,
    fold,
    row,
    step,
)
from tests.logkit import CHIEF, SATO, START, SUZUKI, words

OFFER = Event("c", 4, 3, "message", START, "bot", "bot", None, {"offers": [{"entry": "e", "question": "Q"}]})
DAY = timedelta(days=1)
COMING = World(words, can_come=True, ticket="A-12", about=OFFER, owner_present=False)
ALONE = replace(COMING, can_come=False)


def run(
    state: State | None, command: Command, actor: Actor, world: World = COMING, later: timedelta = DAY
) -> Outcome:
    return step(state, command, actor, (state.last_at if state else START) + later, world)


def opened() -> State:
    return begin("c", Open(), SHOPPER, START, COMING).state


STATES = {
    "bot": opened(),
    "queue": run(opened(), Handover(), SHOPPER).state,
    "agent": run(run(run(opened(), Handover(), SHOPPER).state, Claim(), SATO).state, Say("?"), SHOPPER).state,
    "closed": run(opened(), Close(), SHOPPER).state,
}
DECIDED = Decide(kind="answer", first=3, last=3, text="はい")

_SAID = {"bot": "message", "queue": "message", "agent": "message", "closed": "reopened message"}
_NOT_OWNER = {"bot": "!not_owner", "queue": "!not_owner", "closed": "!closed"}


def _everywhere(types: str) -> dict[str, str]:
    return dict.fromkeys(("bot", "queue", "agent", "closed"), types)


# (command, who, whether a person can come) → in each state: the events, or !code. Written out from the
# design's table, not derived from LIFE.
WALK: list[tuple[Command, Actor, World, dict[str, str]]] = [
    (Say("x"), SHOPPER, COMING, _SAID),
    (Choose(4, "e"), SHOPPER, COMING, {k: v.replace("message", "chosen") for k, v in _SAID.items()}),
    (Choose(4, "other"), SHOPPER, COMING, _everywhere("!not_offered")),
    (DECIDED, BOT, COMING, _NOT_OWNER | {"bot": "decided message", "agent": "!not_owner"}),
    (
        replace(DECIDED, kind="escalate"),
        BOT,
        COMING,
        _NOT_OWNER | {"bot": "decided message escalated queued", "agent": "!not_owner"},
    ),
    (
        replace(DECIDED, kind="escalate", text=None),
        BOT,
        COMING,
        _NOT_OWNER | {"bot": "decided escalated queued", "agent": "!not_owner"},
    ),
    (
        replace(DECIDED, kind="escalate"),
        BOT,
        ALONE,
        _NOT_OWNER | {"bot": "decided message", "agent": "!not_owner"},
    ),
    (
        Handover(),
        SHOPPER,
        COMING,
        {"bot": "escalated queued", "queue": "", "agent": "", "closed": "reopened escalated queued"},
    ),
    (Handover(), SHOPPER, ALONE, {"bot": "message", "queue": "", "agent": "", "closed": "reopened message"}),
    (
        Claim(),
        CHIEF,
        COMING,
        {"bot": "assigned", "queue": "assigned", "agent": "!already_owned", "closed": "!closed"},
    ),
    (Claim(), SATO, COMING, {"bot": "!not_owner", "queue": "assigned", "agent": "", "closed": "!closed"}),
    (
        Claim(),
        SUZUKI,
        COMING,
        {"bot": "!not_owner", "queue": "assigned", "agent": "!already_owned", "closed": "!closed"},
    ),
    (
        Assign("u_suzuki", "鈴木"),
        SYSTEM,
        COMING,
        {"bot": "assigned", "queue": "assigned", "agent": "!already_owned", "closed": "!closed"},
    ),
    (Reply("x"), SATO, COMING, _NOT_OWNER | {"agent": "message"}),
    (Reply("x"), SUZUKI, COMING, _NOT_OWNER | {"agent": "!not_owner"}),
    (Reply("x"), CHIEF, COMING, _NOT_OWNER | {"agent": "!not_owner"}),
    (Release(), SATO, COMING, _NOT_OWNER | {"agent": "released queued"}),
    (Release(), SUZUKI, COMING, _NOT_OWNER | {"agent": "!not_owner"}),
    (Timeout("agent_silent"), SYSTEM, COMING, _NOT_OWNER | {"agent": "released queued"}),
    (Timeout("agent_lost"), SYSTEM, COMING, _NOT_OWNER | {"agent": "released queued"}),
    (Transfer("u_suzuki"), SATO, COMING, _NOT_OWNER | {"agent": "transferred"}),
    (Transfer("desk:returns"), SATO, COMING, _NOT_OWNER | {"agent": "transferred queued"}),
    (
        Transfer("supervisor"),
        CHIEF,
        COMING,
        {
            "bot": "!not_owner",
            "queue": "transferred queued",
            "agent": "transferred queued",
            "closed": "!closed",
        },
    ),
    (
        Return(),
        SHOPPER,
        COMING,
        {"bot": "", "queue": "returned", "agent": "returned", "closed": "!closed"},
    ),
    (Return(), SATO, COMING, {"bot": "", "queue": "!not_owner", "agent": "returned", "closed": "!closed"}),
    (Hold(True), SATO, COMING, _NOT_OWNER | {"agent": "held"}),
    (Note("x"), SATO, COMING, _everywhere("note")),
    (Feedback(4, True), SHOPPER, COMING, _everywhere("feedback")),
    (Feedback(4, True), SHOPPER, replace(COMING, about=None), _everywhere("!no_such_message")),
    (Rate(5), SHOPPER, COMING, _everywhere("rated")),
    (LeaveContact("a@b", "x"), SHOPPER, COMING, _everywhere("contact_left")),
    (Close(), SHOPPER, COMING, {"bot": "closed", "queue": "closed", "agent": "closed", "closed": ""}),
    (
        Close("solved"),
        SATO,
        COMING,
        {"bot": "!not_owner", "queue": "!not_owner", "agent": "closed", "closed": ""},
    ),
    (
        Timeout("close"),
        BOT,
        COMING,
        {"bot": "closed", "queue": "!not_due", "agent": "!not_due", "closed": ""},
    ),
    (
        Timeout("waiting"),
        SYSTEM,
        COMING,
        {"bot": "!not_due", "queue": "queued", "agent": "!not_due", "closed": "!not_due"},
    ),
    (
        Erase(),
        SYSTEM,
        COMING,
        {"bot": "closed erased", "queue": "closed erased", "agent": "closed erased", "closed": "erased"},
    ),
]


@pytest.mark.parametrize("owner", list(STATES))
@pytest.mark.parametrize(("command", "actor", "world", "expected"), WALK)
def test_every_pair_of_state_and_command(
    owner: str, command: Command, actor: Actor, world: World, expected: dict[str, str]
) -> None:
    state = STATES[owner]
    wanted = expected[owner]
    if wanted.startswith("!"):
        with pytest.raises(Refused) as refused:
            run(state, command, actor, world)
        assert refused.value.code == wanted[1:]
        return
    outcome = run(state, command, actor, world)
    assert [event.type for event in outcome.events] == wanted.split()
    cell = LIFE[row(command)][state.owner_kind]
    after = outcome.state
    assert after.owner_kind in cell.to if cell.to else after.owner_kind == state.owner_kind
    moved = (after.owner_kind, after.owner_id) != (state.owner_kind, state.owner_id)
    assert (after.epoch > state.epoch) >= moved
    assert fold(state, outcome.events) == after


def test_the_walk_names_every_command_and_every_row() -> None:
    walked = {type(command).__name__ for command, *_ in WALK}
    assert walked == {command.__name__ for command in Command.__subclasses__()} - {"Open"}
    assert {row(command) for command, *_ in WALK} == set(LIFE)
    assert all(set(line) == set(STATES) for line in LIFE.values())


def test_a_bot_that_names_an_answer_without_words_is_a_defect() -> None:
    with pytest.raises(ValueError, match="needs words"):
        run(opened(), replace(DECIDED, text=None), BOT)


def test_the_session_over_the_wire() -> None:
    """Seqs and prevs of the conversation in session.md."""
    first = begin("c", Open(), SHOPPER, START, COMING)
    assert [(e.seq, e.prev, e.type, e.from_kind) for e in first.events] == [
        (1, 0, "opened", "system"),
        (2, 1, "message", "bot"),
    ]
    assert first.events[0].public()["body"] == {}
    state, said = first.state, list(first.events)
    decided = Decide("answer", 3, 3, "全国一律550円です。", entry="ship-001")
    about = replace(OFFER, seq=5)
    script: list[tuple[Command, Actor, World]] = [
        (Say("送料っていくら？"), SHOPPER, COMING),
        (decided, BOT, COMING),
        (Feedback(5, True), SHOPPER, replace(COMING, about=about)),
        (Handover(), SHOPPER, COMING),
        (Claim(), SATO, COMING),
        (Reply("佐藤です。承ります。"), SATO, COMING),
        (Say("沖縄でも同じですか"), SHOPPER, COMING),
        (Note("離島は要確認"), SATO, COMING),
        (Close("solved"), SATO, COMING),
        (Rate(5), SHOPPER, COMING),
        (Say("ありがとう、あと返品は？"), SHOPPER, COMING),
    ]
    for command, actor, world in script:
        outcome = run(state, command, actor, world, timedelta(seconds=1))
        state = outcome.state
        said += outcome.events
    shown = [(e.seq, e.prev, e.type, e.from_kind) for e in said if e.shown][2:]
    assert shown == [
        (3, 2, "message", "shopper"),
        (5, 3, "message", "bot"),
        (6, 5, "feedback", "shopper"),
        (7, 6, "escalated", "system"),
        (8, 7, "queued", "system"),
        (9, 8, "assigned", "agent"),
        (10, 9, "message", "agent"),
        (11, 10, "message", "shopper"),
        (13, 11, "closed", "agent"),
        (14, 13, "rated", "shopper"),
        (15, 14, "reopened", "system"),
        (16, 15, "message", "shopper"),
    ]
    by_seq = {e.seq: e for e in said}
    assert by_seq[4].type == "decided" and by_seq[12].type == "note"
    assert by_seq[5].public()["body"] == {"text": "全国一律550円です。", "entry": "ship-001", "answers": 3}
    assert by_seq[7].public()["body"] == {"reason": "asked"}
    assert by_seq[8].public()["body"] == {"ticket": "A-12", "position": 1, "wait": {"low": 20, "high": 90}}
    assert by_seq[9].public() | {"at": ""} == {
        "seq": 9,
        "prev": 8,
        "type": "assigned",
        "at": "",
        "from": "agent",
        "name": "佐藤",
        "body": {},
    }
    assert by_seq[13].public()["body"] == {}, "what staff think of a chat is not the shopper's"
    assert by_seq[13].staff()["body"] == {"disposition": "solved"}
    assert state.owner_kind == "bot"


def test_a_released_chat_keeps_its_ticket_its_waiting_time_and_goes_in_front() -> None:
    waiting = STATES["queue"]
    held = run(waiting, Claim(), SATO).state
    back = run(held, Release(), SATO, replace(COMING, ticket="A-99"))
    assert back.events[-1].body["ticket"] == "A-12"
    assert (back.state.queued_at, back.state.front) == (waiting.queued_at, True)


def test_owed_turns_follow_the_owner() -> None:
    said = run(opened(), Say("送料は"), SHOPPER)
    assert said.turn == Owe(3, 3, "full")
    assert run(opened(), Say("送料は？"), SHOPPER).turn == Owe(3, 3, "short")
    assert run(opened(), Choose(4, "e"), SHOPPER).turn == Owe(3, 3, "none")
    assert run(opened(), Feedback(4, False), SHOPPER).turn == Owe(3, 3, "none")
    assert run(opened(), Feedback(4, True), SHOPPER).turn is None
    queued = run(said.state, Handover(), SHOPPER)
    assert queued.turn == Drop()
    more = run(queued.state, Say("もしもし"), SHOPPER)
    assert more.turn is None, "a person owes now"
    assert run(more.state, Return(), SHOPPER).turn == Owe(1, 6, "none"), "unanswered words are owed again"


def test_returning_owes_nothing_that_was_answered_or_decided() -> None:
    said = run(opened(), Say("責任者を出せ"), SHOPPER).state
    decided = run(said, Decide("escalate", 3, 3, "おつなぎします", reason="wish"), BOT).state
    assert run(decided, Return(), SHOPPER).turn is None, "a decided hand-over covers its turn"
    held = run(run(decided, Claim(), SATO).state, Say("まだ？"), SHOPPER).state
    assert run(held, Return(), SATO).turn is not None
    assert run(run(held, Reply("はい"), SATO).state, Return(), SATO).turn is None


def test_closing_cuts_what_was_owed() -> None:
    closed = run(run(opened(), Say("送料は"), SHOPPER).state, Close(), SHOPPER)
    assert closed.turn == Drop()
    again = run(closed.state, Say("返品は"), SHOPPER)
    assert again.turn == Owe(6, 6, "full")
    assert again.state.cut_seq == 4


def test_a_shopper_leaves_an_agent_only_after_silence() -> None:
    held = run(STATES["queue"], Claim(), SATO).state
    with pytest.raises(Refused, match="not_yet"):
        run(held, Return(), SHOPPER, later=timedelta(minutes=2))
    assert run(held, Return(), SHOPPER, later=timedelta(minutes=3)).state.owner_kind == "bot"


def test_out_of_the_queue_a_chat_goes_to_desks_not_to_people() -> None:
    with pytest.raises(Refused, match="not_owner"):
        run(STATES["queue"], Transfer("u_suzuki"), CHIEF)


def test_who_waits_long_is_told_what_is_true() -> None:
    told = run(STATES["queue"], Timeout("waiting"), SYSTEM).events[0].body
    assert (told["late"], told["nobody"], told["text"]) == (True, False, "waiting_long/ja")
    told = run(STATES["queue"], Timeout("waiting"), SYSTEM, ALONE).events[0].body
    assert (told["late"], told["nobody"], told["text"]) == (True, True, "escalate_away/ja")


def test_held_chats_run_no_time_outs() -> None:
    held = run(STATES["agent"], Hold(True), SATO).state
    for kind in ("agent_silent", "agent_lost"):
        with pytest.raises(Refused, match="not_due"):
            run(held, Timeout(kind), SYSTEM)
        assert run(run(held, Hold(False), SATO).state, Timeout(kind), SYSTEM).events


def test_the_bot_closes_only_silence_with_nothing_owed() -> None:
    said = run(opened(), Say("x"), SHOPPER).state
    with pytest.raises(Refused, match="not_due"):
        run(said, Timeout("close", timedelta(minutes=30)), BOT)
    with pytest.raises(Refused, match="not_due"):
        run(opened(), Timeout("close", timedelta(minutes=30)), BOT, later=timedelta(minutes=29))


def test_misses_count_turns_without_an_answer_in_a_row() -> None:
    def decide(state: State, kind: str) -> State:
        said = run(state, Say("x"), SHOPPER).state
        return run(said, Decide(kind, said.heard_seq, said.heard_seq, "…"), BOT, ALONE).state

    state = opened()
    for kind, misses in [("decline", 1), ("offer", 2), ("social", 2), ("answer", 0), ("decline", 1)]:
        state = decide(state, kind)
        assert state.misses == misses, kind
    assert run(state, Feedback(4, False), SHOPPER).state.misses == 2
    assert run(state, Feedback(4, True), SHOPPER).state.misses == 1


def test_nobody_there_is_said_honestly_and_offers_the_form() -> None:
    asked = run(opened(), Handover(), SHOPPER, ALONE)
    assert asked.events[0].public()["body"] == {"text": "handover_away/ja", "form": True}
    assert asked.state.owner_kind == "bot"
    decided = run(opened(), replace(DECIDED, kind="escalate", alone="どなたも不在です"), BOT, ALONE)
    assert decided.events[1].body == {"text": "どなたも不在です", "answers": 3, "form": True}
    fault = run(opened(), replace(DECIDED, kind="escalate", reason="fault"), BOT, ALONE)
    assert fault.events[1].body["text"] == "escalate_fault_away/ja"


def test_time_never_goes_back() -> None:
    outcome = step(opened(), Say("x"), SHOPPER, START - timedelta(hours=1), COMING)
    assert outcome.events[0].at == START


def test_erasing_twice_is_erasing_once_and_nothing_follows() -> None:
    erased = run(opened(), Erase(), SYSTEM).state
    assert erased.generation == 1
    assert run(erased, Erase(), SYSTEM).events == ()
    with pytest.raises(Refused, match="erased"):
        run(erased, Say("x"), SHOPPER)


def test_digests_tell_content_from_repeats() -> None:
    assert Say("a").digest() == Say("a").digest() != Say("b").digest()
    assert Handover().digest() != Return().digest()
    assert Reply("a").digest() != Note("a").digest()
    assert Transfer("u_1", "佐藤").digest() == Transfer("u_1", "さとう").digest(), (
        "a name is not sent by the client"
    )


COMMANDS: list[tuple[Command, Actor]] = [(c, a) for c, a, *_ in WALK if not isinstance(c, Erase)]


@st.composite
def lives(draw: st.DrawFn) -> tuple[Event, ...]:
    """The events of a conversation that lived through random commands."""
    outcome = begin("c", Open("ja", None, {"id": "k1"}), SHOPPER, START, COMING)
    events, state = list(outcome.events), outcome.state
    pick = st.tuples(st.sampled_from(COMMANDS), st.booleans(), st.integers(-60, 4000))
    for (command, actor), coming, seconds in draw(st.lists(pick, max_size=25)):
        if isinstance(command, Decide) and state.heard_seq:
            command = replace(command, first=state.covered_seq + 1, last=state.heard_seq)
        try:
            outcome = step(
                state, command, actor, state.last_at + timedelta(seconds=seconds), COMING if coming else ALONE
            )
        except Refused:
            continue
        events += outcome.events
        state = outcome.state
    assert fold(None, events) == state
    return tuple(events)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives(), st.data())
def test_folding_all_is_folding_the_rest_onto_a_folded_part(
    events: tuple[Event, ...], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(events)))
    assert fold(fold(None, events[:cut]), events[cut:]) == fold(None, events)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives())
def test_seq_is_gapless_time_is_ordered_and_prev_shows_no_hole(events: tuple[Event, ...]) -> None:
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert all(a.at <= b.at for a, b in pairwise(events))
    shown = [0] + [e.seq for e in events if e.shown]
    assert [e.prev for e in events if e.shown] == shown[:-1]
    staff = [e.staff()["prev"] for e in events]
    assert staff == list(range(len(events)))
