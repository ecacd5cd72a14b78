"""「XではなくY」 asks about Y: the part that the writer sets aside is cut out before searching.

Neither words nor vectors see the negation: they find the entry about X. Only forms that oppose two things
count; 「新品ではないのですが」 states a fact and stays, and 「XだけでなくY」 asks about both.
"""

from __future__ import annotations

import re

from kb.words import Morpheme, morphemes

_OPPOSED = re.compile(
    r"(?:(?:の)?こと|の?(?:話|件))?(?:では|じゃ|で)なく(?:て)?[、,]?(?!な[るっ]|し|て?も|とも|ちゃ|て?は)"
    r"|(?:では|じゃ)(?:ない|無い)(?=(?:方|ほう|普通|ふつう|別|他|ほか|通常)(?!の?(?:が|に)いい))(?:方の?|ほうの?)?"
)
_BOUNDARY = frozenset("はがをもにでへと")
_BOTH = frozenset(("だけ", "ばかり", "のみ", "しか"))
LEAST = 3  # characters that must remain on Y's side


def set_aside(text: str) -> tuple[int, int] | None:
    """The range of a normalised text that it sets aside, None when there is none."""
    found = _OPPOSED.search(text)
    if found is None or len(text) - found.end() < LEAST:
        return None
    start = _begin(morphemes(text[: found.start()]))
    return None if start is None else (start, found.end())


def _begin(before: list[Morpheme]) -> int | None:
    """Where X begins: after the last mark or the last particle that a predicate governs."""
    if not before or before[-1].surface in _BOTH:
        return None
    for at in range(len(before) - 1, -1, -1):
        piece = before[at]
        mark = piece.pos[0] in ("補助記号", "空白")
        particle = piece.pos[0] == "助詞" and piece.surface in _BOUNDARY and at < len(before) - 1
        if mark or particle:
            return piece.end if at < len(before) - 1 else None
    return 0
