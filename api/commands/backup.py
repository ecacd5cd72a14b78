"""backup, restore, migrate: the database and the live release as one file, and back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select, text

from api.commands import Refusal, put, settings_for, tell
from api.settings import Settings
from kb.store import Moment, Store, StoreBusy, moment_text

FORMAT = 1
CHUNK = 1000


# ---- backup -------------------------------------------------------------------------------------------


def backup(data: Path | None, file: Path, *, as_json: bool) -> None:
    """Write database, live release and token key to one file; nothing half-written is left behind."""
    settings = settings_for(data)
    with (
        closing(Store.open(settings.store_url)) as store,
        tempfile.TemporaryDirectory(dir=settings.data) as tmp,
    ):
        folder = Path(tmp)
        _dump(store, folder)
        live = _live(store, settings)
        if live is not None:
            shutil.copytree(live, folder / "release" / live.name)
        if (settings.data / "secret.key").exists():
            shutil.copy2(settings.data / "secret.key", folder / "secret.key")
        facts = _seal(folder)
        half = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with half.open("xb") as raw:
                half.chmod(0o600)
                with tarfile.open(fileobj=raw, mode="w:gz") as tar:
                    tar.add(folder, arcname=".")
                raw.flush()
                os.fsync(raw.fileno())
            half.replace(file)
        finally:
            half.unlink(missing_ok=True)
    rows = sum(facts["rows"].values())
    if as_json:
        put({"file": str(file), "rows": facts["rows"], "bytes": file.stat().st_size})
    else:
        tell(f"{file}: {rows} rows, {file.stat().st_size // 1024} KB; it holds personal data, keep it safe")


def _tables() -> list[Table]:
    import bot.tables  # noqa: F401  (adds the log's tables)
    from kb.store import metadata

    return list(metadata.sorted_tables)


def _dump(store: Store, folder: Path) -> None:
    rows = {}
    with store.read() as conn:
        for table in _tables():
            count = 0
            with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as out:
                for row in conn.execute(select(table)).mappings():
                    plain = {k: moment_text(v) if isinstance(v, datetime) else v for k, v in row.items()}
                    out.write(json.dumps(plain, ensure_ascii=False) + "\n")
                    count += 1
            rows[table.name] = count
    (folder / "rows.json").write_text(json.dumps(rows), "utf-8")


def _live(store: Store, settings: Settings) -> Path | None:
    from kb.release import Releases

    return Releases(store, settings.data, None).live()


def _seal(folder: Path) -> dict[str, Any]:
    facts = {
        "format": FORMAT,
        "made_at": moment_text(datetime.now(UTC)),
        "rows": json.loads((folder / "rows.json").read_text("utf-8")),
        "files": {str(path.relative_to(folder)): _sha256(path) for path in _files(folder)},
    }
    (folder / "backup.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), "utf-8")
    return facts


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


# ---- restore ------------------------------------------------------------------------------------------


def restore(data: Path | None, file: Path, *, as_json: bool) -> None:
    """Verify every file of the backup, then replace the database in one transaction."""
    settings = settings_for(data)
    with tempfile.TemporaryDirectory(dir=settings.data) as tmp:
        folder = Path(tmp)
        facts = _unpacked(file, folder)
        with closing(Store.open(settings.store_url)) as store:
            try:
                store.serve()
            except StoreBusy:
                raise Refusal(f"{settings.data}: a server is running on it; stop it, then restore") from None
            for released in (folder / "release").glob("*"):
                target = settings.data / "releases" / released.name
                if not target.exists():
                    shutil.copytree(released, target)
            store.write(lambda conn: _fill(conn, folder))
            if (folder / "secret.key").exists():
                shutil.copy2(folder / "secret.key", settings.data / "secret.key")
            again = _erase_again(store, settings)
    if as_json:
        put({"rows": facts["rows"], "erased_again": again})
    else:
        tell(f"restored {sum(facts['rows'].values())} rows of {facts['made_at']}; {again} chats erased again")


def _unpacked(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack and check; raises Refusal for anything that `backup` did not write just so."""
    damaged = Refusal(f"{file}: not a whole backup of toritsugi; use another backup file")
    try:
        with tarfile.open(file, "r:gz") as tar:
            tar.extractall(folder, filter="data")
        facts: dict[str, Any] = json.loads((folder / "backup.json").read_text("utf-8"))
        files = {str(path.relative_to(folder)): _sha256(path) for path in _files(folder)}
    except FileNotFoundError as error:
        if not file.exists():
            raise Refusal(f"{file}: there is no such file") from None
        raise damaged from error
    except (OSError, EOFError, ValueError, tarfile.TarError) as error:
        raise damaged from error
    files.pop("backup.json", None)
    if facts.get("format") != FORMAT or files != facts.get("files"):
        raise damaged
    return facts


def _fill(conn: Any, folder: Path) -> None:
    tables = _tables()
    for table in reversed(tables):
        conn.execute(table.delete())
    for table in tables:
        source = folder / f"{table.name}.jsonl"
        if not source.exists():
            continue
        moments = [column.name for column in table.columns if isinstance(column.type, Moment)]
        rows: list[dict[str, Any]] = []
        for line in source.read_bytes().splitlines():  # of a str, it would also break at U+2028 and its like
            row = json.loads(line)
            rows.append(row | {m: datetime.fromisoformat(row[m]) for m in moments if row.get(m)})
            if len(rows) >= CHUNK:
                conn.execute(insert(table), rows)
                rows = []
        if rows:
            conn.execute(insert(table), rows)
        if conn.dialect.name == "postgresql" and table.name == "audit":
            conn.execute(
                text(
                    "SELECT setval(pg_get_serial_sequence('audit', 'position'),"
                    " coalesce(max(position), 1)) FROM audit"
                )
            )


def _erase_again(store: Store, settings: Settings) -> int:
    """The list of erased chats lies outside the backup, so that a restore cannot bring them back."""
    from api.drafts import Drafts
    from api.erasure import erased_ids
    from bot.conversation import SYSTEM, Erase, Refused
    from bot.feed import LocalFeed
    from bot.log import Log, NotFound

    log, drafts, again = Log(store, LocalFeed()), Drafts(store), 0
    for conversation in erased_ids(settings.data):
        drafts.forget(conversation)
        try:
            again += bool(log.append(conversation, Erase(), SYSTEM).events)
        except (Refused, NotFound):
            continue
    return again


# ---- migrate ------------------------------------------------------------------------------------------


def migrate(data: Path | None, *, as_json: bool) -> None:
    settings = settings_for(data)
    with closing(Store.open(settings.store_url)) as store:
        dialect = store.dialect
    if as_json:
        put({"migrated": True, "dialect": dialect})
    else:
        tell(f"the {dialect} database is of this version")
