"""A real server on loopback for the HTTP tests, and a reader for its streams."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from api.app import create_app
from api.auth import Passwords, Users
from api.drafts import Drafts
from api.server import Server
from api.settings import Settings, load_settings
from kb.entry import Entry, Translation
from kb.release import Releases
from kb.store import Store

WAIT = 10.0
PASSWORD = "correct horse battery"
STAFF = (
    ("sato@example.jp", "佐藤", "agent"),
    ("suzuki@example.jp", "鈴木", "agent"),
    ("tanaka@example.jp", "田中", "supervisor"),
    ("ito@example.jp", "伊藤", "editor"),
    ("admin@example.jp", "管理者", "admin"),
)
CUSTOMER_KEY = "a-key-of-at-least-thirty-two-bytes!!"
CORPUS = (
    Entry(
        "ship-001",
        "送料はいくらですか",
        "全国一律550円です。8,800円以上のお買い上げで無料になります。",
        ("送料っていくら？", "配送料を知りたい", "送料を教えて"),
        "配送",
    ),
    Entry(
        "return-001",
        "返品はできますか",
        "到着後8日以内、未使用のものに限り返品できます。",
        ("返品したい",),
        "返品",
    ),
    Entry(
        "return-002",
        "返金はいつですか",
        "返品の到着後、5営業日以内に返金します。",
        ("返金の時期",),
        "返品",
        translations={
            "zh-TW": Translation("什麼時候退款？", "收到退貨後，5個營業日內退款。"),
            "ko": Translation("환불은 언제 되나요?", "반품 도착 후 5영업일 이내에 환불해 드립니다."),
        },
    ),
    Entry(
        "pay-001", "支払方法は何がありますか", "カード、銀行振込、代金引換をご利用いただけます。", (), "支払"
    ),
)


def new_id() -> str:
    return uuid4().hex


@dataclass
class House:
    """A running server with its data."""

    url: str
    settings: Settings
    server: Server
    stop: Callable[[], None]
    _staff: dict[str, Staff] = field(default_factory=dict)

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=WAIT, **more)

    @property
    def parts(self) -> Any:
        return self.server._app.state.parts

    def staff(self, email: str) -> Staff:
        """Signed in; once for each account, because hashing is slow on purpose."""
        if email not in self._staff:
            self._staff[email] = self._signed_in(email)
        return self._staff[email]

    def _signed_in(self, email: str) -> Staff:
        client = self.client()
        answer = client.post("/v1/session", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return Staff(client, answer.json()["user"])

    def shopper(self, **opening: Any) -> Shopper:
        client = self.client()
        answer = client.post("/v1/conversations", json={"client_id": new_id(), "locale": "ja", **opening})
        assert answer.status_code == 201, answer.text
        opened = answer.json()
        client.headers["Authorization"] = f"Bearer {opened['token']}"
        return Shopper(client, opened["conversation"], opened)


@dataclass
class Staff:
    client: httpx.Client
    user: dict[str, Any]

    def act(self, conversation: str, what: str, **body: Any) -> httpx.Response:
        return self.client.post(
            f"/v1/desk/conversations/{conversation}/{what}", json={"client_id": new_id(), **body}
        )

    def available(self, state: str = "available") -> None:
        assert self.client.put("/v1/desk/me", json={"state": state}).status_code == 200


@dataclass
class Shopper:
    client: httpx.Client
    id: str
    opened: dict[str, Any] = field(default_factory=dict)

    def act(self, what: str, **body: Any) -> httpx.Response:
        return self.client.post(f"/v1/conversations/{self.id}/{what}", json={"client_id": new_id(), **body})

    def say(self, text: str) -> int:
        answer = self.act("messages", text=text)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["seq"])

    def page(self, after: int = 0) -> dict[str, Any]:
        answer = self.client.get(f"/v1/conversations/{self.id}/messages", params={"after": after})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_for(self, holds: Callable[[dict[str, Any]], bool], after: int = 0) -> dict[str, Any]:
        """The first event for which `holds`, looked for until it is there."""
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            for event in self.page(after)["messages"]:
                if holds(event):
                    return event
            time.sleep(0.02)
        raise AssertionError(f"no such event: {self.page(after)}")

    def answered(self, seq: int) -> dict[str, Any]:
        return self.wait_for(lambda e: e["from"] == "bot" and e["body"].get("answers", 0) >= seq, seq)


class Stream:
    """Reads a server-sent stream in a thread; `next` waits for the next event of a type."""

    def __init__(self, client: httpx.Client, path: str, **more: Any) -> None:
        self.items: queue.Queue[dict[str, Any]] = queue.Queue()
        self.seen: list[dict[str, Any]] = []  # stored events
        self.passing: list[dict[str, Any]] = []  # typing
        self.comments = 0
        self.retry: int | None = None
        self.status: int | None = None
        self.answer: httpx.Response | None = None
        self.ended = threading.Event()
        self._open = threading.Event()
        self._closing = False
        self._context = client.stream("GET", path, timeout=httpx.Timeout(WAIT, read=30), **more)
        threading.Thread(target=self._read, daemon=True).start()
        assert self._open.wait(WAIT)

    def _read(self) -> None:
        try:
            with self._context as response:
                self.answer, self.status = response, response.status_code
                frame: dict[str, Any] = {}
                for line in response.iter_lines():
                    self._line(line, frame)
        except (httpx.HTTPError, httpx.StreamError, OSError):
            pass
        finally:
            self._open.set()
            self.ended.set()

    def _line(self, line: str, frame: dict[str, Any]) -> None:
        if line == "":
            if "data" in frame:
                self.items.put(dict(frame))
                (self.seen if "id" in frame else self.passing).append(dict(frame))
            frame.clear()
        elif line.startswith(":"):
            self.comments += 1
            self._open.set()
        else:
            name, _, value = line.partition(": ")
            if name == "retry":
                self.retry = int(value)
            else:
                frame[name] = json.loads(value) if name == "data" else value

    def next(self, event: str | None = None) -> dict[str, Any]:
        """The next stored event, or the next frame of this type (others are skipped)."""
        while True:
            try:
                frame = self.items.get(timeout=WAIT)
            except queue.Empty:
                raise AssertionError(f"no {event or 'event'}; seen {self.seen}") from None
            if frame["event"] == event or (event is None and "id" in frame):
                return frame


def publish(settings: Settings, corpus: tuple[Entry, ...] = CORPUS) -> None:
    store = Store.open(settings.store_url)
    Drafts(store).take_in(corpus, "test")
    Releases(store, settings.data, None, None).publish(None, "test")
    store.close()


def hire(settings: Settings) -> None:
    store = Store.open(settings.store_url)
    users = Users(store, Passwords(time_cost=1, memory_kib=256))
    for email, name, role in STAFF:
        users.add(email, name, role, PASSWORD)
    store.close()


@contextmanager
def serving(
    data: Path, *, published: bool = True, demo: bool = False, fresh: bool = True, **settings: Any
) -> Iterator[House]:
    """A server on a free port, stopped at the end. Without an encoder, and no pause before answers."""
    given = {
        "encoder": "none",
        "burst_ms": 0,
        "customer_key": CUSTOMER_KEY,
        "messages_per_minute": 0,
        "messages_per_minute_per_address": 0,
    }
    made = load_settings(environ={}, env_file=None, data=data, **(given | settings))
    made.data.mkdir(parents=True, exist_ok=True)
    if fresh:
        hire(made)
    if published and fresh:
        publish(made)
    started = threading.Event()
    server = Server(create_app(made, demo=demo), "127.0.0.1", 0, lambda _: started.set())
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(30), "the server did not start"

    def stop() -> None:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"

    try:
        yield House(server.url, made, server, stop)
    finally:
        stop()
