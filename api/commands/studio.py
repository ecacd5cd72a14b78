"""import, publish, rollback, export: the studio's work from the shell, beside a running server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from api.commands import Refusal, encoder_for, progress, put, settings_for, tell
from api.drafts import Drafts
from api.settings import Settings
from kb.release import Releases
from kb.store import Store, audit

WHO = "command line"


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    with closing(Store.open(settings.store_url)) as store:
        yield store


def import_file(data: Path | None, file: Path, *, as_json: bool) -> None:
    """Take a corpus into the draft; nothing when any line is wrong."""
    from kb.entry import read_corpus

    settings = settings_for(data)
    corpus = read_corpus(file)
    for warning in corpus.warnings:
        tell(f"note: {warning}")
    with _store(settings) as store:
        taken = Drafts(store).take_in(corpus.entries, WHO)
    if as_json:
        put(taken.as_json())
    else:
        tell(
            f"{file}: {taken.added} added, {taken.changed} changed, {taken.unchanged} unchanged; now publish"
        )


def publish(data: Path | None, note: str | None, *, force: bool, as_json: bool) -> None:
    """Build, check and make live; a running server takes it up by itself."""
    from api.app import checker_for

    settings = settings_for(data)
    encoder = encoder_for(settings)
    with _store(settings) as store, progress("公開しています / publishing") as step:
        releases = Releases(store, settings.data, encoder, checker_for(settings))
        info = releases.publish(step, WHO, note=note, force=force)
    _shown(info.as_json(), as_json, "is live")


def rollback(data: Path | None, release: str | None, *, as_json: bool) -> None:
    settings = settings_for(data)
    with _store(settings) as store:
        releases = Releases(store, settings.data, encoder_for(settings), None)
        info = releases.rollback(release or _before(releases), WHO)
    _shown(info.as_json(), as_json, "is live again")


def _before(releases: Releases) -> str:
    """The release that was live before this one."""
    earlier = [info for info in releases.listed() if info.state == "superseded"]
    if not earlier:
        raise Refusal("there is no earlier release to go back to; `toritsugi publish` makes one")
    return str(earlier[0].id)


def _shown(info: dict[str, Any], as_json: bool, what: str) -> None:
    if as_json:
        put(info)
    else:
        tell(f"release {info['id']} {what}: {info['entries']} entries")


def export(data: Path | None, what: str, out: Path, *, unmasked: bool, as_json: bool) -> None:
    """Write a file whole or not at all. Unmasked exports are noted in the audit."""
    from api.transcripts import masked, plainly, transcripts

    settings = settings_for(data)
    mask = plainly if unmasked else masked
    with _store(settings) as store:
        if unmasked:
            _audit(store, what)
        if what == "corpus":
            count = _corpus(store, out)
        elif what == "transcripts":
            count = _written(out, transcripts(store, mask))
        else:
            count = _written(out, _events(store, mask))
    if as_json:
        put({"file": str(out), "lines": count, "masked": not unmasked})
    else:
        tell(f"{out}: {count} lines{'' if unmasked else ', masked'}")


def _audit(store: Store, what: str) -> None:
    row = {"at": datetime.now(UTC), "actor": WHO, "action": "export_unmasked", "target": what, "detail": {}}
    store.write(lambda conn: conn.execute(insert(audit).values(row)).rowcount)


def _corpus(store: Store, out: Path) -> int:
    from kb.entry import write_corpus

    some = Releases(store, Path(), None, None).draft()
    write_corpus(some, out)
    return len(some)


def _written(out: Path, lines: Iterable[dict[str, Any]]) -> int:
    draft, count = out.with_name(f".{out.name}.{os.getpid()}"), 0
    try:
        with draft.open("w", encoding="utf-8") as target:
            for line in lines:
                target.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _events(store: Store, mask: Any) -> Iterator[dict[str, Any]]:
    """The whole log by position."""
    from api.transcripts import plainly
    from bot.feed import LocalFeed
    from bot.log import Log

    log, position = Log(store, LocalFeed()), 0
    while some := log.since(position, 500):
        for event in some:
            position = event.position
            body = dict(event.body)
            yield event.staff() | {"body": body if mask is plainly else _masked(body, mask)}


_NAMED = {"name": "〔氏名〕", "email": "〔メールアドレス〕", "customer": "〔顧客〕"}


def _masked(value: Any, mask: Any) -> Any:
    """Texts masked by the rule; what a field's name says to be a person's is hidden whatever it holds."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        hidden = {key: _NAMED[key] for key in value.keys() & _NAMED.keys() if value[key]}
        return {key: hidden.get(key) or _masked(item, mask) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, mask) for item in value]
    return value
