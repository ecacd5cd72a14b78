"""Addresses: from the first place name through block and building to the room."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from kb.numbers import Found
from kb.words import Morpheme

_LISTS = json.loads((Path(__file__).parent / "address.json").read_text(encoding="utf-8"))
_PREFECTURES = frozenset(_LISTS["prefectures"])
_UNITS = frozenset(_LISTS["units"])
_INSIDE = frozenset(_LISTS["inside"])
_NUMBER = r"(?:\d{1,5}|[一二三四五六七八九十百〇]{1,5})"
_LINK = r"\s?(?:丁目の?|番地の?|番の?|号の?|-|−|の|ノ)\s?"
_BLOCK = re.compile(
    rf"\s?(?:{_NUMBER}\s?(?:丁目|番地|番)\s?(?:の\s?)?)?{_NUMBER}(?:{_LINK}{_NUMBER}){{0,4}}(?:\s?(?:番地|番|号)(?!目))?"
    rf"(?![\d:])(?!\s?(?:{'|'.join(_LISTS['no_block_before'])}))"
)
_DIGIT = r"\d一二三四五六七八九十"
_IS_BLOCK = re.compile(rf"番|-|−|丁目.*[{_DIGIT}]|[{_DIGIT}]\s?[のノ]\s?[{_DIGIT}]")
_ROOM = (
    r"(?:[A-Za-z]?-?\d{1,4}\s?(?:号室|号|室|階|F|f)|[A-Za-z]?-?\d{2,4})(?:\s?\d{1,4}(?:号室|号|室))?"
    r"(?![\d-])(?!\s?(?:日|時|個|円|枚|歳|才|人|本|年|月|cm))"
)
_NAME = r"[一-龥々ァ-ヶーｦ-ﾟA-Za-z・'&Ⅰ-Ⅹ]"
_WORD = "|".join(_LISTS["buildings"])
_BUILDING = re.compile(
    rf"[\s、,]{{0,2}}(?!の)(?:(?:第\d{{1,2}}|[一-龥々ぁ-んァ-ヶーｦ-ﾟA-Za-z・'&Ⅰ-Ⅹ]){{0,12}}?(?:{_WORD})"
    rf"(?:{_NAME}{{0,8}}?\s?(?:第?\d{{1,2}}号棟|[A-Z]棟)?\s?{_ROOM}|{_NAME}{{0,8}}(?:第?\d{{1,2}}号棟|[A-Z]棟)?)"
    rf"|{_NAME}{{1,12}}{_ROOM}|{_ROOM}(?<=[号室階Ff]))"
)
_ROOM_AFTER = re.compile(rf"\s?(?:{_ROOM})")
_STOPS_BUILDING = re.compile(
    "です|ます|でお願|に(?:届|送|住|お|配)|へ(?:届|送|お)|まで|宛|から|という|なのですが|様"
)
_WORDS = r"[A-Z][A-Za-z-]+"
_WESTERN = re.compile(
    r"(?:(?:Apt|Room|Unit|#)\.?\s?\w+,?\s)?\d{1,4}(?:-\d{1,4}){1,3},?\s"
    rf"{_WORDS}(?:,?\s{_WORDS}){{0,2}},\s?{_WORDS}(?:,\s?{_WORDS}){{0,3}}"
)


def addresses(view: str, pieces: Sequence[Morpheme]) -> Iterator[Found]:
    """All addresses in the plain view; `pieces` is Sudachi's view of it."""
    done = -1
    for at, piece in enumerate(pieces):
        if piece.begin < done or not is_place(piece):
            continue
        run = _run(pieces, at)
        start = _first_place(pieces, at, run)
        block = _block(view, pieces[run - 1].end, view[pieces[start].begin : pieces[run - 1].end])
        if block is None:
            continue
        done = _with_building(view, block)
        yield pieces[start].begin, done, "address"
    for match in _WESTERN.finditer(view):
        yield match.start(), match.end(), "address"


def is_place(piece: Morpheme) -> bool:
    """A place's name in the dictionary."""
    return piece.pos[1] == "固有名詞" and piece.pos[2] == "地名"


def place_follows(view: str, pieces: Sequence[Morpheme], end: int) -> bool:
    """Does a place name stand right after `end` (spaces and marks aside)?"""
    for piece in pieces:
        if piece.begin >= end and view[piece.begin : piece.end].strip(" 、,:\n"):
            return piece.begin - end <= 4 and is_place(piece)
    return False


def _run(pieces: Sequence[Morpheme], at: int) -> int:
    """The place after the last piece that can belong to the address before its first number."""
    end = at
    for i in range(at, min(len(pieces), at + 24)):
        piece = pieces[i]
        noun = piece.pos[0] in {"名詞", "接尾辞", "接頭辞"} and piece.pos[1] != "数詞"
        if noun or piece.surface in _UNITS or (piece.surface in _INSIDE and i > at):
            end = i + 1
        elif piece.pos[0] != "空白":
            break
    return end


def _first_place(pieces: Sequence[Morpheme], at: int, run: int) -> int:
    """A prefecture within the run is the first place: what stands before it is a name or a word."""
    for i in range(at, run - 1):
        after = pieces[i + 1].surface
        if pieces[i].surface in _PREFECTURES and after in {"都", "道", "府", "県"}:
            return i
    for i in range(at, run - 1):
        if is_place(pieces[i]) and pieces[i + 1].surface in {"市", "区", "郡", "町", "村"}:
            before = pieces[at:i]
            return at if not any(p.pos[0] == "空白" for p in before) else i
    return at


_TOWN = re.compile(r"[都道府県市区郡].*[町村字丁通条]$|[市区町村].*大字")
_END = re.compile(r"(?=$|[\s、。,)）」]|です|に|へ|まで|宛|あて|で|の)")


def _block(view: str, end: int, places: str) -> int | None:
    """Where the block number ends. One bare number counts only after a town within a city."""
    match = _BLOCK.match(view, end)
    if match is None:
        return None
    stop = end + len(match.group().rstrip())
    if _IS_BLOCK.search(match.group()) or (_TOWN.search(places) and _END.match(view, stop)):
        return stop
    return None


def _with_building(view: str, end: int) -> int:
    stop = _STOPS_BUILDING.search(view, end)
    limit = stop.start() if stop else len(view)
    match = _BUILDING.match(view, end, limit)
    if match is None or not match.group().strip(" 、,"):
        return end
    found = end + len(match.group().rstrip(" 、,"))
    room = _ROOM_AFTER.match(view, found, limit)
    if room is not None and room.group()[-1] in "号室階Ff":
        return room.end()
    return found
