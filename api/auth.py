"""Who is asking: a shopper by the conversation's token, staff by a session, a customer by the shop's word.

The token is HMAC(server key, conversation, generation): the database holds no secret, a repeated opening
can return it, and a new generation (after erasure) makes old ones void.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from api.errors import Problem
from kb.store import Store, sessions, users

COOKIE = "toritsugi_session"
SESSION_LASTS = timedelta(hours=12)
AUDIENCE = "toritsugi"
VOUCH_LASTS = timedelta(hours=24)  # a customer token that is valid for longer is refused
HASHINGS = 4
SHORTEST = 6  # characters of a password
HASHING_WAIT = 5.0
ROLES = ("agent", "supervisor", "editor", "admin")


def server_key(data: Path, given: str | None = None) -> bytes:
    """The key of all conversation tokens: as set, else made once in the data directory (mode 600)."""
    if given:
        return hashlib.sha256(given.encode()).digest()
    path = data / "secret.key"
    data.mkdir(parents=True, exist_ok=True)
    fresh = data / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was quicker; its key counts
        finally:
            fresh.unlink()
    return bytes.fromhex(path.read_text().strip())


class Tokens:
    """Names of conversations and the tokens that open them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def conversation(self, client_id: str) -> str:
        """The id that this opening gets, first time and repeated; the client's id cannot be read from it."""
        return "c_" + self._mac("conversation", client_id)[:22]

    def opening(self, client_id: str) -> str:
        """What stands in the log for the opening's client id, which opens the chat and is a secret."""
        return "open-" + self._mac("opening", client_id)[:22].replace("_", "-")

    def token(self, conversation: str, generation: int) -> str:
        return f"t_{generation}_{self._mac('token', conversation, str(generation))}"

    def generation(self, conversation: str, token: str) -> int | None:
        """The generation that a genuine token of this conversation was made for; None for any other."""
        number = token.split("_", 2)[1] if token.startswith("t_") and token.count("_") >= 2 else ""
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            return None
        genuine = self.token(conversation, int(number))
        return int(number) if hmac.compare_digest(genuine.encode(), token.encode()) else None

    def _mac(self, *parts: str) -> str:
        digest = hmac.new(self._key, json.dumps(parts).encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer whom the shop vouches for."""

    id: str
    name: str | None


def vouched(token: str, key: str | None, now: datetime) -> Customer:
    """Check the shop's HS256 token (audience `toritsugi`, expiry, subject). Raises customer_invalid."""
    import jwt

    if not key:
        raise Problem("customer_invalid", "This shop does not vouch for customers.", field="customer")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["HS256"], audience=AUDIENCE, options={"require": ["exp", "aud", "sub"]}
        )
    except (jwt.InvalidTokenError, ValueError):
        raise Problem(
            "customer_invalid",
            f"Send an HS256 token with sub, aud={AUDIENCE!r} and an exp in the future.",
            field="customer",
        ) from None
    if claims["exp"] > (now + VOUCH_LASTS).timestamp():
        raise Problem("customer_invalid", "Give the token an exp of at most 24 hours.", field="customer")
    name = claims.get("name")
    return Customer(str(claims["sub"])[:200], str(name)[:100] if name else None)


class Passwords:
    """argon2id; at most four hashings at a time, so that sign-ins cannot eat the machine."""

    def __init__(self, time_cost: int = 3, memory_kib: int = 65536) -> None:
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._places = threading.BoundedSemaphore(HASHINGS)
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        with self._place():
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Does it match? Takes as long for an unknown user (`stored` None) as for a known one."""
        from argon2.exceptions import Argon2Error, InvalidHashError

        with self._place():
            if self._nobody is None:
                self._nobody = self._hasher.hash(secrets.token_hex(8))
            try:
                return self._hasher.verify(stored or self._nobody, password) and stored is not None
            except (Argon2Error, InvalidHashError):
                return False

    def _place(self) -> _Place:
        return _Place(self._places)


class _Place:
    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=HASHING_WAIT):
            raise Problem("busy", "Too many sign-ins at once; try again shortly.", retry_after=2)

    def __exit__(self, *_: object) -> None:
        self._places.release()


@dataclass(frozen=True, slots=True)
class Me:
    """A signed-in member of staff."""

    id: str
    name: str
    role: str
    email: str
    csrf: str
    session: str  # hash of the session's secret

    @property
    def sees_all(self) -> bool:
        """May this person see every chat and step into those that the bot owns?"""
        return self.role in {"supervisor", "admin"}

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "role": self.role}


class Sessions:
    """Sign-in, sign-out, and who a cookie belongs to."""

    def __init__(self, store: Store, passwords: Passwords) -> None:
        self._store, self._passwords = store, passwords

    def sign_in(self, email: str, password: str, old: str | None) -> tuple[Me, str]:
        """Check, end the session of the cookie sent along, begin a new one. Returns it with its secret."""
        wanted = email.strip().lower()
        with self._store.read() as conn:
            row = conn.execute(select(users).where(users.c.email == wanted)).mappings().first()
        usable = row is not None and row["disabled_at"] is None
        matches = self._passwords.matches(row["password"] if row is not None and usable else None, password)
        if row is None or not matches:
            raise Problem("bad_credentials")
        secret, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(24), datetime.now(UTC)

        def begin(conn: Connection) -> None:
            conn.execute(delete(sessions).where(sessions.c.expires_at < now))
            if old:
                conn.execute(delete(sessions).where(sessions.c.id_hash == _hash(old)))
            conn.execute(
                insert(sessions).values(
                    id_hash=_hash(secret), user=row["id"], csrf=csrf, created_at=now,
                    expires_at=now + SESSION_LASTS, seen_at=now,
                )
            )  # fmt: skip

        self._store.write(begin)
        return Me(row["id"], row["name"], row["role"], row["email"], csrf, _hash(secret)), secret

    def who(self, secret: str | None) -> Me | None:
        """The owner of a session's secret, while it lasts and the account is not disabled."""
        if not secret:
            return None
        with self._store.read() as conn:
            row = (
                conn.execute(
                    select(users.c.id, users.c.name, users.c.role, users.c.email, sessions.c.csrf)
                    .join(users, users.c.id == sessions.c.user)
                    .where(
                        sessions.c.id_hash == _hash(secret),
                        sessions.c.expires_at > datetime.now(UTC),
                        users.c.disabled_at.is_(None),
                    )
                )
                .mappings()
                .first()
            )
        if row is None:
            return None
        return Me(row["id"], row["name"], row["role"], row["email"], row["csrf"], _hash(secret))

    def sign_out(self, me: Me) -> None:
        self._store.write(lambda conn: conn.execute(delete(sessions).where(sessions.c.id_hash == me.session)))


class Users:
    """Accounts, for the command line and the demo."""

    def __init__(self, store: Store, passwords: Passwords) -> None:
        self._store, self._passwords = store, passwords

    def add(self, email: str, name: str, role: str, password: str) -> str:
        """Make an account and return its id. Raises ValueError saying what is wrong."""
        email = email.strip().lower()
        if role not in ROLES:
            raise ValueError(f"role {role!r} does not exist; choose one of {', '.join(ROLES)}")
        if "@" not in email.strip("@") or any(c.isspace() for c in email):
            raise ValueError(f"{email!r} is no e-mail address")
        if not name.strip():
            raise ValueError("the name is empty; give the name that shoppers will read")
        if len(password) < SHORTEST:
            raise ValueError(f"the password is too short; use at least {SHORTEST} characters, better 12")
        hashed, user = self._passwords.hash(password), "u_" + secrets.token_hex(6)

        def make(conn: Connection) -> None:
            if conn.execute(select(users.c.id).where(users.c.email == email)).first():
                raise ValueError(f"{email} has an account already; see `toritsugi users list`")
            conn.execute(
                insert(users).values(
                    id=user, email=email, name=name.strip(), role=role, password=hashed, state="away",
                    state_reason=None, desks=[], created_at=datetime.now(UTC),
                )
            )  # fmt: skip

        self._store.write(make)
        return user

    def listed(self) -> list[dict[str, Any]]:
        with self._store.read() as conn:
            rows = conn.execute(
                select(
                    users.c.id,
                    users.c.email,
                    users.c.name,
                    users.c.role,
                    users.c.created_at,
                    users.c.disabled_at,
                ).order_by(users.c.email)
            )
            return [dict(row) for row in rows.mappings()]

    def names(self) -> dict[str, str]:
        with self._store.read() as conn:
            return {row.id: row.name for row in conn.execute(select(users.c.id, users.c.name))}

    def disable(self, email: str) -> None:
        """Close an account and end its sessions. Raises ValueError when there is none."""
        email = email.strip().lower()

        def close(conn: Connection) -> None:
            row = conn.execute(select(users.c.id).where(users.c.email == email)).first()
            if row is None:
                raise ValueError(f"{email} has no account; see `toritsugi users list`")
            conn.execute(
                update(users).where(users.c.id == row.id).values(disabled_at=datetime.now(UTC), state="away")
            )
            conn.execute(delete(sessions).where(sessions.c.user == row.id))

        self._store.write(close)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
