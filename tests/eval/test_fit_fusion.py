from __future__ import annotations

import numpy as np
import pytest

from eval.fit_fusion import FEATURES, SIDES, Contest, Heard, as_fusion, contest, first, fitted, scales


def heard(deciding: str, seed: int, when: str | None = None) -> Heard:
    """Ten candidates, the first is right; only one side tells it from the others (only for `when`)."""
    drawn = np.random.default_rng(seed)
    values = drawn.uniform(0, 1, (10, len(SIDES)))
    features = np.zeros(len(FEATURES))
    values[0, SIDES.index(deciding)] = 1.5
    if when:
        features[FEATURES.index(when)] = 1.0
    return Heard(values, features, np.arange(10) == 0)


def contests(questions: list[Heard]) -> list[Contest]:
    units = scales(questions)
    return [contest(each, units) for each in questions]


def test_the_side_that_decides_gets_the_weight() -> None:
    made = contests([heard("readings", seed) for seed in range(60)])
    table = fitted(made).reshape(len(SIDES), -1)
    assert SIDES[int(table[:, 0].argmax())] == "readings"
    assert first(made, table.reshape(-1)) == 1


def test_a_weight_learns_when_a_side_decides() -> None:
    kana = [heard("readings", seed, "kana") for seed in range(60)]
    other = [heard("question_vector", 100 + seed) for seed in range(60)]
    questions = kana + other
    fusion = as_fusion(fitted(contests(questions)), scales(questions))
    assert fusion.weight("readings", {"kana": 1.0}) > fusion.weight("readings", {}) + 0.3
    assert fusion.weight("question_vector", {}) > fusion.weight("question_vector", {"kana": 1.0})


def test_a_silent_side_neither_helps_nor_hurts() -> None:
    questions = [heard("joint", seed) for seed in range(30)]
    for each in questions:
        each.values[:, SIDES.index("characters")] = np.nan
    table = fitted(contests(questions)).reshape(len(SIDES), -1)
    assert table[SIDES.index("characters")] == pytest.approx(0)
