"""The joint side: query and entry are compared token by token (late interaction).

Each token of the query looks for its nearest token of the entry; the mean of their cosines is the side's
value (MaxSim of ColBERT, Khattab and Zaharia 2020, divided by the query's length so that it means the same
for every query). One vector for a whole text cannot tell 「発送前」 from 「発送後」 as well as tokens can.

Tokens are kept in 8 bits, as many bytes each as the encoder's joint part is wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int64]

LONGEST = 64  # tokens of an entry that are kept: its question and the beginning of its answer
_SCALE = 127.0


def as_bytes(tokens: Floats) -> Bytes:
    """float32 [tokens, width] of unit vectors → int8, at most `LONGEST` rows."""
    whole: Bytes = np.rint(tokens[:LONGEST] * _SCALE).astype(np.int8)
    return whole


@dataclass(frozen=True, slots=True)
class Tokens:
    """Entry e's tokens are rows `starts[e]` to `starts[e + 1]` of `rows`, int8 [tokens, width]."""

    rows: Bytes
    starts: Ints

    @classmethod
    def of(cls, entries: Sequence[Bytes]) -> Tokens:
        starts = np.cumsum([0, *map(len, entries)])
        return cls(np.concatenate(entries), starts)

    def save(self, home: Path) -> None:
        np.save(home / "tokens.npy", self.rows)
        np.save(home / "token_starts.npy", self.starts)

    @classmethod
    def open(cls, home: Path) -> Tokens:
        """Memory-mapped; OSError or ValueError if a part is missing or damaged."""
        rows = np.load(home / "tokens.npy", mmap_mode="r").view(np.ndarray)
        return cls(rows, np.load(home / "token_starts.npy"))

    def one(self, entry: int) -> Bytes:
        return self.rows[self.starts[entry] : self.starts[entry + 1]]

    def compare(self, query: Floats, entries: Ints) -> npt.NDArray[np.float64]:
        """For each of `entries`, the mean over `query`'s tokens [tokens, width] of the best cosine."""
        if not len(entries):
            return np.empty(0)
        parts = [self.one(int(entry)) for entry in entries]
        begins = np.cumsum([0, *map(len, parts[:-1])])
        cosines = np.concatenate(parts).astype(np.float32) @ query.T / _SCALE
        best: npt.NDArray[np.float64] = np.maximum.reduceat(cosines, begins).mean(axis=1, dtype=np.float64)
        return best
