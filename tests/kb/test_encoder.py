from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kb import encoder as module
from kb import folder, weights
from kb.deltas import SHIPPED, Deltas
from kb.encoder import PLAIN, Busy, Encoder, EncoderDamaged, open_encoder, reference
from kb.export import ExportRefused

TEXTS = ["送料はいくらですか", "包丁を研いでほしい", "How do I return this?", "ﾎﾟｲﾝﾄの期限"]


@pytest.fixture(scope="module")
def data(encoder_data: Path) -> Path:
    return encoder_data


def home(data: Path) -> Path:
    return next(p for p in (data / "encoder").iterdir() if not p.name.startswith("."))


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


@pytest.fixture
def copy(data: Path, encoder: Encoder, tmp_path: Path) -> Iterator[Path]:
    """A data directory of one's own, to damage."""
    shutil.copytree(data / "encoder", tmp_path / "encoder")
    yield tmp_path


def test_without_training_it_agrees_with_the_weight_packages_own_engine(tmp_path: Path) -> None:
    plain = open_encoder(tmp_path, PLAIN)
    texts, expected = reference()
    assert len(texts) == 20
    for (kind, text), vector in zip(texts, expected, strict=True):
        assert float(plain.encode([text], kind)[0] @ vector) >= 0.9999


def test_the_shipped_model_is_what_was_trained(encoder: Encoder) -> None:
    trained = Deltas.read(SHIPPED).reference
    for (kind, text), vector in zip(reference()[0], trained, strict=True):
        assert float(encoder.encode([text], kind)[0] @ vector) >= 0.998
    assert encoder.joint == 64


def test_vectors_are_unit_and_do_not_depend_on_batch_mates(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS, "entry")
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(encoder.encode([text], "entry")[0], vector)


def test_one_thread_gives_the_same_bits(
    data: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = module._session
    monkeypatch.setattr(module, "_session", lambda graph, threads: plain(graph, 1))
    single = Encoder(home(data))
    assert np.array_equal(single.encode(TEXTS, "query"), encoder.encode(TEXTS, "query"))


def test_kinds_differ_and_half_width_kana_is_composed(encoder: Encoder) -> None:
    query, entry = encoder.encode(["送料"], "query"), encoder.encode(["送料"], "entry")
    assert not np.array_equal(query, entry)
    assert np.array_equal(encoder.encode(["ﾎﾟｲﾝﾄ"], "query"), encoder.encode(["ポイント"], "query"))
    assert np.array_equal(encoder.encode(["送料<s>\x00"], "query"), encoder.encode(["送料"], "query"))


def test_long_and_empty_texts_have_vectors(encoder: Encoder) -> None:
    vectors = encoder.encode(["長い" * 2000, "", "𠮷🎁"], "passage")
    assert np.isfinite(vectors).all()
    assert encoder.encode([], "query").shape == (0, encoder.dim)


def test_reopening_does_not_build(data: Path, encoder: Encoder) -> None:
    def never(done: int, total: int) -> None:
        pytest.fail("built again")

    assert open_encoder(data, progress=never).id == encoder.id


@pytest.mark.parametrize("name", ["graph.onnx", "rows.npy", "tokenizer.json", "norm.json", "manifest.json"])
def test_damage_is_found(copy: Path, name: str) -> None:
    damage(home(copy) / name)
    with pytest.raises(folder.FolderDamaged, match=name):
        Encoder(home(copy))


def test_a_damaged_cache_is_rebuilt(copy: Path, encoder: Encoder) -> None:
    damage(home(copy) / "rows.npy")
    steps: list[int] = []
    again = open_encoder(copy, progress=lambda done, total: steps.append(done))
    assert steps == [1, 2, 3, 4]
    assert again.id == encoder.id


def test_a_build_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGREEMENT", 1.01)
    with pytest.raises(EncoderDamaged, match="reinstall"):
        open_encoder(tmp_path, PLAIN)
    assert list((tmp_path / "encoder").iterdir()) == []


def test_without_weights_the_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package_here")
    with pytest.raises(weights.WeightsMissing, match="TORITSUGI_ENCODER"):
        open_encoder(tmp_path)


def test_another_model_without_the_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ExportRefused, match=r"toritsugi\[train\]"):
        open_encoder(tmp_path, "some/model")
    assert list((tmp_path / "encoder").iterdir()) == []


def test_busy_when_too_many_wait(data: Path, encoder: Encoder) -> None:
    small = Encoder(home(data), slots=1, waiting=1)
    answers: list[np.ndarray] = []
    with small._pool.slot(patient=True):
        waiter = threading.Thread(target=lambda: answers.append(small.encode(["待つ"], "query")))
        waiter.start()
        while not small._pool._waiting:
            threading.Event().wait(0.001)
        with pytest.raises(Busy):
            small.encode(["断られる"], "query")
    waiter.join(5)
    assert len(answers) == 1


def test_threads_get_the_same_vectors(encoder: Encoder) -> None:
    expected = encoder.encode(TEXTS, "entry")
    wrong: list[str] = []

    def work() -> None:
        if not np.array_equal(encoder.encode(TEXTS, "entry"), expected):
            wrong.append("differs")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_recent_queries_are_kept_and_bounded() -> None:
    recent = module._Recent(2)
    for text in "abc":
        recent.put(text, np.zeros(1, np.float32))
    assert recent.get("a") is None
    assert recent.get("c") is not None


def test_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half-way"), folder.written(tmp_path / "x") as building:
        (building / "a").write_text("1")
        raise ValueError("half-way")
    assert list(tmp_path.iterdir()) == []
