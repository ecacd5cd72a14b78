from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.fuse import FILE, SIDES, Fusion, Scale, fusion_for

PLAIN = Fusion(
    {"answer_words": {"base": 2.0, "latin": -3.0}, "question_vector": {"base": 1.0}},
    {"answer_words": Scale(0.0, 0.5), "question_vector": Scale(0.8, 0.1)},
)


def test_the_fixed_weights_know_every_side_but_the_joint_one() -> None:
    fixed = fusion_for("an encoder that nothing was learned with")
    assert set(fixed.weights) == set(fixed.scales) == set(SIDES) - {"joint"}
    assert all(scale.unit > 0 for scale in fixed.scales.values())


def test_the_learned_weights_belong_to_their_encoder() -> None:
    learned = json.loads(FILE.read_text("utf-8"))["learned"]
    found = fusion_for(learned["encoder"])
    assert set(found.weights) == set(found.scales) == set(SIDES)
    assert found.weights != fusion_for(None).weights


def test_a_score_is_the_weighted_sum_in_units() -> None:
    values = {"answer_words": np.array([1.0]), "question_vector": np.array([0.9])}
    assert PLAIN.scores(values, {}) == pytest.approx([2 * 2 + 1])


def test_a_silent_side_says_nothing() -> None:
    values = {"answer_words": np.array([np.nan, 0.5]), "question_vector": np.array([0.8, 0.8])}
    assert PLAIN.scores(values, {}) == pytest.approx([0, 2])
    assert len(PLAIN.scores({}, {})) == 0


def test_a_weight_depends_on_the_query_and_is_never_negative() -> None:
    assert PLAIN.weight("answer_words", {"latin": 0.5}) == 0.5
    assert PLAIN.weight("answer_words", {"latin": 1.0}) == 0
    assert PLAIN.weight("question_vector", {"kana": 1.0}) == 1


def test_only_features_that_matter_are_asked_for() -> None:
    assert PLAIN.features == {"latin"}


def test_another_encoder_brings_its_own_scale() -> None:
    other = PLAIN.scaled({"question_vector": Scale(0.5, 0.2)})
    assert other.scores({"question_vector": np.array([0.9])}, {}) == pytest.approx([2])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_more_of_a_side_never_lowers_the_score(values: list[float]) -> None:
    scores = PLAIN.scores({"question_vector": np.array(sorted(values))}, {})
    assert (np.diff(scores) >= 0).all()
