"""Limits: a sliding minute, here and on Redis alike; repeats are free."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from api.errors import Problem
from api.limits import WINDOW, Limits, LocalWindow, RedisWindow, Window
from tests.api.served import serving

REDIS = os.environ.get("TORITSUGI_TEST_REDIS", "redis://127.0.0.1:6379/0")


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.redis)])
def window(request: pytest.FixtureRequest) -> Iterator[Window]:
    if request.param == "local":
        yield LocalWindow()
        return
    prefix = f"test:{uuid4().hex}:"
    shared = RedisWindow(REDIS, prefix)
    yield shared
    for key in shared._redis.scan_iter(f"{prefix}*"):
        shared._redis.delete(key)
    shared.close()


def test_the_place_beyond_the_limit_is_refused_with_a_waiting_time(window: Window) -> None:
    assert [window.take("k", 3, str(n)) for n in range(3)] == [0, 0, 0]
    assert 0 < window.take("k", 3, "x") <= WINDOW
    assert window.take("other", 3, "x") == 0


def test_a_refund_makes_room(window: Window) -> None:
    window.take("k", 1, "a")
    window.refund("k", "a")
    window.refund("k", "never taken")
    assert window.take("k", 1, "b") == 0
    assert window.take("k", 1, "c") > 0


def test_many_at_once_get_exactly_the_limit(window: Window) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda n: window.take("k", 10, str(n)), range(40)))
    assert waits.count(0) == 10


def test_the_window_slides() -> None:
    now = [0.0]
    window = LocalWindow(lambda: now[0])
    window.take("k", 2, "a")
    now[0] = 30
    window.take("k", 2, "b")
    assert window.take("k", 2, "c") == 30
    now[0] = 60.001
    assert window.take("k", 2, "c") == 0
    assert window.take("k", 2, "d") == pytest.approx(29.999)
    now[0] = 300
    window.take("other", 2, "e")
    assert "k" not in window._taken


def test_a_refused_request_takes_no_place_under_any_key(window: Window) -> None:
    limits = Limits(window)
    limits.take([("chat", 1)])
    for _ in range(5):
        with pytest.raises(Problem) as refused:
            limits.take([("address", 1), ("chat", 1)])
        assert refused.value.status == 429 and (refused.value.retry_after or 0) >= 1
    limits.take([("address", 1), ("nothing", 0)])


def test_what_was_done_before_is_let_through(window: Window) -> None:
    limits = Limits(window)
    limits.take([("chat", 1)])
    limits.admit([("chat", 1)], lambda: True).refund()
    with pytest.raises(Problem):
        limits.admit([("chat", 1)], lambda: False)


def test_without_redis_this_process_counts_alone() -> None:
    window = RedisWindow("redis://127.0.0.1:1/0")
    assert window.take("k", 1, "a") == 0
    assert window.take("k", 1, "b") > 0
    window.refund("k", "a")
    assert window.take("k", 1, "c") == 0


def test_all_shopper_writes_count_repeats_are_free_and_429_says_when(tmp_path: Path) -> None:
    with serving(tmp_path / "d", messages_per_minute=3, messages_per_minute_per_address=12) as house:
        shopper = house.shopper()
        path = f"/v1/conversations/{shopper.id}/messages"
        first = {"client_id": "a1", "text": "こんにちは"}
        assert shopper.client.post(path, json=first).status_code == 201
        for _ in range(5):
            assert shopper.client.post(path, json=first).status_code == 200
        assert shopper.act("rating", score=3).status_code == 200
        assert shopper.act("close").status_code == 200
        over = shopper.act("rating", score=3)
        assert (over.status_code, over.json()["code"]) == (429, "too_many")
        assert 1 <= int(over.headers["retry-after"]) <= 60
        assert shopper.client.post(path, json=first).status_code == 200  # a repeat, beyond the limit too
        other = house.shopper()
        assert other.act("rating", score=3).status_code == 200
        while house.client().post("/v1/conversations", json={"client_id": uuid4().hex}).status_code == 201:
            pass
        refused = other.act("rating", score=3)
        assert refused.status_code == 429
