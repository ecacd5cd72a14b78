"""Which language is a text written in: Japanese, English, Chinese or Korean?

Told by script and by function words, for texts of any length down to one word. Kana with a particle or a
verb's ending make a text Japanese whatever names stand in it; hangul makes it Korean. Characters that both
Japanese and Chinese write (「使用方法」) decide nothing: Chinese needs a function word, or a character that
no Japanese character set holds. What decides nothing is read as the conversation before it was.

`tongue.json` holds the patterns and words, for text in `kb.text.normalise`'s spelling: `chinese`, each
enough in a text without kana; `japanese`, the grammar that names lack; `romaji`; and English words:
`function` and `common` ones, and `borrowed` ones, which Japanese shoppers type as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

from kb.text import normalise

Tongue = Literal["ja", "en", "zh", "ko"]
TONGUES: tuple[Tongue, ...] = get_args(Tongue)

_LOOKED_AT = 400  # characters; the language shows long before
_MOST_WORDS = 5  # so many Latin words are a sentence, and English, whatever they are
_KANA = re.compile("[ぁ-ゖァ-ヺ]")
_HAN = re.compile("[々一-鿿㐀-䶿]")
_HANGUL = re.compile("[가-힣ᄀ-ᇿㄱ-ㆎ]")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_WORD = re.compile(r"(?<![a-z0-9])[a-z][a-z']*(?![a-z0-9])")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")
_QUOTED = re.compile(r"「[^」]*」|『[^』]*』|\"[^\"]*\"")


class _Signs(NamedTuple):
    chinese: re.Pattern[str]
    japanese: re.Pattern[str]
    romaji: re.Pattern[str]
    function: frozenset[str]
    common: frozenset[str]
    borrowed: frozenset[str]


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    raw = json.loads(files("kb").joinpath("tongue.json").read_text("utf-8"))
    return _Signs(
        re.compile("|".join(raw["chinese"])),
        re.compile("|".join(raw["japanese"])),
        re.compile(rf"\b(?:{'|'.join(raw['romaji'])})\b"),
        *(frozenset(raw[name]) for name in ("function", "common", "borrowed")),
    )


def tongue(text: str, before: Iterable[str] = (), locale: str = "ja") -> Tongue:
    """The language of `text`, the likeliest where the text alone does not tell.

    Then the last of `before` (what the same person wrote earlier, oldest first) that could be in the same
    language decides, then `locale` where it is another than Japanese: a shop's page says `ja` to everyone.
    """
    possible = tongues(text)
    if len(possible) == 1:
        return possible[0]
    for earlier in reversed(list(before)):
        told = tongues(earlier)
        if len(told) == 1 and told[0] in possible:
            return told[0]
    wished = primary(locale)
    return wished if wished is not None and wished != "ja" and wished in possible else possible[0]


def primary(locale: str) -> Tongue | None:
    """The language of a locale such as `zh-TW`, or None where it is none of ours."""
    short = re.split("[-_]", locale.lower())[0]
    return next((each for each in TONGUES if each == short), None)


@lru_cache(maxsize=256)
def tongues(text: str) -> tuple[Tongue, ...]:
    """The languages that `text` may be in, likeliest first: one where it tells, all where it says nothing."""
    plain = _ADDRESS.sub(" ", normalise(text[:_LOOKED_AT]).text)
    unquoted = _QUOTED.sub(" ", plain)
    seen = unquoted if _LETTER.search(unquoted) else plain
    if _KANA.search(seen):
        return (_with_kana(seen),)
    if _HANGUL.search(seen):
        return ("ko",)
    return _with_han(seen) if _HAN.search(seen) else _with_letters(seen)


def _with_kana(text: str) -> Tongue:
    """Japanese, unless nothing but a name is: "Do you have あんみつ?"."""
    chinese = len(_signs().chinese.findall(text)) + sum(map(_only_chinese, text)) >= 2
    if chinese and set(_KANA.findall(text)) == {"の"}:  # on Chinese shop signs it stands for 的
        return "zh"
    if _signs().japanese.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    if chinese:
        return "zh"
    return "en" if _count(text, _signs().function) >= 2 else "ja"


def _with_han(text: str) -> tuple[Tongue, ...]:
    japanese, chinese = (sum(map(only, text)) for only in (_only_japanese, _only_chinese))
    if _signs().chinese.search(text) or chinese > japanese:
        return ("zh",)
    if _count(text, _signs().function) >= 2:
        return ("en",)
    return ("ja",) if japanese else ("ja", "zh")


def _with_letters(text: str) -> tuple[Tongue, ...]:
    """Latin letters or none. Names of goods and ways to pay (Apple Pay) are typed by everyone; a text in
    yet another script is answered in English."""
    signs, words = _signs(), len(_LATIN_WORD.findall(text))
    if signs.romaji.search(text):
        return ("ja",)
    if _count(text, signs.function | signs.common | signs.borrowed) >= 2 or words >= _MOST_WORDS:
        return ("en",)
    if _count(text, signs.common) or (not words and len(_LETTER.findall(text)) >= 3):
        return ("en", "ja", "zh", "ko")
    return TONGUES


def _count(text: str, known: frozenset[str]) -> int:
    return sum(word in known for word in _LATIN_WORD.findall(text))


@lru_cache(maxsize=8192)
def _only_japanese(char: str) -> bool:
    """Is it a character that Japanese sets hold and the common Chinese ones do not (売, 円)?"""
    if not _HAN.match(char) or not _in("cp932", char):
        return False
    return not (_in("gb2312", char) or _in("big5", char))


@lru_cache(maxsize=8192)
def _only_chinese(char: str) -> bool:
    """Is it a character that the common Chinese sets hold and no Japanese one does (这, 货)?"""
    if not _HAN.match(char) or _in("cp932", char) or _in("shift_jis_2004", char):
        return False
    return _in("gb2312", char) or _in("big5", char)


def _in(charset: str, char: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
