"""How something is said, beside what: marks, politeness, length, and what was said before.

Features for the heads: each a small number, named, the same for mood, wish and topic.
"""

from __future__ import annotations

import re

from bot.decision import Said
from bot.signals.cues import prepare

POLITE = re.compile(r"です|ます|ました|ません|ください|下さい|でしょう|いただ|頂|ござい")
ROUGH = re.compile(
    r"だろ|じゃね[えー]|んだよ|よな[。!]?$|やが[っる]|ろよ|ぞ[。!]?$|のか[。!]?$|か!|な!|だ!|んな[。!]?$|てんの"
)
ASKS = re.compile(r"(ます|です|でしょう|ません)?か[?。! ]*$|\?\s*$")
WANTS = re.compile(
    r"(て|で)(ください|下さい)|お願い|たい(です|の)?|教え|知り|探し|ほし|欲し|方法|やり方|どこ|いくら|いつから"
)
KIND = re.compile(
    r"ありがと|助か[りっ]|すみません|恐れ入|よろしく|うれし|嬉し|安心|了解|わかりまし|楽しみにして(い)?ます|大丈夫です|かまい|構い"
)
YET = re.compile(r"のに|けど|んですが|のですが|はずな|はずで|くせに")
LATIN = re.compile(r"[a-z]{3}")
SORRY = re.compile(r"申し訳|お詫び|ご不便|恐れ入り|sorry")
CANNOT = re.compile(r"ません|かね(ます|る)|対象外|cannot|can't")
LATER = re.compile(r"お待ち|確認|調査|順番|混み合|wait")
PERSON = re.compile(
    r"(担当|スタッフ|オペレーター|係|専門)[^。]{0,14}(つな|繋|代わ|引き継|相談|お呼び)|connect you|a person"
)
DONE = re.compile(r"ほかに|他に|anything else")

NAMES = """
    bang bangs question dots stop polite rough length short asks wants kind yet latin aside laughs
    has_history said_twice said_thrice bot_sorry bot_cannot bot_later by_agent proposed_person
    asked_back anything_else polite_drop bot_repeats
""".split()


def manner(text: str, history: tuple[Said, ...]) -> list[float]:
    """One number for each of `NAMES`."""
    ready = prepare(text)
    plain = ready.lower.strip()
    own = [said.text for said in history if said.who == "shopper"]
    others = [said for said in history if said.who != "shopper"]
    last = others[-1].text if others else ""
    polite = bool(POLITE.search(plain))
    return [
        float(value)
        for value in (
            "!" in plain,
            plain.count("!") >= 2,
            "?" in plain,
            "…" in plain or "..." in plain or "・・" in plain,
            plain.endswith("。"),
            polite,
            bool(ROUGH.search(plain)),
            min(len(plain), 120) / 60,
            len(plain) <= 6,
            bool(ASKS.search(plain)),
            bool(WANTS.search(plain)),
            bool(KIND.search(plain)),
            bool(YET.search(plain)),
            bool(LATIN.search(plain)),
            bool(ready.seen.asides),
            any(aside.kind == "laugh" for aside in ready.seen.asides) or "笑" in plain,
            bool(history),
            len(own) >= 2,
            len(own) >= 3,
            bool(SORRY.search(last)),
            bool(CANNOT.search(last)),
            bool(LATER.search(last)),
            bool(others) and others[-1].who == "agent",
            bool(PERSON.search(last)),
            last.rstrip().endswith(("か。", "か", "か?", "か？", "?")),
            bool(DONE.search(last)),
            not polite and any(POLITE.search(each) for each in own),
            len(others) >= 2 and others[-1].text == others[-2].text,
        )
    ]
