"""The reply's language, and the words in it: a translation, or the Japanese ones with a sentence before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.compose import compose, language, question, translation
from bot.decision import Mood, Said, Turn
from bot.gate import Verdict
from bot.words import LOCALES, say
from kb.entry import Entry, Translation
from kb.search import Hit

AT = datetime(2026, 11, 2, tzinfo=UTC)
POSTAGE = Entry(
    "ship-1",
    "送料はいくらですか",
    "550円です。",
    translations={
        "en": Translation("How much is postage?", "550 yen."),
        "zh-TW": Translation("運費多少？", "550日圓。"),
        "zh-CN": Translation("运费多少？", "550日元。"),
    },
)
RETURNS = Entry("ret-1", "返品できますか", "8日以内にご連絡ください。")
ASKED = {"en": "how much is it?", "zh": "请问运费多少？", "ko": "배송비가 얼마예요?"}


def turn(text: str, **more: Any) -> Turn:
    return Turn(text, AT, **more)


def answer(entry: Entry) -> Verdict:
    return Verdict("answer", "answer", (), (Hit(entry, 1.0, {}),))


def said(*texts: str) -> tuple[Said, ...]:
    return tuple(Said("shopper", text) for text in texts)


def test_the_translation_is_the_answer() -> None:
    assert compose(turn(ASKED["en"]), answer(POSTAGE), Mood())[0] == "550 yen."
    assert compose(turn(ASKED["zh"]), answer(POSTAGE), Mood())[0] == "550日元。"
    assert compose(turn("送料は？"), answer(POSTAGE), Mood())[0] == POSTAGE.answer


@pytest.mark.parametrize("locale", [each for each in LOCALES if each != "ja"])
@pytest.mark.parametrize("label", ["calm", "upset"])
def test_without_a_translation_one_sentence_says_so_before_the_japanese_words(
    locale: str, label: Any
) -> None:
    text, _ = compose(turn(ASKED[locale]), answer(RETURNS), Mood(label, 0.5, "…"))
    key = {"calm": "answer_japanese_only", "upset": "upset_japanese_only"}[label]
    assert text == f"{say(key, locale)}\n\n{RETURNS.answer}"
    assert say("answer_japanese_only", locale).strip("()（）") not in ("", RETURNS.answer)


def test_offers_show_the_translated_question_where_there_is_one() -> None:
    verdict = Verdict("offer", "offer_many", (), (Hit(POSTAGE, 1.0, {}), Hit(RETURNS, 0.9, {})))
    text, offers = compose(turn(ASKED["zh"]), verdict, Mood())
    assert text == say("offer_many", "zh")
    assert [offer.question for offer in offers] == ["运费多少？", RETURNS.question]


def test_a_translation_is_found_by_its_language() -> None:
    assert question(POSTAGE, "zh-TW") == "運費多少？"
    assert question(POSTAGE, "zh") == "运费多少？"
    assert translation(POSTAGE, "ko") is None
    assert translation(POSTAGE, "fr") is None


@pytest.mark.parametrize("locale", LOCALES)
def test_a_decline_and_its_time_are_in_the_shoppers_language(locale: str) -> None:
    asked = turn("👍", locale=locale, on_duty=False, back_at=datetime(2026, 11, 4, 9, 0, tzinfo=UTC))
    text, _ = compose(asked, Verdict("decline", "decline", ()), Mood())
    assert text.startswith(say("decline_away", locale))
    assert "09:00" in text
    assert "{" not in text


def test_the_reply_follows_the_words_then_the_words_before_then_the_locale() -> None:
    assert language(turn("怎么退货", locale="en", history=said("送料は？"))) == "zh"
    assert language(turn("👍", locale="en", history=said("怎么退货", "返品"))) == "zh"
    assert language(turn("👍", locale="en", history=(Said("bot", "您好。"),))) == "en"
    assert language(turn("Do you ship to 沖縄?")) == "en"


def test_a_chosen_question_is_answered_in_the_language_that_the_shopper_types() -> None:
    typed = said("可以退货吗", RETURNS.question)
    assert language(turn(RETURNS.question, chosen="ret-1", history=typed)) == "zh"
    assert language(turn("Can I return it?", chosen="ret-1", history=said("返品は？"))) == "ja"
    assert language(turn(RETURNS.question, chosen="ret-1", locale="en")) == "en"
