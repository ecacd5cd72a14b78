"""How long from POST to the answer on the stream, and how many answers a second before the slowest hundredth
takes half a second: a real server process on loopback, bounded in count and time."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np

from eval import data
from eval.report import Cell, Lines, Report, Section, Table
from kb.encoder import open_encoder

ONE_BY_ONE = 120
STEP_SECONDS = 6.0
CLIENTS = (1, 2, 4, 8, 16)
SLOW_MS = 500.0
TARGETS = {"beyond_ms_p50": -30.0}


def run(args: argparse.Namespace) -> Report:
    texts = [row["text"] for row in data.lines("queries", "dev") if len(row["text"]) <= 30]
    encoder = open_encoder(args.data)
    encode = _median([_timed(lambda t=t: encoder.encode([t], "query")) for t in texts[:ONE_BY_ONE]])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "encoder").symlink_to((args.data / "encoder").resolve())
        commit = _median(list(_commits(home / "probe.db")))
        with _served(home) as url:
            asyncio.run(_one_by_one(url, texts[:10]))  # warm
            single = asyncio.run(_one_by_one(url, texts[:ONE_BY_ONE]))
            steps = [asyncio.run(_together(url, texts, clients)) for clients in CLIENTS]
    rates = [(len(step) / STEP_SECONDS, float(np.percentile(step, 99))) for step in steps if step]
    sustained = max((rate for rate, p99 in rates if p99 <= SLOW_MS), default=0.0)
    p50 = _median(single)
    rows: list[list[Cell]] = [
        [clients, f"{rate:.1f}", f"{np.percentile(step, 50):.0f}", f"{p99:.0f}"]
        for clients, step, (rate, p99) in zip(CLIENTS, steps, rates, strict=True)
    ]
    return Report(
        "load",
        "応答の速さと量 / Load",
        "送ってから、答えがストリームに届くまで（待ち時間の設定は0）。",
        {
            "post_to_answer_ms_p50": p50,
            "post_to_answer_ms_p99": float(np.percentile(single, 99)),
            "bare_encode_ms": encode,
            "bare_commit_ms": commit,
            "beyond_ms_p50": p50 - encode - 2 * commit,
            "answers_per_second_at_p99_500ms": sustained,
        },
        {
            "data": f"demo shop, {len(texts)} questions of up to 30 characters",
            "split": "dev",
            "one by one": str(len(single)),
        },
        TARGETS,
        [
            Section(
                "同時に尋ねる人数ごと / By clients at once",
                "",
                [
                    Table(["clients", "answers/s", "p50 ms", "p99 ms"], rows),
                    Lines("p99", "answers/s", "ms", {"p99": rates}),
                ],
            )
        ],
    )


def _median(values: list[float]) -> float:
    return float(np.median(values))


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return (time.perf_counter() - start) * 1000


def _commits(file: Path) -> Iterator[float]:
    """Milliseconds of one-row commits in the store's own durability (WAL, synchronous FULL)."""
    conn = sqlite3.connect(file, isolation_level=None)
    conn.execute("pragma journal_mode=wal")
    conn.execute("pragma synchronous=full")
    conn.execute("create table t (x)")
    for n in range(100):
        start = time.perf_counter()
        conn.execute("begin immediate")
        conn.execute("insert into t values (?)", (n,))
        conn.execute("commit")
        yield (time.perf_counter() - start) * 1000
    conn.close()


@contextmanager
def _served(home: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limits = dict.fromkeys(("MESSAGES_PER_MINUTE", "MESSAGES_PER_MINUTE_PER_ADDRESS", "BURST_MS"), "0")
    env = os.environ | {f"TORITSUGI_{name}": value for name, value in limits.items()}
    command = [str(Path(sys.executable).with_name("toritsugi")), "serve", "--demo", "--port", str(port)]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen([*command, "--data", str(home)], env=env, stdout=log, stderr=log)  # noqa: S603
        url = f"http://127.0.0.1:{port}"
        try:
            _until_ready(url, process, home / "server.log")
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the server did not become ready: {log.read_text('utf-8')[-2000:]}")


class _Chat:
    """One conversation with its stream open."""

    def __init__(
        self, client: httpx.AsyncClient, lines: AsyncIterator[str], home: str, head: dict[str, str]
    ) -> None:
        self._client, self._lines, self._home, self._head = client, lines, home, head

    async def ask(self, text: str) -> float:
        """Milliseconds until the bot's message that covers the question is on the stream."""
        start = time.perf_counter()
        body = {"client_id": uuid4().hex, "text": text}
        sent = await self._client.post(f"{self._home}/messages", json=body, headers=self._head)
        seq = sent.raise_for_status().json()["seq"]
        async for line in self._lines:
            if line.startswith("data:"):
                event = json.loads(line[5:])
                if event["from"] == "bot" and event.get("body", {}).get("answers", 0) >= seq:
                    return (time.perf_counter() - start) * 1000
                if event["type"] in ("queued", "escalated"):
                    break
        raise RuntimeError("the stream ended before the answer")


@asynccontextmanager
async def _chat(client: httpx.AsyncClient) -> AsyncIterator[_Chat]:
    opened = (
        (await client.post("/v1/conversations", json={"client_id": uuid4().hex})).raise_for_status().json()
    )
    home, head = f"/v1/conversations/{opened['conversation']}", {"Authorization": f"Bearer {opened['token']}"}
    async with client.stream(
        "GET", f"{home}/events?after={opened['seq']}", headers=head, timeout=None
    ) as stream:
        yield _Chat(client, stream.aiter_lines(), home, head)


async def _one_by_one(url: str, texts: list[str]) -> list[float]:
    """Each question in a chat of its own, whose stream is open: nothing before it to lean on."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        took = []
        for text in texts:
            async with _chat(client) as chat:
                took.append(await chat.ask(text))
        return took


async def _together(url: str, texts: list[str], clients: int) -> list[float]:
    """Each client asks again as soon as it was answered, for STEP_SECONDS."""
    end = time.monotonic() + STEP_SECONDS

    async def shopper(number: int) -> list[float]:
        took = []
        async with httpx.AsyncClient(base_url=url, timeout=30) as client, _chat(client) as chat:
            turn = number * 7
            while time.monotonic() < end:
                took.append(await chat.ask(texts[turn % len(texts)]))
                turn += 1
        return took

    return [one for some in await asyncio.gather(*(shopper(n) for n in range(clients))) for one in some]
