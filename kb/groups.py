"""Past conversations that are about one topic, found by the words and the meaning of question and answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.search import Knowledge
from kb.talk import Talk

Likeness = Callable[[Sequence[str]], NDArray[np.float32]]
"""n texts → n × n: about 0 for unrelated texts, 1 for the same (cosines after centring)."""

TOGETHER = 0.34
"""Mean likeness from which two groups are one topic. Answers about one topic share most of their words: in
the demo's month pairs of one topic lie above .33 (median .6), others below .30 (median 0)."""
BACKGROUND = 48
"""Texts of entries that stand in for other topics when few conversations are compared."""


class Weights:
    """The terms of a text and how much each tells: its rarity among the entries."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._kept: dict[str, dict[str, float]] = {}

    def of(self, text: str) -> dict[str, float]:
        if text not in self._kept:
            terms = self._knowledge.words.analyse(text)
            self._kept[text] = {term.form: self._knowledge.rarity(term.form) for term in terms}
        return self._kept[text]


def by_meaning(knowledge: Knowledge) -> Likeness:
    """Cosines after centring: the encoder's raw ones lie between .8 and .95 for any two texts."""
    step = max(1, len(knowledge.entries) // (BACKGROUND // 2))
    spread = [text for entry in knowledge.entries[::step] for text in (entry.question, entry.answer)]

    def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
        found = [knowledge.find(text, 1).query.vector for text in texts]
        empty = np.zeros_like(next(vector for vector in found if vector is not None))
        stacked: NDArray[np.float32] = np.stack([empty if vector is None else vector for vector in found])
        return stacked

    def likeness(texts: Sequence[str]) -> NDArray[np.float32]:
        own = vectors(texts)
        known = own if len(own) >= BACKGROUND else np.concatenate([own, vectors(spread)])
        centred = own - known.mean(axis=0)
        centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
        cosines: NDArray[np.float32] = np.asarray(centred @ centred.T, dtype=np.float32)
        return cosines

    return likeness


def likenesses(talks: Sequence[Talk], words: Weights, alike: Likeness | None) -> NDArray[np.float32]:
    """How alike conversations are: half by the answers' words, a quarter each by the meaning of answer and
    question. Agents answer one question in nearly the same words, shoppers ask it in many."""
    answers = ["".join(talk.told[: talk.first]) for talk in talks]
    questions = ["".join(talk.asked) for talk in talks]
    if not talks:
        return np.zeros((0, 0), dtype=np.float32)
    same = _overlaps(answers, words)
    mixed: NDArray[np.float32]
    if alike is None:
        mixed = 0.8 * same + 0.2 * _overlaps(questions, words)
    else:
        mixed = 0.5 * same + 0.25 * (alike(answers) + alike(questions))
    return mixed


def _overlaps(texts: Sequence[str], words: Weights) -> NDArray[np.float32]:
    """Shared weight over the geometric mean of both weights."""
    bags = [words.of(text) for text in texts]
    columns = {form: i for i, form in enumerate(sorted({form for bag in bags for form in bag}))}
    roots = np.zeros((len(bags), len(columns)), dtype=np.float32)
    for row, bag in enumerate(bags):
        for form, weight in bag.items():
            roots[row, columns[form]] = np.sqrt(weight)
    roots /= np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-6)
    shared: NDArray[np.float32] = roots @ roots.T
    return shared


def grouped(likenesses: NDArray[np.float32], together: float = TOGETHER) -> list[list[int]]:
    """Average linkage: the two groups that are most alike become one while they are alike enough.

    Groups never reach beyond what chains of pairs alike enough connect, so each such part is grouped alone.
    """
    parts = [np.flatnonzero(row) for row in _connected(likenesses >= together)]
    return sorted(
        [int(part[i]) for i in group]
        for part in parts
        for group in _linked(likenesses[np.ix_(part, part)], together)
    )


def _connected(near: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    left = np.ones(len(near), dtype=bool)
    parts = []
    while left.any():
        part = np.zeros(len(near), dtype=bool)
        part[int(np.argmax(left))] = True
        while True:
            wider = part | near[part].any(axis=0)
            if (wider == part).all():
                break
            part = wider
        parts.append(part)
        left &= ~part
    return parts


def _linked(likenesses: NDArray[np.float32], together: float) -> list[list[int]]:
    groups = [[i] for i in range(len(likenesses))]
    sums = likenesses.astype(np.float64)
    np.fill_diagonal(sums, -np.inf)
    sizes = np.ones(len(groups))
    while len(groups) > 1:
        means = sums / np.outer(sizes, sizes)
        a, b = divmod(int(np.argmax(means)), len(groups))
        if means[a, b] < together:
            break
        a, b = min(a, b), max(a, b)
        groups[a] += groups.pop(b)
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sums[a, a] = -np.inf
        sizes[a] += sizes[b]
        sums = np.delete(np.delete(sums, b, axis=0), b, axis=1)
        sizes = np.delete(sizes, b)
    return [sorted(group) for group in groups]
