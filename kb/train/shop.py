"""A shop file: entries with look-alikes and, under each, what shoppers type who mean it.

    # 自転車通販                      the shop, in one line
    == bike-01 ~ bike-02              an entry, and the entries that are easily taken for it
    Q 注文した自転車は組み立てて届きますか
    A はい、調整まで済ませてお届けします。
    V 完成車で届きますか               another approved wording (any number)
    p すぐ乗れる形でもらえますか        a question, with the letter of its kind
    == none
    u 試乗はできますか                 a question that no entry answers

The format is for writing by hand: one line a thought, nothing to escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kb.entry import Entry

KINDS: Mapping[str, str] = {
    "p": "paraphrase",
    "k": "kana",
    "c": "colloquial",
    "d": "dialect",
    "s": "story",
    "f": "fragment",
    "t": "typo",
    "n": "negation",
    "m": "number",
    "h": "halfwidth",
    "j": "emoji",
    "x": "mixed",
    "e": "english",
    "z": "chinese",
    "o": "korean",
}
NOBODYS = "none"
_LINE = re.compile(r"([A-Za-z]) (\S.*)")


class ShopError(Exception):
    """A shop file cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a shopper types; `entry` is the id of the entry that answers, `kind` a value of `KINDS`."""

    text: str
    entry: str
    kind: str


@dataclass(frozen=True, slots=True)
class Shop:
    """`alike`: entry id → ids of the entries that are easily taken for it. `open`: what no entry answers."""

    name: str
    title: str
    entries: tuple[Entry, ...]
    questions: tuple[Question, ...]
    alike: Mapping[str, tuple[str, ...]]
    open: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    id: str
    line: int
    alike: tuple[str, ...]
    parts: dict[str, list[str]] = field(default_factory=lambda: {"Q": [], "A": [], "V": []})


def read_shops(folder: Path) -> list[Shop]:
    """All shop files of a folder, by name. Raises `ShopError`."""
    return [read_shop(file) for file in sorted(folder.glob("*.txt"))]


def read_shop(file: Path) -> Shop:
    """Raises `ShopError` at the first line that does not fit."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ShopError(f"{file}: cannot be read as UTF-8 text ({error})") from error
    title, drafts, questions, open_ = "", [], [], []
    current: _Draft | None = None
    for number, line in _filled(lines):
        where = f"{file}:{number}"
        if line.startswith("#"):
            title = title or line.lstrip("# ")
        elif line.startswith("=="):
            current = _head(line, number)
            if current.id != NOBODYS:
                drafts.append(current)
        else:
            found = _LINE.fullmatch(line)
            if found is None or current is None:
                raise ShopError(f"{where}: expected “== id”, or a letter, a space and a text: {line[:40]!r}")
            letter, text = found[1], found[2].strip()
            if letter in current.parts:
                current.parts[letter].append(text)
            elif letter == "u" and current.id == NOBODYS:
                open_.append(text)
            elif letter in KINDS and current.id != NOBODYS:
                questions.append(Question(text, current.id, KINDS[letter]))
            else:
                raise ShopError(f"{where}: the letter {letter!r} has no place here")
    entries = tuple(_entry(draft, file) for draft in drafts)
    alike = {draft.id: draft.alike for draft in drafts if draft.alike}
    _check(file, drafts)
    return Shop(file.stem, title, entries, tuple(questions), alike, tuple(open_))


def _filled(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())


def _head(line: str, number: int) -> _Draft:
    name, _, others = line.removeprefix("==").partition("~")
    return _Draft(name.strip(), number, tuple(others.split()))


def _entry(draft: _Draft, file: Path) -> Entry:
    where = f"{file}:{draft.line}: {draft.id}"
    for letter, what in (("Q", "question"), ("A", "answer")):
        if len(draft.parts[letter]) != 1:
            raise ShopError(f"{where} has {len(draft.parts[letter])} lines {letter} ({what}): one is needed")
    return Entry(draft.id, draft.parts["Q"][0], draft.parts["A"][0], tuple(draft.parts["V"]))


def _check(file: Path, drafts: list[_Draft]) -> None:
    known: dict[str, int] = {}
    for draft in drafts:
        if draft.id in known:
            raise ShopError(f"{file}:{draft.line}: {draft.id} was given in line {known[draft.id]} already")
        known[draft.id] = draft.line
    for draft in drafts:
        for other in draft.alike:
            if other not in known:
                raise ShopError(f"{file}:{draft.line}: {draft.id} ~ {other}: no such entry in this file")
