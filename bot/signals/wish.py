"""Does the shopper want a person? Direct, indirect, or by saying yes to the bot's own proposal."""

from __future__ import annotations

import re

from bot.decision import Said, Wish
from bot.signals.cues import load, prepare, read
from bot.signals.foreign import joined
from bot.signals.heads import Meaning, judge
from bot.signals.manner import PERSON

ENOUGH = 1.0  # sum of weights, where only the rules speak
LIKELY = 0.5  # probability, where the head speaks
BACKED = 0.25  # the same for a text that the rules call a wish too
LONGEST = 40  # characters of evidence
YES = re.compile(
    r"^(はい|うん|ええ|ぜひ|是非|では|じゃあ?|そう|それ|ok|okay|yes|sure|please|お願い|おねがい|頼|つな|繋|待)"
    r"[^?]{0,20}$|^[^?]{0,8}(お願い|おねがい)(し|致|いた)?(ま)?す?[^?]{0,4}$|^[^?]{0,10}待(ち|って(い)?)(ます|も)"
)
NO = re.compile(
    r"いいえ|いえ|いや|まだ|結構|けっこう|大丈夫|いらない|不要|自分で|違|それより|その前|考え|やめ|\bno\b"
    r"|(何|どの|どれ)(分|くらい|ぐらい)(?!でも)|ですか|ますか"
)
OFFERED = re.compile(r"[转轉]接工作人|담당자에게 연결")  # the bot's own proposal in Chinese, Korean
AGREED = re.compile(
    r"(?:(?:好的?|行|可以|是的?|[对對]|嗯+|要|需要|麻[烦煩](?:了|[您你]了?)?|[请請]?[帮幫]?我?[转轉]接?(?:吧|一下)?|拜[托託]了?|[谢謝]{2}"
    r"|네+|예|넵|응|그래요?|좋아요?|부탁[가-힣]{0,6}|연결 ?(?:좀 ?)?(?:해|부탁)[가-힣 ]{0,6})[,. !~]*){1,3}"
)


def wish(text: str, history: tuple[Said, ...] = (), meaning: Meaning | None = None) -> Wish:
    """Whether a person is wanted. `score` in [0, 1]. A yes to the bot's own proposal is a wish.

    Without `meaning`, or with that of another encoder than the head's, the rules decide alone.
    """
    if accepts(text, history):
        return Wish(True, 0.9, text.strip()[:LONGEST])
    reading = read(text, load("wish"))
    chances = judge("wish", reading, text, history, meaning)
    reading = joined(reading, text)
    weight = reading.score("human")
    if chances is None:
        human = weight >= ENOUGH
        score = min(1.0, 0.5 + 0.3 * weight) if human else max(0.0, min(0.45, 0.45 * weight))
    else:
        score = chances["True"]
        human = score >= (BACKED if weight >= ENOUGH else LIKELY)
    return Wish(human, score, reading.evidence.get("human", text.strip()[:LONGEST]) if human else None)


def accepts(text: str, history: tuple[Said, ...]) -> bool:
    """Is this a yes to a proposal, made by the last words of bot or agent, to connect a person?"""
    if not history or history[-1].who == "shopper":
        return False
    offer, plain = history[-1].text, prepare(text).lower.strip(" 。、.!")
    if OFFERED.search(offer) and AGREED.fullmatch(plain):
        return True
    return bool(PERSON.search(offer) and YES.search(plain)) and not NO.search(plain)
