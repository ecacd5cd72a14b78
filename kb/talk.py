"""One past conversation, read for the knowledge base: what was asked, what agents told, whose case it was.

Everything is masked before anything else looks at it. The phrase lists are in `talk.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.mask import MARKS, mask
from kb.numbers import plain
from kb.text import normalise
from kb.transcript import Message, Transcript

PRIVATE_FROM = 1.0
"""A conversation whose signs of a customer's own case add up to this is left out: one reference number or
one exception is enough, and so are two weaker signs."""

_MARK = re.compile("|".join(map(re.escape, MARKS.values())))
_ADDRESSED = re.compile(r"^(?:〔氏名〕(?:様|さま|さん)[、,\s]*)+")
_OF_A_PERSON = re.compile(r"〔氏名〕(?:様|さま|さん)(?:の|に|が|は(?!、))")
_SENTENCE = re.compile(r"(?:[^。！!？?\n♪.]|\.(?!\s))+(?:[。！!？?♪]+|\.(?=\s)|\.$)?|\n")
_STAFF = re.compile(r"担当者?\s?[（(:：]\s?([^（）()]{1,12})[）)]?")


@dataclass(frozen=True, slots=True)
class Talk:
    """`asked`: what the shopper wanted to know before a person answered, masked, courtesy left out.
    `told`: the agents' sentences that say something, masked, names and greetings left out; those of the
    first answer come first and are `first` many. `bot`: what the bot had said. `hidden`: the personal data
    that was masked, for a last check that none of it comes out."""

    id: str
    asked: tuple[str, ...]
    told: tuple[str, ...]
    first: int
    bot: tuple[str, ...]
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Lists:
    reference: re.Pattern[str]
    case_agent: tuple[tuple[re.Pattern[str], float], ...]
    case_shopper: tuple[tuple[re.Pattern[str], float], ...]
    courtesy: re.Pattern[str]
    lead_in: re.Pattern[str]
    no_question: re.Pattern[str]
    greeting: re.Pattern[str]
    outdated: re.Pattern[str]
    ended: re.Pattern[str]


@lru_cache(maxsize=1)
def lists() -> _Lists:
    """The phrase lists, compiled."""
    data = json.loads((Path(__file__).parent / "talk.json").read_text(encoding="utf-8"))
    return _Lists(
        re.compile("|".join(data["reference"])),
        tuple((re.compile(pattern), weight) for pattern, weight in data["case_agent"].items()),
        tuple((re.compile(pattern), weight) for pattern, weight in data["case_shopper"].items()),
        re.compile("|".join(data["courtesy_agent"])),
        re.compile(data["lead_in"]),
        re.compile(data["not_a_question"], re.IGNORECASE),
        re.compile(data["greeting"]),
        re.compile("|".join(data["outdated"])),
        re.compile("|".join(data["ended"])),
    )


def read(transcript: Transcript) -> Talk | None:
    """What can be learnt from a conversation; None if no person answered, or if it was about a customer's
    own order, account or case."""
    hidden: set[str] = set()
    messages = [Message(m.who, _masked(m.text, hidden)) for m in transcript.messages]
    for message in transcript.messages:
        if message.who == "system":
            hidden.update(match[1].strip() for match in _STAFF.finditer(message.text))
    at = next((i for i, m in enumerate(messages) if m.who == "agent"), None)
    if at is None or private(messages) >= PRIVATE_FROM:
        return None
    asked = tuple(question for m in messages[:at] if m.who == "shopper" and (question := _question(m.text)))
    answers = list(_answers(messages[at:]))
    told = [sentence for answer in answers for sentence in answer]
    if not asked or not told:
        return None
    bot = tuple(m.text for m in messages[:at] if m.who == "bot")
    return Talk(transcript.id, asked, tuple(dict.fromkeys(told)), len(answers[0]), bot, frozenset(hidden))


def masked(transcript: Transcript) -> list[Message]:
    """A conversation's messages without personal data."""
    return [Message(message.who, mask(message.text).text) for message in transcript.messages]


def private(messages: Iterable[Message]) -> float:
    """How surely a (masked) conversation is about somebody's own case; see `PRIVATE_FROM`."""
    known = lists()
    total = 0.0
    kinds: set[str] = set()
    for message in messages:
        if message.who == "system":
            continue
        if known.reference.search(plain(message.text)):
            return PRIVATE_FROM
        if message.who == "bot":
            continue
        for pattern, weight in known.case_agent if message.who == "agent" else known.case_shopper:
            if pattern.pattern not in kinds and pattern.search(message.text):
                kinds.add(pattern.pattern)
                total += weight
        if message.who == "agent":
            words = _ADDRESSED.sub("", message.text)
            rest = [m for m in _MARK.findall(words) if m != MARKS["name"]]
            total += 0.6 * bool(rest) + 0.5 * bool(_OF_A_PERSON.search(message.text))
    return total


def _masked(text: str, hidden: set[str]) -> str:
    found = mask(text)
    hidden.update(text[span.start : span.end] for span in found.spans)
    return found.text


def sentences(text: str) -> list[str]:
    """A text's sentences, marks included."""
    return [part for match in _SENTENCE.finditer(text) if (part := match.group().strip())]


def _question(text: str) -> str:
    """A shopper's message without greeting, name and emoji; empty if nothing is asked."""
    kept = []
    for sentence in sentences(_bare(text)):
        asked = lists().greeting.sub("", sentence).strip("、 　")
        if asked and not _MARK.search(asked) and not lists().no_question.match(asked):
            kept.append(asked)
    return " ".join(kept) if all(part.isascii() for part in kept) else "".join(kept)


def _bare(text: str) -> str:
    """Without emoji and kaomoji."""
    bare, done = "", 0
    for aside in normalise(text).asides:
        bare += text[done : aside.start]
        done = max(done, aside.end)
    return bare + text[done:]


def _answers(messages: list[Message]) -> Iterator[list[str]]:
    """The agents' answers, the first one whole: a question back and what follows it belong to it."""
    answer: list[str] = []
    settled = False
    for message in messages:
        if message.who == "agent":
            asks_back = sentences(message.text)[-1:] and sentences(message.text)[-1].endswith(("？", "?"))
            answer += facts_of(message.text)
            settled = bool(answer) and not asks_back
        elif message.who == "shopper" and settled:
            yield answer
            answer, settled = [], False
    if answer:
        yield answer


def facts_of(text: str) -> list[str]:
    """An agent's sentences that say something, word for word."""
    known = lists()
    kept = []
    for sentence in sentences(text):
        said = known.lead_in.sub("", _ADDRESSED.sub("", known.lead_in.sub("", sentence)))
        core = said.rstrip("。！!♪ ")
        if not core or _MARK.search(core) or known.courtesy.search(core) or core.isascii():
            continue
        kept.append(said if said[-1] in "。！!" else said + "。")
    return kept
