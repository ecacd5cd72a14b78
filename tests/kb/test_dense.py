from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import dense


def units(count: int, seed: int = 0, width: int = 16) -> dense.Floats:
    return dense.centred(np.random.default_rng(seed).normal(size=(count, width)), np.zeros(width, np.float32))


def side(vectors: dense.Floats, owners: list[int], entries: int, folder: Path) -> dense.Side:
    dense.write_side(vectors, folder / "side.faiss", vectors[:1])
    return dense.read_side(folder / "side.faiss", vectors, np.array(owners), entries)


def test_nearest_and_cosines_agree_with_the_definition(tmp_path: Path) -> None:
    vectors, owners = units(60), [i // 3 for i in range(60)]
    found = side(vectors, owners, 20, tmp_path)
    query = units(1, 1)
    cosines = vectors @ query[0]
    expected = np.array([sorted(cosines[3 * e : 3 * e + 3])[:0:-1] for e in range(20)])
    best, second = found.cosines(query[0], np.arange(20))
    assert np.allclose(np.stack([best, second], 1), expected, atol=1e-3)
    nearest = {owners[row] for row in np.argsort(-cosines)[:5]}
    assert set(found.nearest(query, 5)) == nearest


def test_an_entry_without_vectors_is_as_far_as_can_be(tmp_path: Path) -> None:
    found = side(units(2), [0, 2], 3, tmp_path)
    best, second = found.cosines(units(1)[0], np.array([0, 1, 2]))
    assert best[1] == second[1] == -1
    assert (best == second).all()


def test_two_equal_vectors_are_best_and_second(tmp_path: Path) -> None:
    vectors = units(3)[[0, 0, 1, 2]]
    best, second = side(vectors, [0, 0, 1, 1], 2, tmp_path).cosines(vectors[0], np.array([0, 1]))
    assert best[0] == second[0] == pytest.approx(1, abs=1e-3)
    assert best[1] > second[1]


def test_any_of_several_queries_brings_candidates(tmp_path: Path) -> None:
    vectors = units(9)
    found = side(vectors, list(range(9)), 9, tmp_path)
    assert list(found.nearest(vectors[[3, 7]], 1)) == [3, 7]


def test_above_the_limit_the_recall_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "EXACT", 500)
    centres = units(40, 2)
    vectors = dense.centred(np.repeat(centres, 25, 0) + units(1000, 3) * 0.3, np.zeros(16, np.float32))
    recall = dense.write_side(vectors, tmp_path / "side.faiss", vectors[::20])
    assert dense.RECALL <= recall <= 1
    found = dense.read_side(tmp_path / "side.faiss", vectors, np.arange(1000), 1000)
    assert 17 in found.nearest(vectors[17:18], 3)
    assert found.cosines(vectors[17], np.array([17]))[0] == pytest.approx(1, abs=1e-3)


@given(st.integers(1, 30))
def test_the_mean_is_drawn_to_the_typical_one(count: int) -> None:
    prior = np.ones((10, 4), np.float32)
    mean = dense.mean_of(np.zeros((count, 4), np.float32), prior)
    assert np.allclose(mean, dense.PRIOR / (count + dense.PRIOR))


def test_centring_gives_unit_vectors_and_keeps_zero() -> None:
    vectors = dense.centred(np.array([[3.0, 4.0], [1.0, 0.0]], np.float32), np.array([1.0, 0.0], np.float32))
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)
    assert not vectors[1].any()
