"""The vector sides: a question vector for each way to ask, an answer vector for each entry (faiss).

Up to `EXACT` vectors the search goes through all of them in 8 bits, a quarter of the memory to read, and
compares the nearest and `SPARE` more exactly: on the municipal benchmark's queries the 10 nearest are
always the true ones. Above, it
goes through the nearest cells of an inverted file. Both recalls are measured when the index is built and
stand in the manifest.

The answer side is centred by two means (of queries and of answers), without which every answer is near
every question: on the municipal benchmark nDCG@10 rises from .50 to .59 for this side alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

EXACT = 100_000
RECALL = 0.95  # of the 10 nearest, wanted above EXACT
SPARE = 16  # vectors beyond those asked for that are compared after the scan in 8 bits
PRIOR = 10  # vectors that the reference texts' mean counts for, so that few entries centre well too


@dataclass(frozen=True, slots=True)
class Means:
    """What is subtracted before the answer side compares."""

    query: Floats
    answer: Floats


def faiss() -> Any:
    """The library, on one thread: two cores are shared with the encoder, and waiting costs more. OpenMP
    counts for each calling thread anew, so whoever searches comes through here."""
    import faiss as library

    library.omp_set_num_threads(1)
    return library


def centred(vectors: Floats, mean: Floats) -> Floats:
    """Unit vectors of vectors − mean; the zero vector stays zero."""
    moved = np.atleast_2d(vectors) - mean
    sizes = np.linalg.norm(moved, axis=1, keepdims=True)
    unit: Floats = (moved / np.where(sizes == 0, 1, sizes)).astype(np.float32)
    return unit


def mean_of(vectors: Floats, prior: Floats) -> Floats:
    """The mean, drawn to the mean of `prior` when there are few vectors."""
    total = vectors.sum(axis=0, dtype=np.float64) + prior.mean(axis=0, dtype=np.float64) * PRIOR
    mean: Floats = (total / (len(vectors) + PRIOR)).astype(np.float32)
    return mean


class Side:
    """One searchable set of vectors; row r of `vectors` belongs to the entry `owners[r]` (ascending)."""

    def __init__(self, index: Any, vectors: Floats, owners: Ints, entries: int) -> None:
        self._index, self._vectors, self._owners = index, vectors, owners
        self._firsts = np.searchsorted(owners, np.arange(entries + 1))
        self._rows = int(index.ntotal)
        self._bytes = is_bytes(index)

    def __len__(self) -> int:
        return self._rows

    def nearest(self, queries: Floats, count: int) -> Ints:
        """The entries of the `count` nearest vectors to each of the queries, ascending."""
        if not self._rows:
            return np.empty(0, np.int64)
        found = [self._nearest(query, min(count, self._rows)) for query in np.atleast_2d(queries)]
        return np.unique(self._owners[np.concatenate(found)])

    def _nearest(self, query: Floats, count: int) -> Ints:
        """Rows of the `count` nearest vectors."""
        coarse = query if not self._bytes else as_bytes(query)
        spare = SPARE if self._bytes else 0
        faiss()
        _, rows = self._index.search(np.ascontiguousarray(coarse[None]), min(count + spare, self._rows))
        rows = rows[0][rows[0] >= 0]
        if len(rows) > count:
            scores = self._vectors[np.sort(rows)] @ query
            rows = np.sort(rows)[np.argpartition(-scores, count)[:count]]
        found: Ints = rows
        return found

    def cosines(self, query: Floats, entries: Ints) -> tuple[Floats, Floats]:
        """For each of `entries` the cosines of its best and its second best vector with the query.

        An entry with one vector has it twice; one without any has −1.
        """
        best = np.full(len(entries), -1.0, np.float32)
        second = best.copy()
        counts = self._firsts[entries + 1] - self._firsts[entries]
        filled = np.flatnonzero(counts)
        if not len(filled):
            return best, second
        counts = counts[filled]
        starts = np.cumsum(counts) - counts
        rows = np.repeat(self._firsts[entries[filled]] - starts, counts) + np.arange(counts.sum())
        scores = self._vectors[rows] @ query.reshape(-1)
        best[filled] = np.maximum.reduceat(scores, starts)
        if len(rows) == len(filled):
            return best, best
        top = np.flatnonzero(scores == np.repeat(best[filled], counts))
        _, first = np.unique(np.repeat(np.arange(len(filled)), counts)[top], return_index=True)
        scores[top[first]] = -np.inf
        runner_up = np.maximum.reduceat(scores, starts)
        second[filled] = np.where(counts > 1, runner_up, best[filled])
        return best, second


def as_bytes(vectors: Floats) -> Floats:
    """Scaled to whole numbers of 8 bits (as floats, which is how faiss takes them); order is kept."""
    largest = float(np.abs(vectors).max()) if vectors.size else 1.0
    whole: Floats = np.rint(vectors * (127 / (largest or 1.0))).astype(np.float32)
    return whole


def is_bytes(index: Any) -> bool:
    quantiser = faiss().ScalarQuantizer
    return hasattr(index, "sq") and index.sq.qtype == quantiser.QT_8bit_direct_signed


def write_side(vectors: Floats, file: Path, probes: Floats) -> float:
    """Write an index of unit vectors; returns the recall of its 10 nearest over `probes`."""
    library = faiss()
    quantiser, product = library.ScalarQuantizer, library.METRIC_INNER_PRODUCT
    if len(vectors) <= EXACT:
        index = library.IndexScalarQuantizer(vectors.shape[1], quantiser.QT_8bit_direct_signed, product)
        index.add(as_bytes(vectors))
        side = Side(index, vectors, np.arange(len(vectors)), len(vectors))
        recall = _recall([side.nearest(probe, 10) for probe in probes], _nearest(vectors, probes))
    else:
        index, recall = _cells(library, vectors, quantiser.QT_fp16, probes)
    library.write_index(index, str(file))
    return recall


def read_side(file: Path, vectors: Floats, owners: Ints, entries: int) -> Side:
    """Memory-mapped. `vectors` are what was written."""
    library = faiss()
    return Side(library.read_index(str(file), library.IO_FLAG_MMAP_IFC), vectors, owners, entries)


def _cells(library: Any, vectors: Floats, half: int, probes: Floats) -> tuple[Any, float]:
    """An inverted file that visits as many cells as the wanted recall needs."""
    count, width = vectors.shape
    cells = int(2 * count**0.5)
    coarse = library.IndexFlatIP(width)
    index = library.IndexIVFScalarQuantizer(coarse, width, cells, half, library.METRIC_INNER_PRODUCT)
    random = np.random.default_rng(0)
    index.train(vectors[np.sort(random.choice(count, min(count, cells * 40), replace=False))])
    index.add(vectors)
    truth = _nearest(vectors, probes)
    index.nprobe, recall = 8, 0.0
    while index.nprobe < cells:
        _, found = index.search(probes, 10)
        recall = _recall(found, truth)
        if recall >= RECALL:
            break
        index.nprobe = min(cells, index.nprobe * 2)
    return index, recall


def _recall(found: Sequence[Any], truth: Sequence[Sequence[int]]) -> float:
    shares = [len(set(map(int, a)) & set(b)) / len(b) for a, b in zip(found, truth, strict=True)]
    return float(np.mean(shares)) if shares else 1.0


def _nearest(vectors: Floats, probes: Floats) -> Sequence[Sequence[int]]:
    count = min(10, len(vectors))
    return [np.argpartition(-(vectors @ probe), count - 1)[:count].tolist() for probe in probes]
