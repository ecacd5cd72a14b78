"""Texts → unit vectors (onnxruntime), the same on every run and whatever else is being encoded.

`open_encoder` finds the encoder's folder under the data directory and builds it at first use: from the
installed weights (`weights`), or from any sentence-transformers model (`export`).

One encode at a time with two threads, not two with one thread each: on two cores both give about
150 short questions a second, but a single question takes 6 ms instead of 9.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kb import folder, weights
from kb.text import encoder_view

Kind = Literal["query", "entry", "passage"]
Floats = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

FORMAT = 1  # grows when the same weights would give other vectors
PREFIXES = {"query": "query: ", "passage": "passage: ", "entry": ""}
AGREEMENT = 0.9999  # least cosine with the stored vectors of the weight package's own engine
STEPS = 4  # of building
WAITING = 64  # queries that may wait for a slot before the next is refused
RECENT = 512  # query vectors kept


class Busy(Exception):
    """More queries wait for the encoder than can be served soon; try again in a moment."""


class EncoderDamaged(Exception):
    """What was just built does not give the reference vectors; the message says what to check."""


def open_encoder(data: Path, name: str | None = None, progress: Progress | None = None) -> Encoder:
    """The encoder, built under `data/encoder` when it is not there yet or damaged (about 4 s).

    `name`: a sentence-transformers folder or hub id instead of the embedded one. `progress(done, total)`
    is called only while building. Raises `weights.WeightsMissing` where neither can be had.
    """
    home = data / "encoder" / _key(name)
    if home.exists():
        try:
            return Encoder(home)
        except folder.FolderDamaged:
            folder.removed(home)
    with folder.written(home) as building:
        _build(building, name, progress or (lambda done, total: None))
    return Encoder(home)


class Encoder:
    """Thread-safe. `id` changes when the same text would get another vector; `dim` is a vector's length."""

    def __init__(self, home: Path, *, slots: int | None = None, waiting: int = WAITING) -> None:
        from tokenizers import Tokenizer

        self.manifest = folder.opened(home)
        self.id: str = self.manifest["id"]
        self.dim: int = self.manifest["dim"]
        self._prefixes: dict[str, str] = self.manifest["prefixes"]
        self._tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
        self._tokens: int = self.manifest["tokens"]
        self._rows: npt.NDArray[np.uint8] | None = None
        self._norm: dict[int, str] = {}
        if self.manifest["form"] == "rows":
            self._rows = np.load(home / "rows.npy", mmap_mode="r")
            self._norm = {int(k): v for k, v in json.loads((home / "norm.json").read_text("utf-8")).items()}
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        slots = slots or max(1, min(4, cores // 2))
        self._pool = _Pool([_session(home / "graph.onnx", min(2, cores)) for _ in range(slots)], waiting)
        self._recent = _Recent(RECENT)
        self._home = home

    @cached_property
    def typical(self) -> tuple[Floats, Floats]:
        """This encoder's vectors of the reference texts (ten queries, ten passages of a shop): what its
        vectors look like on average, where an index has too few entries to tell."""
        vectors = np.load(self._home / "typical.npy")
        return vectors[:10], vectors[10:]

    def encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        """float32 [len(texts), dim], each of length 1. Text beyond 512 tokens is not seen.

        "query" is what a shopper asks, "passage" a document, "entry" an entry's question (e5 compares
        questions best when one side has no prefix). Queries raise `Busy` when too many wait; the
        others, which belong to indexing, wait for their turn.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        for place, text in enumerate(texts):
            vectors[place] = self._query(text) if kind == "query" else self._one(text, kind, patient=True)
        return vectors

    def _query(self, text: str) -> Floats:
        found = self._recent.get(text)
        if found is None:
            found = self._one(text, "query", patient=False)
            self._recent.put(text, found)
        return found

    def _one(self, text: str, kind: Kind, *, patient: bool) -> Floats:
        feed = self._feed(self._prefixes[kind] + encoder_view(text))
        with self._pool.slot(patient=patient) as session:
            vector: Floats = session.run(None, feed)[0]
        return vector.reshape(-1)

    def _feed(self, text: str) -> dict[str, npt.NDArray[Any]]:
        if self._rows is None:
            whole = np.array([self._tokenizer.encode(text).ids[: self._tokens]])
            return {"ids": whole, "mask": np.ones_like(whole)}
        text = text.translate(self._norm).strip()
        ids = [0, *self._tokenizer.encode(text, add_special_tokens=False).ids[: self._tokens - 2], 2]
        return {"embeds": weights.dequantised(self._rows[ids])[None]}


class _Pool:
    """A few sessions; a bounded number of impatient callers may wait for one."""

    def __init__(self, sessions: Sequence[Any], waiting: int) -> None:
        self._free = list(sessions)
        self._changed = threading.Condition()
        self._waiting, self._limit = 0, waiting

    @contextmanager
    def slot(self, *, patient: bool) -> Iterator[Any]:
        with self._changed:
            if not patient and not self._free and self._waiting >= self._limit:
                raise Busy(f"{self._waiting} questions already wait for the encoder")
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._free)
                session = self._free.pop()
            finally:
                self._waiting -= 1
        try:
            yield session
        finally:
            with self._changed:
                self._free.append(session)
                self._changed.notify()


class _Recent:
    """The vectors of the last queries: a follow-up searches twice, staff try a question again."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._vectors: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Floats | None:
        with self._lock:
            if text in self._vectors:
                self._vectors.move_to_end(text)
            return self._vectors.get(text)

    def put(self, text: str, vector: Floats) -> None:
        with self._lock:
            self._vectors[text] = vector
            if len(self._vectors) > self._size:
                self._vectors.popitem(last=False)


def reference() -> tuple[list[tuple[Kind, str]], Floats]:
    """The stored texts and the vectors that the weight package's own engine gave them."""
    stored = json.loads(Path(__file__).with_name("reference.json").read_text("utf-8"))
    vectors = np.frombuffer(base64.b64decode(stored["vectors"]), "<f4").reshape(len(stored["texts"]), -1)
    return [(each["kind"], each["text"]) for each in stored["texts"]], vectors


def _build(building: Path, name: str | None, progress: Progress) -> None:
    facts = _embedded(building, progress) if name is None else _exported(building, name, progress)
    folder.seal(building, facts)  # for the next line
    typical = _vectors_of_reference(Encoder(building, slots=1))
    if name is None:
        _verify(typical)
    np.save(building / "typical.npy", typical)
    folder.seal(building, facts)
    progress(STEPS, STEPS)


def _embedded(building: Path, progress: Progress) -> dict[str, Any]:
    source = weights.installed_weights()
    facts = weights.write(weights.Weights(source), building, lambda done, _: progress(done, STEPS))
    digest = folder.file_digest(source)
    facts |= {"form": "rows", "name": "multilingual-e5-small, 4-bit", "source": digest, "prefixes": PREFIXES}
    return {"format": FORMAT, "id": _short([FORMAT, digest, PREFIXES]), **facts}


def _exported(building: Path, name: str, progress: Progress) -> dict[str, Any]:
    from kb import export

    facts = export.write(name, building, lambda done, _: progress(done, STEPS))
    identity = _short([FORMAT, folder.file_digest(building / "graph.onnx"), facts["prefixes"]])
    return {"format": FORMAT, "id": identity, "form": "ids", "name": name, **facts}


def _vectors_of_reference(encoder: Encoder) -> Floats:
    return np.concatenate([encoder.encode([text], kind) for kind, text in reference()[0]])


def _verify(vectors: Floats) -> None:
    texts, expected = reference()
    for (_, text), ours, theirs in zip(texts, vectors, expected, strict=True):
        cosine = float(ours @ theirs)
        if not cosine >= AGREEMENT:
            raise EncoderDamaged(
                f"the encoder built from {weights.PACKAGE} gives another vector than its reference for "
                f"{text!r} (cosine {cosine:.5f}, at least {AGREEMENT} wanted): reinstall {weights.PACKAGE} "
                "and onnxruntime in the pinned versions"
            )


def _key(name: str | None) -> str:
    """The folder's name: other weights, another format or another model get another folder."""
    if name is None:
        try:
            version = importlib.metadata.version(weights.PACKAGE)
        except importlib.metadata.PackageNotFoundError:
            version = None
        return _short([FORMAT, weights.FILE, version])
    path = Path(name)
    files = [(str(p.relative_to(path)), p.stat()) for p in sorted(path.rglob("*")) if p.is_file()]
    facts = [(each, stat.st_size, stat.st_mtime_ns) for each, stat in files]
    return _short([FORMAT, name, facts])


def _short(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _session(graph: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
