from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kb import folder, index
from kb.encoder import Encoder
from kb.entry import Entry, read_corpus
from kb.index import IndexRefused, build, open_index
from kb.search import Knowledge
from kb.words import Words

Shop = tuple[Entry, ...]


@pytest.fixture(scope="module")
def home(shop: Shop, encoder: Encoder, words: Words, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("index") / "release"
    build(shop, out, encoder, words=words)
    return out


def test_a_directory_holds_what_was_published(home: Path, shop: Shop, encoder: Encoder) -> None:
    assert read_corpus(home / "entries.jsonl").entries == shop
    manifest = folder.opened(home)
    assert manifest["encoder"]["id"] == encoder.id
    assert manifest["recall"] == {"questions": 1.0, "answers": 1.0}


def test_the_same_content_has_the_same_name_and_files(
    home: Path, shop: Shop, encoder: Encoder, words: Words, tmp_path: Path
) -> None:
    again = build(shop, tmp_path / "again", encoder, words=words)
    assert again.release == folder.opened(home)["release"]
    assert folder.opened(tmp_path / "again")["files"] == folder.opened(home)["files"]


def test_unchanged_texts_are_not_encoded_again(
    home: Path, shop: Shop, encoder: Encoder, words: Words, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    same = build(shop, tmp_path / "same", encoder, previous=home, words=words)
    assert same.encoded == 0
    changed = (*shop[1:], replace(shop[0], question="送料は全国で同じですか"))
    some = build(
        changed, tmp_path / "some", encoder, previous=home, words=words,
        progress=lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    assert 0 < some.encoded <= 3
    assert steps[-1] == (some.vectors, some.vectors)
    fresh = build(changed, tmp_path / "fresh", encoder, words=words)
    assert fresh.release == some.release
    found = Knowledge.open(tmp_path / "some", encoder, words).search("送料は全国で同じ？", 3)
    expected = Knowledge.open(tmp_path / "fresh", encoder, words).search("送料は全国で同じ？", 3)
    assert [(h.entry.id, h.score) for h in found] == [(h.entry.id, h.score) for h in expected]


def test_a_previous_directory_that_does_not_fit_is_ignored(
    shop: Shop, encoder: Encoder, words: Words, tmp_path: Path
) -> None:
    assert build(shop, tmp_path / "x", encoder, previous=tmp_path / "nothing", words=words).encoded > 0


def test_bad_targets_and_corpora_are_refused(shop: Shop, tmp_path: Path, words: Words) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    with pytest.raises(IndexRefused, match="not an empty directory"):
        build(shop, tmp_path / "full", None, words=words)
    with pytest.raises(IndexRefused, match="import"):
        build((), tmp_path / "x", None, words=words)
    with pytest.raises(IndexRefused, match="'ship' belongs to 2 entries"):
        build((shop[0], shop[0]), tmp_path / "x", None, words=words)


def test_an_interrupted_build_leaves_nothing(
    shop: Shop, encoder: Encoder, words: Words, tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(shop, tmp_path / "x", encoder, words=words, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["entries.jsonl", "questions.faiss", "means.npy", "manifest.json"])
def test_damage_is_refused_with_the_mending_command(
    home: Path, encoder: Encoder, words: Words, tmp_path: Path, name: str
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (copy / name).write_bytes(content)
    with pytest.raises(IndexRefused, match="toritsugi publish"):
        open_index(copy, encoder, words)


def test_mismatches_are_refused(
    home: Path, shop: Shop, encoder: Encoder, words: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(IndexRefused, match="other word lists"):
        open_index(home, encoder, Words(synonyms=[["送料", "配送料"]]))
    with pytest.raises(IndexRefused, match="holds no index"):
        open_index(tmp_path, encoder, words)
    build(shop, tmp_path / "lexical", None, words=words)
    with pytest.raises(IndexRefused, match="no encoder"):
        open_index(tmp_path / "lexical", encoder, words)
    monkeypatch.setattr(encoder, "id", "another")
    with pytest.raises(IndexRefused, match="another encoder"):
        open_index(home, encoder, words)
    monkeypatch.setattr(index, "dictionary_version", lambda: "20991231")
    with pytest.raises(IndexRefused, match="dictionary"):
        open_index(home, None, words)


def test_another_encoder_gets_its_own_scales(
    shop: Shop, encoder: Encoder, words: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "manifest", {**encoder.manifest, "form": "ids"})
    build(shop, tmp_path / "x", encoder, words=words)
    scales = json.loads((tmp_path / "x" / "manifest.json").read_text("utf-8"))["scales"]
    assert np.isfinite([scale["unit"] for scale in scales.values()]).all()
    assert Knowledge.open(tmp_path / "x", encoder, words).search("送料")[0].entry.id == "ship"
