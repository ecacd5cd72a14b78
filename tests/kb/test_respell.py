from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kb import respell
from kb.entry import Entry
from kb.respell import Respelling, learn_entries, pieces_of


@pytest.fixture(scope="module")
def respelling() -> Respelling:
    texts = [
        "領収書の宛名を間違えました",
        "送料はいくらですか",
        "コンビニで払う場合はいつまでですか",
        "返品の送料は誰が払う",
    ]
    return Respelling.learn([pieces_of(texts)])


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


def test_unchanged_entries_are_not_read_again(
    shop: tuple[Entry, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("old", "new", "fresh"):
        (tmp_path / name).mkdir()
    learn_entries(shop, tmp_path / "old", None)
    read: list[str] = []
    plain = respell.pieces_of
    monkeypatch.setattr(respell, "pieces_of", lambda texts: read.extend(texts) or plain(texts))
    changed = (replace(shop[0], question="配送料金はおいくらですか"), *shop[1:])
    learn_entries(changed, tmp_path / "new", tmp_path / "old")
    assert read[0] == "配送料金はおいくらですか"
    assert len(read) == 3
    learn_entries(changed, tmp_path / "fresh", None)
    for name in ("respell.json", "pieces.jsonl"):
        assert (tmp_path / "new" / name).read_text() == (tmp_path / "fresh" / name).read_text()
