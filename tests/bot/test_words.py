"""The fixed wording: complete and really in its language."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from bot.words import LOCALES, reason, say, until
from bot.world import fixed_words
from kb.tongue import tongue

EMPTY_IN_JAPANESE = {"answer_japanese_only", "upset_japanese_only"}
PART = re.compile(r"\{[^}]*\}")


def wording(locale: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("bot.words").joinpath(f"{locale}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_every_sentence_with_the_same_parts(locale: str) -> None:
    japanese, here = wording("ja"), wording(locale)
    assert here.keys() == japanese.keys()
    assert here["reasons"].keys() == japanese["reasons"].keys()
    for code, text in here["reasons"].items():
        assert PART.findall(text) == PART.findall(japanese["reasons"][code])
    assert PART.findall(here["back_at"]) == ["{when}"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_in_its_language(locale: str) -> None:
    for key, text in wording(locale).items():
        if key in ("name", "when", "reasons"):
            continue
        empty = locale == "ja" and key in EMPTY_IN_JAPANESE
        assert (text == "") == empty, key
        assert empty or tongue(text) == locale, (key, text)
    assert reason("sure", locale)


def test_the_time_of_return_is_told_as_the_language_tells_it() -> None:
    at = datetime(2026, 11, 4, 9, 5, tzinfo=UTC)
    assert until("不在です。", at) == "不在です。担当者は11月4日 09:05から対応いたします。"
    assert until("Away.", at, "en") == "Away. Our staff will be back at 09:05 on 04 November."
    assert until("不在。", at, "zh") == "不在。工作人员将从11月4日 09:05起为您服务。"
    assert until("부재중.", at, "ko") == "부재중. 담당자는 11월 4일 09:05부터 도와드립니다."


@pytest.mark.parametrize("locale", LOCALES)
def test_the_house_tells_the_same_time_as_the_bot(locale: str) -> None:
    at = datetime(2026, 11, 4, 9, 5, tzinfo=UTC)
    away = say("handover_away", locale)
    assert fixed_words("handover_away", locale) == away
    assert fixed_words("handover_away", locale, opens_at=at) == until(away, at, locale)
