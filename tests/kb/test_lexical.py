from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.entry import Entry
from kb.inverted import K1, Inverted
from kb.kana import fold
from kb.lexical import Lexical
from kb.text import normalise
from kb.words import Words

ENTRIES = [
    Entry("ship", "送料はいくらですか", "全国一律550円です。沖縄は1,320円です。", ("配送料を教えて",)),
    Entry("back", "返品はできますか", "到着後8日以内、未使用のものに限ります。", ("送り返したい",)),
    Entry("noback", "返品できない商品はありますか", "名入れ品と食品です。", ()),
    Entry("card", "クレジットカードで支払えますか", "主要5ブランドが使えます。", ("カード払い",)),
    Entry("nocard", "カード以外の支払い方法はありますか", "代金引換と銀行振込です。", ()),
    Entry("before", "出荷前に住所を変えられますか", "マイページで変えられます。", ()),
    Entry("after", "出荷後に住所を変えられますか", "運送会社へご連絡ください。", ()),
    Entry("pot", "土鍋はIHで使えますか", "使えません。", ()),
]


@pytest.fixture(scope="module")
def words() -> Words:
    return Words()


@pytest.fixture(scope="module")
def lexical(words: Words) -> Lexical:
    return Lexical.build(ENTRIES, words)


def first(lexical: Lexical, words: Words, query: str, side: str = "question_words") -> str | None:
    text = normalise(query)
    found = lexical.score(text, words.analyse(text)).get(side)
    return ENTRIES[int(found.ids[np.argmax(found.values)])].id if found else None


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("配送料っておいくら？", "ship"),
        ("返品したい", "back"),
        ("返品できないのはどれ", "noback"),
        ("カード以外で払いたい", "nocard"),
        ("カードで払いたい", "card"),
        ("出荷後の住所変更", "after"),
        ("出荷前の住所変更", "before"),
        ("そうりょうはいくらですか", "ship"),
        ("どなべはあいえいちでつかえますか", "pot"),
        ("shipping fee", "ship"),
    ],
)
def test_the_right_entry_is_first_by_words(lexical: Lexical, words: Words, query: str, wanted: str) -> None:
    assert first(lexical, words, query) == wanted


def test_answers_characters_and_readings_are_sides_of_their_own(lexical: Lexical, words: Words) -> None:
    assert first(lexical, words, "沖縄", "answer_words") == "ship"
    assert first(lexical, words, "クレジツトカド", "characters") == "card"
    assert first(lexical, words, "ドナベ", "readings") == "pot"


def test_a_side_that_finds_nothing_is_absent(lexical: Lexical, words: Words) -> None:
    assert lexical.score(normalise("ξψω"), words.analyse("ξψω")) == {}
    assert lexical.score(normalise(""), ()) == {}


def test_saved_and_opened_it_finds_the_same(lexical: Lexical, words: Words, tmp_path: Path) -> None:
    lexical.save(tmp_path)
    again = Lexical.open(tmp_path)
    assert len(again) == len(ENTRIES)
    text = normalise("返品の送料")
    for side, found in lexical.score(text, words.analyse(text)).items():
        same = again.score(text, words.analyse(text))[side]
        np.testing.assert_array_equal(found.ids, same.ids)
        np.testing.assert_array_equal(found.values, same.values)


def test_unchanged_entries_are_not_analysed_again(lexical: Lexical, words: Words) -> None:
    class Refusing(Words):
        def analyse(self, text: object) -> tuple[()]:
            raise AssertionError("analysed again")

    again = Lexical.build(ENTRIES[::-1], Refusing(synonyms=[], english={}), previous=lexical)
    text = normalise("送料")
    found = again.score(text, words.analyse(text))["question_words"]
    assert ENTRIES[::-1][int(found.ids[0])].id == "ship"


def test_a_damaged_folder_is_refused(lexical: Lexical, tmp_path: Path) -> None:
    lexical.save(tmp_path)
    (tmp_path / "characters.keys.npy").write_bytes(b"")
    with pytest.raises((OSError, ValueError, EOFError)):
        Lexical.open(tmp_path)


def test_an_empty_index_finds_nothing(words: Words) -> None:
    assert Lexical.build([], words).score(normalise("送料"), words.analyse("送料")) == {}


def test_which_words_an_entry_holds(lexical: Lexical) -> None:
    assert lexical.holds(0, "送料")
    assert lexical.holds(0, "沖縄")
    assert not lexical.holds(1, "送料")
    assert lexical.idf("無い言葉") is None
    assert (lexical.idf("送料") or 0) > (lexical.idf("返品") or 0) > 0
    assert lexical.rarest >= (lexical.idf("沖縄") or 0)


TOKENS = st.lists(st.sampled_from("abcdef"), max_size=6)


@given(st.lists(st.lists(TOKENS, min_size=1, max_size=3), min_size=1, max_size=6), TOKENS, st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_bm25_is_what_the_formula_says(entries: list[list[list[str]]], query: list[str], b: float) -> None:
    """Against the formula written out plainly (Robertson and Zaragoza 2009, idf with the plus one)."""
    index = Inverted.build(entries, b)
    fields = [field for entry in entries for field in entry]
    mean = sum(map(len, fields)) / len(fields)
    scores = index.score(dict.fromkeys(query, 1.0))
    for entry, fields in enumerate(entries):
        wanted = 0.0
        for field in fields:
            total = 0.0
            for token in set(query):
                held = sum(any(token in f for f in e) for e in entries)
                tf = field.count(token)
                if held and tf:
                    idf = np.log1p((len(entries) - held + 0.5) / (held + 0.5))
                    total += idf * tf * (K1 + 1) / (tf + K1 * (1 - b + b * len(field) / max(mean, 1e-6)))
            wanted = max(wanted, total)
        assert (0.0 if scores is None else index.best(scores)[entry]) == pytest.approx(
            wanted, rel=1e-4, abs=1e-5
        )


def test_sounds_fold_together() -> None:
    assert fold("そーりょー") == fold("ソウリョウ")
    assert fold("きゃんせる") == fold("キヤンセル")
