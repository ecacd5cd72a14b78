"""The threads that decide: slow ones are renewed, too slow ones handed over, broken ones handed over too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

import bot.turns
import bot.worker
from bot.conversation import Claim
from bot.feed import Wake
from bot.log import utcnow
from bot.turns import DecidedWords, Material, Turns
from bot.worker import Worker
from kb.store import Store, StoreAway
from tests.logkit import CHIEF, Kit, empty, sqlite_store

YES = DecidedWords("answer", "はい。")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = sqlite_store(tmp_path_factory.mktemp("worker"))
    yield made
    made.close()


@pytest.fixture
def kit(kept: Store) -> Kit:
    empty(kept)
    made = Kit(kept)
    made.log.clock = utcnow
    return made


class Heard:
    """Waits until something was appended or typed."""

    def __init__(self, kit: Kit) -> None:
        self.news = threading.Condition()
        self.typing: list[str | None] = []
        kit.feed.subscribe(self)

    def __call__(self, message: Wake) -> None:
        with self.news:
            if message.kind == "typing":
                self.typing.append(message.who)
            self.news.notify_all()

    def until(self, done: Callable[[], bool]) -> None:
        with self.news:
            assert self.news.wait_for(done, 10)


@pytest.fixture
def work(kit: Kit) -> Iterator[Callable[[Callable[[Material], DecidedWords]], Worker]]:
    made: list[Worker] = []

    def start(decide: Callable[[Material], DecidedWords]) -> Worker:
        worker = Worker(Turns(kit.log), decide, kit.feed, threads=2)
        worker.start()
        made.append(worker)
        return worker

    yield start
    for worker in made:
        worker.stop()


def test_what_takes_long_is_renewed_and_decided_once(
    kit: Kit, work: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.turns, "LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr(bot.worker, "_KEEP_S", 0.02)
    heard, go, decided = Heard(kit), threading.Event(), []

    def decide(material: Material) -> DecidedWords:
        decided.append(material.text)
        go.wait(10)
        return YES

    c = kit.open()
    work(decide)
    kit.say(c)
    heard.until(lambda: len(heard.typing) > 40)
    go.set()
    heard.until(lambda: "decided" in kit.types(c))
    assert decided == ["送料は？"], "nobody else took it"
    assert set(heard.typing) == {"bot"}, "the shopper sees that the bot is at it"


def test_what_takes_too_long_is_handed_over_and_its_answer_dropped(
    kit: Kit, work: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.turns, "GIVE_UP_AFTER", timedelta(seconds=0.3))
    monkeypatch.setattr(bot.worker, "_KEEP_S", 0.02)
    heard, go, left = Heard(kit), threading.Event(), threading.Event()

    def decide(material: Material) -> DecidedWords:
        go.wait(10)
        left.set()
        return YES

    c = kit.open()
    worker = work(decide)
    kit.say(c)
    heard.until(lambda: "decided" in kit.types(c))
    go.set()
    assert left.wait(10)
    worker.stop()
    assert kit.types(c)[3:] == ["decided", "message"]
    assert kit.events(c)[-1].body["text"] == "escalate_fault_away/ja"


def test_a_broken_mind_ends_with_a_person_or_an_honest_word(kit: Kit, work: Callable[..., Worker]) -> None:
    heard = Heard(kit)

    def decide(material: Material) -> DecidedWords:
        raise LookupError("no such thing")

    kit.on_duty(CHIEF)
    kit.store.write(lambda conn: _here(conn))
    c = kit.open()
    work(decide)
    kit.say(c)
    heard.until(lambda: "queued" in kit.types(c))
    assert kit.types(c)[3:] == ["decided", "message", "escalated", "queued"]
    assert kit.events(c)[-2].body["reason"] == "fault"


def _here(conn: object) -> None:
    from sqlalchemy import Connection, update

    from kb.store import presence

    assert isinstance(conn, Connection)
    conn.execute(update(presence).values(stream_at=utcnow()))


def test_a_person_steps_in_while_the_bot_thinks(kit: Kit, work: Callable[..., Worker]) -> None:
    thinking, go, left = threading.Event(), threading.Event(), threading.Event()

    def decide(material: Material) -> DecidedWords:
        thinking.set()
        go.wait(10)
        left.set()
        return YES

    c = kit.open()
    worker = work(decide)
    kit.say(c)
    assert thinking.wait(10)
    kit.do(c, Claim(), CHIEF)
    go.set()
    assert left.wait(10)
    worker.stop()
    assert kit.types(c)[3:] == ["assigned"], "not a word of the bot after the claim"


def test_a_database_that_is_away_for_a_moment_costs_only_time(
    kit: Kit, work: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.turns, "LEASE", timedelta(seconds=0.2))
    heard, away = Heard(kit), {"left": 1}
    finish = Turns.finish

    def unlucky(self: Turns, *args: object) -> object:
        if away["left"]:
            away["left"] -= 1
            raise StoreAway("gone for a moment")
        return finish(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Turns, "finish", unlucky)
    c = kit.open()
    work(lambda material: YES)
    kit.say(c)
    heard.until(lambda: "decided" in kit.types(c))
    assert kit.events(c)[-1].body["text"] == "はい。"
