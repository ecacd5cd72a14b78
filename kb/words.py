"""Spelling → terms: what a text is about, in forms under which different spellings meet.

Sudachi cuts the text (mode A), polite and function words fall away, numbers get one form with their
unit, synonyms and English words get the form of their group. Negations, question words and numbers
stay, because they often decide which entry is meant. The word lists are `words.json` (what falls away,
question words, negations, units), `synonyms.json` (groups; the first member names the group) and
`english.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kb.text import Text, normalise

Kind = Literal["content", "negation", "question", "number", "name", "place"]

_HERE = Path(__file__).parent
_CHUNK = 12_000
"""Characters given to Sudachi at once: it refuses more than 49,149 bytes, a character has up to four."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word that counts for matching.

    `form` is what is compared; `reading` is katakana; `start`, `end` are offsets into the original
    text (several terms may share them, as one English word can stand for two Japanese ones).
    """

    surface: str
    form: str
    reading: str
    pos: str
    start: int
    end: int
    kind: Kind = "content"


@dataclass(frozen=True, slots=True)
class ShopWord:
    """A word of the shop that a general dictionary does not know, or cuts apart."""

    surface: str
    reading: str
    aliases: tuple[str, ...] = ()


class Morpheme(NamedTuple):
    """Sudachi's view of one piece; `begin`, `end` are offsets into the text it was given. `known`: does
    the dictionary have it?"""

    surface: str
    norm: str
    reading: str
    pos: tuple[str, ...]
    begin: int
    end: int
    known: bool


class _Tokenizers(threading.local):
    """One tokenizer a thread: two threads in one tokenizer raise an error."""

    def __init__(self) -> None:
        self.tokenizer: Any = None


_local = _Tokenizers()
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _dictionary() -> Any:
    from sudachipy import Dictionary

    return Dictionary(dict="core")


def _tokenizer() -> Any:
    if _local.tokenizer is None:
        from sudachipy import SplitMode

        with _lock:
            _local.tokenizer = _dictionary().tokenizer(mode=SplitMode.A)
    return _local.tokenizer


def dictionary_version() -> str:
    """The installed dictionary's version: readings and forms in an index hold for this one only."""
    from importlib.metadata import version

    return version("sudachidict_core")


def morphemes(text: str) -> list[Morpheme]:
    """Sudachi's pieces of a text of any length."""
    found: list[Morpheme] = []
    for start, chunk in _chunks(text):
        for m in _tokenizer().tokenize(chunk):
            forms = m.surface(), m.normalized_form(), m.reading_form(), m.part_of_speech()
            found.append(Morpheme(*forms, start + m.begin(), start + m.end(), not m.is_oov()))
    return found


def reading_of(text: Text) -> str:
    """The katakana reading of a whole text, particles and all; marks and spaces left out."""
    return "".join(_said(piece) for piece in morphemes(text.text))


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    while len(text) - start > _CHUNK:
        cut = max(text.rfind(mark, start + 1, start + _CHUNK) for mark in "\n。 ")
        end = cut + 1 if cut > start else start + _CHUNK
        yield start, text[start:end]
        start = end
    if start < len(text):
        yield start, text[start:]


@lru_cache(maxsize=8)
def _data(name: str) -> Any:
    return json.loads((_HERE / name).read_text(encoding="utf-8"))


_KATAKANA = str.maketrans({chr(c): chr(c + 0x60) for c in range(0x3041, 0x3097)})
_KANA_ONLY = re.compile(r"[ぁ-ゖァ-ヺー]+")
_HIRAGANA_WORD = re.compile(r"[ぁ-ゖー]{4,}")
_LATIN = re.compile(r"[a-z][a-z'.&-]*")
_STOPS = frozenset("。!?\n")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


def katakana(text: str) -> str:
    """Hiragana → katakana; the rest stays."""
    return text.translate(_KATAKANA)


class Words:
    """The analyser. Thread-safe; building one takes some tens of milliseconds, so keep it.

    `synonyms`: groups of phrases that mean the same, the first naming the group (default: the list
    that comes with the product). `shop_words` are matched before the dictionary, longest first.
    """

    def __init__(
        self,
        synonyms: Iterable[Sequence[str]] | None = None,
        shop_words: Iterable[ShopWord] = (),
        english: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        lists = _data("words.json")
        self._polite = re.compile("|".join(lists["polite"]))
        self._stop = frozenset(lists["stop"])
        self._helpers = frozenset(lists["helpers"])
        self._questions: dict[str, str] = {w: form for form, ws in lists["questions"].items() for w in ws}
        self._negations = frozenset(lists["negations"])
        self._exceptions = frozenset(lists["exceptions"])
        self.denials: frozenset[str] = self._exceptions | {"ない"}
        """The forms that negations get."""
        self._soft = frozenset(lists["soft"])
        self._units: dict[str, str] = {w: form for form, ws in lists["units"].items() for w in ws}
        self._english_stop = frozenset(lists["english_stop"])
        self._shop: dict[str, ShopWord] = {}
        for word in shop_words:
            for surface in (word.surface, *word.aliases):
                self._shop[normalise(surface).text] = word
        self._find_literals()
        self._english: dict[str, tuple[Term, ...]] = {}
        self._english_longest = 1
        self._groups: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        groups = [list(group) for group in (_data("synonyms.json") if synonyms is None else synonyms)]
        foreign = {
            word: list(ways) for word, ways in (_data("english.json") if english is None else english).items()
        }
        self.digest = _digest([lists, groups, foreign, sorted(map(repr, self._shop.items()))])
        """SHA-256 of all lists: an index holds for the lists that it was built with."""
        self._learn_groups(groups)
        self._learn_english(foreign)

    def _find_literals(self) -> None:
        longest = sorted(self._shop, key=lambda w: (-len(w), w))
        self._shop_pattern = re.compile("|".join(map(re.escape, longest))) if longest else None

    def _learn_groups(self, groups: Iterable[Sequence[str]]) -> None:
        """Members in hiragana are found as they stand: the dictionary cuts them up (く・れ・か)."""
        learnt: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        literals: dict[str, ShopWord] = {}
        for group in groups:
            for member in group:
                if _HIRAGANA_WORD.fullmatch(member):
                    literals[member] = ShopWord(group[0], katakana(member))
                    continue
                forms = tuple(term.form for term in self.analyse(member))
                if forms and forms != (group[0],):
                    learnt.setdefault(forms[0], []).append((forms, group[0]))
        for ways in learnt.values():
            ways.sort(key=lambda way: -len(way[0]))
        self._groups = learnt
        self._shop = literals | self._shop
        self._find_literals()

    def _learn_english(self, english: Mapping[str, Sequence[str]]) -> None:
        learnt = {
            word: tuple(t for m in meanings for t in self.analyse(m)) for word, meanings in english.items()
        }
        self._english = learnt
        self._english_longest = max((word.count(" ") + 1 for word in learnt), default=1)

    def terms(self, text: str | Text) -> list[str]:
        """The matching forms of a text, in order."""
        return [term.form for term in self.analyse(text)]

    def analyse(self, text: str | Text) -> tuple[Term, ...]:
        """The terms of a text in order."""
        whole = text if isinstance(text, Text) else normalise(text)
        found: list[Term] = []
        for start, end, shop in self._pieces(whole.text):
            if shop is None:
                found += self._plain(whole, start, end)
            else:
                span = whole.span(start, end)
                found.append(Term(whole.original[slice(*span)], shop.surface, shop.reading, "名詞", *span))
        return tuple(self._grouped(found, whole.original)) if self._groups else tuple(found)

    def _pieces(self, text: str) -> Iterator[tuple[int, int, ShopWord | None]]:
        done = 0
        if self._shop_pattern is not None:
            for match in self._shop_pattern.finditer(text):
                if match.start() > done:
                    yield done, match.start(), None
                yield match.start(), match.end(), self._shop[match.group()]
                done = match.end()
        if done < len(text):
            yield done, len(text), None

    def _plain(self, whole: Text, start: int, end: int) -> list[Term]:
        text = whole.text[start:end]
        silent = [match.span() for match in self._polite.finditer(text)]
        pieces = morphemes(text)
        found: list[Term] = []
        at = 0
        while at < len(pieces):
            taken, terms = self._read(pieces, at, silent)
            for term in terms:
                begin, stop = whole.span(start + term.start, start + term.end)
                found.append(replace(term, surface=whole.original[begin:stop], start=begin, end=stop))
            at += taken
        return found

    def _read(self, pieces: list[Morpheme], at: int, silent: list[tuple[int, int]]) -> tuple[int, list[Term]]:
        """How many pieces are read at `at`, and the terms that they give (offsets still in the text)."""
        piece = pieces[at]
        major = piece.pos[0]
        if major in {"空白", "補助記号"} or any(a <= piece.begin < b for a, b in silent):
            return 1, []
        if _is_number(piece):
            return self._number(pieces, at)
        if _LATIN.fullmatch(piece.surface):
            return self._latin(pieces, at)
        question = self._question(pieces, at)
        if question is not None:
            return question
        if self._is_negation(piece):
            if piece.norm in self._exceptions:
                return 1, [_term(piece, piece.norm, "negation")]
            return 1, [] if self._is_soft(pieces, at) else [_term(piece, "ない", "negation")]
        if major == "接頭辞":
            return self._prefixed(pieces, at)
        if major in {"助詞", "助動詞", "感動詞", "接続詞", "連体詞", "代名詞", "記号"}:
            return 1, []
        if piece.norm in self._stop or (piece.norm in self._helpers and _follows_te(pieces, at)):
            return 1, []
        return 1, [_term(piece, piece.norm.lower(), _kind(piece))]

    def _number(self, pieces: list[Morpheme], at: int) -> tuple[int, list[Term]]:
        """One form for 3千円, 3,000円 and 三千円; dates and times by their parts."""
        piece, rest = pieces[at], pieces[at + 1 : at + 5]
        value = _value(piece)
        marks = "".join(p.surface if p.pos[1] != "数詞" else "0" for p in rest)
        if marks[:2] == ":0":
            minutes = "" if set(rest[1].norm) == {"0"} else rest[1].norm
            return 3, [_joined(piece, rest[1], f"{value}時{minutes}")]
        if len(value) == 4 and marks[:4] in {"/0/0", "-0-0"}:
            month, day = f"{_value(rest[1])}月", f"{_value(rest[3])}日"
            return 5, [_joined(piece, rest[3], form) for form in (f"{value}年", month, day)]
        if marks[:2] == "/0" and _is_day(value, _value(rest[1])):
            return 3, [_joined(piece, rest[1], form) for form in (f"{value}月", f"{_value(rest[1])}日")]
        if rest and rest[0].surface in {"割", "割引", "割引き"}:
            percent = _joined(piece, rest[0], f"{_tidy(str(float(value) * 10))}%")
            return 2, [percent] if rest[0].surface == "割" else [percent, _term(rest[0], "割引", "content")]
        unit = self._units.get(rest[0].surface) or self._units.get(rest[0].norm) if rest else None
        if unit is not None:
            return 2, [_joined(piece, rest[0], value + unit)]
        return 1, [_term(piece, value, "number")]

    def _latin(self, pieces: list[Morpheme], at: int) -> tuple[int, list[Term]]:
        for size in range(self._english_longest, 0, -1):
            window = [p for p in pieces[at : at + 2 * size - 1] if p.pos[0] != "空白"]
            if len(window) != size:
                continue
            key = " ".join(p.surface for p in window)
            meanings = self._english.get(key)
            if meanings is not None:
                first, last = window[0], window[-1]
                return 2 * size - 1, [replace(t, start=first.begin, end=last.end) for t in meanings]
        piece = pieces[at]
        if piece.surface in self._english_stop:
            return 1, []
        return 1, [_term(piece, piece.norm.lower(), "content")]

    def _question(self, pieces: list[Morpheme], at: int) -> tuple[int, list[Term]] | None:
        """Question words, also of two or three pieces (何+日, どう+やっ+て); 何か, いつでも are none."""
        for size in (3, 2, 1):
            window = pieces[at : at + size]
            form = self._questions.get("".join(p.surface for p in window)) if len(window) == size else None
            if form is None and size == 1:
                form = self._questions.get(window[0].norm)
            if form is None:
                continue
            after = pieces[at + size : at + size + 2]
            indefinite = after and after[0].pos[1] == "副助詞" and after[0].surface == "か"
            anything = len(after) == 2 and after[0].surface == "で" and after[1].surface == "も"
            if indefinite or anything or (after and after[0].surface in {"でも", "も"}):
                return size, []
            return size, [_joined(window[0], window[-1], form, "question")]
        return None

    def _is_negation(self, piece: Morpheme) -> bool:
        if piece.pos[0] == "助動詞":
            return piece.norm in {"ない", "ず", "へん", "まい"} and piece.surface != "ずつ"
        return piece.norm in self._negations or piece.norm in self._exceptions

    def _is_soft(self, pieces: list[Morpheme], at: int) -> bool:
        """「〜できませんか」 asks politely; 「分からない」 and 「〜なければならない」 decide nothing."""
        before = [
            p
            for p in pieces[max(0, at - 3) : at]
            if p.pos[0] != "助詞" and p.norm not in {"ます", "てる", "れる"}
        ]
        if before and before[-1].norm in self._soft:
            return True
        rest = pieces[at + 1 : at + 5]
        words = [p.surface for p in rest]
        if words[:1] and words[0] in {"です", "でしょう", "でし"}:
            words = words[1 + (words[0] == "でし") :]
        ends = words[1:2] == [] or words[1] in _STOPS or rest[-1].pos[0] in {"補助記号", "空白"}
        return words[:1] == ["か"] and ends

    def _prefixed(self, pieces: list[Morpheme], at: int) -> tuple[int, list[Term]]:
        piece = pieces[at]
        if (
            piece.norm in {"未", "不", "無", "非", "再", "誤"}
            and at + 1 < len(pieces)
            and pieces[at + 1].pos[0] == "名詞"
        ):
            after = pieces[at + 1]
            return 2, [_joined(piece, after, piece.norm + after.norm, "content")]
        return 1, []

    def _grouped(self, terms: list[Term], original: str) -> Iterator[Term]:
        """Terms with each run that is a member of a synonym group replaced by the group's form."""
        at = 0
        while at < len(terms):
            size, form = self._member(terms, at)
            if size == 0:
                yield terms[at]
                at += 1
                continue
            first, last = terms[at], terms[at + size - 1]
            reading = "".join(t.reading for t in terms[at : at + size])
            surface = original[first.start : last.end]
            yield Term(surface, form, reading, first.pos, first.start, last.end, first.kind)
            at += size

    def _member(self, terms: list[Term], at: int) -> tuple[int, str]:
        for forms, name in self._groups.get(terms[at].form, ()):
            run = terms[at : at + len(forms)]
            if (
                len(run) == len(forms)
                and all(t.form == f for t, f in zip(run, forms, strict=True))
                and _close(run)
            ):
                return len(forms), name
        return 0, ""


def _digest(lists: Any) -> str:
    return hashlib.sha256(json.dumps(lists, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _close(run: Sequence[Term]) -> bool:
    return all(0 <= b.start - a.end <= 3 for a, b in pairwise(run))


def _term(piece: Morpheme, form: str, kind: Kind) -> Term:
    return Term(piece.surface, form, _said(piece), piece.pos[0], piece.begin, piece.end, kind)


def _joined(first: Morpheme, last: Morpheme, form: str, kind: Kind = "number") -> Term:
    reading = _said(first) + (_said(last) if last is not first else "")
    return Term(first.surface, form, reading, first.pos[0], first.begin, last.end, kind)


def _said(piece: Morpheme) -> str:
    """A piece's reading; kana reads as it is written, whatever the dictionary makes of it."""
    if _KANA_ONLY.fullmatch(piece.surface):
        return katakana(piece.surface)
    if piece.pos[0] in {"空白", "補助記号"}:
        return ""
    return katakana(piece.reading) if _KANA_ONLY.fullmatch(piece.reading) else piece.surface


def _kind(piece: Morpheme) -> Kind:
    if piece.pos[1] == "固有名詞" and not _KANA_ONLY.fullmatch(piece.surface):
        if piece.pos[2] == "人名":
            return "name"
        if piece.pos[2] == "地名":
            return "place"
    return "content"


def _follows_te(pieces: list[Morpheme], at: int) -> bool:
    return at > 0 and pieces[at - 1].pos[0] == "助詞" and pieces[at - 1].surface in {"て", "で"}


_DIGIT_WORDS = {word: str(i) for i, word in enumerate("零一二三四五六七八九十")} | {"〇": "0"}


def _is_number(piece: Morpheme) -> bool:
    return piece.pos[1] == "数詞" and (
        piece.norm in _DIGIT_WORDS or _DIGITS.fullmatch(piece.norm) is not None
    )


def _value(piece: Morpheme) -> str:
    return _tidy(_DIGIT_WORDS.get(piece.norm, piece.norm))


def _tidy(number: str) -> str:
    if number.count(".") == 1:
        number = number.rstrip("0").rstrip(".")
    return number.lstrip("0") or "0"


def _is_day(month: str, day: str) -> bool:
    return month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31
