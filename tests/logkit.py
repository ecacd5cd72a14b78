"""What the log's tests share: a clock that moves when told, stores that are thrown away, short hands."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, delete, insert, make_url, select, text

from bot.conversation import SHOPPER, Actor, Event, Open, Say
from bot.feed import LocalFeed
from bot.log import Appended, Log
from bot.tables import turns as turns_table
from bot.turns import DecidedWords, Turns
from kb.store import Store, metadata, presence, users

START = datetime(2026, 7, 1, 0, 0, tzinfo=UTC)
POSTGRES = os.environ.get("TORITSUGI_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
REDIS = os.environ.get("TORITSUGI_TEST_REDIS", "redis://127.0.0.1:6379/0")

SATO = Actor("agent", "u_sato", "佐藤")
SUZUKI = Actor("agent", "u_suzuki", "鈴木")
CHIEF = Actor("agent", "u_chief", "高橋", supervisor=True)


def words(key: str, locale: str, *, opens_at: datetime | None = None) -> str:
    return f"{key}/{locale}" + (f"/{opens_at:%m-%d %H:%M}" if opens_at else "")


class Clock:
    """Stands still until told."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(slots=True)
class Kit:
    store: Store
    clock: Clock = field(default_factory=Clock)
    feed: LocalFeed = field(default_factory=LocalFeed)
    options: dict[str, Any] = field(default_factory=dict)
    log: Log = field(init=False)
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        options = {"burst": timedelta(0), "words": words} | self.options
        self.log = Log(self.store, self.feed, self.clock, **options)
        self.turns = Turns(self.log, clock=self.clock)

    def open(self, **more: Any) -> str:
        conversation = f"c_{secrets.token_hex(6)}"
        self.log.append(conversation, Open(**more), SHOPPER, secrets.token_hex(8))
        return conversation

    def say(self, conversation: str, words: str = "送料は？", client_id: str | None = None) -> Appended:
        return self.log.append(conversation, Say(words), SHOPPER, client_id or secrets.token_hex(8))

    def do(
        self, conversation: str, command: Any, actor: Actor = SHOPPER, client_id: str | None = None
    ) -> Appended:
        return self.log.append(conversation, command, actor, client_id or secrets.token_hex(8))

    def answer(self, **more: Any) -> Appended | None:
        taken = self.turns.take()
        assert taken is not None, "nothing is owed"
        return self.turns.finish(taken, DecidedWords(**({"kind": "answer", "text": "はい。"} | more)))

    def events(self, conversation: str) -> list[Event]:
        return list(self.log.events(conversation, shopper=False).events)

    def types(self, conversation: str) -> list[str]:
        return [event.type for event in self.events(conversation)]

    def owed(self, conversation: str) -> list[tuple[int, int]]:
        with self.store.read() as conn:
            found = select(turns_table.c.first_seq, turns_table.c.last_seq).where(
                turns_table.c.conversation == conversation
            )
            return [tuple(row) for row in conn.execute(found.order_by(turns_table.c.first_seq))]

    def on_duty(self, *actors: Actor, state: str = "available") -> None:
        """These people sit at the desk now."""

        def sit(conn: Any) -> None:
            for actor in actors:
                conn.execute(delete(users).where(users.c.id == actor.id))
                conn.execute(delete(presence).where(presence.c.user == actor.id))
                conn.execute(
                    insert(users).values(
                        id=actor.id,
                        email=f"{actor.id}@example.jp",
                        name=actor.name,
                        role="supervisor" if actor.supervisor else "agent",
                        password="-",
                        state=state,
                        created_at=self.clock(),
                    )
                )
                conn.execute(
                    insert(presence).values(user=actor.id, stream_at=self.clock(), seen_at=self.clock())
                )

        self.store.write(sit)

    def see(self, *actors: Actor) -> None:
        """They are still there."""
        for actor in actors:
            self.store.write(
                lambda conn, actor=actor: conn.execute(
                    presence.update().where(presence.c.user == actor.id).values(stream_at=self.clock())
                )
            )


def sqlite_store(directory: Path) -> Store:
    return Store.open(f"sqlite:///{directory / 'toritsugi.db'}")


@contextmanager
def postgres_url() -> Iterator[str]:
    """A database of our own, dropped at the end."""
    server = create_engine(make_url(POSTGRES).set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = f"toritsugi_{secrets.token_hex(6)}"
    with server.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as conn:
            conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def empty(store: Store) -> None:
    def work(conn: Any) -> None:
        for table in metadata.sorted_tables:
            conn.execute(delete(table))

    store.write(work)
