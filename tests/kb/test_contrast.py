from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.contrast import set_aside


def rest(text: str) -> str | None:
    aside = set_aside(text)
    return None if aside is None else text[: aside[0]] + text[aside[1] :]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("セーターじゃなくて羽毛のほうを家で洗いたい", "羽毛のほうを家で洗いたい"),
        ("返金の時期ではなく、送り返すやり方を知りたい", "送り返すやり方を知りたい"),
        ("予約じゃない普通の注文をやめたい", "普通の注文をやめたい"),
        ("店舗受け取りで前払いじゃなくお店払いにできませんか", "店舗受け取りでお店払いにできませんか"),
        ("注文したのは青ではなく赤です", "注文したのは赤です"),
        ("割引のことではなく、そもそも100個頼めるか", "そもそも100個頼めるか"),
    ],
)
def test_what_is_set_aside_is_cut_out(text: str, meant: str) -> None:
    assert rest(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "新品ではないのですが返品できますか",
        "クーポンだけでなくポイントも使えますか",
        "カードじゃなくても払えますか",
        "元どおりでなくてもかまいません",
        "平日以外は発送しないんですか",
        "使えなくなったら捨てていいですか",
        "青ではなく赤",
        "送料はいくらですか",
        "ではなく赤いほうをください",
        "",
    ],
)
def test_other_negations_stay(text: str) -> None:
    assert rest(text) is None


@given(st.text(alphabet="青赤はがをではじゃなくて、い方普通のだけ", max_size=30))
def test_the_range_lies_in_the_text(text: str) -> None:
    aside = set_aside(text)
    assert aside is None or 0 <= aside[0] < aside[1] < len(text)
