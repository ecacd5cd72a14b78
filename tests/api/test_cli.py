"""The command line: exit codes, JSON and nothing else, refusals that say how to mend."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import cli
from bot.words import say
from kb.entry import write_corpus
from tests.api.served import CORPUS

COMMANDS = (
    ["serve"],
    ["index", "x", "--out", "y"],
    ["ask", "x"],
    ["mask"],
    ["harvest", "--transcripts", "x", "--corpus", "y"],
    ["import", "x"],
    ["publish"],
    ["train"],
    ["rollback"],
    ["export", "corpus", "--out", "x"],
    ["users", "add", "a@b.jp", "--name", "n", "--role", "agent"],
    ["users", "list"],
    ["users", "disable", "x"],
    ["backup", "x"],
    ["restore", "x"],
    ["migrate"],
    ["doctor"],
)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORITSUGI_ENCODER", "none")
    monkeypatch.setenv("TORITSUGI_DATA", str(tmp_path / "data"))

    def toritsugi(*words: str, stdin: str = "") -> Ran:
        source = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
        monkeypatch.setattr(sys, "stdin", source)
        monkeypatch.setattr(sys, "argv", ["toritsugi", *words])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return toritsugi


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    write_corpus(CORPUS, path)
    return path


def test_wrong_usage_is_2(run: Run) -> None:
    for words in (
        ["nothing"],
        ["ask"],
        ["ask", "x", "--batch", "-"],
        ["index"],
        ["export", "all", "--out", "x"],
        ["serve", "--port", "x"],
        ["users", "add", "a@b.jp", "--name", "n", "--role", "boss"],
    ):
        ran = run(*words)
        assert (ran.code, ran.out) == (2, ""), words
        assert ran.err


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_every_command_refuses_an_unknown_setting_and_names_it(
    run: Run, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORITSUGI_BURTS_MS", "1")
    ran = run(*words)
    assert (ran.code, ran.out) == (1, "")
    assert "TORITSUGI_BURTS_MS" in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_every_command_takes_data(words: list[str]) -> None:
    from typer.main import get_command

    command: Any = get_command(cli.app)
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
    assert "--data" in {option for parameter in command.params for option in parameter.opts}


def test_index_then_ask_with_json_and_nothing_else_on_stdout(run: Run, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "release"
    built = run("index", str(corpus), "--out", str(out), "--json")
    assert built.code == 0
    [facts] = built.lines
    assert facts.keys() == {"release", "entries", "vectors", "encoded", "seconds"}
    assert facts["entries"] == len(CORPUS)
    asked = run("ask", "送料はいくらですか", "--index", str(out), "--json")
    [decision] = asked.lines
    assert (decision["kind"], decision["entry"]) == ("answer", "ship-001")
    assert CORPUS[0].answer in decision["text"]
    assert isinstance(decision["confidence"], float) and decision["hits"][0]["entry"] == "ship-001"
    refused = run("index", str(corpus), "--out", str(out))
    assert refused.code == 1 and str(out) in refused.err


def test_a_batch_keeps_its_order_and_ids(run: Run, corpus: Path) -> None:
    history = [{"from": "shopper", "text": "こんにちは"}, {"from": "agent", "text": "はい"}] * 15
    batch = [
        {"id": "q2", "text": "返品はできますか"},
        {"id": 1, "text": "担当者と話したい", "history": history},
        {"id": None, "text": "送料はいくらですか", "history": None},
    ]
    ran = run(
        "ask", "--corpus", str(corpus), "--batch", "-", "--json", stdin="\n".join(map(json.dumps, batch))
    )
    assert ran.code == 0, ran.err
    assert [line["id"] for line in ran.lines] == ["q2", 1, None]
    assert [line["kind"] for line in ran.lines] == ["answer", "escalate", "answer"]
    again = run("ask", "--corpus", str(corpus), "--batch", "-", "--json", stdin=json.dumps(batch[0]))
    assert "indexing" not in again.err  # the index of the same corpus is kept


def test_a_batch_line_is_answered_in_its_language(run: Run, corpus: Path) -> None:
    locales = {"zh-TW": "zh", "ko": "ko", "en-GB": "en", "fr": "ja", None: "ja"}
    batch = [{"text": "12345", "locale": locale} for locale in locales]
    ran = run(
        "ask", "--corpus", str(corpus), "--batch", "-", "--json", stdin="\n".join(map(json.dumps, batch))
    )
    assert [line["text"] for line in ran.lines] == [say("decline", spoken) for spoken in locales.values()]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "-:2"),
        ("[]", "-:2"),
        ('{"id":"a"}', "text"),
        ('{"id":"a","text":"b","history":[{"from":"dog","text":"c"}]}', "history[0]"),
        ('{"id":"a","text":"b","history":"c"}', "history"),
    ],
)
def test_a_broken_batch_line_is_named(run: Run, corpus: Path, line: str, says: str) -> None:
    stdin = '{"id":"ok","text":"送料"}\n' + line
    ran = run("ask", "--corpus", str(corpus), "--batch", "-", "--json", stdin=stdin)
    assert ran.code == 1 and says in ran.err and ":2" in ran.err


def test_a_broken_corpus_names_file_line_and_field_and_imports_nothing(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id":"a","question":"b","answer":"c"}\n{"id":"d","question":"e"}\n')
    for words in (
        ["import", str(bad)],
        ["index", str(bad), "--out", "o"],
        ["ask", "x", "--corpus", str(bad)],
    ):
        ran = run(*words)
        assert ran.code == 1 and "bad.jsonl:2" in ran.err and "answer" in ran.err, words
    assert not (tmp_path / "o").exists()
    assert run("publish").code == 1
    missing = run("import", str(tmp_path / "none.jsonl"))
    assert missing.code == 1 and "none.jsonl" in missing.err


def test_mask_gives_spans_in_the_original(run: Run) -> None:
    text = "山田太郎です。090-1234-5678"
    ran = run("mask", "--json", stdin=json.dumps({"id": "m1", "text": text}, ensure_ascii=False) + "\n")
    [masked] = ran.lines
    assert masked["id"] == "m1" and "090" not in masked["masked"]
    assert {text[s["start"] : s["end"]]: s["type"] for s in masked["spans"]} == {
        "山田太郎": "name",
        "090-1234-5678": "phone",
    }
    assert run("mask", "--json", stdin="nonsense\n").code == 1


def test_harvest_prints_proposals_and_nothing_else(run: Run, corpus: Path, tmp_path: Path) -> None:
    said = [
        {"from": "shopper", "text": "古い包丁を引き取ってもらえますか"},
        {"from": "agent", "text": "古い包丁は本店の店頭で無料でお引き取りしています。1回3本までです。"},
    ]
    chats = tmp_path / "chats.jsonl"
    chats.write_text("\n".join(json.dumps({"id": f"t{n}", "messages": said}) for n in range(3)))
    ran = run("harvest", "--transcripts", str(chats), "--corpus", str(corpus), "--json")
    assert ran.code == 0, ran.err
    for proposal in ran.lines:
        assert proposal.keys() >= {
            "kind",
            "entry",
            "question",
            "answer",
            "evidence",
            "conversations",
            "reasons",
        }
        assert len(proposal["evidence"]) >= 2


def test_import_publish_ask_roll_back_and_export(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert "no release is live" in run("ask", "送料").err
    [taken] = run("import", str(corpus), "--json").lines
    assert taken["added"] == len(CORPUS)
    [first] = run("publish", "--json").lines
    assert first["state"] == "live"
    assert run("ask", "送料はいくらですか", "--json").lines[0]["entry"] == "ship-001"
    assert run("rollback").code == 1
    more = tmp_path / "more.jsonl"
    more.write_text('{"id":"gift-001","question":"ギフト包装はできますか","answer":"330円です。"}\n')
    run("import", str(more))
    [second] = run("publish", "--note", "ギフト", "--json").lines
    assert second["entries"] == len(CORPUS) + 1
    [back] = run("rollback", "--json").lines
    assert back["id"] == first["id"]
    [told] = run("export", "corpus", "--out", str(tmp_path / "out.jsonl"), "--json").lines
    assert told["lines"] == len(CORPUS) + 1


def test_accounts_are_added_listed_and_disabled(run: Run) -> None:
    added = run(
        "users",
        "add",
        "a@b.jp",
        "--name",
        "佐藤",
        "--role",
        "agent",
        "--password-stdin",
        stdin="secret-12\nx",
    )
    assert (added.code, added.out) == (0, "")
    made = run("users", "add", "c@d.jp", "--name", "鈴木", "--role", "admin", "--json").lines[0]
    assert len(made["password"]) >= 12
    assert run("users", "add", "a@b.jp", "--name", "佐藤", "--role", "agent").code == 1
    assert run("users", "add", "nonsense", "--name", "佐藤", "--role", "agent").code == 1
    assert (
        run("users", "add", "e@f.jp", "--name", "x", "--role", "agent", "--password-stdin", stdin="\n").code
        == 1
    )
    assert run("users", "disable", "a@b.jp").code == 0
    assert run("users", "disable", "nobody@b.jp").code == 1
    listed = {user["email"]: user for user in run("users", "list", "--json").lines}
    assert listed["a@b.jp"]["disabled_at"] and not listed["c@d.jp"]["disabled_at"]
    assert "password" not in listed["c@d.jp"]


def test_a_backup_restores_what_was_there_and_a_damaged_one_is_refused(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    run("import", str(corpus))
    run("publish")
    run("users", "add", "a@b.jp", "--name", "佐藤", "--role", "agent")
    file, other = tmp_path / "b.tgz", str(tmp_path / "other")
    assert run("backup", str(file)).code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert run("restore", str(file), "--data", other).code == 0
    assert run("ask", "送料はいくらですか", "--json", "--data", other).lines[0]["entry"] == "ship-001"
    assert run("users", "list", "--json", "--data", other).lines[0]["email"] == "a@b.jp"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    damaged = run("restore", str(file), "--data", other)
    assert damaged.code == 1 and "b.tgz" in damaged.err
    assert run("users", "list", "--json", "--data", other).lines
    assert run("restore", str(tmp_path / "none"), "--data", other).code == 1


def test_what_was_erased_stays_erased_after_a_restore(run: Run, tmp_path: Path) -> None:
    from api.erasure import remember
    from bot.conversation import SHOPPER, Open, Say
    from bot.feed import LocalFeed
    from bot.log import Log
    from kb.store import Store

    run("migrate")
    data, file = tmp_path / "data", tmp_path / "b.tgz"
    store = Store.open(f"sqlite:///{data / 'toritsugi.db'}")
    log = Log(store, LocalFeed())
    log.append("c_1", Open(), SHOPPER, "open")
    log.append("c_1", Say("山田です"), SHOPPER)
    log.append("c_2", Open(), SHOPPER, "open")
    log.append("c_2", Say("行を\u2028分ける\x85字"), SHOPPER)
    store.close()
    run("backup", str(file))
    remember(data, "c_1")
    told = run("restore", str(file), "--json").lines[0]
    assert told["erased_again"] == 1
    store = Store.open(f"sqlite:///{data / 'toritsugi.db'}")
    log = Log(store, LocalFeed())
    assert "山田" not in str(log.events("c_1", shopper=False))
    assert log.events("c_2").events[-1].body["text"] == "行を\u2028分ける\x85字"
    store.close()


def test_an_unmasked_export_is_audited(run: Run, tmp_path: Path) -> None:
    from sqlalchemy import select

    from kb.store import Store, audit

    assert run("export", "transcripts", "--out", str(tmp_path / "t"), "--unmasked").code == 0
    store = Store.open(f"sqlite:///{tmp_path / 'data' / 'toritsugi.db'}")
    with store.read() as conn:
        assert [row.action for row in conn.execute(select(audit))] == ["export_unmasked"]
    store.close()


def test_exported_events_hide_who_somebody_is(run: Run, tmp_path: Path) -> None:
    from bot.conversation import SHOPPER, LeaveContact, Open
    from bot.feed import LocalFeed
    from bot.log import Log
    from kb.store import Store

    run("migrate")
    store = Store.open(f"sqlite:///{tmp_path / 'data' / 'toritsugi.db'}")
    log = Log(store, LocalFeed())
    log.append("c_1", Open(customer={"id": "cus-77", "name": "花子"}), SHOPPER, "open")
    log.append("c_1", LeaveContact("hanako@example.jp", "電話は090-1234-5678です", "花子"), SHOPPER)
    store.close()
    out = tmp_path / "events.jsonl"
    assert run("export", "events", "--out", str(out), "--json").lines[0]["lines"] == 3
    told = out.read_text()
    for secret in ("花子", "cus-77", "hanako", "090-1234"):
        assert secret not in told
    run("export", "events", "--out", str(out), "--unmasked")
    assert "花子" in out.read_text() and "cus-77" in out.read_text()


def test_doctor_checks_and_says_what_to_mend(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = run("doctor", "--json")
    assert good.code == 0, good.err
    assert {line["check"] for line in good.lines} >= {
        "python",
        "dictionary",
        "encoder",
        "store",
        "release",
        "disk",
    }
    database = tmp_path / "data" / "toritsugi.db"
    database.write_bytes(b"this is no database" * 1000)
    bad = run("doctor", "--json")
    assert bad.code == 1 and "store" in bad.err
    assert next(line for line in bad.lines if line["check"] == "store")["mend"]


def test_the_command_starts_fast_because_heavy_things_are_imported_on_use() -> None:
    heavy = {"numpy", "sqlalchemy", "fastapi", "onnxruntime"}
    code = f"import sys, api.cli; print(sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_serve_answers_and_stops_in_order(tmp_path: Path) -> None:
    env = {**os.environ, "TORITSUGI_ENCODER": "none", "TORITSUGI_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        url = server.stdout.readline().split()[-1]
        assert httpx.get(f"{url}/health").status_code == 200
        ready = httpx.get(f"{url}/ready")
        assert ready.status_code == 503
        assert ready.json() == {
            "ready": False,
            "checks": {"database": True, "release": False, "encoder": True},
        }
        second = subprocess.run(
            [*command[:-1], "0"], env=env, capture_output=True, text=True, check=False, timeout=60
        )
        assert second.returncode == 1 and "already serves" in second.stderr
        taken = [*command[:-1], url.rpartition(":")[2]]
        other = {**env, "TORITSUGI_DATA": str(tmp_path / "other")}
        third = subprocess.run(taken, env=other, capture_output=True, text=True, check=False, timeout=60)
        assert third.returncode == 1 and "--port" in third.stderr
        server.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert server.wait(20) in (0, -signal.SIGTERM)
        assert time.monotonic() - started < 20
        for line in server.stderr.read().splitlines():
            assert line.startswith("{") or "toritsugi" in line


def test_bytes_that_are_not_utf8_are_refused_with_their_line(run: Run, corpus: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_bytes(b'{"id":"a","text":"x"}\n{"id":"b","text":"\xff"}\n')
    ran = run("ask", "--corpus", str(corpus), "--batch", str(batch), "--json")
    assert ran.code == 1 and f"{batch}:2" in ran.err and "UTF-8" in ran.err
    assert len(ran.lines) == 1


def test_a_lone_surrogate_goes_through_the_mask_and_keeps_offsets(run: Run) -> None:
    ran = run("mask", "--json", stdin=json.dumps({"id": 1, "text": "\ud800 a@example.jp"}) + "\n")
    assert ran.code == 0
    assert ran.lines[0]["spans"] == [{"start": 2, "end": 14, "type": "email"}]
