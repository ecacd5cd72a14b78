from __future__ import annotations

import argparse
import json
import math
from importlib import import_module
from pathlib import Path

import pytest

from eval.__main__ import BASELINES
from eval.data import Asked
from eval.report import worse
from eval.retrieval import Ranked, ndcg
from kb.entry import Entry
from kb.search import Hit


def test_ndcg_by_hand() -> None:
    grades = {"a": 2, "b": 1}
    assert ndcg(["a", "b"], grades) == pytest.approx(1)
    assert ndcg(["x", "a"], grades) == pytest.approx((2 / math.log2(3)) / (2 + 1 / math.log2(3)))
    assert ndcg([], grades) == 0
    assert ndcg(["x"] * 10 + ["a"], grades) == 0


def test_the_place_by_score_and_by_one_side() -> None:
    hits = (
        Hit(Entry("a", "q", "a"), 2.0, {"readings": 1.0}),
        Hit(Entry("b", "q", "a"), 1.0, {"readings": 3.0, "question_vector": 0.9}),
    )
    ranked = Ranked(Asked("1", "text", {"b": 2}, "kana", "b"), hits)
    assert ranked.place() == 1
    assert ranked.first("readings")
    assert ranked.first("question_vector")
    assert Ranked(Asked("1", "text", {"c": 2}, "kana", "c"), hits).place() > 10


@pytest.mark.parametrize("name", ["retrieval", "gate", "follow", "mask", "loop"])
def test_nothing_is_worse_than_its_baseline(name: str, encoder_data: Path) -> None:
    args = argparse.Namespace(data=encoder_data, split="dev", municipal=None, misses=False)
    report = import_module(f"eval.{name}").run(args)
    stored = json.loads((BASELINES / f"{name}.json").read_text("utf-8"))
    assert worse(report, stored) == []
