from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.encoder import Encoder
from kb.entry import Entry
from kb.fuse import SIDES
from kb.index import build
from kb.search import Knowledge
from kb.words import Words

Shop = tuple[Entry, ...]


@pytest.fixture(scope="module")
def knowledge(
    shop: Shop, encoder: Encoder, words: Words, tmp_path_factory: pytest.TempPathFactory
) -> Knowledge:
    out = tmp_path_factory.mktemp("search") / "release"
    build(shop, out, encoder, words=words)
    return Knowledge.open(out, encoder, words)


@pytest.fixture(scope="module")
def lexical(shop: Shop, words: Words, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    out = tmp_path_factory.mktemp("lexical") / "release"
    build(shop, out, None, words=words)
    return Knowledge.open(out, None, words)


@pytest.mark.parametrize(
    ("asked", "entry"),
    [
        ("送料っていくら？", "ship"),
        ("そうりょういくら", "ship"),
        ("ﾘｮｳｼｭｳｼｮﾎｼｲ", "receipt"),
        ("切れ味が落ちた刃物を直したい", "sharpen"),
        ("When do my points expire?", "points"),
        ("コンビに払いの期限", "pay"),
        ("返却したいです😭", "return"),
    ],
)
def test_the_right_entry_comes_first(knowledge: Knowledge, asked: str, entry: str) -> None:
    assert knowledge.search(asked, 3)[0].entry.id == entry


def test_hits_carry_their_parts(knowledge: Knowledge) -> None:
    found = knowledge.find("送料はいくらですか", 3)
    first = found.hits[0]
    assert set(first.parts) <= set(SIDES)
    assert first.parts["question_vector"] > 0.95
    assert first.parts["question_words"] > 0
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    assert set(found.ms) == {"text", "encode", "search"}
    assert first.as_json()["entry"] == "ship"
    assert found.query.vector is not None


def test_a_silent_side_is_absent(knowledge: Knowledge) -> None:
    parts = knowledge.search("xyzzy plugh", 1)[0].parts
    assert "question_words" not in parts
    assert "question_vector" in parts


def test_kana_is_seen_as_the_shop_spells_it(knowledge: Knowledge) -> None:
    found = knowledge.find("りょうしゅうしょ")
    assert found.query.meant == "領収書"
    assert found.query.text.original == "りょうしゅうしょ"


@pytest.mark.parametrize("text", ["", "   ", "😀", "？！"])
def test_without_letters_there_is_nothing_to_find(knowledge: Knowledge, text: str) -> None:
    assert knowledge.find(text).hits == ()


def test_only_entries_valid_on_the_day(shop: Shop, words: Words, tmp_path: Path) -> None:
    summer = replace(shop[0], valid_from=date(2026, 7, 1), valid_until=date(2026, 8, 31))
    build((summer, *shop[1:]), tmp_path / "x", None, words=words)
    knowledge = Knowledge.open(tmp_path / "x", None, words)
    assert knowledge.find("送料はいくら", at=date(2026, 7, 1)).hits[0].entry.id == "ship"
    assert knowledge.find("送料はいくら", at=date(2026, 8, 31)).hits[0].entry.id == "ship"
    assert all(hit.entry.id != "ship" for hit in knowledge.find("送料はいくら", at=date(2026, 9, 1)).hits)
    assert knowledge.find("送料はいくら").hits[0].entry.id == "ship"


def test_without_an_encoder_words_still_find(lexical: Knowledge) -> None:
    assert not lexical.has_vectors
    hit = lexical.search("領収書がほしい", 1)[0]
    assert hit.entry.id == "receipt"
    assert not {"question_vector", "answer_vector"} & set(hit.parts)


def test_one_entry_is_enough(shop: Shop, encoder: Encoder, words: Words, tmp_path: Path) -> None:
    build(shop[:1], tmp_path / "x", encoder, words=words)
    hits = Knowledge.open(tmp_path / "x", encoder, words).search("送料")
    assert [hit.entry.id for hit in hits] == ["ship"]
    assert hits[0].score == hits[0].score


def test_suggestions_while_typing(knowledge: Knowledge) -> None:
    assert knowledge.suggest("ポイ")[0].entry.id == "points"
    assert knowledge.suggest("そうりょう")[0].entry.id == "ship"
    assert knowledge.suggest("") == []
    assert len(knowledge.suggest("い", 2)) <= 2


def test_entries_by_id_and_rarity(knowledge: Knowledge) -> None:
    assert knowledge.entry("ship") is knowledge.entries[0]
    assert knowledge.entry("nothing") is None
    assert knowledge.rarity("no such form") >= knowledge.rarity("送料") > 0


def test_threads_find_the_same(knowledge: Knowledge) -> None:
    texts = ["送料", "返品したい", "ポイント", "包丁"] * 5
    expected = [[hit.entry.id for hit in found.hits] for found in knowledge.find_many(texts)]
    got: dict[int, list[list[str]]] = {}

    def work(number: int) -> None:
        got[number] = [[hit.entry.id for hit in knowledge.find(text).hits] for text in texts]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found == expected for found in got.values())
    assert len(got) == 4


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_searched_without_an_error(lexical: Knowledge, text: str) -> None:
    found = lexical.find(text)
    assert len(found.hits) <= 6
    lexical.suggest(text)
