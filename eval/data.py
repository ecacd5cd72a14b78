"""The labelled sets, read and split; nothing is judged here."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kb.entry import Entry
from kb.train.shop import read_shops

Split = Literal["dev", "test", "all"]
HERE = Path(__file__).parent / "data"
DEMO = Path(__file__).parent.parent / "kb" / "demo" / "corpus.jsonl"


class DataMissing(Exception):
    """A set is not there; the message says where it is looked for and how to give it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with its right entries. `grades`: entry id → 2 (answers it) or 1 (related)."""

    id: str
    text: str
    grades: Mapping[str, int]
    kind: str
    entry: str | None = None

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(self.grades)


@dataclass(frozen=True, slots=True)
class Municipal:
    """The municipal benchmark: entries (id, question, answer) and its even-numbered queries."""

    entries: tuple[tuple[str, str, str], ...]
    queries: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A shop of a kind that nothing was trained, tuned or chosen on. `open`: what no entry answers."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    asked: tuple[Asked, ...]
    open: tuple[str, ...]


def split_of(identifier: str) -> Literal["dev", "test"]:
    """By the wanted entry's id, else the line's own: so no entry is in both."""
    return "test" if int(hashlib.sha256(identifier.encode()).hexdigest()[:8], 16) % 2 else "dev"


def lines(name: str, split: Split = "all") -> list[dict[str, Any]]:
    """All lines of `eval/data/NAME*.jsonl` that belong to the split."""
    files = sorted(HERE.glob(f"{name}.jsonl")) or sorted(HERE.glob(f"{name}-*.jsonl"))
    if not files:
        raise DataMissing(f"no {name}.jsonl (or {name}-*.jsonl) in {HERE}")
    found = [row for file in files for row in rows(file)]
    return [row for row in found if split in ("all", split_of(row.get("entry") or row["id"]))]


def queries(split: Split = "all") -> list[Asked]:
    """The demo shop's answerable questions."""
    return [_asked(row) for row in lines("queries", split)]


def asked_of(file: Path) -> list[Asked]:
    """All questions of another shop's file."""
    return [_asked(row) for row in rows(file)]


def held_out(split: Split) -> tuple[HeldOut, ...]:
    """The shops of `heldout/`; they are for reporting only, so asking for them with "dev" is refused."""
    if split == "dev":
        raise ValueError("the held-out shops are read with the split test or all only")
    shops = read_shops(HERE / "heldout")
    if not shops:
        raise DataMissing(f"no shop file (*.txt) in {HERE / 'heldout'}")
    return tuple(
        HeldOut(
            shop.name,
            shop.title,
            shop.entries,
            tuple(
                Asked(f"{shop.name}-q{number:03}", one.text, {one.entry: 2}, one.kind, one.entry)
                for number, one in enumerate(shop.questions, 1)
            ),
            shop.open,
        )
        for shop in shops
    )


def _asked(row: dict[str, Any]) -> Asked:
    grades = dict.fromkeys([row["entry"], *row.get("also", [])], 2)
    return Asked(row["id"], row["text"], grades, row["kind"], row["entry"])


def municipal(folder: Path | None) -> Municipal:
    """Read `entries`, `queries` and `qrels` (.jsonl.gz) of the benchmark; even query numbers only."""
    if folder is None or not (folder / "qrels.jsonl.gz").is_file():
        raise DataMissing(
            f"the municipal benchmark is not in {folder}: without a licence it is not part of the project; "
            "give its folder with --municipal DIR (entries.jsonl.gz, queries.jsonl.gz, qrels.jsonl.gz)"
        )
    entries = [(str(r["id"]), r["question"], r["answer"]) for r in rows(folder / "entries.jsonl.gz")]
    grades: dict[str, dict[str, int]] = {}
    for row in rows(folder / "qrels.jsonl.gz"):
        grades.setdefault(str(row["qid"]), {})[str(row["eid"])] = row["grade"]
    asked = [
        Asked(str(r["id"]), r["text"], grades[str(r["id"])], "municipal")
        for r in rows(folder / "queries.jsonl.gz")
        if str(r["id"]) in grades and int(r["id"]) % 2 == 0
    ]
    return Municipal(tuple(entries), tuple(asked))


def rows(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
