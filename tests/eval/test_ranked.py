from __future__ import annotations

import math

import numpy as np
import pytest

from eval.data import Asked
from eval.ranked import DEEP, MEASURES, Heard, Ranked, by_kind, counting, ndcg, recall, without
from kb.fuse import Fusion, Scale
from kb.search import Compared

NAN = float("nan")
FUSION = Fusion(
    {"readings": {"base": 1.0}, "question_vector": {"base": 0.0, "kana": 2.0}, "joint": {"base": 0.0}},
    {"readings": Scale(0.0, 1.0), "question_vector": Scale(0.5, 0.1), "joint": Scale(0.0, 1.0)},
)


def heard(wanted: str = "b", kind: str = "kana", kana: float = 1.0) -> Heard:
    """Readings alone put c, a first; the vector alone b."""
    values = {"readings": np.array([1.0, NAN, 2.0]), "question_vector": np.array([0.5, 0.9, 0.5])}
    compared = Compared(("a", "b", "c"), values, {"kana": kana})
    return Heard("shop", Asked("q1", "text", {wanted: 2}, kind, wanted), compared, FUSION, 3.0)


def test_the_order_is_by_weighed_sides() -> None:
    assert heard().ranked().entries == ("b", "c", "a")
    assert heard(kana=0.0).ranked().entries == ("c", "a", "b")
    assert heard("a").ranked().place() == 2


def test_a_side_left_out_no_longer_counts() -> None:
    assert heard().by(without(FUSION, "question_vector")).entries == ("c", "a", "b")
    assert without(FUSION, "readings", "joint").weights.keys() == {"question_vector"}


def test_a_side_alone_names_only_what_it_found() -> None:
    assert heard().alone("readings").entries == ("c", "a")
    assert heard().alone("readings").place() == DEEP
    assert heard().alone("characters").entries == ()


def test_what_the_sides_give_adds_up_to_the_score() -> None:
    given = heard().counts()
    total = FUSION.scores(heard().compared.values, {"kana": 1.0})
    assert sum(given.values()) == pytest.approx(total)
    assert given["readings"].tolist() == [1.0, 0.0, 2.0]


def test_a_side_counts_when_any_of_its_slopes_does() -> None:
    assert counting(FUSION) == ("readings", "question_vector")


def test_ndcg_by_hand() -> None:
    grades = {"a": 2, "b": 1}
    assert ndcg(["a", "b"], grades) == pytest.approx(1)
    assert ndcg(["x", "a"], grades) == pytest.approx((2 / math.log2(3)) / (2 + 1 / math.log2(3)))
    assert ndcg([], grades) == 0
    assert ndcg(["x"] * 10 + ["a"], grades) == 0


def test_recall_by_hand() -> None:
    assert recall(["a", "x"], frozenset("ab")) == 0.5
    assert recall(["x"] * 10 + ["a"], frozenset("a")) == 0


def test_measures_look_as_deep_as_they_say() -> None:
    def at(place: int) -> Ranked:
        return Ranked(Asked("1", "t", {"w": 2}, "kana", "w"), (*(f"x{i}" for i in range(place)), "w"))

    tops = {name: [place for place in range(12) if MEASURES[name](at(place))] for name in MEASURES}
    assert tops["first"] == [0]
    assert tops["top3"] == [0, 1, 2]
    assert tops["top10"] == tops["recall10"] == tops["ndcg10"] == list(range(10))


def test_frequent_kinds_come_first() -> None:
    some = [heard(kind=kind).ranked() for kind in ("typo", "kana", "emoji", "kana")]
    assert list(by_kind(some)) == ["kana", "emoji", "typo"]
