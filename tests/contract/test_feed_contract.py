"""Wake-ups, in process and over Redis."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator

import pytest

from bot.feed import Feed, LocalFeed, RedisFeed, Wake, open_feed
from tests.logkit import REDIS


class Ear:
    """Keeps what it hears and lets a test wait for it."""

    def __init__(self) -> None:
        self.heard: list[Wake] = []
        self._news = threading.Condition()

    def __call__(self, message: Wake) -> None:
        with self._news:
            self.heard.append(message)
            self._news.notify_all()

    def waits_for(self, message: Wake) -> bool:
        with self._news:
            return self._news.wait_for(lambda: message in self.heard, 5)


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.redis)])
def feed(request: pytest.FixtureRequest) -> Iterator[Feed]:
    made = LocalFeed() if request.param == "local" else RedisFeed(REDIS, f"test-{secrets.token_hex(6)}")
    if isinstance(made, RedisFeed):
        assert made.listening.wait(5)
    yield made
    made.close()


def test_everyone_who_listens_hears_in_order(feed: Feed) -> None:
    ears = [Ear(), Ear()]
    for ear in ears:
        feed.subscribe(ear)
    sent = [Wake("look", 7), Wake("typing", 0, "c1", "shopper"), Wake("look", 8)]
    for message in sent:
        feed.publish(message)
    for ear in ears:
        assert ear.waits_for(sent[-1])
        assert [message for message in ear.heard if message in sent] == sent


def test_who_left_hears_nothing(feed: Feed) -> None:
    stays, leaves = Ear(), Ear()
    feed.subscribe(stays)
    stop = feed.subscribe(leaves)
    stop()
    stop()
    feed.publish(Wake("look", 1))
    assert stays.waits_for(Wake("look", 1))
    assert leaves.heard == []


def test_a_listener_that_fails_harms_nobody(feed: Feed) -> None:
    def broken(message: Wake) -> None:
        raise LookupError(message)

    ear = Ear()
    feed.subscribe(broken)
    feed.subscribe(ear)
    feed.publish(Wake("look", 1))
    assert ear.waits_for(Wake("look", 1))


def test_many_publish_at_once(feed: Feed) -> None:
    ear = Ear()
    feed.subscribe(ear)
    threads = [
        threading.Thread(
            target=lambda n=n: [feed.publish(Wake("typing", 0, f"c{n}-{k}", "agent")) for k in range(50)]
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(4):
        assert ear.waits_for(Wake("typing", 0, f"c{n}-49", "agent"))
    assert len([m for m in ear.heard if m.kind == "typing"]) == 200


@pytest.fixture
def pair() -> Iterator[Callable[[], tuple[RedisFeed, RedisFeed]]]:
    """Two processes' feeds on one channel."""
    made: list[RedisFeed] = []

    def make() -> tuple[RedisFeed, RedisFeed]:
        channel = f"test-{secrets.token_hex(6)}"
        made.extend(RedisFeed(REDIS, channel) for _ in range(2))
        assert all(feed.listening.wait(5) for feed in made)
        return made[0], made[1]

    yield make
    for feed in made:
        feed.close()


@pytest.mark.redis
def test_other_processes_hear_too_and_oneself_only_once(
    pair: Callable[[], tuple[RedisFeed, RedisFeed]],
) -> None:
    one, other = pair()
    mine, theirs = Ear(), Ear()
    one.subscribe(mine)
    other.subscribe(theirs)
    one.publish(Wake("typing", 0, "c1", "shopper"))
    assert theirs.waits_for(Wake("typing", 0, "c1", "shopper"))
    other.publish(Wake("look", 3))
    assert mine.waits_for(Wake("look", 3)), "all that was sent before has arrived"
    assert mine.heard.count(Wake("typing", 0, "c1", "shopper")) == 1


@pytest.mark.redis
def test_strangers_on_the_channel_are_ignored(pair: Callable[[], tuple[RedisFeed, RedisFeed]]) -> None:
    import redis

    one, other = pair()
    ear = Ear()
    one.subscribe(ear)
    with redis.Redis.from_url(REDIS) as client:
        for noise in ("not json", "[1]", '{"origin":"x","kind":"look","unknown":1}'):
            client.publish(one._channel, noise)
    other.publish(Wake("look", 9))
    assert ear.waits_for(Wake("look", 9))
    assert [m for m in ear.heard if m.position != 9 and m != Wake()] == []


def test_publishing_neither_blocks_nor_fails_without_redis() -> None:
    feed = RedisFeed("redis://127.0.0.1:1/0")
    ear = Ear()
    feed.subscribe(ear)
    for n in range(2000):
        feed.publish(Wake("typing", 0, str(n), "agent"))
    assert ear.waits_for(Wake("typing", 0, "1999", "agent")), "one's own process hears at once"
    assert not feed.listening.is_set()
    feed.close()


def test_the_setting_decides() -> None:
    assert isinstance(open_feed(None), LocalFeed)
