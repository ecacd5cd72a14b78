from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from eval import retrieval
from eval.__main__ import BASELINES, parser
from eval.data import Asked
from eval.ranked import without
from eval.report import worse
from eval.sets import QuestionSet, Shop
from kb.encoder import Encoder
from kb.entry import Entry
from kb.fuse import fusion_for

ENTRIES = (
    Entry("ship", "送料はいくらですか", "全国一律550円です。", ("配送料を知りたい",)),
    Entry("return", "返品できますか", "到着後8日以内で未使用なら返品いただけます。", ("返したい",)),
    Entry("receipt", "領収書は発行できますか", "マイページからPDFでお取りいただけます。"),
    Entry("sharpen", "包丁を研いでもらえますか", "はい、1本1,650円で研ぎます。", ("切れなくなった包丁",)),
    Entry("points", "ポイントの有効期限はいつですか", "最後のお買い物から12か月です。"),
    Entry("pay", "コンビニ払いはいつまでですか", "ご注文から5日以内にお支払いください。"),
)
ASKED = (
    ("そうりょうはいくら", "ship", "kana"),
    ("はいたつのおかね", "ship", "kana"),
    ("PDFの領収書がほしい", "receipt", "number"),
    ("5日以内に払うのはどれ", "pay", "number"),
    ("返品ではなく包丁を研ぐほう", "sharpen", "negation"),
    ("いつまでに使えばいいポイント", "points", "negation"),
)


def asked_of(name: str, *, hidden: bool) -> QuestionSet:
    asked = tuple(
        Asked(f"q{number}", text, {entry: 2}, kind, entry) for number, (text, entry, kind) in enumerate(ASKED)
    )
    return QuestionSet(
        name, "店", (Shop("shop", ENTRIES, asked),), ("first", "top3", "top10"), lambda _: hidden
    )


@pytest.fixture
def one_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six entries instead of all sets: as held-out with test, as the demo shop with dev."""

    def sets_of(split: str, municipal: object) -> list[QuestionSet]:
        return [asked_of("demo", hidden=False)] if split == "dev" else [asked_of("heldout", hidden=True)]

    monkeypatch.setattr(retrieval, "sets_of", sets_of)


def report(encoder_data: Path, *given: str) -> retrieval.Report:
    return retrieval.run(parser("retrieval").parse_args([*given, "--data", str(encoder_data)]))


def test_what_was_heard_gives_the_order_of_the_search(encoder: Encoder, encoder_data: Path) -> None:
    knowledge = retrieval.knowledge_of(ENTRIES, encoder, encoder_data)
    for each in retrieval.searched(asked_of("demo", hidden=False), lambda _: knowledge):
        found = tuple(hit.entry.id for hit in knowledge.search(each.asked.text, 50))
        assert each.ranked().entries == found
        assert each.ms > 0


def test_other_weights_on_what_was_heard_are_a_search_with_them(encoder: Encoder, encoder_data: Path) -> None:
    lesser = without(fusion_for(encoder.id), "question_vector", "answer_vector")
    heard = retrieval.searched(asked_of("demo", hidden=False), retrieval.opening(encoder, encoder_data))
    truly = retrieval.knowledge_of(ENTRIES, encoder, encoder_data, lesser)
    assert [each.by(lesser).entries for each in heard] == [
        tuple(hit.entry.id for hit in truly.search(each.asked.text, 50)) for each in heard
    ]
    assert any(each.by(lesser).entries != each.ranked().entries for each in heard)


def test_a_text_without_letters_finds_nothing(encoder: Encoder, encoder_data: Path) -> None:
    silent = (Asked("q", "！？", {"ship": 2}, "emoji", "ship"),)
    shop = QuestionSet("demo", "店", (Shop("shop", ENTRIES, silent),), ("first",), lambda _: False)
    (heard,) = retrieval.searched(shop, retrieval.opening(encoder, encoder_data))
    assert heard.ranked().entries == ()


def test_figures_and_targets_by_kind(one_set: None, encoder_data: Path) -> None:
    made = report(encoder_data, "--split", "test")
    names = {"first", "top3", "top10", "kana.first", "number.first", "negation.first", "untrained.first"}
    assert set(made.figures) == {f"heldout.{name}" for name in names}
    assert made.targets == {"heldout.first": 0.88, "heldout.top3": 0.96} | dict.fromkeys(
        ["heldout.kana.first", "heldout.number.first", "heldout.negation.first"], 0.80
    )
    assert set(made.headline) == {"heldout.first", "heldout.top3", "heldout.untrained.first"}
    dev = report(encoder_data)
    assert dev.targets["demo.first"] == 0.93
    assert dev.targets["demo.kana.first"] == 0.85


def test_the_page_explains_itself(one_set: None, encoder_data: Path, tmp_path: Path) -> None:
    made = report(encoder_data, "--report", str(tmp_path / "page.html"), "--keep", str(tmp_path / "run.json"))
    page = made.html()
    for heading in (
        "What helps, what hurts",
        "One side alone",
        "How the search grew",
        "Table for the README",
    ):
        assert heading in page
    again = report(encoder_data, "--against", str(tmp_path / "run.json"))
    assert "Against the kept run" in again.text()
    assert "Changed sides" not in again.html()


def test_hidden_questions_stay_hidden(one_set: None, encoder_data: Path, tmp_path: Path) -> None:
    given = ("--split", "test", "--misses", "--report", str(tmp_path / "page.html"))
    texts = [text for text, _, _ in ASKED]
    told, shown = report(encoder_data, *given), report(encoder_data, *given, "--show-test")
    assert not any(text in told.text() + told.html() + shown.text() for text in texts)
    missed = any(figure.value < 1 for name, figure in shown.figures.items() if name == "heldout.first")
    assert any(text in shown.html() for text in texts) is missed


@pytest.mark.parametrize("name", ["retrieval", "gate", "follow", "mask", "loop"])
def test_nothing_is_worse_than_its_baseline(name: str, encoder_data: Path) -> None:
    args = parser(name).parse_args(["--data", str(encoder_data)])
    made = import_module(f"eval.{name}").run(args)
    stored = json.loads((BASELINES / f"{name}.json").read_text("utf-8"))
    assert worse(made, stored) == []
