"""Drafts of a proposal in people's own words: the question as shoppers ask it, the answer as agents wrote it.

Nothing is made up here: sentences are chosen, never changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.entry import Entry
from kb.groups import Weights
from kb.mask import mask
from kb.talk import Talk, sentences

LONGEST_QUESTION = 120


def clean(text: str, hidden: frozenset[str]) -> bool:
    """Is there no personal data in it? The names that were masked elsewhere count, too."""
    return not mask(text).spans and not any(len(name) > 1 and name in text for name in hidden)


_QUESTION = re.compile(
    r"[?？]|(?:か|の|たい|たいです|ほしい|ください|方法|ますか|ない)[。！!〜～…]*$|教えて|知りたい|探して"
)


def question_of(
    group: Sequence[Talk], supported: Mapping[str, float], words: Weights, hidden: frozenset[str]
) -> str:
    """The wording among the shoppers' that says best what all of them ask."""
    counts = Counter(form for talk in group for form in words.of("".join(talk.asked)))
    best, most = "", -1.0
    for text in dict.fromkeys(t for talk in group for asked in talk.asked for t in _wordings(asked)):
        if not clean(text, hidden):
            continue
        weight = sum(w * ((counts[f] > 1) + (f in supported)) for f, w in words.of(text).items())
        score = weight / (12 + len(text)) ** 0.5 + 2.0 * bool(_QUESTION.search(text)) - 3.0 * text.isascii()
        if score > most:
            best, most = text, score
    return best


def _wordings(text: str) -> list[str]:
    """A message as it is, and each question in it without the story around."""
    parts = sentences(text)
    asking = [part for part in parts if _QUESTION.search(part)]
    return [wording.strip() for wording in (text, *asking) if len(wording) <= LONGEST_QUESTION]


_POINTS_BACK = re.compile(r"^(?:その|それ|この|これ|また|ただ|そのまま|なお|もし)")


def answer_of(
    group: Sequence[Talk], supported: Mapping[str, float], words: Weights, hidden: frozenset[str]
) -> list[str]:
    """One agent's answer that holds most of what all say, and sentences of others for what it lacks."""

    def gain(text: str, lacking: Mapping[str, float]) -> float:
        return sum(lacking.get(form, 0.0) for form in words.of(text))

    def usable(texts: Sequence[str]) -> list[str]:
        return [text for text in texts if clean(text, hidden) and gain(text, supported) > 0]

    first = [usable(talk.told[: talk.first]) for talk in group]
    base = max(first, key=lambda told: (gain("".join(told), supported) - 0.01 * len("".join(told)), told))
    others = [text for talk in group for text in usable(talk.told) if not _POINTS_BACK.match(text)]
    chosen = list(base)
    for _ in range(4):
        held = {form for text in chosen for form in words.of(text)}
        lacking = {form: weight for form, weight in supported.items() if form not in held}
        fresh = [text for text in others if 2 * gain(text, lacking) >= sum(words.of(text).values())]
        more = max(fresh, key=lambda text: (gain(text, lacking), text), default=None)
        if more is None or gain(more, lacking) < 0.06 * sum(supported.values()):
            break
        chosen.append(more)
    return chosen


_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(\D+)")


def _numbers(forms: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(unit, form) of each number with a unit."""
    for form in forms:
        match = _NUMBER.fullmatch(form)
        if match is not None:
            yield match[2], form


@dataclass(frozen=True, slots=True)
class Stale:
    """A sentence of an entry's answer with a number that agents now give otherwise."""

    sentence: str
    old: frozenset[str]
    new: frozenset[str]

    @property
    def change(self) -> str:
        return f"{'・'.join(sorted(self.old))}→{'・'.join(sorted(self.new))}"


def stale_in(entry: Entry, supported: Mapping[str, float], words: Weights) -> Stale | None:
    """The sentence nearest to what agents repeat that has another number of the same unit than they give
    (7日 where they say 14日), if the answer lacks theirs."""
    have = words.of(entry.answer)
    given = [(unit, form) for unit, form in _numbers(supported) if form not in have]
    found: list[tuple[float, Stale]] = []
    for sentence in sentences(entry.answer):
        bag = words.of(sentence)
        own = list(_numbers(bag))
        units = {unit for unit, _ in own} & {unit for unit, _ in given}
        if units:
            old = frozenset(form for unit, form in own if unit in units)
            new = frozenset(form for unit, form in given if unit in units)
            found.append((sum(supported.get(form, 0.0) for form in bag), Stale(sentence, old, new)))
    return max(found, key=lambda pair: (pair[0], pair[1].sentence))[1] if found else None


_RELATIVE = re.compile("今月|来月|先月|今週|来週|本日|今日|明日|今年|来年")


def corrected(
    entry: Entry,
    group: Sequence[Talk],
    stale: Stale,
    supported: Mapping[str, float],
    words: Weights,
    hidden: frozenset[str],
) -> str:
    """The entry's answer with the sentence that is no longer true in the agents' words."""
    told = [text for talk in group for text in talk.told if clean(text, hidden)]
    texts = [text for text in told if stale.new & words.of(text).keys()]
    if not texts:
        return "".join(answer_of(group, supported, words, hidden))

    def fitness(text: str) -> tuple[float, str]:
        held = sum(supported.get(form, 0.0) for form in words.of(text))
        return held - 0.02 * len(text) - 5.0 * bool(_RELATIVE.search(text)), text

    return entry.answer.replace(stale.sentence, max(texts, key=fitness), 1)
