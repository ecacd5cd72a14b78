"""The gate's rules in the order in which they win, and the words that follow."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.compose import compose
from bot.decision import Mood, Turn, Wish
from bot.gate import Signals, decide
from bot.policy import TOPICS, PolicyError, default_policy, parse_policy
from bot.signals.topic import Seen
from bot.words import LOCALES, has, say
from kb.entry import Entry, Translation
from kb.search import Hit

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
POLICY = default_policy()
POSTAGE = Entry(
    "ship-1",
    "送料はいくらですか",
    "全国一律550円です。",
    translations={"en": Translation("How much is postage?", "550 yen.")},
)
RETURNS = Entry("ret-1", "返品できますか", "到着後8日以内です。", revision=3)
HITS = (Hit(POSTAGE, 2.0, {}), Hit(RETURNS, 1.9, {}))
CALM = Signals(Mood(), Wish(), None, None, confidence=0.9)


def turn(text: str = "送料は", **more: object) -> Turn:
    return Turn(text, AT, **more)  # type: ignore[arg-type]


def signals(**changed: object) -> Signals:
    return dataclasses.replace(CALM, **changed)  # type: ignore[arg-type]


def test_a_sure_first_hit_is_answered() -> None:
    verdict = decide(turn(), CALM, HITS, POLICY)
    assert (verdict.kind, verdict.hits[0].entry.id) == ("answer", "ship-1")


def test_an_unsure_hit_becomes_an_offer_of_the_near_ones() -> None:
    verdict = decide(turn(), signals(confidence=(POLICY.offer + POLICY.answer) / 2), HITS, POLICY)
    assert verdict.kind == "offer"
    assert [hit.entry.id for hit in verdict.hits] == ["ship-1", "ret-1"]


def test_a_far_second_hit_is_not_offered() -> None:
    far = (HITS[0], Hit(RETURNS, -3.0, {}))
    verdict = decide(turn(), signals(confidence=POLICY.offer), far, POLICY)
    assert [hit.entry.id for hit in verdict.hits] == ["ship-1"]


def test_below_the_offer_threshold_the_bot_says_that_it_cannot() -> None:
    assert decide(turn(), signals(confidence=POLICY.offer - 0.01), HITS, POLICY).kind == "decline"
    assert decide(turn(), signals(confidence=0.0), (), POLICY).reasons[0].code == "nothing_found"


def test_the_second_miss_in_a_row_hands_over() -> None:
    verdict = decide(turn(misses=POLICY.max_misses - 1), signals(confidence=0.0), HITS, POLICY)
    assert (verdict.kind, verdict.reasons[0].code) == ("escalate", "misses")


def test_an_answer_is_given_even_after_a_miss() -> None:
    assert decide(turn(misses=5), CALM, HITS, POLICY).kind == "answer"


@pytest.mark.parametrize("topic", TOPICS)
def test_delicate_topics_win_over_a_sure_answer(topic: str) -> None:
    verdict = decide(turn(), signals(topic=Seen(topic, "…")), HITS, POLICY)  # type: ignore[arg-type]
    assert verdict.kind == POLICY.topics[topic]


def test_an_attack_wins_over_a_wish_for_a_person() -> None:
    both = signals(topic=Seen("attack", "無視"), wish=Wish(True, 0.9, "人と話したい"))
    assert decide(turn(), both, HITS, POLICY).kind == "decline"


def test_a_wish_and_open_anger_hand_over() -> None:
    assert decide(turn(), signals(wish=Wish(True, 0.9, "人")), HITS, POLICY).reasons[0].code == "asked"
    assert decide(turn(), signals(mood=Mood("furious", 1.0, "!")), HITS, POLICY).reasons[0].code == "furious"


def test_policy_can_change_each_way() -> None:
    tolerant = dataclasses.replace(
        POLICY, furious="ignore", wish="ignore", topics=dict.fromkeys(TOPICS, "ignore")
    )
    loud = signals(topic=Seen("legal", "弁護士"), mood=Mood("furious", 1, "!"), wish=Wish(True, 1, "人"))
    assert decide(turn(), loud, HITS, tolerant).kind == "answer"
    assert tolerant.id != POLICY.id


def test_an_upset_shopper_gets_the_answer_with_the_way_to_a_person_first() -> None:
    upset = Mood("upset", 0.6, "まだ")
    verdict = decide(turn(), signals(mood=upset), HITS, POLICY)
    text, _ = compose(turn(), verdict, upset)
    assert text == f"{say('upset_first')}\n\n{POSTAGE.answer}"


def test_several_questions_become_one_offer() -> None:
    verdict = decide(turn(), signals(several=HITS), HITS, POLICY)
    text, offers = compose(turn(), verdict, Mood())
    assert (verdict.kind, [o.entry for o in offers]) == ("offer", ["ship-1", "ret-1"])
    assert text == say("offer_several")


def test_a_chosen_question_is_answered_without_doubt() -> None:
    verdict = decide(turn(chosen="ret-1"), signals(confidence=0.0), HITS[1:], POLICY)
    assert (verdict.kind, verdict.reasons[0].code) == ("answer", "chosen")


def test_english_gets_the_stored_translation_and_an_honest_word_without_one() -> None:
    asked = turn("how much is postage?")
    assert compose(asked, decide(asked, CALM, HITS, POLICY), Mood())[0] == "550 yen."
    untranslated = decide(asked, CALM, HITS[1:], POLICY)
    assert compose(asked, untranslated, Mood())[0].startswith(say("answer_japanese_only", "en"))


def test_when_nobody_is_on_duty_no_person_is_promised_but_the_time_is_told() -> None:
    away = turn(on_duty=False, back_at=datetime(2026, 11, 4, 9, 0, tzinfo=UTC))
    verdict = decide(away, signals(wish=Wish(True, 1, "人")), HITS, POLICY)
    text, _ = compose(away, verdict, Mood())
    assert text.startswith(say("escalate_away"))
    assert "11月4日 09:00" in text


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_the_gate_can_ask_for_exists_in_every_language(locale: str) -> None:
    for key in (
        "escalate",
        "decline",
        "decline_own",
        "escalate_furious",
        "escalate_misses",
        "offer_one",
        "greeting",
    ):
        assert say(key, locale)
    assert all(has(f"{kind}_away", locale) for kind in ("escalate", "decline", "decline_own"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"answer": 2}, "answer"),
        ({"offer": 0.9, "answer": 0.5}, "offer"),
        ({"offers": 9}, "offers"),
        ({"furious": "shout"}, "furious"),
        ({"surprise": 1}, "surprise"),
        ({"topics": {}}, "topics.self-harm"),
    ],
)
def test_a_wrong_policy_is_refused_by_field(change: dict[str, object], named: str) -> None:
    with pytest.raises(PolicyError, match=named):
        parse_policy(POLICY.as_json() | change)


@given(
    confidence=st.floats(0, 1),
    misses=st.integers(0, 4),
    human=st.booleans(),
    label=st.sampled_from(["calm", "upset", "furious"]),
    topic=st.sampled_from([None, *TOPICS]),
    social=st.sampled_from([None, "thanks", "greeting", "farewell", "ack"]),
    on_duty=st.booleans(),
    many=st.integers(0, 2),
    text=st.text(max_size=40),
)
def test_every_combination_gives_words(
    confidence: float,
    misses: int,
    human: bool,
    label: str,
    topic: str | None,
    social: str | None,
    on_duty: bool,
    many: int,
    text: str,
) -> None:
    asked = turn(text, misses=misses, on_duty=on_duty)
    mood = Mood(label, 0.5, "…")  # type: ignore[arg-type]
    read = Signals(mood, Wish(human, 0.5, "…"), Seen(topic, "…") if topic else None, social, confidence)  # type: ignore[arg-type]
    verdict = decide(asked, read, HITS[:many], POLICY)
    words, offers = compose(asked, verdict, mood)
    assert words.strip()
    assert (verdict.kind == "offer") == bool(offers)
    assert verdict.reasons
    assert verdict.kind != "answer" or verdict.hits[0] == HITS[0]
