from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.entry import (
    Corpus,
    CorpusError,
    Entry,
    Translation,
    parse_corpus,
    read_corpus,
    read_entry,
    write_corpus,
)

GOOD = {"id": "ship-001", "question": "送料はいくらですか", "answer": "全国一律550円です。"}


def lines(*rows: object) -> bytes:
    return "\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows).encode()


def refused(data: bytes, name: str = "faq.jsonl") -> list[tuple[int, str]]:
    with pytest.raises(CorpusError) as caught:
        parse_corpus(data, name)
    assert all(p.file == name and p.message for p in caught.value.problems)
    return [(p.line, p.field) for p in caught.value.problems]


def test_every_problem_is_named_at_once_and_nothing_comes_in() -> None:
    data = lines(
        GOOD,
        '{"id": "a"',
        {"id": "b", "question": "", "answer": 3, "variants": ["x", None]},
        "",
        {"id": "ship-001", "question": "別の質問", "answer": "答え"},
        {"id": "c", "question": "q", "answer": "a", "valid_from": "2026-13-01", "revision": 0},
        {"id": "d d", "question": "q" * 4001, "answer": "\ud800", "translations": {"en": {"question": "q"}}},
        "[]",
        '{"id":"e","id":"f","question":"q","answer":"a"}',
    )
    assert refused(data) == [
        (2, ""),
        (3, "question"),
        (3, "answer"),
        (3, "variants[1]"),
        (5, "id"),
        (6, "valid_from"),
        (6, "revision"),
        (7, "question"),
        (7, "answer"),
        (7, "translations.en"),
        (7, "id"),
        (8, ""),
        (9, ""),
    ]


def test_the_message_tells_file_line_and_field() -> None:
    with pytest.raises(CorpusError, match=r"faq\.jsonl:2: answer: is missing"):
        parse_corpus(lines(GOOD, {"id": "b", "question": "q"}), "faq.jsonl")


def test_the_same_question_twice_is_warned_of() -> None:
    twin = {
        "id": "ship-002",
        "question": "送料は いくらですか",
        "variants": ["送料はｲｸﾗですか", "送料はいくらですか？"],
        "answer": "a",
    }
    warnings = parse_corpus(lines(GOOD, twin, {**GOOD, "id": "x", "colour": 1}), "faq.jsonl").warnings
    assert [(w.line, w.field) for w in warnings] == [(3, "colour"), (2, "variants[1]"), (3, "question")]


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"\xfd", b"\x80", b"\xc3\x28\xa0"])
def test_bytes_of_no_encoding_are_refused_with_their_line(damage: bytes) -> None:
    line = b'{"id":"a","question":"q%s","answer":"x"}\n'
    with pytest.raises(CorpusError) as refused:
        parse_corpus(line % b"" + line % damage, "c.jsonl")
    assert (refused.value.problems[0].file, refused.value.problems[0].line) == ("c.jsonl", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_csv_as_excel_saves_it(encoding: str) -> None:
    text = (
        "ＩＤ,質問,回答,カテゴリー,言い換え１,言い換え２,タグ,開始日,備考\r\n"
        'ship-001,送料はいくらですか,"全国一律550円です。\r\n沖縄は1,320円です。",配送,配送料は|送料って｜おいくら,"一行\n二行",送料、配送,2026/7/1,メモ\r\n'
        ",,,,,,,,\r\n"
        "pay-001,支払い方法は,カードと代引です。,,,,,2026年12月1日,\r\n"
    )
    corpus = parse_corpus(text.encode(encoding), "faq.csv")
    first, second = corpus.entries
    assert first.answer == "全国一律550円です。\n沖縄は1,320円です。"
    assert first.variants == ("配送料は", "送料って", "おいくら", "一行", "二行")
    assert (first.category, first.tags, first.valid_from) == ("配送", ("送料", "配送"), date(2026, 7, 1))
    assert second.category is None
    assert [(w.line, w.field) for w in corpus.warnings] == [(1, "備考")]


def test_broken_csv_names_line_and_field() -> None:
    assert refused("id,質問\n1,a\n".encode(), "faq.csv") == [(1, "answer")]
    assert refused("id,質問,回答\n1,a,b,c\n2,,b\n".encode(), "faq.csv") == [(2, ""), (3, "question")]
    assert refused('id,質問,回答\n1,"a\n\n2,b'.encode(), "faq.csv") == [(2, "")]
    assert refused(b"id,a\n\x81\xff\xfe\n", "faq.csv") == [(2, "")]


def test_too_large_missing_or_empty(tmp_path: Path) -> None:
    assert refused(b" " * (50 * 1024 * 1024 + 1)) == [(0, "")]
    assert refused(b"\n\n") == [(0, "")]
    with pytest.raises(CorpusError, match="cannot be read"):
        read_corpus(tmp_path / "none.jsonl")


def test_validity_is_inclusive() -> None:
    entry = Entry("a", "q", "a", valid_from=date(2026, 7, 1), valid_until=date(2026, 7, 2))
    assert [entry.valid_on(date(2026, 7, d)) for d in (1, 2, 3)] == [True, True, False]
    assert not entry.valid_on(date(2026, 6, 30))


def test_the_digest_is_of_content() -> None:
    entry = Entry("a", "q", "a")
    assert entry.digest == Entry("a", "q", "a", revision=9).digest
    assert entry.digest != Entry("a", "q", "a", variants=("v",)).digest


WORD = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12)
LINE = (
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
ENTRY = st.builds(
    Entry,
    WORD.filter(str.isprintable),
    LINE,
    LINE,
    st.lists(LINE.filter(lambda t: "|" not in t and "｜" not in t), max_size=3, unique=True).map(tuple),
    st.none() | LINE,
    st.just(()),
    st.none() | st.just(date(2026, 1, 2)),
    st.none() | st.just(date(2026, 3, 4)),
    st.just({}) | st.just({"en": Translation("How much?", "550 yen")}),
    st.integers(1, 99),
)


@given(
    st.lists(ENTRY, min_size=1, max_size=4, unique_by=lambda e: e.id), st.sampled_from(["c.jsonl", "c.csv"])
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], name: str
) -> None:
    path = tmp_path_factory.mktemp("corpus") / name
    write_corpus(entries, path)
    assert list(read_corpus(path).entries) == entries


def test_the_demo_corpus_is_clean() -> None:
    for path in sorted(Path("kb/demo").glob("corpus*.jsonl")):
        assert isinstance(read_corpus(path), Corpus)


def test_json_form_reads_back() -> None:
    entry = Entry(
        "a", "q", "a", ("v",), "c", ("t",), date(2026, 1, 1), None, {"en": Translation("q", "a")}, 3
    )
    assert read_entry(entry.as_json()) == (entry, [])
