"""Is nothing but courtesy said? Thanks, a greeting, a farewell, an acknowledgement.

The test is by removal: take every courteous phrase and filler out of the text; if words remain,
the turn asks for something, and a greeting before a question never hides the question.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files

from bot.decision import Said
from bot.signals.cues import prepare

LONGEST = 80  # characters; a longer text is never mere courtesy
ASKS = re.compile(r"[?？]|(です|ます|でしょう|ますでしょう)か(?!ね)")
NO_QUESTION = re.compile(r"そう(なん)?ですか|そうでしたか|そうなのか|いかがお過ごしですか|在[吗嗎]\??")
REST = re.compile(r"[\W_ー〜~]+")
ASKED = re.compile(r"(か|か。|かね|[?？]|ください|下さい|できます|いたします)[。\s]*$")
CLOSING = re.compile(r"(ほか|他)に|anything else|其他|다른")
DISLIKE = re.compile(r"[👎😠😡🤬😢😭😞😔😤😩😫🙄😒💔💢]")


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str]]:
    raw = json.loads(files("bot.signals").joinpath("social.json").read_text("utf-8"))
    kinds = tuple(
        (kind, re.compile("|".join(f"(?:{p})" for p in patterns)))
        for kind, patterns in raw["phrases"].items()
    )
    return kinds, re.compile("|".join(f"(?:{p})" for p in raw["fillers"]))


def social(text: str, history: tuple[Said, ...] = ()) -> str | None:
    """`thanks`, `greeting`, `farewell` or `ack` if the text says nothing else, else None.

    Emoji and kaomoji alone are an acknowledgement: there is nothing to search for. A mere 「はい」 after a
    question or proposal is its answer, so None; after 「ほかにご質問は」 it is courtesy again.
    """
    ready = prepare(text)
    if len(ready.lower) > LONGEST:
        return None
    found = _courtesy(ready.lower, ready.aside)
    return None if found == "ack" and _answers(history) else found


def _courtesy(plain: str, aside: str) -> str | None:
    if ASKS.search(NO_QUESTION.sub("", plain)):
        return None
    if not REST.sub("", plain):
        return "ack" if aside and not DISLIKE.search(aside) else None
    kinds, fillers = _phrases()
    found: list[str] = []
    for kind, pattern in kinds:
        plain, times = pattern.subn(" ", plain)
        if times:
            found.append(kind)
    if not found:
        return None
    return None if REST.sub("", fillers.sub("", plain)) else found[0]


def _answers(history: tuple[Said, ...]) -> bool:
    """Did the other side end on a question or proposal?"""
    if not history or history[-1].who == "shopper":
        return False
    last = history[-1].text
    return bool(ASKED.search(last)) and not CLOSING.search(last)
