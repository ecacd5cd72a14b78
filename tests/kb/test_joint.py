from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import joint


def tokens(count: int, seed: int, width: int = 8) -> joint.Floats:
    drawn = np.random.default_rng(seed).normal(size=(count, width))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def kept(*counts: int) -> tuple[list[joint.Floats], joint.Tokens]:
    entries = [tokens(count, seed) for seed, count in enumerate(counts)]
    return entries, joint.Tokens.of([joint.as_bytes(each) for each in entries])


@given(st.lists(st.integers(1, 80), min_size=1, max_size=6), st.integers(1, 9))
def test_a_value_is_the_mean_of_each_tokens_best_cosine(counts: list[int], asked: int) -> None:
    entries, store = kept(*counts)
    query = tokens(asked, 99)
    wanted = [(query @ each[: joint.LONGEST].T).max(axis=1).mean() for each in entries]
    assert store.compare(query, np.arange(len(counts))) == pytest.approx(wanted, abs=0.01)


def test_an_entry_that_holds_every_token_of_the_query_is_as_near_as_can_be() -> None:
    entries, store = kept(12, 5)
    found = store.compare(entries[0][3:7], np.array([1, 0]))
    assert found[1] == pytest.approx(1, abs=0.02)
    assert found[0] < 0.95


def test_the_order_of_the_asked_entries_is_kept_and_none_is_nothing() -> None:
    _, store = kept(3, 4, 5)
    query = tokens(2, 50)
    forth, back = store.compare(query, np.array([0, 2])), store.compare(query, np.array([2, 0]))
    assert forth == pytest.approx(back[::-1])
    assert len(store.compare(query, np.array([], np.int64))) == 0


def test_what_is_written_is_what_is_opened(tmp_path: Path) -> None:
    _, store = kept(3, 70)
    store.save(tmp_path)
    again = joint.Tokens.open(tmp_path)
    assert np.array_equal(again.one(0), store.one(0))
    assert len(again.one(1)) == joint.LONGEST
