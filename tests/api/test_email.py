"""The message form reaches the shop's mailbox, over a real SMTP server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from api.channels.email import Mail, Mailbox
from bot.conversation import SHOPPER, LeaveContact, Open, Say
from bot.feed import LocalFeed
from bot.log import Log
from kb.store import Store


class Post:
    """A mail server that keeps what it gets, and refuses when told to."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 later"
        self.letters.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Post, str]]:
    handler = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}?to=support@shop.example.jp&from=bot@shop.example.jp"
    controller.stop()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    store = Store.open(f"sqlite:///{tmp_path / 'log.db'}")
    log = Log(store, LocalFeed())
    log.append("c_1", Open(), SHOPPER, "open")
    yield log
    store.close()


def test_what_was_left_is_mailed_once_and_can_be_answered(post: tuple[Post, str], log: Log) -> None:
    server, url = post
    mail = Mail(log, Mailbox.of(url))
    assert mail.sweep() == 0  # from here on; the past is not mailed
    log.append("c_1", Say("こんにちは"), SHOPPER)
    log.append("c_1", LeaveContact("hanako@example.jp", "折り返しお願いします", "山田 花子"), SHOPPER)
    assert mail.sweep() == 1
    assert mail.sweep() == 0
    [letter] = server.letters
    assert letter["To"] == "support@shop.example.jp"
    assert "hanako@example.jp" in letter["Reply-To"]
    assert str(make_header(decode_header(letter["Subject"]))).startswith("お問い合わせ")
    assert "折り返しお願いします" in letter.get_payload(decode=True).decode()
    assert letter["Message-ID"].startswith("<c_1.")


def test_a_refused_mail_goes_out_later_and_others_are_not_doubled(post: tuple[Post, str], log: Log) -> None:
    import smtplib

    server, url = post
    mail = Mail(log, Mailbox.of(url))
    mail.sweep()
    log.append("c_1", LeaveContact("a@example.jp", "一", None), SHOPPER)
    server.refuses = True
    with pytest.raises(smtplib.SMTPException):
        mail.sweep()
    server.refuses = False
    log.append("c_1", LeaveContact("b@example.jp", "二", None), SHOPPER)
    assert mail.sweep() == 2
    assert [letter["Reply-To"] for letter in server.letters] == ["a@example.jp", "b@example.jp"]


def test_only_one_process_sends(post: tuple[Post, str], log: Log) -> None:
    _, url = post
    one, two = Mail(log, Mailbox.of(url)), Mail(log, Mailbox.of(url))
    one.sweep()
    log.append("c_1", LeaveContact("a@example.jp", "一", None), SHOPPER)
    assert (two.sweep(), one.sweep()) == (0, 1)


def test_a_name_cannot_add_headers(post: tuple[Post, str], log: Log) -> None:
    server, url = post
    mail = Mail(log, Mailbox.of(url))
    mail.sweep()
    log.append("c_1", LeaveContact("a@example.jp", "一", "x\r\nBcc: evil@example.jp"), SHOPPER)
    mail.sweep()
    assert all("Bcc" not in letter for letter in server.letters)


@pytest.mark.parametrize("url", ["http://x", "smtp://host", "smtp://host?to=nobody", "smtp://?to=a@b.jp"])
def test_an_url_without_a_mailbox_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://"):
        Mailbox.of(url)
