from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text import normalise
from kb.words import ShopWord, Words, reading_of


@pytest.fixture(scope="module")
def words() -> Words:
    return Words()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("送料はいくら", "配送料っておいくらですか？"),
        ("返品したい", "送り返したいんですが"),
        ("キャンセルできますか", "注文を取り消したい"),
        ("返金", "お金を返してください"),
        ("3千円", "３，０００円"),
        ("3千円", "三千円"),
        ("二つ買う", "2個注文"),
        ("ひとつ", "１点"),
        ("7/3", "７月３日"),
        ("18:00", "18時"),
        ("2割引", "20%割引"),
        ("問合せ", "問い合わせ"),
        ("ﾒｰﾙ", "メール"),
        ("refund", "返金"),
        ("how much is gift wrapping?", "ラッピングはいくら"),
        ("can't log in", "ログインできない"),
    ],
)
def test_ways_to_say_the_same_meet(words: Words, one: str, other: str) -> None:
    assert words.terms(one)
    assert set(words.terms(one)) <= set(words.terms(other))


@pytest.mark.parametrize(
    ("one", "other", "decides"),
    [
        ("返品できる商品", "返品できない商品", "ない"),
        ("カードで払いたい", "カード以外で払いたい", "以外"),
        ("出荷前に変更したい", "出荷後に変更したい", "後"),
        ("名入れの箸", "名入れなしの箸", "ない"),
        ("出荷まえ", "出荷前", ""),
    ],
)
def test_what_decides_stays(words: Words, one: str, other: str, decides: str) -> None:
    assert set(words.terms(other)) - set(words.terms(one)) == ({decides} if decides else set())


@pytest.mark.parametrize(
    "polite",
    ["お世話になっております。", "すみません、", "教えていただけますでしょうか", "よろしくお願いいたします"],
)
def test_politeness_is_nothing_to_match(words: Words, polite: str) -> None:
    assert words.terms(polite) == []


def test_a_polite_question_is_no_negation(words: Words) -> None:
    assert "ない" not in words.terms("返品できませんか")
    assert "ない" not in words.terms("使い方が分からないのですが")
    assert "ない" in words.terms("ログインできません")
    assert "ない" in words.terms("なぜ返品できないんですか")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("いつ届きますか", "いつ"),
        ("何日かかる", "何日"),
        ("どうやって使うの", "どう"),
        ("なんで遅いの", "なぜ"),
        ("お幾ら", "いくら"),
    ],
)
def test_question_words_have_a_kind(words: Words, text: str, question: str) -> None:
    assert [t.form for t in words.analyse(text) if t.kind == "question"] == [question]


def test_indefinite_words_ask_nothing(words: Words) -> None:
    assert not [t for t in words.analyse("いつでも何か誰かどこか") if t.kind == "question"]


def test_numbers_in_words_are_no_numbers(words: Words) -> None:
    assert [t for t in words.analyse("一番一緒に一部が一般") if t.kind == "number"] == []


def test_places_and_names_have_a_kind(words: Words) -> None:
    kinds = {t.form: t.kind for t in words.analyse("沖縄の山田です")}
    assert kinds == {"沖縄": "place", "山田": "name"}


def test_offsets_point_into_the_original(words: Words) -> None:
    original = "😭 ﾊﾟｿｺﾝで３,０００円のｸｰﾎﾟﾝ！"
    for term in words.analyse(original):
        assert original[term.start : term.end] == term.surface
    assert {t.surface for t in words.analyse(original)} == {"ﾊﾟｿｺﾝ", "３,０００円", "ｸｰﾎﾟﾝ"}


def test_the_shops_own_words(words: Words) -> None:
    own = Words(shop_words=[ShopWord("ひだまり", "ヒダマリ", ("日だまり",))])
    assert own.terms("日だまりはIHで使えますか")[0] == "ひだまり"
    assert own.analyse("ひだまり")[0].reading == "ヒダマリ"


def test_readings_hold_every_sound() -> None:
    assert reading_of(normalise("送料は、いくら？")) == "ソウリョウハイクラ"


def test_synonym_groups_are_many_and_do_not_clash() -> None:
    groups = json.loads(Path("kb/synonyms.json").read_text(encoding="utf-8"))
    assert len(groups) >= 120
    plain = Words(synonyms=[], english={})
    seen: dict[tuple[str, ...], str] = {}
    for group in groups:
        for member in group:
            literal = re.fullmatch("[ぁ-ゖー]{4,}", member) is not None
            forms = (member,) if literal else tuple(plain.terms(member))
            assert forms, member
            assert literal or seen.setdefault(forms, group[0]) == group[0], (member, forms)


def test_many_threads_agree(words: Words) -> None:
    texts = [f"送料は{n}円以上で無料になりますか" for n in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(words.terms, texts)) == [words.terms(text) for text in texts]


def test_long_texts_are_cut_for_the_dictionary(words: Words) -> None:
    assert words.terms("送料はいくら。" * 5000).count("送料") == 5000
    assert len(words.terms("鍋" * 40_000)) > 1


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_is_analysed_in_order(text: str) -> None:
    terms = _shared().analyse(text)
    assert all(0 <= t.start < t.end <= len(text) and t.form for t in terms)
    assert [t.start for t in terms] == sorted(t.start for t in terms)


def _shared(kept: list[Words] = []) -> Words:  # noqa: B006
    if not kept:
        kept.append(Words())
    return kept[0]
