"""An immutable inverted index in numpy arrays: BM25 over fields, the best field of each entry counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

K1 = 1.2


@lru_cache(maxsize=1 << 16)
def key_of(token: str) -> int:
    """A token's 64-bit key; keys are kept instead of strings, so that opening reads nothing."""
    return int.from_bytes(hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Inverted:
    """`keys` are the tokens' sorted keys; the postings of token i are `places` and `weights` from
    `starts[i]` to `starts[i + 1]`: field numbers and finished BM25 weights (idf included).
    `owners[f]` is the entry of field f, `firsts[e]` the first field of entry e."""

    keys: NDArray[np.uint64]
    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    weights: NDArray[np.float32]
    idfs: NDArray[np.float32]
    firsts: NDArray[np.int64]
    owners: NDArray[np.int32]

    @classmethod
    def build(cls, entries: Iterable[Sequence[Sequence[str]]], b: float) -> Inverted:
        """`entries`: for each entry its fields (at least one), each a list of tokens. `b` in [0, 1]
        says how much a long field is marked down. A token's idf counts entries, not fields."""
        postings: dict[str, tuple[list[int], list[int]]] = {}
        lengths: list[int] = []
        owners: list[int] = []
        firsts: list[int] = []
        holders: Counter[str] = Counter()
        for number, entry in enumerate(entries):
            firsts.append(len(lengths))
            for tokens in entry:
                for token, count in Counter(tokens).items():
                    places, counts = postings.setdefault(token, ([], []))
                    places.append(len(lengths))
                    counts.append(count)
                lengths.append(len(tokens))
                owners.append(number)
            holders.update({token for tokens in entry for token in tokens})
        size = np.asarray(lengths, dtype=np.float32)
        mean = float(size.mean()) if size.size else 1.0
        norm = K1 * (1 - b + b * size / max(mean, 1e-6))
        ranked = sorted((key_of(token), token) for token in postings)
        starts = np.zeros(len(ranked) + 1, dtype=np.int64)
        idfs = np.empty(len(ranked), dtype=np.float32)
        places_of: list[NDArray[np.int32]] = []
        weights_of: list[NDArray[np.float32]] = []
        for i, (_, token) in enumerate(ranked):
            held = np.asarray(postings[token][0], dtype=np.int32)
            tf = np.asarray(postings[token][1], dtype=np.float32)
            idfs[i] = np.log1p((len(firsts) - holders[token] + 0.5) / (holders[token] + 0.5))
            weights_of.append((idfs[i] * tf * (K1 + 1) / (tf + norm[held])).astype(np.float32))
            places_of.append(held)
            starts[i + 1] = starts[i] + len(held)
        return cls(
            np.asarray([key for key, _ in ranked], dtype=np.uint64),
            starts,
            np.concatenate(places_of) if places_of else np.empty(0, dtype=np.int32),
            np.concatenate(weights_of) if weights_of else np.empty(0, dtype=np.float32),
            idfs,
            np.asarray(firsts, dtype=np.int64),
            np.asarray(owners, dtype=np.int32),
        )

    def save(self, folder: Path, name: str) -> None:
        for part in fields(self):
            np.save(folder / f"{name}.{part.name}.npy", getattr(self, part.name))

    @classmethod
    def open(cls, folder: Path, name: str) -> Inverted:
        """Memory-mapped; OSError or ValueError if a part is missing or damaged."""
        parts: dict[str, Any] = {}
        for part in fields(cls):
            array = np.load(folder / f"{name}.{part.name}.npy", mmap_mode="r", allow_pickle=False)
            parts[part.name] = array.view(np.ndarray)  # memmap's own indexing is ten times slower
        return cls(**parts)

    def find(self, token: str) -> int:
        """The token's number, or -1."""
        key = np.uint64(key_of(token))
        at = int(np.searchsorted(self.keys, key))
        return at if at < len(self.keys) and self.keys[at] == key else -1

    def idf(self, token: str) -> float | None:
        """How rare a token is; None if no entry has it."""
        at = self.find(token)
        return None if at < 0 else float(self.idfs[at])

    def has(self, token: str, entry: int) -> bool:
        """Does any field of the entry hold the token?"""
        at = self.find(token)
        if at < 0:
            return False
        places = self.places[self.starts[at] : self.starts[at + 1]]
        after = int(np.searchsorted(places, self.firsts[entry]))
        return after < len(places) and int(self.owners[places[after]]) == entry

    def score(
        self, tokens: Mapping[str, float], *, common: float = 1.0, most: int = 256
    ) -> NDArray[np.float64] | None:
        """BM25 of each field for weighted tokens; None when no token is known.

        Tokens held by more than the share `common` of the fields are left out, and of many tokens only
        the `most` rarest count.
        """
        return self.ask(tokens, common=common, most=most)[0]

    def ask(
        self, tokens: Mapping[str, float], *, common: float = 1.0, most: int = 256
    ) -> tuple[NDArray[np.float64] | None, float]:
        """`score`, and the weighted idf of all tokens (an unknown one as rare as can be), of which a score
        is a part."""
        if not tokens or not len(self.keys):
            return None, 0.0
        wanted = np.fromiter(map(key_of, tokens), dtype=np.uint64, count=len(tokens))
        factors = np.fromiter(tokens.values(), dtype=np.float32, count=len(tokens))
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        known = self.keys[at] == wanted
        rarest = np.log1p((len(self.firsts) - 0.5) / 1.5)
        whole = float((np.where(known, self.idfs[at], rarest) * factors).sum())
        known &= self.starts[at + 1] - self.starts[at] <= max(common * len(self.owners), 8)
        at, factors = at[known], factors[known]
        if not at.size:
            return None, whole
        if at.size > most:
            kept = np.argsort(-self.idfs[at], kind="stable")[:most]
            at, factors = at[kept], factors[kept]
        begins, ends = self.starts[at].tolist(), self.starts[at + 1].tolist()
        spans = [slice(begin, end) for begin, end in zip(begins, ends, strict=True)]
        places = np.concatenate([self.places[span] for span in spans])
        weights = np.concatenate([self.weights[span] for span in spans])
        weights = weights * np.repeat(factors, [span.stop - span.start for span in spans])
        summed = np.bincount(places, weights, len(self.owners)).astype(np.float64, copy=False)
        return summed, whole

    def fields_of(self, entries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The fields of these entries one after another, and where each entry's begin among them."""
        after = np.minimum(entries + 1, len(self.firsts) - 1)
        ends = np.where(entries + 1 < len(self.firsts), self.firsts[after], len(self.owners))
        counts = ends - self.firsts[entries]
        starts = np.cumsum(counts) - counts
        return np.repeat(self.firsts[entries] - starts, counts) + np.arange(counts.sum()), starts

    def best(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The best field's score of each entry."""
        if len(self.firsts) == len(self.owners):
            return scores
        best: NDArray[np.float64] = np.maximum.reduceat(scores, self.firsts)
        return best
