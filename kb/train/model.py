"""The embedded encoder's computation in torch, with low-rank changes that can learn.

The same arithmetic as `kb.graph`: BERT (post-norm, erf-GELU, positions from 0), mean pool and L2. Of the
installed weights everything stays as it is, the word embeddings too; what learns are A and B of each matrix
(W + B·A, Hu et al. 2021) and the joint part. B begins at zero, so a fresh twin reads like the plain encoder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from kb.deltas import JOINT, Deltas, matrices
from kb.weights import Weights

Floats = npt.NDArray[np.float32]
Tensor = torch.Tensor

CHUNK = 24  # texts that are padded to one length
_NOTHING = -1e9


@dataclass(frozen=True, slots=True)
class Read:
    """Texts as they were read. `vectors` [texts, hidden], of length 1. `chunks`: the places of some texts,
    their pieces' last states [some, longest, hidden] and which of these are pieces [some, longest]."""

    vectors: Tensor
    chunks: tuple[tuple[list[int], Tensor, Tensor], ...]


class Twin:
    """`learnt` holds what the optimiser changes, by the names of a `Deltas` file."""

    def __init__(
        self, weights: Weights, rank: int, width: int, seed: int, start: Deltas | None = None
    ) -> None:
        """Begins at `start` where there is one (its rank wins); the rest begins at random, by `seed`."""
        self.shape = weights.shape
        self.learnt: dict[str, Tensor] = {}
        self._fixed: dict[str, Tensor] = {}
        self._matrices = matrices(weights.shape)
        self._half = _has_bfloat16()
        random = torch.Generator().manual_seed(seed)
        hidden = self.shape.hidden
        places, kinds = (weights.floats(f"emb.{name}").reshape(-1, hidden) for name in ("pos", "type"))
        self._places = _tensor(places + kinds[0])
        for name in ("emb.ln", *(f"l{layer}.{norm}" for layer in self._layers() for norm in ("aln", "oln"))):
            self._keep(weights, name)
        for name in self._matrices:
            self._keep(weights, name)
            rows, inputs = self._fixed[f"{name}.w"].shape
            kept = start.pairs.get(name) if start else None
            if kept is not None:
                down, up = _tensor(kept[0]), _tensor(kept[1])
            else:
                down = torch.randn(rank, inputs, generator=random) / math.sqrt(inputs)
                up = torch.zeros(rows, rank)
            self.learnt |= {f"{name}.A": down, f"{name}.B": up}
        if start is not None and start.joint is not None:
            self.learnt[JOINT] = _tensor(start.joint)
        else:
            self.learnt[JOINT] = torch.randn(width, hidden, generator=random) / math.sqrt(hidden)
        for tensor in self.learnt.values():
            tensor.requires_grad_(True)

    def read(self, texts: Sequence[Floats]) -> Read:
        """`texts`: each one's word embeddings [pieces, hidden], see `Encoder.embeddings`.

        In bfloat16 where the processor has it and gradients are not what is measured (`exact`)."""
        vectors: list[Tensor] = [torch.empty(0)] * len(texts)
        chunks = []
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            for begin in range(0, len(order), CHUNK):
                some = order[begin : begin + CHUNK]
                states, real = self._states([texts[place] for place in some])
                weight = real[..., None].to(states.dtype)
                means = (states * weight).sum(1) / weight.sum(1)
                for place, vector in zip(some, functional.normalize(means.float(), dim=-1), strict=True):
                    vectors[place] = vector
                chunks.append((some, states, real))
        return Read(torch.stack(vectors), tuple(chunks))

    def vectors(self, texts: Sequence[Floats], *, exact: bool = False) -> Floats:
        """Unit vectors [texts, hidden], without learning; `exact`: in float32 whatever the processor has."""
        half, self._half = self._half, self._half and not exact
        try:
            with torch.no_grad():
                found: Floats = self.read(texts).vectors.numpy()
        finally:
            self._half = half
        return found

    def short(self, states: Tensor) -> Tensor:
        """The joint part's unit vectors [..., width] of pieces' last states [..., hidden]."""
        return functional.normalize(functional.linear(states, self.learnt[JOINT]).float(), dim=-1)

    def deltas(self, reference: Sequence[Floats], facts: Mapping[str, Any]) -> Deltas:
        """What was learnt, in the file's form; `reference`: the word embeddings of the reference texts."""
        arrays = {name: tensor.detach().numpy().copy() for name, tensor in self.learnt.items()}
        pairs = {name: (arrays[f"{name}.A"], arrays[f"{name}.B"]) for name in self._matrices}
        return Deltas(pairs, arrays[JOINT], self.vectors(reference, exact=True), facts)

    def _layers(self) -> range:
        return range(self.shape.layers)

    def _keep(self, weights: Weights, name: str) -> None:
        bias = weights.floats(f"{name}.b")
        self._fixed[f"{name}.w"] = _tensor(weights.floats(f"{name}.w"))
        self._fixed[f"{name}.b"] = _tensor(bias)

    def _states(self, texts: Sequence[Floats]) -> tuple[Tensor, Tensor]:
        """The last states [texts, longest, hidden], and which places hold pieces [texts, longest]."""
        longest = max(map(len, texts))
        words = torch.zeros(len(texts), longest, self.shape.hidden)
        real = torch.zeros(len(texts), longest, dtype=torch.bool)
        for row, text in enumerate(texts):
            words[row, : len(text)] = torch.from_numpy(text)
            real[row, : len(text)] = True
        state = self._norm(words + self._places[:longest], "emb.ln")
        aside = torch.zeros(real.shape).masked_fill(~real, _NOTHING)[:, None, None, :]
        for layer in self._layers():
            state = self._layer(state, aside, f"l{layer}")
        return state, real

    def _layer(self, state: Tensor, aside: Tensor, name: str) -> Tensor:
        query, key, value = (self._heads(self._dense(state, f"{name}.{part}")) for part in "qkv")
        scale = math.sqrt(self.shape.hidden // self.shape.heads)
        # By hand: going backwards through torch's fused attention is several times slower on a CPU.
        weights = torch.softmax((query @ key.transpose(-1, -2)).float() / scale + aside, -1)
        mixed = (weights.to(value.dtype) @ value).transpose(1, 2).reshape(state.shape)
        state = self._norm(self._dense(mixed, f"{name}.ao") + state, f"{name}.aln")
        inner = functional.gelu(self._dense(state, f"{name}.fi"))
        return self._norm(self._dense(inner, f"{name}.fo") + state, f"{name}.oln")

    def _heads(self, state: Tensor) -> Tensor:
        texts, pieces, _ = state.shape
        return state.view(texts, pieces, self.shape.heads, -1).transpose(1, 2)

    def _dense(self, state: Tensor, name: str) -> Tensor:
        plain = functional.linear(state, self._fixed[f"{name}.w"], self._fixed[f"{name}.b"])
        low = functional.linear(state, self.learnt[f"{name}.A"])
        return plain + functional.linear(low, self.learnt[f"{name}.B"])

    def _norm(self, state: Tensor, name: str) -> Tensor:
        scale, shift = self._fixed[f"{name}.w"], self._fixed[f"{name}.b"]
        return functional.layer_norm(state, (self.shape.hidden,), scale, shift, self.shape.epsilon)


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def _has_bfloat16() -> bool:
    """Does the processor multiply in bfloat16 itself? Imitating it is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
