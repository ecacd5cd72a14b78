"""What a search shows about its own first hit, as numbers that mean the same in every shop.

Each feature is bounded and needs no unit; a side that found nothing gives 0. The confidence's weights
belong to these names (`NAMES`), in this order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.signals.cues import load, read
from kb.entry import Entry
from kb.fuse import SIDES
from kb.search import Found, Hit, Knowledge
from kb.words import Term, Words

NAMES = (
    "question_vector",
    "question_vector_gap",
    "answer_vector",
    "answer_vector_gap",
    "score",
    "gap",
    "spread",
    "covered_by_question",
    "covered",
    "uncovered_rare",
    "uncovered_name_or_number",
    "negation_differs",
    "agreement",
    "own_case",
    "length",
    "unknown",
    "entry_covered",
    "joint",
    "joint_gap",
)
WEIGHT = {"name": 2.0, "place": 2.0, "number": 1.5, "content": 1.0, "negation": 0.0, "question": 0.3}


@dataclass(frozen=True, slots=True)
class Forms:
    """An entry's words: of its questions, of all it says, and of each question; do its questions deny?"""

    asked: frozenset[str]
    said: frozenset[str]
    by_question: tuple[frozenset[str], ...]
    denies: bool


@lru_cache(maxsize=20_000)
def _rest(text: str, words: Words) -> frozenset[str]:
    return frozenset(words.terms(text))


def forms(entry: Entry, knowledge: Knowledge) -> Forms:
    """Read from the index, where an entry was analysed once: doing it again takes as long as an encode."""
    questions, answer = knowledge.forms(entry)
    by_question = tuple(map(frozenset, questions))
    asked = frozenset[str]().union(*by_question)
    denies = sum(not knowledge.words.denials.isdisjoint(q) for q in by_question) * 2 > len(by_question)
    rest = _rest(" ".join([entry.category or "", *entry.tags]), knowledge.words)
    return Forms(asked, asked | frozenset(answer) | rest, by_question, denies)


def uncovered(terms: tuple[Term, ...], hit: Hit, knowledge: Knowledge) -> list[Term]:
    """The turn's decisive words that the hit's entry mentions nowhere, rarest first."""
    said = forms(hit.entry, knowledge).said
    lost = [t for t in terms if t.kind in ("content", "name", "place", "number") and t.form not in said]
    return sorted(lost, key=lambda t: -WEIGHT[t.kind] * knowledge.rarity(t.form))


def features(found: Found, knowledge: Knowledge) -> npt.NDArray[np.float64]:
    """One row over `NAMES`; zeros when nothing was found."""
    row = dict.fromkeys(NAMES, 0.0)
    if found.hits:
        row |= _sides(found.hits) | _words(found, knowledge)
    row["own_case"] = min(2.0, read(found.query.text.original, load("own")).score("own"))
    return np.array([row[name] for name in NAMES])


def _sides(hits: tuple[Hit, ...]) -> dict[str, float]:
    first, others = hits[0], hits[1:]
    scores = [h.score for h in hits]
    row = {"score": scores[0], "gap": scores[0] - scores[1] if others else scores[0]}
    row["spread"] = scores[0] - (sum(scores[1:]) / len(others) if others else 0.0)
    for side in ("question_vector", "answer_vector", "joint"):
        mine = first.parts.get(side, 0.0)
        row[side] = mine
        row[f"{side}_gap"] = mine - max((h.parts.get(side, 0.0) for h in others), default=0.0)
    heard = [side for side in SIDES if any(side in h.parts for h in hits)]
    best = [side for side in heard if first.parts.get(side, 0.0) >= max(h.parts.get(side, 0.0) for h in hits)]
    row["agreement"] = len(best) / len(heard) if heard else 0.0
    return row


def _words(found: Found, knowledge: Knowledge) -> dict[str, float]:
    terms = tuple(found.query.terms)
    first = found.hits[0]
    entry = forms(first.entry, knowledge)
    weight = {t.form: WEIGHT[t.kind] * knowledge.rarity(t.form) for t in terms}
    total = sum(weight.values()) or 1.0
    lost = uncovered(terms, first, knowledge)
    said = set(weight)
    return {
        "covered_by_question": sum(w for form, w in weight.items() if form in entry.asked) / total,
        "covered": sum(w for form, w in weight.items() if form in entry.said) / total,
        "uncovered_rare": max((weight[t.form] for t in lost), default=0.0) / 10,
        "uncovered_name_or_number": min(2.0, float(sum(t.kind in ("name", "place", "number") for t in lost))),
        "negation_differs": float(any(t.kind == "negation" for t in terms) != entry.denies),
        "length": math.log1p(len(terms)),
        "unknown": sum(knowledge.rarity(form) >= knowledge.rarity("") for form in said) / max(1, len(said)),
        "entry_covered": max((len(said & of) / len(of) for of in entry.by_question if of), default=0.0),
    }
