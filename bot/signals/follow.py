"""Turns that need what came before: 「沖縄でも？」 after a question about postage.

Such a turn is searched twice, alone and with the question it leans on. Where both find the same entry it
is answered; where they differ, both readings are offered.
"""

from __future__ import annotations

import re

from bot.decision import Said
from kb.text import normalise

SHORT = 24  # characters; longer turns carry their own subject unless they point back
ALONE = 40  # characters; a longer turn that found nothing is just not answered
LONGEST_CARRIED = 200
POINTS_BACK = re.compile(
    r"(^|[、。 ])(そ(れ|の|ちら|こ|う|したら|の場合|れなら|れって|れは)|あれ|あの|こ(れ|の|ちら|っち)"
    r"|どっち|どちら|同じ|ほか(に|は)|他(に|は)|逆に|では|じゃあ?|なら|だったら|だと|それと|あと(は)?)"
)
LEANS = re.compile(
    r"(でも|だと|なら|だったら|は|って|も|の場合(は)?|場合|とか|のとき(は)?|の時(は)?|まで|から|以外(は)?"
    r"|じゃ(だめ|ダメ)?|では|ですか|でもいい|でも大丈夫)[?!。]*$"
)
ENGLISH = re.compile(
    r"^(and|what about|how about|then|but|is it|does it|can it|how long|how much|for )\b"
    r"|\b(it|that|this|they|those)\b"
)


def leans(text: str) -> bool:
    """Could this text be the rest of an earlier question?"""
    plain = normalise(text).text.lower().strip()
    if not plain:
        return False
    if ENGLISH.search(plain) and len(plain) <= 60:
        return True
    if POINTS_BACK.search(plain[:12]) and len(plain) <= 60:
        return True
    return len(plain) <= SHORT and bool(LEANS.search(plain) or len(plain) <= 10)


def asked_before(text: str, history: tuple[Said, ...], sure: bool = False) -> str | None:
    """The question that a turn may lean on, or None if the turn stands by itself.

    A short turn that found nothing sure by itself is taken to lean, too. Goes back over the shopper's own
    leaning turns to the last that had a subject (three at most).
    """
    if not leans(text) and (sure or len(text) > ALONE):
        return None
    before: list[str] = []
    for said in reversed([said.text for said in history if said.who == "shopper"][-3:]):
        before.insert(0, said[:LONGEST_CARRIED])
        if not leans(said):
            break
    return "\n".join(before) or None
