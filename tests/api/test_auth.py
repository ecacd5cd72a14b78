"""Tokens, passwords, the server's key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth import HASHINGS, Passwords, Tokens, Users, server_key
from kb.store import Store

TOKENS = Tokens(b"a" * 32)


@given(st.text(max_size=80))
def test_no_made_up_token_opens_a_chat(text: str) -> None:
    assert TOKENS.generation("c_1", text) is None


@given(st.integers(0, 10**8), st.text(min_size=1, max_size=40))
def test_a_genuine_token_opens_its_own_chat_only(generation: int, chat: str) -> None:
    token = TOKENS.token(chat, generation)
    assert TOKENS.generation(chat, token) == generation
    assert TOKENS.generation(chat + "x", token) is None
    assert Tokens(b"b" * 32).generation(chat, token) is None


def test_ids_and_what_stands_in_the_log_do_not_show_the_openings_client_id() -> None:
    client_id = "6f1c0a"
    assert TOKENS.conversation(client_id) == TOKENS.conversation(client_id)
    assert TOKENS.conversation(client_id) != TOKENS.conversation("6f1c0b")
    for made in (TOKENS.conversation(client_id), TOKENS.opening(client_id)):
        assert client_id not in made and len(made) <= 64


def test_the_server_makes_its_key_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: server_key(tmp_path), range(16)))
    assert len(keys) == 1
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert server_key(tmp_path, "a setting of thirty-two characters") not in keys


def test_at_most_four_hashings_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(time_cost=1, memory_kib=256)
    stored = passwords.hash("secret-12")
    now, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(HASHINGS)

    def verify(*_: object) -> bool:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(10)
        with lock:
            now -= 1
        return True

    monkeypatch.setattr(type(passwords._hasher), "verify", verify)
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda _: passwords.matches(stored, "secret-12"), range(12)))
    assert most == HASHINGS


def test_a_password_is_kept_as_argon2id_only(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'u.db'}")
    users = Users(store, Passwords(time_cost=1, memory_kib=256))
    users.add("A@B.jp ", " 佐藤 ", "agent", "secret-12")
    [user] = users.listed()
    assert (user["email"], user["name"]) == ("a@b.jp", "佐藤")
    with store.read() as conn:
        from sqlalchemy import text

        kept = conn.execute(text("SELECT password FROM users")).scalar_one()
    assert kept.startswith("$argon2id$") and "secret" not in kept
    for email, name, role, password in (
        ("a@b.jp", "x", "agent", "secret-12"),
        ("x", "x", "agent", "secret-12"),
        ("c@d.jp", " ", "agent", "secret-12"),
        ("c@d.jp", "x", "boss", "secret-12"),
        ("c@d.jp", "x", "agent", "short"),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            users.add(email, name, role, password)
    store.close()
