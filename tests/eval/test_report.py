from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from eval.report import Bars, Lines, Report, Section, Table, reached, worse
from eval.stats import Figure

RATE = Figure(0.8, 0.75, 0.85, 100)


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
