"""users add | list | disable."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from api.auth import Passwords, Users
from api.commands import Refusal, put, settings_for, tell


@contextmanager
def _users(data: Path | None) -> Iterator[Users]:
    from kb.store import Store

    settings = settings_for(data)
    with closing(Store.open(settings.store_url)) as store:
        try:
            yield Users(store, Passwords())
        except ValueError as error:
            raise Refusal(str(error)) from None


def add(data: Path | None, email: str, name: str, role: str, *, from_stdin: bool, as_json: bool) -> None:
    """Make an account. A password that we made is printed once and kept nowhere in clear."""
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else secrets.token_urlsafe(12)
    with _users(data) as users:
        user = users.add(email, name, role, password)
    made = {} if from_stdin else {"password": password}
    if as_json:
        put({"id": user, "email": email.strip().lower(), "name": name, "role": role, **made})
        return
    tell(f"added {email} as {role}")
    if not from_stdin:
        print(password)  # noqa: T201


def show(data: Path | None, *, as_json: bool) -> None:
    with _users(data) as users:
        listed = users.listed()
    for user in listed:
        at = user["disabled_at"]
        if as_json:
            put(
                {key: user[key] for key in ("id", "email", "name", "role")}
                | {
                    "created_at": user["created_at"].isoformat(),
                    "disabled_at": at.isoformat() if at else None,
                }
            )
        else:
            print(f"{user['email']}\t{user['name']}\t{user['role']}\t{'disabled' if at else 'active'}")  # noqa: T201


def disable(data: Path | None, email: str, *, as_json: bool) -> None:
    with _users(data) as users:
        users.disable(email)
    if as_json:
        put({"email": email.strip().lower(), "disabled": True})
    else:
        tell(f"disabled {email}")
