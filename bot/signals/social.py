"""Is nothing but courtesy said? Thanks, a greeting, a farewell, an acknowledgement.

The test is by removal: take every courteous phrase and filler out of the text; if words remain,
the turn asks for something, and a greeting before a question never hides the question.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files

from kb.text import normalise

LONGEST = 80  # characters; a longer text is never mere courtesy
ASKS = re.compile(r"[?？]|(です|ます|でしょう|ますでしょう)か(?!ね)")
NO_QUESTION = re.compile(r"そう(なん)?ですか|そうでしたか|そうなのか|いかがお過ごしですか")
REST = re.compile(r"[\W_ー〜~]+")


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str]]:
    raw = json.loads(files("bot.signals").joinpath("social.json").read_text("utf-8"))
    kinds = tuple(
        (kind, re.compile("|".join(f"(?:{p})" for p in patterns))) for kind, patterns in raw["phrases"].items()
    )
    return kinds, re.compile("|".join(f"(?:{p})" for p in raw["fillers"]))


def social(text: str) -> str | None:
    """`thanks`, `greeting`, `farewell` or `ack` if the text says nothing else, else None.

    Emoji and kaomoji alone are an acknowledgement: there is nothing to search for.
    """
    seen = normalise(text)
    if len(seen.text) > LONGEST:
        return None
    plain = seen.text.lower()
    if ASKS.search(NO_QUESTION.sub("", plain)):
        return None
    if not REST.sub("", plain):
        return "ack" if seen.asides else None
    kinds, fillers = _phrases()
    found: list[str] = []
    for kind, pattern in kinds:
        plain, times = pattern.subn(" ", plain)
        if times:
            found.append(kind)
    if not found:
        return None
    rest = REST.sub("", fillers.sub("", plain))
    return found[0] if not rest else None
