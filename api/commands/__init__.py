"""What the commands of `cli` do. Everything here may import heavily: it runs only when asked for.

`opening` reads settings and opens the data directory; a `Refusal`, or an error of the rooms that says
how to mend it, ends a command with exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.settings import Settings, SettingsError, load_settings


class Refusal(Exception):
    """The command cannot be done; the message says what, where, and how to mend it."""


def settings_for(data: Path | None) -> Settings:
    """The settings with `--data` put in; every command refuses unknown ones. Makes the directory."""
    settings = load_settings(data=data)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{settings.data}: cannot be made ({error.strerror}); give another --data") from None
    return settings


def refusal(error: Exception) -> str | None:
    """The message for an error that people can mend; None for a defect of ours."""
    if isinstance(error, Refusal | SettingsError):
        return str(error)
    from bot.conversation import Refused
    from bot.hours import CalendarError
    from bot.policy import PolicyError
    from bot.rephrase import LlmRefused
    from kb.deltas import DeltasRefused
    from kb.encoder import EncoderDamaged
    from kb.entry import CorpusError
    from kb.export import ExportRefused
    from kb.folder import FolderDamaged
    from kb.index import IndexRefused
    from kb.release import ReleaseRefused
    from kb.store import StoreError
    from kb.train.part import TrainRefused
    from kb.train.shop import ShopError
    from kb.weights import WeightsMissing

    known = (
        CalendarError, CorpusError, DeltasRefused, EncoderDamaged, ExportRefused, FolderDamaged, IndexRefused,
        LlmRefused, PolicyError, Refused, ReleaseRefused, ShopError, StoreError, TrainRefused, WeightsMissing,
    )  # fmt: skip
    if isinstance(error, known):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return None


def put(value: Any) -> None:
    """One line of JSON on stdout."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a lone surrogate, or a terminal that is not UTF-8
        text = json.dumps(value, separators=(",", ":"))
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """A line for people, on stderr, so that stdout stays what was asked for."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def lines(source: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON Lines as objects with their line numbers; `source` is opened with surrogateescape.

    Raises Refusal naming file and line.
    """
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            line.encode()
            value = json.loads(line)
        except UnicodeEncodeError:
            raise Refusal(f"{name}:{number}: not UTF-8; save the file again as UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise Refusal(f"{name}:{number}: not JSON ({error.args[0]}); write one object a line") from None
        if not isinstance(value, dict):
            raise Refusal(f"{name}:{number}: not an object; write one object a line")
        yield number, value


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """A bar on stderr: `with progress("…") as step: step(done, total)`; one line where nobody watches."""
    if not sys.stderr.isatty():
        yield _Once(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


class _Once:
    """Says what is being done when there is something to do, and once only."""

    def __init__(self, title: str) -> None:
        self._title: str | None = title

    def __call__(self, done: int, total: int) -> None:
        if self._title and total:
            tell(f"{self._title} ({total})")
            self._title = None


def encoder_for(settings: Settings) -> Any:
    """The encoder, built with a progress bar the first time; None for `ENCODER=none` (words only)."""
    if settings.encoder == "none":
        return None
    from kb.encoder import open_encoder

    with progress("文章の読み取り器を用意しています / preparing the encoder") as step:
        return open_encoder(settings.data, settings.encoder, step)
