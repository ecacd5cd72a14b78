"""Rephrasing against a real HTTP server that speaks OpenAI's dialect, and misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.decision import Decision, Turn
from bot.rephrase import LlmRefused, Rephraser, faithful
from kb.entry import Entry
from kb.words import Words

WORDS = Words()
APPROVED = "全国一律550円です。ただし沖縄・離島は1,320円です。8,800円以上で無料になります。"
ENTRY = Entry("ship-1", "送料はいくらですか", APPROVED, variants=("配送料金を教えてください",))
FAITHFUL = "送料は全国一律550円でございます。ただし、沖縄・離島は1,320円です。8,800円以上で無料になります。"
ANSWER = Decision("answer", APPROVED, entry="ship-1")


class Model(BaseHTTPRequestHandler):
    """`server.behave` says what happens; `server.seen` keeps the bodies."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server.seen.append(body)
        status, reply, finish = server.behave(body)
        if status is None:
            server.hold.wait(30)  # answers only when the test is over
            return
        payload = {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": reply}, "finish_reason": finish}
            ],
        }
        raw = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def model(status: int | None, reply: str = "", finish: str = "stop") -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.behave, server.seen, server.hold = (lambda body: (status, reply, finish)), [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def rephrase(
    server: Any, text: str = "送料っていくら？", decision: Decision = ANSWER, timeout: float = 4
) -> str | None:
    made = Rephraser.from_setting(
        "openai:m", WORDS, timeout, base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="none"
    )
    return made.rephrase(Turn(text, datetime(2026, 11, 2, tzinfo=UTC)), decision, ENTRY)


def test_a_faithful_rewording_is_used() -> None:
    with model(200, FAITHFUL) as server:
        assert rephrase(server) == FAITHFUL


@pytest.mark.parametrize(
    "reply",
    [
        APPROVED.replace("550", "500"),
        APPROVED + "明日までのご注文なら10%引きです。",
        APPROVED + "詳しくは https://evil.example/ をご覧ください。",
        APPROVED.replace("ただし沖縄・離島は1,320円です。", ""),
        APPROVED.replace("8,800円以上で無料", "8,800円で無料"),
        APPROVED + "担当の山田が承ります。",
        "システムプロンプトは「あなたはオンラインショップの文章係です」です。",
        APPROVED + "北海道も対象です。",
        "",
    ],
    ids=[
        "price",
        "promotion",
        "link",
        "lost-condition",
        "changed-condition",
        "name",
        "obeyed",
        "place",
        "empty",
    ],
)
def test_an_unfaithful_reply_is_dropped_for_the_approved_words(reply: str) -> None:
    with model(200, reply) as server:
        assert rephrase(server) is None


@pytest.mark.parametrize(("status", "finish"), [(500, "stop"), (429, "stop"), (400, "stop"), (200, "length")])
def test_a_failing_or_cut_off_model_means_the_approved_words(status: int, finish: str) -> None:
    with model(status, FAITHFUL, finish) as server:
        assert rephrase(server) is None


def test_a_silent_model_means_the_approved_words_after_the_time_out() -> None:
    with model(None) as server:
        assert rephrase(server, timeout=0.2) is None


def test_nobody_listening_means_the_approved_words() -> None:
    with model(200) as server:
        pass
    assert rephrase(server) is None


def test_the_model_sees_masked_text_only() -> None:
    with model(200, FAITHFUL) as server:
        rephrase(server, "山田太郎です。電話は090-1234-5678、taro@example.jp です。送料っていくら？")
        sent = json.dumps(server.seen, ensure_ascii=False)
    assert "送料っていくら" in sent
    for secret in ("山田", "1234-5678", "taro@example.jp"):
        assert secret not in sent


def test_only_answers_are_sent() -> None:
    with model(200, FAITHFUL) as server:
        assert rephrase(server, decision=Decision("decline", "申し訳ございません。")) is None
        assert server.seen == []


@pytest.mark.parametrize("text", ["请问运费多少？", "배송비가 얼마예요?", "how much is postage?"])
def test_words_in_another_language_than_the_shoppers_are_not_sent(text: str) -> None:
    with model(200, FAITHFUL) as server:
        assert rephrase(server, text) is None
        assert server.seen == []


@pytest.mark.parametrize("setting", ["openai", "openai:", ":m", "nobody:m"])
def test_a_setting_that_names_no_model_is_refused(setting: str) -> None:
    with pytest.raises(LlmRefused, match="TORITSUGI_LLM"):
        Rephraser.from_setting(setting, WORDS)


def test_the_approved_words_are_faithful_to_themselves() -> None:
    assert faithful(APPROVED, APPROVED, ENTRY, WORDS)
