"""The demo shop: its corpus published, its month of chats read for proposals, its accounts made."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

from api.auth import Passwords, Users
from api.drafts import Drafts
from api.settings import Settings
from kb.encoder import Encoder
from kb.entry import parse_corpus
from kb.index import IndexRefused
from kb.release import Releases
from kb.search import Knowledge
from kb.store import Store

ACCOUNTS = (
    ("sato@example.jp", "佐藤", "agent"),
    ("suzuki@example.jp", "鈴木", "agent"),
    ("tanaka@example.jp", "田中", "supervisor"),
    ("ito@example.jp", "伊藤", "editor"),
    ("admin@example.jp", "管理者", "admin"),
)
WHO = "demo"


def prepare(
    settings: Settings,
    encoder: Encoder | None,
    policy_check: Callable[..., Any] | None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fill an empty installation with the demo shop; one whose live release can be used keeps it."""
    with closing(Store.open(settings.store_url)) as store:
        accounts(settings.data, store)
        releases = Releases(store, settings.data, encoder, policy_check)
        if _usable(releases, encoder):
            return
        drafts = Drafts(store)
        corpus = parse_corpus(files("kb").joinpath("demo/corpus.jsonl").read_bytes(), "demo/corpus.jsonl")
        drafts.take_in(corpus.entries, WHO)
        releases.publish(progress, WHO)


def _usable(releases: Releases, encoder: Encoder | None) -> bool:
    """Is a release live that this version can open? After an upgrade the demo is simply published again."""
    live = releases.live()
    if live is None:
        return False
    try:
        Knowledge.open(live, encoder)
    except IndexRefused:
        return False
    return True


def propose(store: Store, knowledge: Knowledge) -> int:
    """Read the demo's month of chats for proposals, once; takes some seconds."""
    if Drafts(store).proposed(None):
        return 0
    from kb.harvest import harvest, parse_transcripts

    source = files("kb").joinpath("demo/transcripts.jsonl")
    found = harvest(parse_transcripts(source.read_bytes(), "demo/transcripts.jsonl"), knowledge)
    return Drafts(store).propose([proposal.as_json() for proposal in found])


def accounts(data: Path, store: Store) -> dict[str, Any]:
    """The demo's accounts with their password: made at the first start, kept for the next ones."""
    path = data / "demo-accounts.json"
    users = Users(store, Passwords())
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    else:
        kept = {"password": f"demo-{secrets.token_hex(4)}"}
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123
            json.dump(kept, out)
    known = {user["email"] for user in users.listed()}
    for email, name, role in ACCOUNTS:
        if email not in known:
            users.add(email, name, role, kept["password"])
    return kept | {"accounts": [{"email": e, "name": n, "role": r} for e, n, r in ACCOUNTS]}
