"""doctor: checks an installation, each part for real, and says what to mend."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import text

from api.commands import Refusal, encoder_for, put, settings_for
from api.settings import Settings
from kb.store import Store

WHEELS = (
    "onnxruntime",
    "tokenizers",
    "faiss-cpu",
    "sudachipy",
    "sudachidict-core",
    "fastapi",
    "uvicorn",
    "SQLAlchemy",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `mend` says what to do when it failed."""

    check: str
    good: bool
    says: str
    mend: str = ""


def doctor(data: Path | None, *, as_json: bool) -> None:
    """Check everything that an answer needs. Exit code 1 when something has to be mended."""
    settings = settings_for(data)
    findings = [_examined(name, probe, settings) for name, probe in CHECKS.items()]
    if as_json:
        for finding in findings:
            put({"check": finding.check, "good": finding.good, "says": finding.says, "mend": finding.mend})
    else:
        _table(findings)
    bad = [finding.check for finding in findings if not finding.good]
    if bad:
        raise Refusal(f"to mend: {', '.join(bad)}")


def _examined(name: str, probe: Callable[[Settings], tuple[str, str]], settings: Settings) -> Finding:
    try:
        says, mend = probe(settings)
    except Exception as error:
        return Finding(name, False, f"{type(error).__name__}: {error}"[:300], MENDS[name])
    return Finding(name, not mend, says, mend)


def _table(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid("", "check", "found", "to mend")
    for finding in findings:
        grid.add_row("✓" if finding.good else "✗", finding.check, finding.says, finding.mend)
    Console(file=sys.stdout).print(grid)


def _python(_: Settings) -> tuple[str, str]:
    found = ".".join(map(str, sys.version_info[:3]))
    return found, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"


def _wheels(_: Settings) -> tuple[str, str]:
    missing, found = [], []
    for name in WHEELS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return ", ".join(found), f"install {', '.join(missing)}: `make setup`" if missing else ""


def _settings(settings: Settings) -> tuple[str, str]:
    given = sorted(settings.model_fields_set)
    if settings.customer_key and len(settings.customer_key.encode()) < 32:
        return "TORITSUGI_CUSTOMER_KEY is short", "use at least 32 random characters"
    return ", ".join(given) or "defaults", ""


def _dictionary(_: Settings) -> tuple[str, str]:
    from kb.words import Words

    terms = Words().analyse("送料はいくらですか")
    return f"{len(terms)} terms in a sentence", "" if terms else MENDS["dictionary"]


def _encoder(settings: Settings) -> tuple[str, str]:
    encoder = encoder_for(settings)
    if encoder is None:
        return "none (words only)", ""
    vector = encoder.encode(["確認"], "query")
    return f"{encoder.id}, {vector.shape[1]} numbers a vector", ""


def _store(settings: Settings) -> tuple[str, str]:
    with closing(Store.open(settings.store_url)) as store, store.read() as conn:
        if store.dialect == "sqlite":
            told = str(conn.execute(text("PRAGMA quick_check")).scalar())
            return f"sqlite: {told}", "" if told == "ok" else MENDS["store"]
        return str(conn.execute(text("SELECT version()")).scalar())[:60], ""


def _release(settings: Settings) -> tuple[str, str]:
    from kb.release import Releases
    from kb.search import Knowledge

    with closing(Store.open(settings.store_url)) as store:
        live = Releases(store, settings.data, None).live()
    if live is None:
        return "none is live yet: `toritsugi import FILE`, then `toritsugi publish`", ""
    knowledge = Knowledge.open(live, encoder_for(settings))
    return f"{knowledge.release}: {len(knowledge.entries)} entries", ""


def _disk(settings: Settings) -> tuple[str, str]:
    free = shutil.disk_usage(settings.data).free // (1 << 20)
    return f"{free} MB free in {settings.data}", "" if free > 500 else "make room: 500 MB are needed"


CHECKS: dict[str, Callable[[Settings], tuple[str, str]]] = {
    "python": _python,
    "packages": _wheels,
    "settings": _settings,
    "dictionary": _dictionary,
    "encoder": _encoder,
    "store": _store,
    "release": _release,
    "disk": _disk,
}
MENDS = {
    "python": "install Python 3.11 or newer",
    "packages": "`make setup`",
    "settings": "correct the setting",
    "dictionary": "reinstall sudachidict_core: `make setup`",
    "encoder": "remove the folder `encoder` in the data directory; it is built again",
    "store": "restore a backup: `toritsugi restore FILE`",
    "release": "`toritsugi publish` builds a new one",
    "disk": "check the data directory",
}
