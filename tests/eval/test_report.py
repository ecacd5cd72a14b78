from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from eval.report import Bars, Case, Cases, Code, Lines, Report, Section, Signed, Table, reached, worse
from eval.stats import Change, Figure

RATE = Figure(0.8, 0.75, 0.85, 100)
BETTER = Change(Figure(0.031, 0.01, 0.05, 100), 4, 1)
WORSE = Change(Figure(-0.2, -0.45, 0.05, 10), 0, 2)


@pytest.fixture
def report() -> Report:
    return Report(
        "example",
        "例 <script>",
        "要約",
        {"right": RATE, "ms": 12.5},
        {"split": "dev"},
        {"right": 0.7, "ms": -10},
        [
            Section(
                "節",
                "文",
                [
                    Table(["kind", "rate"], [["kana", RATE], ["<b>", 3]]),
                    Bars("率", [("kana", RATE), ("none", Figure(float("nan"), 0, 0, 0))], target=0.9),
                    Table(["kind", "change"], [["kana", BETTER], ["typo", WORSE], ["x", Signed(-0.004)]]),
                    Code("| a | <b> |"),
                    Cases(
                        [
                            Case(
                                "かな / kana",
                                "質問 <i>",
                                [("正解", "答え & そのほか")],
                                Table(["s"], [["t"]]),
                            )
                        ]
                    ),
                    Lines("線", "x", "y", {"a": [(0, 1), (1, 2)], "b": [(0, 0), (1, 1)]}),
                ],
            )
        ],
    )


def test_as_json_it_has_stable_names(report: Report) -> None:
    told = json.loads(json.dumps(report.as_json(), ensure_ascii=False))
    assert told["figures"]["right"] == {"value": 0.8, "low": 0.75, "high": 0.85, "n": 100}
    assert told["facts"]["machine"]


def test_targets_are_at_least_or_at_most(report: Report) -> None:
    assert reached(report, "right") is True
    assert reached(report, "ms") is False
    assert "MISSED" in report.text()


def test_as_a_page_it_is_well_formed_and_safe(report: Report) -> None:
    page = report.html()
    open_tags: list[str] = []

    class Check(HTMLParser):
        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in {"meta", "br"}:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Check().feed(page)
    assert open_tags == []
    assert "<script>" not in page
    assert "&lt;b&gt;" in page
    assert "http" not in page
    assert "prefers-color-scheme" in page


def test_worse_means_below_the_stored_interval(report: Report) -> None:
    stored = {
        "figures": {"right": {"value": 0.9, "low": 0.82, "high": 0.95, "n": 100}, "ms": 3, "gone": {"low": 1}}
    }
    assert worse(report, stored) == ["right: 0.800, was 0.900 (at least 0.820)"]
    stored["figures"]["right"] = {"value": 0.82, "low": 0.78, "high": 0.86, "n": 100}
    assert worse(report, stored) == []


def test_a_change_is_told_in_points_with_its_certainty(report: Report) -> None:
    text = report.text()
    assert "+3.1* (+4 −1)" in text
    assert "−20.0 (+0 −2)" in text
    page = report.html()
    assert '<td class="tint up" style="--s:9%"><b>+3.1*</b> <small>+4 −1</small></td>' in page
    assert '<td class="tint down" style="--s:45%">−20.0 <small>+0 −2</small></td>' in page
    assert '<td class="tint" style="--s:0%">0.00 </td>' in page


def test_what_is_for_the_page_only_stays_off_the_terminal() -> None:
    table = Table(["a"], [["秘密"]])
    report = Report("x", "X", "", {}, sections=[Section("一", "", [table], page_only=True), Section("二")])
    assert "秘密" in report.html()
    assert "秘密" not in report.text()
    assert "二" in report.text()


def test_the_headline_opens_the_page_and_other_misses_are_named() -> None:
    figures = {"all": RATE, "kana": Figure(0.6, 0.5, 0.7, 20), "typo": RATE, "plain": RATE}
    targets = {"all": 0.7, "kana": 0.7, "typo": 0.7}
    page = Report("x", "X", "", figures, {}, targets, headline=["all", "plain"]).html()
    assert page.count('<div class="card ok">') == 1
    assert '<div class="card"><b>0.800</b><span>plain</span>' in page  # no target, no verdict
    assert "1 of 2 other targets reached" in page
    assert "<li>kana" in page
    assert "<li>typo" not in page


def test_a_long_page_has_contents_whose_links_lead_somewhere() -> None:
    page = Report("x", "X", "", {}, sections=[Section(f"節{n}") for n in range(6)]).html()
    assert [f'href="#s{n}"' in page and f'id="s{n}"' in page for n in range(6)] == [True] * 6
    assert "<nav" not in Report("x", "X", "", {}, sections=[Section("節")]).html()
