"""A directory that is written once: complete and checked, or not there at all.

The encoder's cache and every release are such folders. `manifest.json` names each file with its size
and SHA-256, so damage is found before anything is read from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


class FolderDamaged(Exception):
    """The folder is not what its manifest says; the message names the file."""


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """A temporary sibling of `target` to fill; on leaving it is synced and renamed to `target`.

    When the block raises, nothing is left behind. An empty `target` is replaced; a filled one wins over
    ours (another process was quicker), so that readers never see a folder change.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.parent / f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}"
    building.mkdir()
    try:
        yield building
        for path in sorted(building.rglob("*")):
            _sync(path)
        _sync(building)
        try:
            building.rename(target)
        except OSError:
            if not (target / MANIFEST).exists():
                raise
        _sync(target.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def seal(folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write `manifest.json`: the facts and every file's size and hash. Returns it."""
    names = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    files = {str(p.relative_to(folder)): {"bytes": p.stat().st_size, "sha256": file_digest(p)} for p in names}
    manifest = {**facts, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return manifest


def opened(folder: Path, *, thorough: bool = True) -> dict[str, Any]:
    """The manifest, after checking that every file is there with its size and (thorough) its hash."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        files: dict[str, dict[str, Any]] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderDamaged(f"{folder / MANIFEST} cannot be read: {error}") from error
    for name, fact in files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != fact["bytes"]:
            raise FolderDamaged(f"{path} is missing or has another size than the manifest says")
        if thorough and file_digest(path) != fact["sha256"]:
            raise FolderDamaged(f"{path} is damaged: its hash is not the manifest's")
    return manifest


def removed(folder: Path) -> None:
    """Delete a folder in one visible step: renamed first, so that nobody opens half of it."""
    doomed = folder.parent / f".{folder.name}.gone.{secrets.token_hex(4)}"
    with suppress(OSError):
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some file systems cannot sync a directory
        if path.is_file():
            raise
    finally:
        os.close(handle)
