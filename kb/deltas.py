"""What training adds to the encoder: low-rank changes of its matrices, in one small file.

A matrix W [out, in] becomes W + B·A with A [rank, in] and B [out, rank] (LoRA, Hu et al. 2021); `kb.graph`
merges the two. `joint` [width, hidden] turns each token's last state into the short vector that the joint
side compares (late interaction, Khattab and Zaharia 2020).
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

from kb.weights import Floats, Shape, Weights

SHIPPED = Path(__file__).with_name("model") / "support.npz"
PARTS = ("q", "k", "v", "ao", "fi", "fo")
"""A layer's matrices: query, key, value, attention's output, feed-forward in and out."""
FACTS = "facts"  # the array that holds a JSON text
SEEN = "reference"  # what the trained model in full precision gave for the reference texts
JOINT = "joint"
MEND = "train again with `toritsugi train`, or set TORITSUGI_ENCODER=plain to go without"
_UNREADABLE = (
    OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class DeltasRefused(Exception):
    """The file is no set of deltas, or belongs to other weights; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Deltas:
    """`pairs`: a matrix's name (see `matrices`) → (A, B). `reference`: float32 [texts, hidden], unit vectors
    of `encoder.reference` as the model in full precision gave them. `facts`: what the model card says."""

    pairs: Mapping[str, tuple[Floats, Floats]]
    joint: Floats | None
    reference: Floats
    facts: Mapping[str, Any]

    @property
    def rank(self) -> int:
        """The largest of the changes."""
        return max(len(down) for down, _ in self.pairs.values())

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
            raise DeltasRefused(f"{file} is not a model of `toritsugi train` ({error}): {MEND}") from error
        return cls(pairs, joint, reference, facts)

    def added_to(self, name: str, matrix: Floats) -> Floats:
        """matrix [out, in] + B·A."""
        down, up = self.pairs[name]
        return matrix + up @ down

    def check(self, weights: Weights) -> None:
        """Raises `DeltasRefused` when they were made for other weights."""
        if self.pairs.keys() != set(matrices(weights.shape)):
            raise DeltasRefused(
                f"the trained model changes other parts than the installed encoder has: {MEND}"
            )
        for name, (down, up) in self.pairs.items():
            inputs = weights.shape.inner if name.endswith("fo") else weights.shape.hidden
            wanted = (weights.tensors[f"{name}.w"].count // inputs, inputs)
            if (len(up), down.shape[1]) != wanted or len(down) != up.shape[1]:
                raise DeltasRefused(
                    f"the trained model's part {name} is for {len(up)}×{down.shape[1]} values, the installed "
                    f"encoder has {wanted[0]}×{wanted[1]}: {MEND}"
                )
        if self.joint is not None and self.joint.shape[1] != weights.shape.hidden:
            raise DeltasRefused(
                f"the trained model's joint part is for {self.joint.shape[1]} values, the installed encoder "
                f"has {weights.shape.hidden}: {MEND}"
            )


def matrices(shape: Shape) -> list[str]:
    """`l0.q`, `l0.k`, …: the matrices that training changes, all of them."""
    return [f"l{layer}.{part}" for layer in range(shape.layers) for part in PARTS]


def _matrix(name: str, array: npt.NDArray[Any]) -> Floats:
    if array.ndim != 2 or array.dtype.kind != "f":
        raise ValueError(f"{name} is no matrix")
    wide: Floats = array.astype(np.float32)
    if not np.isfinite(wide).all():
        raise ValueError(f"{name} holds values that are no numbers")
    return wide
