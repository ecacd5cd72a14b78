"""Brings a database to the newest schema. Alembic is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from kb.store import Store

_HERE = Path(__file__).parent
_LOCK = 7_046_029_254


def head() -> str:
    """The newest revision: files are named by their revision, in order."""
    return max(path.stem for path in (_HERE / "versions").glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(store: Store) -> None:
    """Does nothing when the schema is the newest; refuses one that a newer version made."""
    from kb.store import StoreError

    with store.read() as connection:
        found = current(connection)
    if found == head():
        return
    if found is not None and found > head():
        raise StoreError(
            f"the database is at revision {found}, this version knows up to {head()}: install the newer one"
        )
    store.write(_upgrade)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
