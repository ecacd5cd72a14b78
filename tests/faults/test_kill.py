"""kill -9 at any moment, twice in a row, under load: nothing lost, nothing doubled, one reply each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.store import Store
from tests.logkit import Kit, postgres_url

pytestmark = pytest.mark.faults
HERE = Path(__file__).parent
CHATS = 5
EACH = 16


class Process:
    """A serving process and what it acknowledged."""

    def __init__(self, url: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, str(HERE / "process.py"), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE.parents[1],
        )
        assert self.reads() == {"ready": True}

    def reads(self) -> dict[str, object]:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        return json.loads(line) if line.endswith("\n") else {}

    def send(self, lines: list[dict[str, str]]) -> None:
        assert self.child.stdin is not None
        try:
            for line in lines:
                self.child.stdin.write(json.dumps(line) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass

    def acknowledged(self, count: int) -> dict[str, int]:
        """Reads so many acknowledgements."""
        told: dict[str, int] = {}
        while len(told) < count and (line := self.reads()):
            told[str(line["id"])] = int(str(line["seq"]))
        return told

    def kill(self) -> dict[str, int]:
        """Kills it without a word; what it had acknowledged counts."""
        self.child.send_signal(signal.SIGKILL)
        told = {}
        while line := self.reads():
            told[str(line["id"])] = int(str(line["seq"]))
        self.child.wait(10)
        return told

    def finish(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()
        while (line := self.reads()) != {"idle": True}:
            assert line, "the process died"
        assert self.child.wait(20) == 0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'toritsugi.db'}"
    else:
        with postgres_url() as made:
            yield made


def messages() -> list[dict[str, str]]:
    return [
        {"c": f"c{c}", "id": f"m{c}-{n}", "text": f"質問{c}-{n}"} for n in range(EACH) for c in range(CHATS)
    ]


def test_killed_twice_under_load(url: str) -> None:
    told: dict[str, int] = {}
    for after in (9, 21):
        process = Process(url)
        process.send([each for each in messages() if each["id"] not in told])
        told |= process.acknowledged(after)
        told |= process.kill()
    last = Process(url)
    left = [each for each in messages() if each["id"] not in told]
    repeated = [each for each in messages() if each["id"] in told]
    last.send(left + repeated)
    again = last.acknowledged(len(left) + len(repeated))
    assert {key: again[key] for key in told} == told, "repeats get the first result"
    last.finish()
    store = Store.open(url)
    try:
        _nothing_lost_nothing_doubled(Kit(store), told | again)
        if store.dialect == "sqlite":
            with store.read() as conn:
                assert conn.scalar(text("PRAGMA integrity_check")) == "ok"
    finally:
        store.close()


def _nothing_lost_nothing_doubled(kit: Kit, told: dict[str, int]) -> None:
    assert len(told) == CHATS * EACH
    for c in range(CHATS):
        some = kit.events(f"c{c}")
        assert [e.seq for e in some] == list(range(1, len(some) + 1))
        words = {e.body["text"]: e.seq for e in some if e.type == "message" and e.from_kind == "shopper"}
        assert words == {f"質問{c}-{n}": told[f"m{c}-{n}"] for n in range(EACH)}
        spans = [(e.body["first_seq"], e.body["last_seq"]) for e in some if e.type == "decided"]
        covers = Counter(seq for first, last in spans for seq in words.values() if first <= seq <= last)
        assert covers == dict.fromkeys(words.values(), 1)
        answers = [e.body["answers"] for e in some if e.from_kind == "bot" and "answers" in e.body]
        assert answers == [last for _, last in spans], "one message for each decision"
        assert kit.log.rebuild(f"c{c}") == kit.log.state(f"c{c}")
    positions = [e.position for e in kit.log.since(0, 10_000)]
    assert positions == list(range(1, len(positions) + 1))


@pytest.mark.postgres
def test_one_of_two_processes_dies_and_the_other_answers_for_it() -> None:
    with postgres_url() as url:
        dying, living = Process(url), Process(url)
        half = len(messages()) // 2
        dying.send(messages()[:half])
        living.send(messages()[half:])
        told = dying.acknowledged(7) | dying.kill()
        told |= living.acknowledged(len(messages()) - half)
        left = [each for each in messages() if each["id"] not in told]
        living.send(left)
        told |= living.acknowledged(len(left))
        living.finish()
        store = Store.open(url)
        try:
            _nothing_lost_nothing_doubled(Kit(store), told)
        finally:
            store.close()


def test_a_second_serving_process_is_told_to_stop(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'toritsugi.db'}"
    first = Process(url)
    second = subprocess.run(
        [sys.executable, str(HERE / "process.py"), url], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "already serves" in second.stderr
    first.finish()
