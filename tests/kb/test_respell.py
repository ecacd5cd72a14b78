from __future__ import annotations

from pathlib import Path

import pytest

from kb.respell import Respelling


@pytest.fixture(scope="module")
def respelling() -> Respelling:
    texts = [
        "領収書の宛名を間違えました",
        "送料はいくらですか",
        "コンビニで払う場合はいつまでですか",
        "返品の送料は誰が払う",
    ]
    return Respelling.learn(texts)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("りょうしゅうしょ", "領収書"),
        ("そうりょうはいくら", "送料はいくら"),
        ("コンビニデハラウバアイ", "コンビニで払う場合"),
    ],
)
def test_kana_becomes_the_shops_spelling(respelling: Respelling, typed: str, meant: str) -> None:
    assert respelling(typed) == meant


@pytest.mark.parametrize("text", ["送料を教えてください", "How much is it", "", "いくらですか", "12345"])
def test_what_is_already_spelt_stays(respelling: Respelling, text: str) -> None:
    assert respelling(text) is None


def test_a_foreign_word_is_not_torn_apart(respelling: Respelling) -> None:
    assert respelling("アウトレッド") is None


def test_written_and_read_it_is_the_same(respelling: Respelling, tmp_path: Path) -> None:
    respelling.write(tmp_path)
    assert Respelling.read(tmp_path)("りょうしゅうしょ") == "領収書"


def test_without_entries_it_has_nothing_to_say() -> None:
    assert Respelling.learn([])("そうりょう") is None
