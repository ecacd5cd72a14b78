from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import stats


def test_a_rate_with_its_interval() -> None:
    figure = stats.mean([1, 1, 1, 0] * 50)
    assert figure.value == 0.75
    assert 0.68 < figure.low < 0.75 < figure.high < 0.82
    assert figure.n == 200


def test_repeated_it_is_the_same() -> None:
    assert stats.mean([0, 1, 1, 0, 1]) == stats.mean([0, 1, 1, 0, 1])


def test_nothing_gives_no_number() -> None:
    figure = stats.mean([])
    assert math.isnan(figure.value)
    assert figure.as_json() == {"value": None, "low": None, "high": None, "n": 0}


def test_a_paired_change_is_narrower_than_two_intervals() -> None:
    random = np.random.default_rng(0)
    theirs = random.random(300)
    better = stats.change(theirs + 0.05, theirs)
    assert better.mean.value == pytest.approx(0.05)
    assert better.mean.high - better.mean.low < 1e-9
    assert (better.gained, better.lost) == (300, 0)
    assert better.sure


def test_a_change_as_often_good_as_bad_is_not_sure() -> None:
    even = stats.change([1, 0] * 20 + [1] * 9, [0, 1] * 20 + [1] * 9)
    assert (even.gained, even.lost) == (20, 20)
    assert even.mean.low < 0 < even.mean.high
    assert not even.sure
    assert not stats.change([1, 1], [1, 1]).sure


def test_many_draws_need_not_be_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = stats.mean([0, 1, 1] * 40, draws=5000)
    monkeypatch.setattr(stats, "AT_ONCE", 120 * 37)
    parts = stats.mean([0, 1, 1] * 40, draws=5000)
    assert (parts.low, parts.high) == (whole.low, whole.high)


def test_any_statistic_of_rows() -> None:
    rows = np.array([[1, 1], [1, 0], [0, 0], [1, 1]] * 20)
    precision = stats.of(rows, lambda drawn: float(drawn[drawn[:, 0] == 1, 1].mean()))
    assert precision.value == pytest.approx(2 / 3)
    assert precision.low < 2 / 3 < precision.high


@given(st.lists(st.integers(0, 1), min_size=1, max_size=40))
def test_the_interval_holds_the_value(values: list[int]) -> None:
    figure = stats.mean(values)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
