from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text import encoder_view, normalise

SIGNS = "ー〜～-−―!！?？。…・、.．wｗ笑 　\n(（^;ω´｀)）😭👨‍👩゛゜ﾞ\u3099"
JAPANESE = st.text(st.sampled_from("あいうかがきぱゃっんアカガコヒｶﾊﾟｰ漢字一二0１9aAＡ" + SIGNS), max_size=40)
ANYTHING = st.one_of(st.text(max_size=60), st.text(st.characters(), max_size=60), JAPANESE)


@pytest.mark.parametrize(
    ("typed", "spelling"),
    [
        ("ｺｰﾋｰｶｯﾌﾟ ﾊﾟﾝ", "コーヒーカップ パン"),
        ("３，０００円", "3,000円"),
        ("すごーーーい！！！", "すごい!"),
        ("届きませ〜ん", "届きません"),
        ("10:00～18:00、03−1234−5678", "10:00〜18:00、03-1234-5678"),
        ("2〜3日", "2〜3日"),
        ("サ−バ−とコ―ヒ―とﾒ-ﾙ", "サーバーとコーヒーとメール"),
        ("03ー1234ー5678", "03-1234-5678"),
        ("らーめん、けーき", "らーめん、けーき"),
        ("ですかぁ〜？？", "ですか?"),
        ("か゛っこう", "がっこう"),
        ("えっと・・・返品...", "えっと…返品…"),
        ("すごいいいい", "すごい"),
        ("100000円", "100000円"),
        ("ＩＨ　対応", "ih 対応"),
        ("返\u200b品\u0000", "返品"),
        ("Z͑ͫ̓A̴̵L", "zal"),
        ("", ""),
        ("\ud800", ""),
        ("www.example.com/a", "www.example.com/a"),
    ],
)
def test_one_spelling(typed: str, spelling: str) -> None:
    assert normalise(typed).text == spelling


def test_emoji_kaomoji_and_laughs_stand_aside_with_their_place() -> None:
    found = normalise("届かない😭👨‍👩‍👧まだ(´；ω；｀)やばいwww")
    assert found.text == "届かない まだ やばい"
    assert [(a.kind, a.text, a.at) for a in found.asides] == [
        ("emoji", "😭👨‍👩‍👧", 4),
        ("kaomoji", "(´；ω；｀)", 7),
        ("laugh", "www", 11),
    ]
    for aside in found.asides:
        assert found.original[aside.start : aside.end] == aside.text


def test_brackets_with_words_are_no_face() -> None:
    assert normalise("送料（税込）と(株)").text == "送料(税込)と(株)"


def test_a_span_covers_all_that_it_came_from() -> None:
    found = normalise("ﾊﾟｿｺﾝのｶﾞﾗｽ！！")
    start = found.text.index("ガラス")
    begin, end = found.span(start, start + 3)
    assert found.original[begin:end] == "ｶﾞﾗｽ"
    assert found.span(0, 0) == (0, 0)


@given(ANYTHING)
@settings(max_examples=400, deadline=None)
def test_idempotent_and_offsets_in_order(text: str) -> None:
    found = normalise(text)
    assert normalise(found.text).text == found.text
    assert len(found.offsets) == len(found.ends) == len(found.text) + 1
    assert list(found.offsets) == sorted(found.offsets)
    assert found.offsets[-1] == len(text)
    assert all(0 <= a < b <= len(text) for a, b in zip(found.offsets, found.ends[:-1], strict=False))
    assert all(text[a.start : a.end] == a.text and 0 <= a.at <= len(found.text) for a in found.asides)


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "(^",
        "(´",
        "ー〜",
        "か゛",
        "\u0301",
        "\ufdfa",
        "w",
        "😭",
        "👨‍",
        "\u202e",
        "…・",
        "ヽ",
        "<",
        "<s",
        "\ud800",
    ],
)
def test_no_repeated_piece_makes_it_slow(piece: str) -> None:
    """A pattern that backtracks without end would hang here."""
    nasty = piece * (4000 // len(piece))
    assert normalise(normalise(nasty).text).text == normalise(nasty).text
    assert len(encoder_view(nasty)) <= len(nasty)


def test_the_encoder_sees_what_was_written() -> None:
    assert encoder_view("ｶﾞｷﾞ～１０時！！") == "ガギ～１０時！！"
    assert encoder_view(" a\x00b\ud800c\n") == "a b c"


@given(st.text(st.sampled_from("<＜>＞/／sｓpadmunk \u200b"), max_size=30))
def test_no_token_mark_reaches_the_encoder(text: str) -> None:
    import unicodedata

    seen = unicodedata.normalize("NFKC", encoder_view(text)).replace("\u200b", "")
    assert not any(mark in seen for mark in ("<s>", "</s>", "<pad>", "<unk>", "<mask>"))
