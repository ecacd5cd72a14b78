"""E-mail, outgoing: what a shopper left in the message form goes to the shop's mailbox.

`TORITSUGI_SMTP_URL=smtp://user:password@host:587?to=support@shop.example.jp&from=bot@shop.example.jp`.
The place in the log is kept in `pointers`, and one process sends at a time. After a crash a mail may go
out twice at worst: its Message-ID is made of conversation and seq, so that mailboxes know it again.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import Connection, delete, insert, select, update

from api import logs
from bot.conversation import Event
from bot.feed import Wake
from bot.log import Log
from kb.store import StoreError, moment_text, pointers

PLACE, LEASE = "mail", "mail-lease"
LEASED = timedelta(seconds=60)
EVERY = 10.0
AGAIN = 30.0  # seconds after a mail server refused
PATIENCE = 20.0
_log = logs.get("email")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is handed in, and whose mailbox it is for."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None
    sender: str
    to: str

    @classmethod
    def of(cls, url: str) -> Mailbox:
        """Raises ValueError saying what is missing."""
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        to = (asked.get("to") or [""])[0]
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or "@" not in to:
            raise ValueError("write smtp://USER:PASSWORD@HOST:PORT?to=MAILBOX (or smtps://…)")
        tls = parts.scheme == "smtps"
        return cls(
            parts.hostname,
            parts.port or (465 if tls else 587),
            tls,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            (asked.get("from") or [to])[0],
            to,
        )

    def send(self, message: EmailMessage) -> None:
        """Hand one mail in; encrypted where the server offers it. Raises OSError or SMTPException."""
        connect: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if self.tls else smtplib.SMTP
        with connect(self.host, self.port, timeout=PATIENCE) as server:
            server.ehlo()
            if not self.tls and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self.user:
                server.login(self.user, self.password or "")
            server.send_message(message)


def letter(event: Event, mailbox: Mailbox) -> EmailMessage:
    """The message form as a mail that can be answered with one click."""
    body = event.body
    message = EmailMessage()
    message["Subject"] = "お問い合わせ（メッセージフォーム）"
    message["From"] = mailbox.sender
    message["To"] = mailbox.to
    with suppress(ValueError, HeaderParseError):  # an address that mail cannot carry still stands in the text
        name = "".join(c for c in str(body.get("name") or "") if c.isprintable())
        message["Reply-To"] = Address(display_name=name, addr_spec=str(body["email"]))
    message["Date"] = format_datetime(event.at)
    message["Message-ID"] = f"<{event.conversation}.{event.seq}@toritsugi>"
    message.set_content(
        f"お名前: {body.get('name') or '（なし）'}\n"
        f"メール: {body['email']}\n"
        f"会話: {event.conversation}\n\n{body['text']}\n"
    )
    return message


class Mail:
    """A thread that follows the log and sends what was left."""

    def __init__(self, log: Log, mailbox: Mailbox, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._log, self._mailbox, self._clock = log, mailbox, clock
        self._me = f"{id(self):x}-{threading.get_ident():x}"
        self._closing, self._news = threading.Event(), threading.Event()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        self._unsubscribe = self._log.feed.subscribe(self._hear)
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        self._news.set()
        self._unsubscribe()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def sweep(self) -> int:
        """Send everything that is due; returns how many mails went out."""
        if not self._log.store.write(self._lease):
            return 0
        sent = 0
        while some := self._log.since(self._place(), 200):
            for event in some:
                if event.type == "contact_left" and event.body:
                    self._mailbox.send(letter(event, self._mailbox))
                    sent += 1
                    self._keep(event.position)
            self._keep(some[-1].position)
        return sent

    def _hear(self, message: Wake) -> None:
        if message.kind == "look":
            self._news.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            try:
                self.sweep()
            except (OSError, smtplib.SMTPException, StoreError) as error:
                _log.warning("mail waits", error=logs.fault_of(error))
                self._closing.wait(AGAIN)
            except Exception as error:  # one letter that cannot be written must not hold up the rest
                _log.error("mail failed", error=logs.fault_of(error))
                self._closing.wait(AGAIN)
            self._news.wait(EVERY)

    def _place(self) -> int:
        """Up to where mails went out; where nothing was sent yet, the log's end (the past is not mailed)."""
        with self._log.store.read() as conn:
            kept = conn.scalar(select(pointers.c.value).where(pointers.c.name == PLACE))
        if kept is not None:
            return int(kept)
        position = self._log.position()
        self._keep(position)
        return position

    def _keep(self, position: int) -> None:
        def work(conn: Connection) -> None:
            conn.execute(delete(pointers).where(pointers.c.name == PLACE))
            conn.execute(insert(pointers).values(name=PLACE, value=str(position)))

        self._log.store.write(work)

    def _lease(self, conn: Connection) -> bool:
        """Is it this process's turn to send?"""
        now = self._clock()
        held = conn.scalar(select(pointers.c.value).where(pointers.c.name == LEASE).with_for_update())
        mine = f"{moment_text(now + LEASED)} {self._me}"
        if held is None:
            conn.execute(insert(pointers).values(name=LEASE, value=mine))
            return True
        until, _, holder = held.partition(" ")
        if holder != self._me and until > moment_text(now):
            return False
        conn.execute(update(pointers).where(pointers.c.name == LEASE).values(value=mine))
        return True
