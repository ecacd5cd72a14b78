"""Where lessons come from: shop files, labelled corpora, and files of pairs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from kb.entry import read_corpus
from kb.train.lessons import Asked, Subject, subject_of
from kb.train.own import Pair
from kb.train.part import TrainRefused
from kb.train.shop import read_shop, read_shops

HELD_OUT = 12  # one shop of so many is for exams, if nothing else is


def read_subjects(path: Path) -> list[Subject]:
    """A shop file, a folder of shop files, or a folder with `corpus.jsonl` and `queries.jsonl` (lines
    {"text", "entry", "also"?}). Raises `TrainRefused`, `ShopError`, `CorpusError`."""
    if path.is_file():
        return [subject_of(read_shop(path))]
    if (path / "corpus.jsonl").is_file():
        return [_labelled(path)]
    subjects = [subject_of(shop) for shop in read_shops(path)]
    if not subjects:
        raise TrainRefused(f"{path}: there is no shop file (*.txt) and no corpus.jsonl with queries.jsonl")
    return subjects


def split(subjects: Sequence[Subject]) -> tuple[list[Subject], list[Subject]]:
    """(for lessons, for exams): one of `HELD_OUT` is held out, by its name."""
    order = sorted(subjects, key=lambda subject: hashlib.sha256(subject.name.encode()).hexdigest())
    count = max(1, len(order) // HELD_OUT)
    if len(order) < 3:
        raise TrainRefused("fewer than 3 shops: name others for the exams with --dev")
    held = {subject.name for subject in order[:count]}
    return [s for s in subjects if s.name not in held], [s for s in subjects if s.name in held]


def read_pairs(file: Path, entries: Collection[str]) -> list[Pair]:
    """Lines {"text", "entry"}. Raises `TrainRefused` naming line and field; `entries`: the ids that exist."""
    found = []
    for number, line in _objects(file):
        for name in ("text", "entry"):
            if not isinstance(line.get(name), str) or not line[name].strip():
                raise TrainRefused(f"{file}:{number}: {name}: must be a text")
        if line["entry"] not in entries:
            raise TrainRefused(f"{file}:{number}: entry: there is no entry {line['entry']!r} in the corpus")
        found.append(Pair(line["text"].strip(), line["entry"]))
    return found


def _labelled(home: Path) -> Subject:
    entries = read_corpus(home / "corpus.jsonl").entries
    ids = {entry.id for entry in entries}
    file = home / "queries.jsonl"
    asked = []
    for number, line in _objects(file):
        names = frozenset([line.get("entry"), *line.get("also", [])])
        if not isinstance(line.get("text"), str) or not names <= ids:
            raise TrainRefused(f"{file}:{number}: must be {{text, entry, also?}} with entries of the corpus")
        asked.append(Asked(line["text"], names))
    return Subject(home.name, entries, tuple(asked), {})


def _objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of a JSON Lines file with their numbers."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainRefused(f"{file}: cannot be read as UTF-8 text ({error})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TrainRefused(f"{file}:{number}: not JSON ({error.args[0]})") from None
        if not isinstance(value, dict):
            raise TrainRefused(f"{file}:{number}: not an object; write one object a line")
        yield number, value
