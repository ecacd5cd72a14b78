"""The demo shop's translations: searchable ways to ask, and approved words; so they must be right."""

from __future__ import annotations

import re

import pytest

from kb.entry import Entry, read_corpus
from kb.tongue import tongues
from tests.conftest import DEMO

ENTRIES = read_corpus(DEMO).entries
ASIAN = ("zh", "ko")
TRANSLATED = [e for e in ENTRIES if not e.translations.keys().isdisjoint(ASIAN)]


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:,\d{3})*", text))


def links(text: str) -> set[str]:
    return set(re.findall(r"\]\(([^)]+)\)", text))


@pytest.mark.parametrize("entry", TRANSLATED, ids=lambda entry: entry.id)
def test_chinese_and_korean_words_are_whole(entry: Entry) -> None:
    for language in ASIAN:
        words = entry.translations[language]
        assert tongues(words.question) == tongues(words.answer) == (language,)
        assert numbers(entry.answer) <= numbers(words.answer)
        assert links(entry.answer) == links(words.answer)


def test_no_two_entries_share_a_translated_question() -> None:
    asked = [words.question for entry in ENTRIES for words in entry.translations.values()]
    assert len(TRANSLATED) >= 12
    assert len(set(asked)) == len(asked)
