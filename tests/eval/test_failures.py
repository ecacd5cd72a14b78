from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval import failures
from eval.data import Asked
from eval.ranked import Heard
from eval.report import Cases, Report, Signed
from eval.sets import QuestionSet, Shop
from kb.entry import Entry
from kb.fuse import Fusion, Scale
from kb.search import Compared

FUSION = Fusion(
    {"readings": {"base": 2.0}, "question_vector": {"base": 1.0}},
    {"readings": Scale(0.0, 0.5), "question_vector": Scale(0.8, 0.1)},
)
ENTRIES = (Entry("right", "正しい問い", "答え"), Entry("wrong", "違う問い", "答え"))


def heard(text: str, wanted: str = "right", kind: str = "kana") -> Heard:
    values = {"readings": np.array([np.nan, 0.25]), "question_vector": np.array([0.9, 0.95])}
    compared = Compared(("right", "wrong"), values, {})
    return Heard("demo", Asked(text, text, {wanted: 2}, kind, wanted), compared, FUSION, 1.0)


def asked_of(*hidden: str) -> QuestionSet:
    shop = Shop("demo", (*ENTRIES, Entry("far", "遠い問い", "答え")), ())
    return QuestionSet("demo", "店", (shop,), ("first", "top3"), lambda asked: asked.text in hidden)


def told(made: list[failures.Section]) -> Report:
    return Report("x", "X", "", {}, sections=made)


def test_what_was_wanted_and_what_came_first() -> None:
    some = [heard("外れた質問"), heard("当たった質問", "wrong")]
    section = failures.sections(asked_of(), some, show_hidden=False, terminal=True)[0]
    (case,) = section.parts[0].items
    assert case.title == "外れた質問"
    assert dict(case.lines) == {
        "正解 / wanted": "正しい問い (right, 2 番目)",
        "先頭 / came first": "違う問い (wrong)",
    }


def test_the_sides_add_up_to_what_was_missing() -> None:
    cases = failures.sections(asked_of(), [heard("外れた質問")], show_hidden=False, terminal=True)[0].parts[0]
    assert isinstance(cases, Cases)
    assert cases.items[0].table is not None
    rows = cases.items[0].table.rows
    assert [row[:3] for row in rows][:2] == [
        ["読み / readings", "–", "0.250"],
        ["質問の意味 / question_vector", "0.900", "0.950"],
    ]
    given = [row[3].value for row in rows if isinstance(row[3], Signed)]
    assert given == pytest.approx([-1.0, -0.5, -1.5])


def test_what_no_side_found_says_so() -> None:
    (section,) = failures.sections(asked_of(), [heard("遠い", "far")], show_hidden=False, terminal=True)
    case = section.parts[0].items[0]
    assert "not among" in case.lines[0][1]
    assert case.table.rows == []


def test_nothing_found_at_all() -> None:
    nothing = replace(heard("！？"), compared=Compared((), {}, {}))
    (section,) = failures.sections(asked_of(), [nothing], show_hidden=False, terminal=True)
    assert dict(section.parts[0].items[0].lines)["先頭 / came first"] == "–"


def test_hidden_questions_are_shown_only_in_a_page_and_only_when_asked_for() -> None:
    some = [heard("開いた質問"), heard("伏せた質問")]

    def made(show: bool) -> Report:
        return told(failures.sections(asked_of("伏せた質問"), some, show_hidden=show, terminal=True))

    for report in (made(False), made(True)):
        assert "開いた質問" in report.text()
        assert "伏せた質問" not in report.text()
    assert "伏せた質問" not in made(False).html()
    assert "--show-test" in made(False).html()
    assert "伏せた質問" in made(True).html()


def test_the_terminal_lists_them_only_when_asked_to() -> None:
    made = failures.sections(asked_of(), [heard("外れた質問")], show_hidden=False, terminal=False)
    assert "外れた質問" not in told(made).text()
    assert "外れた質問" in told(made).html()
