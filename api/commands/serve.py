"""serve: the product, in one process."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from api.commands import Refusal, encoder_for, progress, settings_for, tell
from api.settings import Settings


def serve(data: Path | None, host: str, port: int, *, demo: bool) -> None:
    """Run until asked to stop; then streams are told to reconnect and requests under way are finished."""
    settings = settings_for(data)
    tell("toritsugi: 起動しています / starting")
    _prepare(settings, demo=demo)
    from api import logs
    from api.app import create_app
    from api.server import Server

    def started(url: str) -> None:
        for line in _greeting(settings, url, demo=demo):
            print(line, flush=True)  # noqa: T201

    logs.configure()
    app = create_app(settings, demo=demo)
    server = Server(app, host, port, started)
    with suppress(SystemExit):
        server.run()
    if not server.started:
        failed = getattr(app.state, "failed", None)
        raise failed or Refusal(f"cannot listen on {host}:{port}; stop what does, or give another --port")


def _prepare(settings: Settings, *, demo: bool) -> None:
    """Build what the first start needs, with progress: the encoder, and the demo shop."""
    encoder = encoder_for(settings)
    if not demo:
        return
    from api import demo as shop
    from api.app import checker_for

    with progress("デモの店を用意しています / preparing the demo shop") as step:
        shop.prepare(settings, encoder, checker_for(settings), step)


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
