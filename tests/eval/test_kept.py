from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import kept
from eval.data import Asked, DataMissing
from eval.ranked import DEEP, Heard
from eval.report import Report
from eval.sets import QuestionSet, Shop
from eval.stats import Change
from kb.entry import Entry
from kb.fuse import Fusion, Scale
from kb.search import Compared

FUSION = Fusion({"joint": {"base": 1.0}}, {"joint": Scale(0.0, 1.0)})
ENTRIES = (Entry("right", "正しい問い", "答え"), Entry("wrong", "違う問い", "答え"))


def heard(number: int, found: bool, text: str = "", kind: str = "kana") -> Heard:
    compared = Compared(("right", "wrong"), {"joint": np.array([1.0, 0.0 if found else 2.0])}, {})
    asked = Asked(f"q{number}", text or f"質問{number}", {"right": 2}, kind, "right")
    return Heard("shop", asked, compared, FUSION, 5.0)


def some(*found: bool) -> list[Heard]:
    return [heard(number, each) for number, each in enumerate(found)]


def asked_of(hidden: bool = False) -> QuestionSet:
    shop = Shop("shop", ENTRIES, tuple(each.asked for each in some(True, True)))
    return QuestionSet("demo", "店", (shop,), ("first", "top3"), lambda _: hidden)


def stored(tmp_path: Path, before: list[Heard]) -> kept.Kept:
    kept.write(tmp_path / "run.json", {"encoder": "e1"}, {"demo": before})
    return kept.read(tmp_path / "run.json")


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    found = stored(tmp_path, some(True, False))
    assert found.facts == {"encoder": "e1"}
    assert found.sets["demo"] == [kept.row_of(each) for each in some(True, False)]
    assert found.sets["demo"][1].place == 1
    assert found.sets["demo"][1].top == "wrong"


def test_no_text_is_kept(tmp_path: Path) -> None:
    stored(tmp_path, some(True))
    assert "質問" not in (tmp_path / "run.json").read_text("utf-8")


def test_only_unchanged_questions_are_paired(tmp_path: Path) -> None:
    before = stored(tmp_path, some(True, True, True)).sets["demo"]
    now = [heard(0, True), heard(1, True, "書きなおした質問"), heard(9, True)]
    regraded = heard(2, True)
    regraded = replace(regraded, asked=replace(regraded.asked, grades={"right": 2, "wrong": 2}))
    assert [pair.asked.id for pair in kept.pairs([*now, regraded], before)] == ["q0"]


def test_the_change_is_paired_and_counted(tmp_path: Path) -> None:
    before = stored(tmp_path, some(True, False, False, False))
    table = kept.sections(asked_of(), some(False, True, True, False), before, show_hidden=False)[0].parts[0]
    name, n, *_, change, interval = table.rows[0]
    assert (name, n) == ("first", 4)
    assert isinstance(change, Change)
    assert (change.mean.value, change.gained, change.lost) == (0.25, 2, 1)
    assert " … " in interval


def test_questions_that_changed_sides_are_listed(tmp_path: Path) -> None:
    before = stored(tmp_path, some(True, False, True))
    listed = kept.sections(asked_of(), some(False, True, True), before, show_hidden=False)[1]
    assert [(case.tag, case.title) for case in listed.parts[0].items] == [
        ("先頭から落ちた / lost", "質問0"),
        ("先頭になった / gained", "質問1"),
    ]
    assert ("順位 / place", "1 → 2") in listed.parts[0].items[0].lines
    assert not listed.page_only


def test_hidden_ones_are_listed_when_asked_for_and_never_on_the_terminal(tmp_path: Path) -> None:
    before = stored(tmp_path, some(True, False))

    def told(show_hidden: bool) -> Report:
        made = kept.sections(asked_of(hidden=True), some(False, True), before, show_hidden=show_hidden)
        return Report("x", "X", "", {}, sections=made)

    assert "質問0" not in told(False).html() + told(False).text() + told(True).text()
    assert "失った / lost 1、得た / gained 1" in told(False).html()
    assert "質問0" in told(True).html()


def test_without_a_common_question_it_says_so(tmp_path: Path) -> None:
    nothing = kept.sections(asked_of(), some(True), kept.Kept({}, {}), show_hidden=False)
    assert [section.parts for section in nothing] == [()]
    assert "No question in common" in nothing[0].text


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": 0}', '{"format": 1, "facts": {}, "sets": 3}']
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content, "utf-8")
    with pytest.raises(DataMissing, match="--keep"):
        kept.read(tmp_path / "x.json")
    with pytest.raises(DataMissing, match="cannot be read"):
        kept.read(tmp_path / "gone.json")


def test_what_was_not_found_has_no_place() -> None:
    lost = heard(0, True)
    lost = replace(lost, asked=replace(lost.asked, grades={"elsewhere": 2}))
    assert kept.row_of(lost).place == DEEP
