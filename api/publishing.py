"""The one publication that may run at a time, and the draft as something to try."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api import logs
from api.errors import Problem
from kb.encoder import Encoder
from kb.index import build
from kb.release import ReleaseInfo, ReleaseRefused, Releases
from kb.search import Knowledge

_log = logs.get("publishing")


class Publishing:
    """The one publication that may run at a time, with its progress."""

    def __init__(self, publish: Callable[..., ReleaseInfo], done: Callable[[], None]) -> None:
        self._publish, self._done = publish, done
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {"state": "idle"}
        self._begun = threading.Event()

    def start(self, by: str, note: str | None, force: bool) -> None:
        """Begin in the background. Raises Problem release_busy while one runs."""
        with self._lock:
            if self._state["state"] == "building":
                raise Problem("release_busy", "Wait until it is done; GET /v1/releases tells.")
            self._state = {"state": "building", "done": 0, "total": 0}
            self._begun.clear()
        threading.Thread(target=self._work, args=(by, note, force), name="publish", daemon=True).start()
        self._begun.wait(2.0)

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return dict(self._state)

    def _work(self, by: str, note: str | None, force: bool) -> None:
        try:
            info = self._publish(self._progress, by, note=note, force=force)
            told: dict[str, Any] = {"state": "done", "release": info.as_json()}
        except ReleaseRefused as error:
            told = {"state": "refused", "error": str(error)}
        except Exception as error:
            _log.error("publishing failed", error=logs.fault_of(error))
            told = {"state": "failed", "error": "Publishing failed; the live release is unchanged."}
        with self._lock:
            self._state = told
        self._begun.set()
        self._done()

    def _progress(self, done: int, total: int) -> None:
        with self._lock:
            self._state = {"state": "building", "done": done, "total": total}
        self._begun.set()


class Trials:
    """The draft as something to search in; built anew when an entry changed."""

    def __init__(self, data: Path, releases: Releases, encoder: Encoder | None) -> None:
        self._home, self._releases, self._encoder = data / "trial", releases, encoder
        self._lock = threading.Lock()
        self._key: str | None = None
        self._knowledge: Knowledge | None = None

    def knowledge(self) -> Knowledge | None:
        """None while the draft is empty."""
        draft = self._releases.draft()
        if not draft:
            return None
        key = hashlib.sha256("\n".join(entry.id + entry.digest for entry in draft).encode()).hexdigest()[:24]
        with self._lock:
            if key != self._key:
                shutil.rmtree(self._home, ignore_errors=True)
                self._home.mkdir(parents=True)
                build(draft, self._home / key, self._encoder, previous=self._releases.live())
                self._knowledge, self._key = Knowledge.open(self._home / key, self._encoder), key
            return self._knowledge
