"""serve: the product, in one process."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from api.commands import Refusal, encoder_for, progress, settings_for, tell
from api.settings import Settings


def serve(data: Path | None, host: str, port: int, *, demo: bool) -> None:
    """Run until asked to stop; then streams are told to reconnect and requests under way are finished."""
    settings = settings_for(data)
    tell("toritsugi: 起動しています / starting")
    encoder = encoder_for(settings)
    if demo:
        _prepare(settings, encoder)
    from api import logs
    from api.app import create_app
    from api.server import Server

    def started(url: str) -> None:
        for line in _greeting(settings, url, demo=demo):
            print(line, flush=True)  # noqa: T201

    logs.configure()
    server = Server(create_app(settings, demo=demo), host, port, started)
    server.run()
    if not server.started:
        raise Refusal(f"cannot serve on {host}:{port}; the log above says why (is the port taken?)")
    sys.stdout.flush()


def _prepare(settings: Settings, encoder: object) -> None:
    from api import demo as shop
    from api.app import checker_for

    with progress("デモの店を用意しています / preparing the demo shop") as step:
        shop.prepare(settings, encoder, checker_for(settings), step)  # type: ignore[arg-type]


def _greeting(settings: Settings, url: str, *, demo: bool) -> list[str]:
    lines = [f"toritsugi: {url}"]
    if not demo:
        return [*lines, f"  console  {url}/desk", f"  studio   {url}/studio"]
    from api.demo import accounts
    from kb.store import Store

    with closing(Store.open(settings.store_url, migrate=False)) as store:
        made = accounts(settings.data, store)
    lines += [
        f"  デモの店 shop     {url}/",
        f"  応対画面 console  {url}/desk",
        f"  編集室   studio   {url}/studio",
        f"  パスワード password (all accounts): {made['password']}",
    ]
    return lines + [f"  {a['role']:<10} {a['email']:<20} {a['name']}" for a in made["accounts"]]
