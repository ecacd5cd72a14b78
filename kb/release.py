"""Drafts → release → rollback. What is live is one row in `pointers`, swapped in one transaction.

A release's directory (`data/releases/ID`) never changes; a publication that dies half-way leaves at most
a hidden directory and a row that says so, and the live release as it was.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, case, delete, insert, select, update

from kb import folder
from kb.encoder import Encoder
from kb.entry import Entry, read_entry
from kb.index import IndexRefused, build, corpus_digest, entries_of
from kb.search import Knowledge
from kb.store import Store, StoreError, entries, moment_text, pointers, releases
from kb.words import Words

POINTER = "release"
KEPT = 5  # releases whose directories stay for a rollback
STALE_S = 3600  # a hidden directory this old belongs to a publication that died
LOOK_S = 0.5  # how often a process looks whether another one published
Progress = Callable[[int, int], None]


class ReleaseRefused(Exception):
    """Nothing was published or rolled back; the live release is what it was. The message says why."""


class Checked(Protocol):
    """What a release check found. `worse`: the new release must not go live unless forced."""

    @property
    def worse(self) -> bool: ...

    def as_json(self) -> dict[str, Any]: ...


Check = Callable[[Knowledge, Knowledge | None], Checked]


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """`state`: building, live, superseded or failed; `usable`: its directory is still there."""

    id: str
    created_at: datetime
    by: str | None
    state: str
    entries: int
    note: str | None
    check: Mapping[str, Any] | None
    error: str | None
    usable: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "created_at": moment_text(self.created_at),
            "by": self.by,
            "state": self.state,
            "entries": self.entries,
            "note": self.note,
            "check": self.check,
            "error": self.error,
            "usable": self.usable,
        }


class Releases:
    """Publishes and rolls back. Every process has its own; they meet in the database."""

    def __init__(
        self,
        store: Store,
        data: Path,
        encoder: Encoder | None,
        check: Check | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._home, self._encoder, self._check = store, data / "releases", encoder, check
        self._clock = clock
        self.swaps = 0
        """Grows when this process made another release live, so that its `Live` looks at once."""

    @property
    def encoder(self) -> Encoder | None:
        return self._encoder

    def live(self) -> Path | None:
        """The live release's directory; None before the first publication."""
        with self._store.read() as conn:
            identifier = _pointer(conn)
        return None if identifier is None else self._home / identifier

    def draft(self) -> tuple[Entry, ...]:
        """The entries as they are being written, by id; deleted ones are gone."""
        rows = select(entries.c.body, entries.c.revision).where(entries.c.state != "deleted")
        with self._store.read() as conn:
            found = [(dict(row.body), row.revision) for row in conn.execute(rows.order_by(entries.c.id))]
        return tuple(_entry(body, revision) for body, revision in found)

    def listed(self, most: int = 50) -> list[ReleaseInfo]:
        """Releases, newest first."""
        rows = select(releases).order_by(releases.c.created_at.desc(), releases.c.id.desc()).limit(most)
        with self._store.read() as conn:
            return [self._info(row) for row in conn.execute(rows).mappings()]

    def publish(
        self, progress: Progress | None, actor: str, *, note: str | None = None, force: bool = False
    ) -> ReleaseInfo:
        """Build the draft's release, check it and make it live.

        Raises `ReleaseRefused` when the draft is empty, the check says that it would be worse (unless
        `force`), or another release went live meanwhile.
        """
        draft, live = self.draft(), self.live()
        if not draft:
            raise ReleaseRefused("the draft has no entry: import a corpus first (`toritsugi import FILE`)")
        now = self._clock()
        identifier = f"{now:%Y%m%d-%H%M%S}-{corpus_digest(draft)[:6]}{secrets.token_hex(2)}"
        row = {"id": identifier, "created_at": now, "by": actor, "note": note, "entries": len(draft)}
        self._store.write(
            lambda conn: conn.execute(insert(releases).values(**row, state="building")).rowcount
        )
        try:
            build(
                draft, self._home / identifier, self._encoder,
                previous=live, progress=progress, release=identifier,
            )  # fmt: skip
            report = self._checked(identifier, live, force)
            self._store.write(lambda conn: self._swap(conn, identifier, draft, live, report))
        except BaseException as error:
            told = str(error) or type(error).__name__
            with suppress(StoreError):
                self._store.write(lambda conn: _set(conn, identifier, state="failed", error=told[:2000]))
            folder.removed(self._home / identifier)
            if isinstance(error, IndexRefused):
                raise ReleaseRefused(told) from error
            raise
        self.swaps += 1
        self._tidy()
        return self._one(identifier)

    def rollback(self, identifier: str, actor: str) -> ReleaseInfo:
        """Make an earlier release live again; the draft stays as it is."""
        with self._store.read() as conn:
            row = conn.execute(select(releases).where(releases.c.id == identifier)).mappings().first()
            live = _pointer(conn)
        if row is None or row["state"] not in ("superseded", "live"):
            raise ReleaseRefused(f"there is no release {identifier!r} that was live before")
        if identifier == live:
            return self._info(row)
        home = self._home / identifier
        if not home.is_dir():
            raise ReleaseRefused(
                f"release {identifier} is no longer kept (the last {KEPT} are): change the draft and publish"
            )
        try:
            Knowledge.open(home, self._encoder)
        except IndexRefused as error:
            raise ReleaseRefused(f"release {identifier} cannot be used any more: {error}") from error
        kept = tuple(entries_of(home))
        before = self._home / live if live else None
        self._store.write(lambda conn: self._swap(conn, identifier, kept, before, row["check"]))
        self.swaps += 1
        return self._one(identifier)

    def _checked(self, identifier: str, live: Path | None, force: bool) -> dict[str, Any] | None:
        if self._check is None:
            return None
        words = Words()
        new = Knowledge.open(self._home / identifier, self._encoder, words)
        old = None
        with suppress(IndexRefused):  # a live release that cannot be opened is no reason not to replace it
            old = Knowledge.open(live, self._encoder, words) if live else None
        checked = self._check(new, old)
        report = checked.as_json()
        self._store.write(lambda conn: _set(conn, identifier, check=report))
        if checked.worse and not force:
            raise ReleaseRefused(
                "the new release would find fewer of its own questions than the live one: look at what was "
                "lost, mend the entries, or publish with force"
            )
        return report

    def _swap(
        self, conn: Connection, identifier: str, kept: Iterable[Entry], before: Path | None, report: Any
    ) -> None:
        """The pointer, the states and the entries' live revisions, in one transaction."""
        live = conn.scalar(select(pointers.c.value).where(pointers.c.name == POINTER).with_for_update())
        if live != (before.name if before else None):
            raise ReleaseRefused("another release went live meanwhile: look at it, then publish again")
        conn.execute(delete(pointers).where(pointers.c.name == POINTER))
        conn.execute(insert(pointers).values(name=POINTER, value=identifier))
        conn.execute(update(releases).where(releases.c.state == "live").values(state="superseded"))
        lost = "died, or another release went live while it was built"
        building = (releases.c.state == "building") & (releases.c.id != identifier)
        conn.execute(update(releases).where(building).values(state="failed", error=lost))
        _set(conn, identifier, state="live", path=identifier, check=report, error=None)
        conn.execute(update(entries).values(live_revision=None))
        revisions = [{"entry_id": entry.id, "live": entry.revision} for entry in kept]
        set_live = update(entries).where(entries.c.id == bindparam("entry_id"))
        conn.execute(set_live.values(live_revision=bindparam("live")), revisions)
        same = case((entries.c.revision == entries.c.live_revision, "live"), else_="draft")
        conn.execute(update(entries).where(entries.c.state != "deleted").values(state=same))

    def _tidy(self) -> None:
        """Remove directories that nobody needs: all but the live and the last `KEPT`, and dead builds."""
        usable = [info.id for info in self.listed() if info.state in ("live", "superseded", "building")]
        live = self.live()
        kept = {*usable[: KEPT + 1], live.name if live else ""}
        for home in self._home.iterdir():
            stale = home.name.startswith(".") and time.time() - home.stat().st_mtime > STALE_S
            if stale:
                shutil.rmtree(home, ignore_errors=True)
            elif not home.name.startswith(".") and home.name not in kept:
                folder.removed(home)

    def _one(self, identifier: str) -> ReleaseInfo:
        with self._store.read() as conn:
            return self._info(
                conn.execute(select(releases).where(releases.c.id == identifier)).mappings().one()
            )

    def _info(self, row: Any) -> ReleaseInfo:
        names = ("id", "created_at", "by", "state", "entries", "note", "check", "error")
        return ReleaseInfo(**{name: row[name] for name in names}, usable=(self._home / row["id"]).is_dir())


class Live:
    """The live release, opened; every process that answers has one.

    `current` costs nothing but a look at the database twice a second. While a new release is opened,
    others go on with the old one; who holds a `Knowledge` keeps it as long as needed.
    """

    def __init__(self, releases: Releases, *, every_s: float = LOOK_S) -> None:
        self._releases, self._every_s = releases, every_s
        self._opening = threading.Lock()
        self._knowledge: Knowledge | None = None
        self._home: Path | None = None
        self._looked_at = -every_s
        self._swaps = -1
        self._words: Words | None = None

    def current(self) -> Knowledge:
        """Raises `ReleaseRefused` before the first publication, `IndexRefused` when what is live does not
        fit this installation and nothing older is open."""
        knowledge = self._knowledge
        if knowledge is not None and not self._due():
            return knowledge
        if knowledge is None:
            with self._opening:
                return self._knowledge or self._look()
        if self._opening.acquire(blocking=False):
            try:
                with suppress(StoreError, IndexRefused, ReleaseRefused):  # go on with what we have
                    return self._look()
            finally:
                self._opening.release()
        return knowledge

    def _due(self) -> bool:
        return self._swaps != self._releases.swaps or time.monotonic() - self._looked_at >= self._every_s

    def _look(self) -> Knowledge:
        self._looked_at, swaps = time.monotonic(), self._releases.swaps
        home = self._releases.live()
        if home is None:
            raise ReleaseRefused("no release is live: run `toritsugi publish`")
        if self._knowledge is None or home != self._home:
            self._words = self._words or Words()
            self._knowledge = Knowledge.open(home, self._releases.encoder, self._words)
            self._home = home
        self._swaps = swaps
        return self._knowledge


def _pointer(conn: Connection) -> str | None:
    return conn.scalar(select(pointers.c.value).where(pointers.c.name == POINTER))


def _set(conn: Connection, identifier: str, **values: Any) -> None:
    conn.execute(update(releases).where(releases.c.id == identifier).values(**values))


def _entry(body: Mapping[str, Any], revision: int) -> Entry:
    entry, wrong = read_entry({**body, "revision": revision})
    if entry is None:
        raise ReleaseRefused(f"the entry {body.get('id')!r} cannot be read: {wrong[0]}")
    return entry
