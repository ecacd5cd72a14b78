"""For those who run it: alive, ready, described."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.tail import Tail
from kb.store import StoreAway
from tests.api.served import House, publish, serving


def test_health_says_that_the_process_is_alive(house: House) -> None:
    assert house.client().get("/health").status_code == 200


def test_ready_turns_when_a_release_is_published(tmp_path: Path) -> None:
    with serving(tmp_path, published=False) as house:
        answer = house.client().get("/ready")
        assert answer.status_code == 503
        assert answer.json() == {
            "ready": False,
            "checks": {"database": True, "release": False, "encoder": True},
        }
        suggestions = house.client().post("/v1/suggestions", json={"text": "送料"})
        assert (suggestions.status_code, suggestions.json()["code"]) == (503, "not_ready")
        assert suggestions.headers["retry-after"]
        shopper = house.shopper()  # a chat can be opened all the same, and is not left without a word
        assert shopper.answered(shopper.say("送料っていくら？"))["body"]["text"]
        publish(house.settings)
        shopper.wait_for(lambda _: house.client().get("/ready").status_code == 200)
        assert house.client().get("/ready").json()["ready"] is True
        assert shopper.answered(shopper.say("送料っていくら？"))["body"]["entry"] == "ship-001"


def test_a_database_that_is_away_is_503_and_says_when_to_come_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = house.shopper()

    def away(*_: object, **__: object) -> None:
        raise StoreAway("gone")

    monkeypatch.setattr(house.parts.store, "write", away)
    answer = shopper.act("messages", text="a")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert int(answer.headers["retry-after"]) >= 1
    monkeypatch.setattr(house.parts.store, "read", away)
    assert house.client().get("/ready").json()["checks"]["database"] is False


def test_the_document_describes_every_route_and_the_page_needs_no_script(house: House) -> None:
    schema = house.client().get("/openapi.json").json()
    assert schema["info"]["title"] == "Toritsugi"
    assert "/v1/conversations/{c}/events" in schema["paths"]
    page = house.client().get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text and "https://" not in page.text
    for path in schema["paths"]:
        assert path in page.text


def test_figures_are_not_open_to_whom_an_unnamed_proxy_forwards(house: House) -> None:
    assert house.client().get("/metrics").status_code == 200
    assert house.client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401


def test_many_requests_at_once_wait_in_a_bounded_queue(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.parts.run, "_waiting", 0)
    answer = house.client().post("/v1/conversations", json={"client_id": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert int(answer.headers["retry-after"]) >= 1
    assert isinstance(house.parts.tail, Tail)
