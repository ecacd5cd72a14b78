"""Fixtures of the HTTP tests; what they use is in `served`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.served import House, serving


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running server with a small corpus, searched by words only."""
    with serving(tmp_path_factory.mktemp("house")) as running:
        yield running
