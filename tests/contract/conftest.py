"""The back ends that one suite runs over: SQLite and PostgreSQL, the feed in process and on Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kb.store import Store
from tests.logkit import Kit, empty, postgres_url, sqlite_store


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Store]]:
    kept: dict[str, Store] = {}
    yield kept
    for store in kept.values():
        store.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_url() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(
    request: pytest.FixtureRequest, stores: dict[str, Store], tmp_path_factory: pytest.TempPathFactory
) -> Store:
    """Migrated and empty."""
    if request.param not in stores:
        if request.param == "sqlite":
            stores["sqlite"] = sqlite_store(tmp_path_factory.mktemp("contract"))
        else:
            stores["postgres"] = Store.open(request.getfixturevalue("postgres"))
    empty(stores[request.param])
    return stores[request.param]


@pytest.fixture
def kit(store: Store) -> Kit:
    return Kit(store)
