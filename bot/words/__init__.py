"""The bot's own fixed wording, by locale: all it may say besides approved answers."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from kb.tongue import TONGUES

LOCALES: tuple[str, ...] = TONGUES
_SPACED = ("en", "ko")  # a space stands between sentences


@lru_cache(maxsize=len(LOCALES))
def _wording(locale: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(files("bot.words").joinpath(f"{locale}.json").read_text("utf-8"))
    return raw


def say(key: str, locale: str = "ja", **parts: str) -> str:
    """The sentence `key` in `locale` (Japanese where the locale is not one of ours).

    Raises KeyError for an unknown key: a missing sentence is a defect, not a reason for silence.
    """
    text = str(_wording(locale if locale in LOCALES else "ja")[key])
    return text.format(**parts) if parts else text


def until(sentence: str, back_at: datetime, locale: str = "ja") -> str:
    """`sentence` with the one that tells from when somebody will be there (`back_at`, shop-local)."""
    when = say("when", locale).format(at=back_at)
    return f"{sentence}{' ' if locale in _SPACED else ''}{say('back_at', locale, when=when)}"


def reason(code: str, locale: str = "ja", **parts: str) -> str:
    """The sentence that explains a reason code to staff."""
    text = str(_wording(locale if locale in LOCALES else "ja")["reasons"][code])
    return text.format(**parts) if parts else text


def has(key: str, locale: str = "ja") -> bool:
    return key in _wording(locale if locale in LOCALES else "ja")
