"""Verdict → the words: an entry's approved answer, or one of the bot's own fixed sentences.

Nothing else is ever said. Around an answer stands at most one fixed sentence.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.decision import Mood, Offer, Turn
from bot.gate import Verdict
from bot.words import has, say
from kb.entry import Entry

JAPANESE = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾟ一-龠々]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def language(turn: Turn) -> str:
    """The language to reply in: what the shopper writes decides, then the conversation's locale."""
    if JAPANESE.search(turn.text):
        return "ja"
    if len(LATIN_WORD.findall(turn.text)) >= 2:
        return "en"
    return turn.locale if turn.locale in ("ja", "en") else "ja"


def compose(turn: Turn, verdict: Verdict, mood: Mood) -> tuple[str, tuple[Offer, ...]]:
    """What the shopper reads, and the questions that are offered."""
    locale = language(turn)
    if verdict.kind == "answer":
        return _answer(verdict.hits[0].entry, mood, locale), ()
    if verdict.kind == "offer":
        offers = tuple(Offer(hit.entry.id, question(hit.entry, locale)) for hit in verdict.hits)
        return say(verdict.words, locale), offers
    if verdict.kind == "social":
        return say(verdict.words, locale), ()
    if turn.on_duty:
        return say(verdict.words if has(verdict.words, locale) else verdict.kind, locale), ()
    return away(verdict.words, verdict.kind, locale, turn.back_at), ()


def question(entry: Entry, locale: str) -> str:
    translation = entry.translations.get(locale)
    return translation.question if translation else entry.question


def away(words: str, kind: str, locale: str, back_at: datetime | None = None) -> str:
    """The honest sentence when nobody can come, with the time from which somebody will (shop-local)."""
    key = next(k for k in (f"{words}_away", f"{kind}_away") if has(k, locale))
    text = say(key, locale)
    if back_at is None:
        return text
    when = (
        f"{back_at.month}月{back_at.day}日 {back_at:%H:%M}" if locale == "ja" else f"{back_at:%H:%M on %d %B}"
    )
    return text + ("" if locale == "ja" else " ") + say("back_at", locale, when=when)


def _answer(entry: Entry, mood: Mood, locale: str) -> str:
    translation = entry.translations.get(locale)
    words = translation.answer if translation else entry.answer
    if mood.label == "upset":
        return f"{say('upset_first', locale)}\n\n{words}"
    if locale != "ja" and translation is None:
        return f"{say('answer_japanese_only', locale)}\n\n{words}"
    return words
