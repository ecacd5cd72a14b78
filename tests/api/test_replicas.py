"""Two servers on one PostgreSQL and one Redis: no sticky sessions, everything is seen on both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.api.served import House, Stream, serving

POSTGRES = os.environ.get("TORITSUGI_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
REDIS = os.environ.get("TORITSUGI_TEST_REDIS", "redis://127.0.0.1:6379/0")
pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A database of our own, gone afterwards."""
    name = f"toritsugi_{uuid4().hex[:12]}"
    url = make_url(POSTGRES)
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(scope="module")
def pair(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    data: Path = tmp_path_factory.mktemp("shared")
    given = {"database_url": database, "redis_url": REDIS}
    with serving(data, **given) as one, serving(data, fresh=False, **given) as two:
        yield one, two


def test_a_chat_goes_on_at_any_server(pair: tuple[House, House]) -> None:
    one, two = pair
    shopper = one.shopper()
    elsewhere = two.client(headers={"Authorization": shopper.client.headers["Authorization"]})
    stream = Stream(elsewhere, f"/v1/conversations/{shopper.id}/events")
    seq = shopper.say("送料っていくら？")
    while (frame := stream.next("message"))["data"]["body"].get("answers") != seq:
        pass
    assert frame["data"]["body"]["entry"] == "ship-001"
    agent = two.staff("sato@example.jp")
    agent.available()
    assert shopper.act("handover").status_code == 200
    stream.next("queued")
    assert agent.act(shopper.id, "claim").status_code == 200
    late = one.staff("suzuki@example.jp").act(shopper.id, "claim")
    assert (late.status_code, late.json()["code"]) == (409, "already_owned")
    assert agent.act(shopper.id, "messages", text="承ります").status_code == 201
    assert shopper.page()["messages"][-1]["body"]["text"] == "承ります"
    seqs = [int(frame["id"]) for frame in stream.seen]
    assert seqs == sorted(set(seqs))
    agent.act(shopper.id, "close")


def test_typing_crosses_over(pair: tuple[House, House]) -> None:
    one, two = pair
    agent = two.staff("sato@example.jp")
    agent.available()
    shopper = one.shopper()
    shopper.act("handover")
    agent.act(shopper.id, "claim")
    desk = Stream(agent.client, "/v1/desk/events")
    assert shopper.client.post(f"/v1/conversations/{shopper.id}/typing", json={}).status_code == 204
    assert desk.next("typing")["data"]["conversation"] == shopper.id
    agent.act(shopper.id, "close")


def test_a_release_published_here_answers_there(pair: tuple[House, House]) -> None:
    one, two = pair
    editor = one.staff("ito@example.jp").client
    entry = {"id": "gift-001", "question": "ギフト包装はできますか", "answer": "330円で承ります。"}
    assert editor.post("/v1/entries", json=entry).status_code == 201
    one.parts.releases.publish(None, "test")
    shopper = two.shopper()
    assert shopper.wait_for(lambda e: asked(shopper))["seq"] == 1


def asked(shopper: object) -> bool:
    answer = shopper.answered(shopper.say("ギフト包装はできますか"))  # type: ignore[attr-defined]
    return answer["body"].get("entry") == "gift-001"


def test_limits_are_counted_together(database: str, tmp_path: Path) -> None:
    given = {"database_url": database, "redis_url": REDIS, "messages_per_minute": 4}
    with serving(tmp_path, fresh=False, **given) as one, serving(tmp_path, fresh=False, **given) as two:
        shopper = one.shopper()
        elsewhere = two.client(headers={"Authorization": shopper.client.headers["Authorization"]})
        path, codes = f"/v1/conversations/{shopper.id}/rating", []
        for n in range(6):
            client = shopper.client if n % 2 else elsewhere
            codes.append(client.post(path, json={"client_id": f"r{n}", "score": 3}).status_code)
        assert codes == [200] * 4 + [429] * 2


def test_what_the_pages_read_is_the_same_on_postgresql(pair: tuple[House, House]) -> None:
    one, two = pair
    lead = two.staff("tanaka@example.jp")
    before = lead.client.get("/v1/statistics").json()
    shopper = one.shopper()
    answer = shopper.answered(shopper.say("送料っていくら？"))
    shopper.act("feedback", seq=answer["seq"], helpful=True)
    shopper.act("rating", score=5)
    told = lead.client.get("/v1/statistics").json()
    assert (told["answered"], told["helpful"]) == (before["answered"] + 1, before["helpful"] + 1)
    assert told["ratings"]["n"] == before["ratings"]["n"] + 1
    desk = lead.client.get("/v1/desk").json()
    card = next(card for card in desk["others"] if card["conversation"] == shopper.id)
    assert (card["mood"], card["text"]) == ("calm", "送料っていくら？")
    shown = lead.client.get(f"/v1/desk/conversations/{shopper.id}").json()
    assert shown["decision"]["entry"] == "ship-001"
    editor = one.staff("ito@example.jp").client
    found = editor.get("/v1/entries", params={"text": "返金"}).json()["entries"]
    assert [entry["id"] for entry in found] == ["return-002"]
    assert shopper.id in lead.client.get("/v1/export/transcripts").text
    assert two.staff("admin@example.jp").act(shopper.id, "erase").status_code == 200
    assert shopper.client.get(f"/v1/conversations/{shopper.id}/messages").status_code == 404
    assert one.client().get("/metrics").status_code == 200


def test_a_backup_of_postgresql_is_restored(
    pair: tuple[House, House], database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.commands import backup

    one, _ = pair
    name = f"{make_url(database).database}_copy"
    engine = create_engine(make_url(database).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    try:
        monkeypatch.setenv("TORITSUGI_ENCODER", "none")
        monkeypatch.setenv("TORITSUGI_DATABASE_URL", database)
        backup.backup(one.settings.data, tmp_path / "b.tgz", as_json=True)
        copy = make_url(database).set(database=name).render_as_string(hide_password=False)
        monkeypatch.setenv("TORITSUGI_DATABASE_URL", copy)
        backup.restore(tmp_path / "new", tmp_path / "b.tgz", as_json=True)
        given = {"database_url": copy, "redis_url": REDIS}
        with serving(tmp_path / "new", fresh=False, **given) as restored:
            assert restored.client().get("/ready").status_code == 200
            shopper = restored.shopper()
            assert shopper.answered(shopper.say("送料っていくら？"))["body"]["entry"] == "ship-001"
    finally:
        with engine.connect() as conn:
            conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
