from __future__ import annotations

import numpy as np

from eval import ablation
from eval.data import Asked
from eval.ranked import Heard
from eval.report import Report
from eval.sets import QuestionSet, Shop
from eval.stats import Change, Figure
from kb.entry import Entry
from kb.fuse import Fusion, Scale
from kb.search import Compared

SIDES = ("readings", "question_vector", "joint")
FUSION = Fusion(
    {"readings": {"base": 1.0}, "question_vector": {"base": 1.0}, "joint": {"base": 0.0}},
    dict.fromkeys(SIDES, Scale(0.0, 1.0)),
)
ENTRIES = (Entry("right", "問い", "答え"), Entry("wrong", "問い二", "答え"))
SET = QuestionSet("demo", "店", (Shop("demo", ENTRIES, ()),), ("first", "top3"), lambda _: False)


def heard(kind: str, readings: float, vector: float, ms: float = 4.0) -> Heard:
    """What each side says for the right entry, with 0 for the wrong one."""
    values = {
        "readings": np.array([readings, 0.0]),
        "question_vector": np.array([vector, 0.0]),
        "joint": np.array([-1.0, 0.0]),
    }
    compared = Compared(("right", "wrong"), values, {})
    return Heard("demo", Asked(kind, kind, {"right": 2}, kind, "right"), compared, FUSION, ms)


KANA = heard("kana", readings=2.0, vector=-1.0)  # the readings save it, the vector is against it
TYPO = heard("typo", readings=-2.0, vector=1.0)  # the readings spoil it
FOUND = [KANA, KANA, TYPO]


def test_helping_is_positive_and_hurting_negative_by_kind() -> None:
    table = ablation.sides_sections(SET, FOUND)[0].parts[0]
    heads = list(table.columns)
    readings = heads.index("読み / readings")
    rows = {str(row[0]): row[readings] for row in table.rows}
    assert rows["かなだけ / kana"] == Change(Figure(1, 1, 1, 2), 2, 0)
    assert rows["打ちまちがい / typo"] == Change(Figure(-1, -1, -1, 1), 0, 1)
    assert isinstance(total := rows["全部 / all"], Change)
    assert (total.gained, total.lost) == (2, 1)
    assert not any("joint" in head for head in heads)  # it has no weight


def test_each_side_alone_and_left_out() -> None:
    rows = {str(row[0]): row for row in ablation.sides_sections(SET, FOUND)[1].parts[0].rows}
    alone = rows["質問の意味 / question_vector"][1]
    assert isinstance(alone, Figure)
    assert alone.value == 1 / 3
    assert rows["一語ずつの照合 / joint"][3] == "重み 0 / weight 0"


def test_versions_say_what_each_adds_and_what_it_takes() -> None:
    first = ablation.Version("一 / one", "computed", {"demo": [KANA.alone("joint")] * 3}, None)
    second = ablation.version("二 / two", "searched", {"demo": FOUND})
    table = ablation.versions_sections([SET], [first, second])[0].parts[1]
    one, two = table.rows
    assert one[-3:] == ["–", "–", "computed"]
    assert two[-3:] == ["4.0", "4.0", "searched"]
    assert isinstance(two[3], Change)
    assert (two[3].gained, two[3].lost) == (2, 0)


def test_the_readme_gets_a_markdown_table() -> None:
    versions = [ablation.version("二 / two", "searched", {"demo": FOUND})]
    text = Report(
        "x", "X", "", {}, sections=[ablation.readme_section([SET], versions, {"demo": FOUND})]
    ).text()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines == [
        "| version | demo first | demo top3 | p50 / p99 ms (demo) |",
        "| --- | --- | --- | --- |",
        "| two | .667 | 1.000 | 4.0 / 4.0 |",
        "| without readings | .333 | 1.000 | – |",
        "| without question_vector | .667 | 1.000 | – |",
    ]
