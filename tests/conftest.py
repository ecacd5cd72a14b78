"""What every room's tests may use: the encoder, built once a session, and the demo shop opened on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.encoder import Encoder, open_encoder
from kb.entry import read_corpus
from kb.index import build
from kb.search import Knowledge
from kb.words import Words

DEMO = Path(__file__).parent.parent / "kb" / "demo" / "corpus.jsonl"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "benchmark: some of LangChain's contract tests; not timed here")


@pytest.fixture(scope="session")
def encoder_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the encoder in it; tests that damage it take a copy."""
    data = tmp_path_factory.mktemp("data")
    open_encoder(data)
    return data


@pytest.fixture(scope="session")
def encoder(encoder_data: Path) -> Encoder:
    return open_encoder(encoder_data)


@pytest.fixture(scope="session")
def words() -> Words:
    return Words()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, words: Words) -> Knowledge:
    """A few categories of the demo shop, so that building takes seconds."""
    entries = [e for e in read_corpus(DEMO).entries if e.category in {"送料", "支払い"}]
    home = tmp_path_factory.mktemp("demo") / "release"
    build(entries, home, encoder, words=words)
    return Knowledge.open(home, encoder, words)
