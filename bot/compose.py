"""Verdict → the words: an entry's approved answer, or one of the bot's own fixed sentences.

Nothing else is ever said. An answer is the entry's translation into the shopper's language, else its
Japanese words; before it stands at most one fixed sentence, in the shopper's language.
"""

from __future__ import annotations

from datetime import datetime

from bot.decision import Mood, Offer, Turn
from bot.gate import Verdict
from bot.words import has, say, until
from kb.entry import Entry, Translation
from kb.tongue import Tongue, primary, tongue, tongues


def language(turn: Turn) -> Tongue:
    """The language to reply in: that of the turn's words, else of the shopper's words before, else the
    conversation's locale. A chosen question was worded by the shop: there what the shopper typed counts."""
    said = [each.text for each in turn.history if each.who == "shopper"]
    if turn.chosen is None:
        return tongue(turn.text, said, turn.locale)
    typed = [text for text in said if "ja" not in tongues(text)]  # earlier choices are among `said`, too
    return tongue("", typed or said, turn.locale)


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


def translation(entry: Entry, locale: str) -> Translation | None:
    """The entry's words in `locale`: stored under that very name, else under one of its kinds (`zh-TW`)."""
    if locale in entry.translations:
        return entry.translations[locale]
    kinds = sorted(name for name in entry.translations if primary(name) == locale)
    return entry.translations[kinds[0]] if kinds else None


def question(entry: Entry, locale: str) -> str:
    """The entry's question in `locale`, else as it was written."""
    translated = translation(entry, locale)
    return translated.question if translated else entry.question


def away(words: str, kind: str, locale: str, back_at: datetime | None = None) -> str:
    """The honest sentence when nobody can come, with the time from which somebody will (shop-local)."""
    key = next(k for k in (f"{words}_away", f"{kind}_away") if has(k, locale))
    text = say(key, locale)
    return text if back_at is None else until(text, back_at, locale)


def _answer(entry: Entry, mood: Mood, locale: str) -> str:
    translated = translation(entry, locale)
    words = translated.answer if translated else entry.answer
    foreign = locale != "ja" and translated is None
    if mood.label == "upset":
        return f"{say('upset_japanese_only' if foreign else 'upset_first', locale)}\n\n{words}"
    return f"{say('answer_japanese_only', locale)}\n\n{words}" if foreign else words
