"""A logistic model is the optimum of its stated loss, reads back as written, and refuses bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.fit import Logistic, fit_logistic, softmax


def _blobs(classes: int, rows: int = 300, columns: int = 5, seed: int = 3) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, columns))
    y = rng.integers(0, classes, rows)
    return (centres[y] + rng.normal(size=(rows, columns))) * np.array([1, 10, 0.1, 3, 1]), y.tolist()


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_is_the_optimum(classes: int) -> None:
    x, y = _blobs(classes)
    model = fit_logistic(x, y, 2.0)

    def loss(weights: np.ndarray, bias: np.ndarray) -> float:
        probability = softmax(x @ weights.T + bias)[np.arange(len(y)), y]
        free = weights[1:] if classes == 2 else weights
        return -np.log(probability).sum() + 1.0 * ((free * x.std(axis=0)) ** 2).sum()

    best = loss(model.weights, model.bias)
    rng = np.random.default_rng(1)
    for _ in range(50):
        nudge = rng.normal(size=model.weights.shape) * 0.01 / x.std(axis=0)
        push = rng.normal(size=model.bias.shape) * 0.01
        if classes == 2:
            nudge[0], push[0] = 0, 0
        assert loss(model.weights + nudge, model.bias + push) > best


def test_binary_knows_the_log_odds() -> None:
    """With an intercept alone the answer is the share of positives."""
    model = fit_logistic(np.zeros((10, 2)), [True] * 3 + [False] * 7)
    assert model.classes == ("False", "True")
    assert model.weights.tolist() == [[0, 0], [0, 0]]
    assert model.predict_proba([1.0, 2.0])[1] == pytest.approx(0.3, abs=1e-5)


def test_weights_count_like_repeated_rows() -> None:
    x, y = _blobs(3, rows=60)
    twice = fit_logistic(np.vstack([x, x[:20]]), y + y[:20])
    weighted = fit_logistic(x, y, sample_weight=[2] * 20 + [1] * 40)
    assert np.allclose(twice.predict_proba(x), weighted.predict_proba(x), atol=1e-4)


def test_penalty_by_column() -> None:
    x, y = _blobs(2)
    plain = fit_logistic(x, y, 1.0)
    held = fit_logistic(x, y, 1.0, penalty=[1e9, 1, 1, 1, 1])
    assert abs(held.weights[1, 0]) < 1e-6 < abs(plain.weights[1, 0])


def test_scale_of_columns_does_not_matter() -> None:
    x, y = _blobs(3)
    scaled = x * [100, 1, 0.01, 5, 1] + [3, -7, 0, 100, 1]
    assert np.allclose(
        fit_logistic(x, y).predict_proba(x), fit_logistic(scaled, y).predict_proba(scaled), atol=1e-4
    )


def test_reads_back() -> None:
    x, y = _blobs(3)
    model = fit_logistic(x, [["calm", "furious", "upset"][k] for k in y])
    again = Logistic.from_json(json.loads(json.dumps(model.as_json())))
    assert again.classes == ("calm", "furious", "upset")
    assert np.allclose(again.predict_proba(x), model.predict_proba(x), atol=1e-3)
    assert again.predict_proba(x[0]).shape == (3,)


def test_refuses() -> None:
    with pytest.raises(ValueError, match="two classes"):
        fit_logistic([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(ValueError, match="3 labels"):
        fit_logistic([[1.0], [2.0]], ["a", "b", "a"])
    with pytest.raises(ValueError, match="finite"):
        fit_logistic([[1.0], [np.nan]], ["a", "b"])
    with pytest.raises(ValueError, match="weights"):
        fit_logistic([[1.0], [2.0]], ["a", "b"], sample_weight=[-1, 1])
    with pytest.raises(ValueError, match="2 classes"):
        Logistic.from_json({"classes": ["a", "b"], "weights": [[1.0]], "bias": [0, 0]})


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4), st.integers(0, 1000), st.floats(0.01, 100))
def test_probabilities(classes: int, seed: int, l2: float) -> None:
    x, y = _blobs(classes, rows=40, seed=seed)
    p = fit_logistic(x, y, l2).predict_proba(x)
    assert np.isfinite(p).all()
    assert np.allclose(p.sum(axis=1), 1)
