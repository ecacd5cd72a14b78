"""What content staff approved: entries, and reading, checking and writing a corpus of them.

A corpus is JSON Lines or CSV. Reading reports every problem of the file at once, each with file, line
and field, and gives no entries when there is any.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kb.table import Row, Undecodable, decode, read_table
from kb.text import LONGEST, normalise

LARGEST_FILE = 50 * 1024 * 1024
LONGEST_ID = 100
MOST_VARIANTS = 200

_FIELDS = frozenset(
    (
        "id",
        "question",
        "answer",
        "variants",
        "category",
        "tags",
        "valid_from",
        "valid_until",
        "translations",
        "revision",
    )
)


@dataclass(frozen=True, slots=True)
class Translation:
    """An entry's question and answer in another language."""

    question: str
    answer: str


@dataclass(frozen=True)
class Entry:
    """One FAQ item. `valid_from` and `valid_until` are shop-local days, both inclusive."""

    id: str
    question: str
    answer: str
    variants: tuple[str, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    translations: Mapping[str, Translation] = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 1

    def as_json(self) -> dict[str, Any]:
        """The corpus form; `read_entry` of it gives an equal entry."""
        return {
            "id": self.id,
            "question": self.question,
            "variants": list(self.variants),
            "answer": self.answer,
            "category": self.category,
            "tags": list(self.tags),
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "translations": {
                language: {"question": t.question, "answer": t.answer}
                for language, t in self.translations.items()
            },
            "revision": self.revision,
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of all content; the revision's number is not content."""
        content = {key: value for key, value in self.as_json().items() if key != "revision"}
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def valid_on(self, day: date) -> bool:
        """May this entry be said on `day`?"""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    @property
    def questions(self) -> tuple[str, ...]:
        """The question and its variants."""
        return (self.question, *self.variants)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong where. `line` counts from 1 (0: the file as a whole); `field` may be empty."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class CorpusError(Exception):
    """A corpus was refused as a whole. `problems` holds all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        shown = [str(problem) for problem in self.problems[:50]]
        if len(self.problems) > 50:
            shown.append(f"… and {len(self.problems) - 50} more")
        super().__init__("\n".join(shown))


@dataclass(frozen=True, slots=True)
class Corpus:
    """Checked entries in the file's order, and what looks odd but stops nothing."""

    entries: tuple[Entry, ...]
    warnings: tuple[Problem, ...] = ()


def read_corpus(path: Path) -> Corpus:
    """The entries of a file; raises `CorpusError`."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CorpusError([Problem(str(path), 0, "", "the file is larger than 50 MB: split it")])
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError([Problem(str(path), 0, "", f"cannot be read: {error.strerror}")]) from error
    return parse_corpus(data, str(path))


def parse_corpus(data: bytes, name: str) -> Corpus:
    """The entries of a file's bytes; `name` stands in messages, and its ending tells CSV from JSON Lines."""
    if len(data) > LARGEST_FILE:
        raise CorpusError([Problem(name, 0, "", "the file is larger than 50 MB: split it")])
    problems: list[Problem] = []
    warnings: list[Problem] = []
    try:
        text = decode(data)
    except Undecodable as error:
        raise CorpusError([Problem(name, error.line, "", str(error))]) from error
    if _is_table(name, text):
        table = read_table(text)
        rows = table.rows
        problems += [Problem(name, *problem) for problem in table.problems]
        warnings += [Problem(name, *warning) for warning in table.warnings]
    else:
        rows = list(_json_rows(text, name, problems))
    entries: list[tuple[int, Entry]] = []
    for row in rows:
        entry, wrong = read_entry(row.fields)
        problems += [replace(problem, file=name, line=row.line) for problem in wrong]
        warnings += [
            Problem(name, row.line, key, "unknown field, not read")
            for key in row.fields
            if key not in _FIELDS
        ]
        if entry is not None:
            entries.append((row.line, entry))
    _compare(name, entries, problems, warnings)
    if not rows and not problems:
        problems.append(Problem(name, 0, "", "there is no entry in it"))
    if problems:
        raise CorpusError(sorted(problems, key=lambda p: p.line))
    return Corpus(tuple(entry for _, entry in entries), tuple(warnings))


def _is_table(name: str, text: str) -> bool:
    ending = Path(name).suffix.lower()
    if ending in {".csv", ".tsv"}:
        return True
    if ending in {".jsonl", ".json", ".ndjson"}:
        return False
    return not text.lstrip().startswith(("{", "["))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"the field {twice!r} stands there twice")
    return found


def _json_rows(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line, object_pairs_hook=_unique)
        except json.JSONDecodeError as error:
            message = f"not JSON at column {error.colno}: {error.msg} (one object a line)"
            problems.append(Problem(name, number, "", message))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(name, number, "", f"not usable JSON: {error}"))
        else:
            if isinstance(fields, dict):
                yield Row(number, fields)
            else:
                problems.append(Problem(name, number, "", "one JSON object a line is needed"))


def _compare(
    name: str, entries: list[tuple[int, Entry]], problems: list[Problem], warnings: list[Problem]
) -> None:
    """Ids must differ; questions that are the same in normal form are probably one entry."""
    ids: dict[str, int] = {}
    asked: dict[str, tuple[int, str]] = {}
    for line, entry in entries:
        if entry.id in ids:
            problems.append(
                Problem(name, line, "id", f"{entry.id!r} is already the entry of line {ids[entry.id]}")
            )
            continue
        ids[entry.id] = line
        for place, question in enumerate(entry.questions):
            key = normalise(question).text.rstrip("?。!")
            first = asked.setdefault(key, (line, entry.id))
            if first[1] != entry.id:
                where = "question" if place == 0 else f"variants[{place - 1}]"
                message = f"the same question as in {first[1]!r} (line {first[0]}): the two will be confused"
                warnings.append(Problem(name, line, where, message))


class _Reader:
    """Takes an entry's fields one by one and collects what is wrong with them."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields
        self.problems: list[Problem] = []

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(Problem("", 0, name, message))

    def text(self, name: str, value: object, longest: int = LONGEST) -> str:
        if not isinstance(value, str):
            self.wrong(name, f"must be text, not {_kind(value)}")
            return ""
        text = value.strip()
        if not text:
            self.wrong(name, "must not be empty")
        elif len(text) > longest:
            self.wrong(name, f"has {len(text)} characters; at most {longest} are allowed")
        elif any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
            self.wrong(name, "holds a NUL or half a surrogate pair")
        return text

    def required(self, name: str, longest: int = LONGEST) -> str:
        if self.fields.get(name) is None:
            self.wrong(name, "is missing")
            return ""
        return self.text(name, self.fields[name], longest)

    def texts(self, name: str, most: int, longest: int = LONGEST) -> tuple[str, ...]:
        value = self.fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(name, f"must be a list of texts, not {_kind(value)}")
            return ()
        if len(value) > most:
            self.wrong(name, f"has {len(value)} items; at most {most} are allowed")
            return ()
        return tuple(dict.fromkeys(self.text(f"{name}[{i}]", item, longest) for i, item in enumerate(value)))

    def day(self, name: str) -> date | None:
        value = self.fields.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, str) and len(value) == len("2026-07-01"):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.wrong(name, f"{value!r} is no day: write it as 2026-07-01")
        return None

    def translations(self) -> Mapping[str, Translation]:
        value = self.fields.get("translations")
        if value is None:
            return MappingProxyType({})
        if not isinstance(value, Mapping):
            self.wrong("translations", f"must be an object, not {_kind(value)}")
            return MappingProxyType({})
        found: dict[str, Translation] = {}
        for language, pair in value.items():
            where = f"translations.{language}"
            if not isinstance(pair, Mapping) or pair.get("question") is None or pair.get("answer") is None:
                self.wrong(where, "needs question and answer")
                continue
            question = self.text(f"{where}.question", pair["question"])
            found[str(language)] = Translation(question, self.text(f"{where}.answer", pair["answer"]))
        return MappingProxyType(found)

    def revision(self) -> int:
        value = self.fields.get("revision", 1)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self.wrong("revision", "must be a whole number from 1")
        return 1


def _kind(value: object) -> str:
    kinds = {
        str: "text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return "null" if value is None else kinds.get(type(value), type(value).__name__)


def read_entry(fields: Mapping[str, object]) -> tuple[Entry | None, list[Problem]]:
    """An entry from its JSON form, or None with everything that is wrong (file and line left open)."""
    reader = _Reader(fields)
    category = fields.get("category")
    entry = Entry(
        id=reader.required("id", LONGEST_ID),
        question=reader.required("question"),
        answer=reader.required("answer"),
        variants=reader.texts("variants", MOST_VARIANTS),
        category=reader.text("category", category, 100) if category not in (None, "") else None,
        tags=reader.texts("tags", 50, 100),
        valid_from=reader.day("valid_from"),
        valid_until=reader.day("valid_until"),
        translations=reader.translations(),
        revision=reader.revision(),
    )
    if any(c.isspace() or not c.isprintable() for c in entry.id):
        reader.wrong("id", "must not hold spaces or invisible characters")
    if entry.valid_from and entry.valid_until and entry.valid_until < entry.valid_from:
        reader.wrong("valid_until", "lies before valid_from")
    return (None, reader.problems) if reader.problems else (entry, [])


def write_corpus(entries: Iterable[Entry], path: Path) -> None:
    """Write a corpus that `read_corpus` reads back equal: CSV for Excel if `path` ends so, else JSON Lines.

    The file appears whole or not at all. CSV keeps the English translation only.
    """
    data = _csv(entries) if path.suffix.lower() == ".csv" else _json_lines(entries)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def _json_lines(entries: Iterable[Entry]) -> bytes:
    return b"".join(json.dumps(entry.as_json(), ensure_ascii=False).encode() + b"\n" for entry in entries)


def _csv(entries: Iterable[Entry]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        [
            "id",
            "質問",
            "回答",
            "言い換え",
            "カテゴリ",
            "タグ",
            "開始日",
            "終了日",
            "質問（英語）",
            "回答（英語）",
            "版",
        ]
    )
    for entry in entries:
        english = entry.translations.get("en", Translation("", ""))
        days = [day.isoformat() if day else "" for day in (entry.valid_from, entry.valid_until)]
        lists = "\n".join(entry.variants), entry.category or "", "\n".join(entry.tags)
        row = [
            entry.id,
            entry.question,
            entry.answer,
            *lists,
            *days,
            english.question,
            english.answer,
            entry.revision,
        ]
        writer.writerow(row)
    return out.getvalue().encode("utf-8-sig")
