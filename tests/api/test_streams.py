"""Streams: neither gap nor double, bounded, and told to reconnect when the server stops."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from api import tail
from api.errors import Problem
from api.metrics import Metrics
from api.sight import Owner, Owners, Told, owner_after
from bot.conversation import SHOPPER, Open, Rate, Say
from bot.feed import LocalFeed
from bot.log import Log
from kb.store import Store
from tests.api.served import House, Stream, serving


def test_too_many_streams_of_a_chat_are_429_and_a_closed_one_makes_room(house: House) -> None:
    shopper = house.shopper()
    path = f"/v1/conversations/{shopper.id}/events"
    clients = [house.client(headers=shopper.client.headers) for _ in range(6)]
    streams = [Stream(client, path) for client in clients[:5]]
    assert {stream.status for stream in streams} == {200}
    over = clients[5].get(path)
    assert (over.status_code, over.json()["code"]) == (429, "too_many_streams")
    assert int(over.headers["retry-after"]) >= 1
    streams[0]._context.gen.close() if hasattr(streams[0]._context, "gen") else None
    clients[0].close()

    def freed() -> bool:
        with clients[5].stream("GET", path) as answer:
            return answer.status_code == 200

    shopper.say("起きて")  # a write to the closed line shows that it is closed
    assert wait(freed)


def test_open_streams_are_counted_up_and_down_to_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as house:
        chat, staff = house.shopper(), house.staff("sato@example.jp")
        paths = ((chat.client, f"/v1/conversations/{chat.id}/events"), (staff.client, "/v1/desk/events"))
        streams = [Stream(client, path) for client, path in paths]

        def counted() -> list[str]:
            figures = house.client().get("/metrics").text.splitlines()
            return sorted(
                line.rpartition(" ")[2] for line in figures if line.startswith("toritsugi_streams{")
            )

        assert counted() == ["1.0", "1.0"]
        house.parts.tail.stop_streams()
        assert all(stream.ended.wait(10) for stream in streams)
        assert wait(lambda: counted() == ["0.0", "0.0"])


def wait(holds: object, seconds: float = 10.0) -> bool:
    ended = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if holds():  # type: ignore[operator]
            return True
        ended.wait(0.05)
    return False


def test_a_stream_says_something_at_least_every_fifteen_seconds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tail.COMMENT < 15
    monkeypatch.setattr(tail, "COMMENT", 0.05)
    shopper = house.shopper()
    stream = Stream(shopper.client, f"/v1/conversations/{shopper.id}/events?after=2")
    assert wait(lambda: stream.comments >= 3)


def test_headers_of_a_stream_keep_proxies_from_holding_it(house: House) -> None:
    shopper = house.shopper()
    stream = Stream(shopper.client, f"/v1/conversations/{shopper.id}/events")
    assert stream.answer is not None
    headers = stream.answer.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"


def test_stopping_tells_streams_to_reconnect_and_loses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as house:
        shopper = house.shopper()
        stream = Stream(shopper.client, f"/v1/conversations/{shopper.id}/events")
        seq = shopper.say("送料っていくら？")
        house.stop()
        assert stream.ended.wait(10)
        assert stream.retry is not None and stream.retry > 0
        seen = [int(frame["id"]) for frame in stream.seen]
        token = shopper.client.headers["Authorization"]
    with serving(tmp_path / "data", fresh=False) as again:
        client = again.client(headers={"Authorization": token})
        rest = Stream(
            client, f"/v1/conversations/{shopper.id}/events", headers={"Last-Event-ID": str(seen[-1])}
        )
        while seq not in seen or not any(e > seq for e in seen):
            seen.append(int(rest.next()["id"]))
    assert seen == sorted(set(seen)) and seen[:3] == [1, 2, 3]


def test_two_servers_cannot_serve_one_sqlite_database(house: House, tmp_path: Path) -> None:
    from kb.store import StoreBusy

    store = Store.open(house.settings.store_url)
    with pytest.raises(StoreBusy):
        store.serve()
    store.close()


# ---- the tailer alone ---------------------------------------------------------------------------------


def tailed(tmp_path: Path) -> tuple[Log, tail.Tail]:
    store = Store.open(f"sqlite:///{tmp_path / 'log.db'}")
    feed = LocalFeed()
    log = Log(store, feed)
    return log, tail.Tail(log, feed, Owners(store), asyncio.to_thread, Metrics())


def test_a_reader_that_falls_behind_reads_the_log_and_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "BUFFER", 3)
    log, follower = tailed(tmp_path)
    log.append("c_1", Open(), SHOPPER, "open")
    reads: list[int] = []

    async def run() -> list[int]:
        await follower.start()
        channel = follower.open("c_1", 0)

        async def read(cursor: int) -> tuple[list[Told], int, bool]:
            reads.append(cursor)
            page = await asyncio.to_thread(log.events, "c_1", cursor, 4)
            return [Told(e, Owner(""), Owner("")) for e in page.events], page.seq, page.more

        def show(item: object) -> bytes:
            return f"{item.event.seq};".encode() if isinstance(item, Told) else b""

        body = tail.stream(follower, channel, 0, read, show, lambda told: told.event.seq)
        seen: list[int] = []

        async def upto(last: int) -> None:
            async for part in body:
                seen.extend(int(n) for n in part.decode().split(";") if n.strip().isdigit())
                if seen and seen[-1] >= last:
                    return

        await upto(2)
        for score in range(20):  # nobody reads meanwhile
            await asyncio.to_thread(log.append, "c_1", Rate(score % 5 + 1), SHOPPER)
        while not channel.lost:
            await asyncio.sleep(0.01)
        await upto(22)
        await follower.stop()
        return seen

    assert asyncio.run(run()) == list(range(1, 23))
    assert len(reads) > 2  # on connecting, and again after the overflow


def test_a_lost_wake_up_is_made_good_by_looking_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "EVERY", 0.05)
    log, follower = tailed(tmp_path)
    quiet = Log(log.store, LocalFeed())  # writes without waking anybody here
    quiet.append("c_1", Open(), SHOPPER, "open")

    async def run() -> list[int]:
        await follower.start()
        channel = follower.open("c_1", 0)
        await asyncio.to_thread(quiet.append, "c_1", Say("はい"), SHOPPER)
        items = await channel.take(5)
        await follower.stop()
        return [item.event.seq for item in items if isinstance(item, Told)]

    assert asyncio.run(run()) == [3]


def test_a_stopping_tailer_takes_no_new_streams(tmp_path: Path) -> None:
    _, follower = tailed(tmp_path)
    follower.stop_streams()
    with pytest.raises(Problem) as refused:
        follower.open("c_1", 0)
    assert refused.value.status == 503


def test_the_owner_is_folded_as_the_state_is(tmp_path: Path) -> None:
    """What streams believe about ownership is what the conversation's own fold says, event by event."""
    from bot.conversation import apply
    from bot.state import Event, State

    at = Log(Store.open(f"sqlite:///{tmp_path / 'x.db'}"), LocalFeed()).clock()

    def event(seq: int, kind: str, by: str = "u_1", **body: str) -> Event:
        return Event("c_1", seq, seq - 1, kind, at, "agent", by, None, body)

    life = [
        event(1, "opened"),
        event(2, "message"),
        event(3, "queued", ticket="A-1"),
        event(4, "assigned"),
        event(5, "note"),
        event(6, "transferred", to="u_2"),
        event(7, "released"),
        event(8, "queued"),
        event(9, "assigned"),
        event(10, "transferred", to="desk:x"),
        event(11, "returned"),
        event(12, "closed"),
        event(13, "reopened"),
        event(14, "transferred", to="supervisor"),
    ]
    state: State | None = None
    owner = Owner("")
    for each in life:
        state = apply(state, each)
        owner = owner_after(each.type, each.from_id, str(each.body.get("to", "")), owner)
        assert (owner.kind, owner.id) == (state.owner_kind, state.owner_id), each.type
