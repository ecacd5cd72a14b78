"""The product itself, killed twice while shoppers write: all is there once and answered once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.drafts import Drafts
from api.settings import load_settings
from kb.entry import Entry
from kb.release import Releases
from kb.store import Store

pytestmark = pytest.mark.faults
SHOPPERS = 3
EACH = 8
PATIENCE = 60.0
CORPUS = (Entry("ship-001", "送料はいくらですか", "全国一律550円です。", ("送料っていくら？",), "配送"),)


class Server:
    """`toritsugi serve` on one port, started again after each kill."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = data
        self.up = threading.Event()

    def start(self) -> None:
        settings = {"ENCODER": "none", "BURST_MS": "20", "MESSAGES_PER_MINUTE": "0", "DATA": str(self.data)}
        settings["MESSAGES_PER_MINUTE_PER_ADDRESS"] = "0"
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TORITSUGI_")}
        self.child = subprocess.Popen(
            [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", str(self.port)],
            env=environ | {f"TORITSUGI_{key}": value for key, value in settings.items()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        until(lambda: httpx.get(f"{self.url}/ready").status_code == 200)
        self.up.set()

    def kill(self) -> None:
        self.up.clear()
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(10)

    def stop(self) -> None:
        self.child.terminate()
        assert self.child.wait(20) is not None


def until(done: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


class Shopper(threading.Thread):
    """Sends each message again, under the same id, until the server says that it has it."""

    def __init__(self, server: Server, n: int, accepted: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self.server, self.n, self.accepted = server, n, accepted
        self.told: dict[str, int] = {}
        self.failed: list[str] = []

    def run(self) -> None:
        opened = self.post("/v1/conversations", {"client_id": f"opening-{self.n}-{os.getpid()}"}, {})
        self.id = opened["conversation"]
        self.token = {"Authorization": f"Bearer {opened['token']}"}
        for k in range(EACH):
            text = f"送料っていくら？ {self.n}-{k}"
            path = f"/v1/conversations/{self.id}/messages"
            self.told[text] = self.post(path, {"client_id": f"m{k}", "text": text}, self.token)["seq"]
            self.accepted.release()

    def post(self, path: str, body: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        while True:
            self.server.up.wait(PATIENCE)
            try:
                answer = httpx.post(self.server.url + path, json=body, headers=headers, timeout=10)
            except httpx.TransportError:
                continue
            if answer.status_code in (200, 201):
                return dict(answer.json())
            self.failed.append(answer.text)

    def events(self) -> list[dict[str, Any]]:
        url = f"{self.server.url}/v1/conversations/{self.id}/messages"
        return list(httpx.get(url, headers=self.token, timeout=10).json()["messages"])

    def answered(self) -> bool:
        covered = [e["body"]["answers"] for e in self.events() if "answers" in e["body"]]
        return max(covered, default=0) >= max(self.told.values())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = load_settings(environ={}, env_file=None, data=tmp_path, encoder="none")
    store = Store.open(settings.store_url)
    Drafts(store).take_in(CORPUS, "test")
    Releases(store, settings.data, None, None).publish(None, "test")
    store.close()
    made = Server(tmp_path)
    made.start()
    yield made
    made.stop()


def test_killed_twice_while_shoppers_write(server: Server) -> None:
    accepted = threading.Semaphore(0)
    shoppers = [Shopper(server, n, accepted) for n in range(SHOPPERS)]
    for shopper in shoppers:
        shopper.start()
    for messages in (5, 6):
        for _ in range(messages):
            assert accepted.acquire(timeout=PATIENCE)
        server.kill()
        server.start()
    for shopper in shoppers:
        shopper.join(PATIENCE)
        assert not shopper.is_alive() and shopper.failed == []
    for shopper in shoppers:
        until(shopper.answered)
        _accepted_once_answered_once(shopper)


def _accepted_once_answered_once(shopper: Shopper) -> None:
    some = shopper.events()
    said = {e["body"]["text"]: e["seq"] for e in some if e["from"] == "shopper"}
    assert said == shopper.told
    assert len([e for e in some if e["from"] == "shopper"]) == EACH, "nothing doubled"
    assert [e["prev"] for e in some] == [0, *(e["seq"] for e in some)][:-1], "no hole"
    answers = [e["body"]["answers"] for e in some if "answers" in e["body"]]
    assert max(Counter(answers).values()) == 1
    assert answers == sorted(answers)
    assert answers[-1] == max(said.values())
