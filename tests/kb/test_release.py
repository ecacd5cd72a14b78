from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kb import release as module
from kb.entry import Entry
from kb.release import Live, ReleaseRefused, Releases
from kb.search import Knowledge
from kb.store import Store, entries, releases

Shop = tuple[Entry, ...]


@dataclass
class Clock:
    """A minute passes with each look."""

    now: datetime = datetime(2026, 7, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@dataclass
class Report:
    worse: bool

    def as_json(self) -> dict[str, Any]:
        return {"worse": self.worse}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'db.sqlite'}")
    yield store
    store.close()


def write(store: Store, *some: Entry) -> None:
    """Put entries into the draft, as the studio does."""

    def work(conn: Any) -> None:
        for entry in some:
            values = {"revision": entry.revision, "state": "draft", "body": entry.as_json()}
            values["updated_at"] = datetime(2026, 7, 1, tzinfo=UTC)
            if conn.execute(select(entries.c.id).where(entries.c.id == entry.id)).first():
                conn.execute(update(entries).where(entries.c.id == entry.id).values(values))
            else:
                conn.execute(insert(entries).values(id=entry.id, **values))

    store.write(work)


@pytest.fixture
def made(store: Store, shop: Shop, tmp_path: Path) -> Releases:
    """Releases over a draft of the shop; without an encoder, which is quick."""
    write(store, *shop)
    return Releases(store, tmp_path, None, clock=Clock())


def states(store: Store) -> dict[str, tuple[str, int | None]]:
    with store.read() as conn:
        rows = conn.execute(select(entries.c.id, entries.c.state, entries.c.live_revision))
        return {row.id: (row.state, row.live_revision) for row in rows}


def test_publishing_makes_the_draft_live(made: Releases, store: Store, shop: Shop) -> None:
    assert made.live() is None
    steps: list[int] = []
    info = made.publish(lambda done, total: steps.append(done), "u_1", note="first")
    assert (info.state, info.by, info.note, info.entries, info.usable) == ("live", "u_1", "first", 6, True)
    live = made.live()
    assert live is not None
    assert Knowledge.open(live, None).release == info.id
    assert states(store)["ship"] == ("live", 1)


def test_an_empty_draft_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="toritsugi import"):
        Releases(store, tmp_path, None).publish(None, "u_1")


def test_a_change_shows_only_after_publishing_and_rollback_undoes_it(
    made: Releases, store: Store, shop: Shop
) -> None:
    first = made.publish(None, "u_1")
    live = Live(made, every_s=0)
    write(store, replace(shop[0], answer="全国一律600円です。", revision=2))
    assert live.current().entry("ship").answer.startswith("全国一律550円")  # type: ignore[union-attr]
    second = made.publish(None, "u_1")
    assert live.current().entry("ship").answer == "全国一律600円です。"  # type: ignore[union-attr]
    assert states(store)["ship"] == ("live", 2)
    back = made.rollback(first.id, "u_2")
    assert back.state == "live"
    assert live.current().release == first.id
    assert states(store)["ship"] == ("draft", 1)
    assert {info.id: info.state for info in made.listed()} == {first.id: "live", second.id: "superseded"}
    assert made.draft()[-1].id == "ship" or any(e.answer == "全国一律600円です。" for e in made.draft())


def test_deleted_entries_leave_with_the_next_release(made: Releases, store: Store) -> None:
    made.publish(None, "u_1")
    store.write(
        lambda conn: conn.execute(update(entries).where(entries.c.id == "pay").values(state="deleted"))
    )
    made.publish(None, "u_1")
    assert Live(made).current().entry("pay") is None
    assert states(store)["pay"] == ("deleted", None)


def test_a_worse_release_needs_force(store: Store, made: Releases, tmp_path: Path) -> None:
    first = made.publish(None, "u_1")
    seen: list[tuple[str, str | None]] = []

    def check(new: Knowledge, old: Knowledge | None) -> Report:
        seen.append((new.release, old.release if old else None))
        return Report(worse=True)

    strict = Releases(store, tmp_path, None, check, clock=Clock(datetime(2026, 7, 2, tzinfo=UTC)))
    with pytest.raises(ReleaseRefused, match="publish with force"):
        strict.publish(None, "u_1")
    assert strict.live() == tmp_path / "releases" / first.id
    refused = strict.listed()[0]
    assert (refused.state, refused.check, refused.usable) == ("failed", {"worse": True}, False)
    assert seen[0][1] == first.id
    forced = strict.publish(None, "u_1", force=True)
    assert forced.check == {"worse": True}
    assert forced.state == "live"


def test_a_publication_that_dies_leaves_the_live_release(made: Releases, tmp_path: Path) -> None:
    first = made.publish(None, "u_1")

    def die(new: Knowledge, old: Knowledge | None) -> Report:
        raise KeyboardInterrupt

    made._check = die
    with pytest.raises(KeyboardInterrupt):
        made.publish(None, "u_1")
    assert made.live() == tmp_path / "releases" / first.id
    assert [info.state for info in made.listed()] == ["failed", "live"]
    assert [p.name for p in (tmp_path / "releases").iterdir()] == [first.id]


def test_of_two_at_once_one_is_told(made: Releases, store: Store, tmp_path: Path) -> None:
    other = Releases(store, tmp_path, None, clock=Clock(datetime(2026, 7, 2, tzinfo=UTC)))

    def meanwhile(new: Knowledge, old: Knowledge | None) -> Report:
        other.publish(None, "u_2")
        return Report(worse=False)

    made._check = meanwhile
    with pytest.raises(ReleaseRefused, match="meanwhile"):
        made.publish(None, "u_1")
    assert made.listed()[0].by == "u_2"
    assert made.listed()[0].state == "live"


def test_a_row_left_by_a_dead_process_is_closed(made: Releases, store: Store) -> None:
    row = {"id": "dead", "created_at": datetime(2026, 6, 1, tzinfo=UTC), "state": "building"}
    store.write(lambda conn: conn.execute(insert(releases).values(row)))
    made.publish(None, "u_1")
    assert made.listed()[-1].state == "failed"


def test_old_directories_go(made: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    infos = [made.publish(None, "u_1") for _ in range(3)]
    assert {p.name for p in (tmp_path / "releases").iterdir()} == {infos[1].id, infos[2].id}
    with pytest.raises(ReleaseRefused, match="no longer kept"):
        made.rollback(infos[0].id, "u_1")
    with pytest.raises(ReleaseRefused, match="no release 'x'"):
        made.rollback("x", "u_1")


def test_every_process_sees_a_swap_and_keeps_what_it_holds(
    made: Releases, store: Store, shop: Shop, tmp_path: Path
) -> None:
    made.publish(None, "u_1")
    elsewhere = Live(Releases(store, tmp_path, None), every_s=0)
    held = elsewhere.current()
    write(store, replace(shop[0], answer="変わりました。", revision=2))
    made.publish(None, "u_1")
    assert elsewhere.current().entry("ship").answer == "変わりました。"  # type: ignore[union-attr]
    assert held.search("送料はいくら")[0].entry.answer.startswith("全国一律550円")


def test_before_the_first_release_it_says_what_to_do(made: Releases) -> None:
    with pytest.raises(ReleaseRefused, match="toritsugi publish"):
        Live(made).current()


def test_a_live_release_that_cannot_be_opened_leaves_the_old_one(made: Releases, tmp_path: Path) -> None:
    made.publish(None, "u_1")
    live = Live(made, every_s=0)
    first = live.current()
    second = made.publish(None, "u_1")
    (tmp_path / "releases" / second.id / "manifest.json").write_text("{}")
    assert live.current() is first


def test_many_threads_open_one_knowledge(made: Releases) -> None:
    made.publish(None, "u_1")
    live = Live(made)
    got: list[Knowledge] = []
    threads = [threading.Thread(target=lambda: got.append(live.current())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len({id(knowledge) for knowledge in got}) == 1
