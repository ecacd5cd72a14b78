"""Personal data → spans and masked text, by the contract's labelling rule (nine kinds).

Rules, number plans and check digits (`numbers`), place names with a block number (`address`), persons'
names (`names`). What runs into another find gives way to the surer kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kb.address import addresses, place_follows
from kb.names import names
from kb.numbers import Found, banks, births, cards, emails, my_numbers, phones, plain, postals
from kb.words import morphemes

Kind = Literal["name", "address", "phone", "email", "postal", "card", "mynumber", "bank", "birth"]

MARKS: dict[str, str] = {
    "name": "〔氏名〕",
    "address": "〔住所〕",
    "phone": "〔電話番号〕",
    "email": "〔メールアドレス〕",
    "postal": "〔郵便番号〕",
    "card": "〔カード番号〕",
    "mynumber": "〔個人番号〕",
    "bank": "〔口座〕",
    "birth": "〔生年月日〕",
}


@dataclass(frozen=True, slots=True)
class Span:
    """`start`, `end` are offsets into the original text, end exclusive."""

    start: int
    end: int
    type: Kind


@dataclass(frozen=True, slots=True)
class Masked:
    """`text` has a mark in place of each span. Spans are in order and do not overlap."""

    text: str
    spans: tuple[Span, ...]


class _Claims:
    """Finds so far; a later one that runs into an earlier is dropped."""

    def __init__(self, marked: Iterable[tuple[int, int]]) -> None:
        self.found: list[Found] = []
        self._closed = list(marked)

    def take(self, finds: Iterable[Found]) -> None:
        for start, end, kind in finds:
            if start < end and not self.covers(start, end):
                self.found.append((start, end, kind))

    def covers(self, start: int, end: int) -> bool:
        taken = [(a, b) for a, b, _ in self.found] + self._closed
        return any(a < end and start < b for a, b in taken)


_MARK = re.compile("|".join(map(re.escape, MARKS.values())))


def mask(text: str) -> Masked:
    """Find and replace personal data. Marks that stand in the text already are left alone."""
    view = plain(text)
    claims = _Claims(match.span() for match in _MARK.finditer(view))
    claims.take(emails(view))
    claims.take(banks(view))
    claims.take(my_numbers(view))
    claims.take(cards(view))
    pieces = morphemes(view)
    claims.take(addresses(view, pieces))
    claims.take(phones(view))
    told = bool(claims.found)
    claims.take(postals(view, lambda end: place_follows(view, pieces, end), told))
    claims.take(births(view, told))
    claims.take(names(view, pieces, bool(claims.found)))
    claims.take(_again(view, claims.found))
    if any(kind == "name" for _, _, kind in claims.found):
        claims.take(births(view, True))
    return _masked(text, sorted(claims.found))


def _again(view: str, found: list[Found]) -> list[Found]:
    """Other places where a full name that was found is written."""
    whole = {view[start:end] for start, end, kind in found if kind == "name" and end - start >= 3}
    return [(m.start(), m.end(), "name") for name in whole for m in re.finditer(re.escape(name), view)]


def _masked(text: str, found: list[Found]) -> Masked:
    parts: list[str] = []
    spans: list[Span] = []
    done = 0
    for start, end, kind in found:
        parts += [text[done:start], MARKS[kind]]
        spans.append(Span(start, end, kind))  # type: ignore[arg-type]
        done = end
    return Masked("".join([*parts, text[done:]]), tuple(spans))
