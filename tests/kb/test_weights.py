from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kb import weights
from kb.weights import Weights, WeightsMissing, dequantised, installed_weights


@pytest.fixture(scope="module")
def file() -> Weights:
    return Weights(installed_weights())


def test_the_header_is_the_model_we_know(file: Weights) -> None:
    assert (file.shape.hidden, file.shape.layers, file.shape.heads, file.shape.positions) == (
        384,
        12,
        12,
        512,
    )
    assert len(file.pieces) == 250_002
    assert file.pieces[:7] == ["<s>", "<pad>", "</s>", "<unk>", ",", ".", "▁"]
    assert len(file.tensors) == 197


def test_kept_pieces_hold_what_a_japanese_shop_reads(file: Weights) -> None:
    kept = {file.pieces[i] for i in file.kept()}
    assert {"<s>", "送料", "▁the", "ポイント", "円", "🎁", "д"} <= kept
    assert not kept & {"▁что", "▁как"}
    assert list(file.kept()[:4]) == [0, 1, 2, 3]


def test_dequantised_follows_the_block_layout() -> None:
    block = np.zeros((1, 18), np.uint8)
    block[0, :2] = np.frombuffer(np.float16(0.5).tobytes(), np.uint8)
    block[0, 2] = 0xF1  # weight 0 has nibble 1, weight 16 nibble 15
    values = dequantised(block)
    assert values.shape == (32,)
    assert values[0] == (1 - 8) * 0.5
    assert values[16] == (15 - 8) * 0.5
    assert values[1] == -4.0


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.bin"
    other.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(WeightsMissing, match="not a weight file of the known format"):
        Weights(other)


def test_without_the_package_the_message_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package_here")
    with pytest.raises(WeightsMissing, match="TORITSUGI_ENCODER"):
        installed_weights()


def test_the_normaliser_is_per_character(file: Weights) -> None:
    assert "Ａ①".translate(file.norm) == "A1"


def test_writing_is_repeatable(file: Weights, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    facts = weights.write(file, tmp_path, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert facts["dim"] == 384
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert rows.shape == (facts["pieces"], 12, 18)
    assert len(json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]) == len(rows)
