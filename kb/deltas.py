"""What training adds to the encoder: low-rank changes of its matrices, in one small file.

A matrix W [out, in] becomes W + B·A with A [rank, in] and B [out, rank] (LoRA, Hu et al. 2021), is written in
4 bits again and costs nothing when serving. `joint` [width, hidden] turns each token's last state into the
short vector that the joint side compares (late interaction, Khattab and Zaharia 2020).
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.weights import BLOCK, Bytes, Floats, Shape, Weights, dequantised

SHIPPED = Path(__file__).with_name("model") / "support.npz"
FACTS = "facts"  # the array that holds a JSON text
SEEN = "reference"  # what the trained model gave for the reference texts, before 4 bits
JOINT = "joint"
_TRIES = np.linspace(0.82, 1.06, 13, dtype=np.float32)
"""Factors of a block's scale that are tried for the least error."""


class DeltasRefused(Exception):
    """The file is no set of deltas, or belongs to other weights; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Deltas:
    """`pairs`: a matrix's name (`l0.q`) → (A, B). `reference`: float32 [texts, hidden], unit vectors of
    `encoder.reference` as the model in full precision gave them. `facts`: what the model card says."""

    pairs: Mapping[str, tuple[Floats, Floats]]
    joint: Floats | None
    reference: Floats
    facts: Mapping[str, Any]

    def save(self, file: Path) -> None:
        """Half precision, compressed; replaces `file` in one step, or (OSError, a full disk) not at all."""
        arrays: dict[str, npt.NDArray[Any]] = {SEEN: self.reference.astype(np.float16)}
        for name, (down, up) in self.pairs.items():
            arrays |= {f"{name}.A": down.astype(np.float16), f"{name}.B": up.astype(np.float16)}
        if self.joint is not None:
            arrays[JOINT] = self.joint.astype(np.float16)
        arrays[FACTS] = np.frombuffer(json.dumps(dict(self.facts), ensure_ascii=False).encode(), np.uint8)
        file.parent.mkdir(parents=True, exist_ok=True)
        begun = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with begun.open("wb") as out:
                np.savez_compressed(out, allow_pickle=False, **arrays)
            begun.replace(file)
        finally:
            begun.unlink(missing_ok=True)

    @classmethod
    def read(cls, file: Path) -> Deltas:
        """Raises `DeltasRefused` for a missing, damaged or foreign file."""
        try:
            with np.load(file, allow_pickle=False) as found:
                arrays = {name: found[name] for name in found.files}
            facts = json.loads(arrays.pop(FACTS).tobytes())
            floats = {name: _matrix(name, array) for name, array in arrays.items()}
            reference, joint = floats.pop(SEEN), floats.pop(JOINT, None)
            names = sorted({name.rpartition(".")[0] for name in floats})
            pairs = {name: (floats[f"{name}.A"], floats[f"{name}.B"]) for name in names}
        except _UNREADABLE as error:
            raise DeltasRefused(
                f"{file} is not a model of `toritsugi train` ({error}): train again, or set "
                "TORITSUGI_ENCODER=plain to go without"
            ) from error
        return cls(pairs, joint, reference, facts)


_UNREADABLE = (
    OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _matrix(name: str, array: npt.NDArray[Any]) -> Floats:
    if array.ndim != 2 or array.dtype.kind != "f":
        raise ValueError(f"{name} is no matrix")
    wide: Floats = array.astype(np.float32)
    if not np.isfinite(wide).all():
        raise ValueError(f"{name} holds values that are no numbers")
    return wide


class Merged(Weights):
    """The installed weights with deltas; a changed matrix is written in 4 bits anew."""

    def __init__(self, path: Path, deltas: Deltas) -> None:
        super().__init__(path)
        self.deltas = deltas
        _check(self.shape, self.tensors, deltas)

    def blocks(self, name: str) -> Bytes:
        pair = self.deltas.pairs.get(name.removesuffix(".w"))
        if pair is None:
            return super().blocks(name)
        down, up = pair
        return quantised(dequantised(super().blocks(name)) + up @ down)


def quantised(matrix: Floats) -> Bytes:
    """float32 [rows, inputs] → uint8 [rows, blocks, 18] (Q4_0).

    A block's scale is its largest value / −8, times the factor in `_TRIES` that leaves the least squared
    error.
    """
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)[..., 0]
    base = largest / -8
    scales = base.astype(np.float16)
    least = np.full(base.shape, np.inf, np.float32)
    for factor in _TRIES:
        tried = (base * factor).astype(np.float16)
        error = ((_nearest(blocks, tried) - 8) * tried.astype(np.float32)[..., None] - blocks) ** 2
        total = error.sum(-1)
        better = total < least
        least, scales = np.where(better, total, least), np.where(better, tried, scales)
    whole = _nearest(blocks, scales).astype(np.uint8)
    half = BLOCK // 2
    packed = whole[..., :half] | (whole[..., half:] << 4)
    head = np.ascontiguousarray(scales)[..., None].view(np.uint8)
    out: Bytes = np.concatenate([head, packed], axis=-1)
    return out


def _nearest(blocks: Floats, scales: npt.NDArray[np.float16]) -> Floats:
    wide = scales.astype(np.float32)[..., None]
    inverse = np.divide(1, wide, out=np.zeros_like(wide), where=wide != 0)
    found: Floats = np.clip(np.rint(blocks * inverse) + 8, 0, 15)
    return found


def _check(shape: Shape, tensors: Mapping[str, Any], deltas: Deltas) -> None:
    for name, (down, up) in deltas.pairs.items():
        tensor = tensors.get(f"{name}.w")
        inputs = shape.inner if name.endswith("fo") else shape.hidden
        fits = tensor is not None and up.shape[0] * inputs == tensor.count and down.shape[1] == inputs
        if not fits or down.shape[0] != up.shape[1]:
            raise DeltasRefused(
                f"the trained model's part {name} ({up.shape[0]}×{down.shape[1]}) does not fit the installed "
                "encoder: train again with `toritsugi train`, or set TORITSUGI_ENCODER=plain"
            )
    if deltas.joint is not None and deltas.joint.shape[1] != shape.hidden:
        raise DeltasRefused(
            f"the trained model's joint part is for {deltas.joint.shape[1]} values, the installed encoder "
            f"has {shape.hidden}: train again with `toritsugi train`, or set TORITSUGI_ENCODER=plain"
        )
