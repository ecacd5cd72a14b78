"""Does the shopper want a person? Direct, indirect, or by saying yes to the bot's own proposal."""

from __future__ import annotations

import re

from bot.decision import Said, Wish
from bot.signals.cues import load, read
from kb.text import normalise

ENOUGH = 1.0
PROPOSED = re.compile(r"(担当|スタッフ|オペレーター|係)(者|の者)?[^。]{0,12}(つな|繋|代わ|引き継|相談|お呼び)|connect you|a person")
YES = re.compile(
    r"^(はい|うん|ええ|ぜひ|是非|では|じゃあ?|そう|それ|ok|okay|yes|お願い|おねがい|頼|つな|繋)"
    r"[^?]{0,16}$|^[^?]{0,6}(お願い|おねがい)(し|致|いた)?(ま)?す?[^?]{0,4}$"
)


def wish(text: str, history: tuple[Said, ...] = ()) -> Wish:
    """Whether a person is wanted. `score` in [0, 1]: one decisive phrase is enough for .8."""
    reading = read(text, load("wish"))
    weight = reading.score("human")
    if weight >= ENOUGH:
        return Wish(True, min(1.0, 0.5 + 0.3 * weight), reading.evidence["human"])
    if _accepts(text, history):
        return Wish(True, 0.9, text.strip()[:40])
    return Wish(False, min(0.45, 0.45 * weight), None)


def _accepts(text: str, history: tuple[Said, ...]) -> bool:
    said = [turn for turn in history if turn.who != "shopper"]
    if not history or not said or history[-1].who == "shopper" or not PROPOSED.search(history[-1].text):
        return False
    return bool(YES.search(normalise(text).text.lower().strip(" 。、.!")))
