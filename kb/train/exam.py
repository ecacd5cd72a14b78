"""How well an encoder finds: the share of questions whose entry comes first, by vectors alone.

The same for the model in training and for what is built of it. The two vector sides count as in the search:
the nearest way to ask, and three quarters of the centred answer, each as a distance from its mean in standard
deviations, so that encoders with other spreads can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from kb.dense import centred
from kb.encoder import Kind
from kb.train.lessons import Subject, passage

Floats = npt.NDArray[np.float32]
Reads = Callable[[Sequence[str], Kind], Floats]
"""Texts → unit vectors [texts, dim]."""

ANSWERS = 0.75  # what the answer side counts, the question side being 1


def first_places(reads: Reads, subjects: Sequence[Subject]) -> float:
    """The share, over all questions of all subjects."""
    found = np.concatenate([_found(reads, subject) for subject in subjects])
    return float(found.mean())


def _found(reads: Reads, subject: Subject) -> npt.NDArray[np.bool_]:
    """For each question: does an entry that answers it come first?"""
    ways = [(place, way) for place, entry in enumerate(subject.entries) for way in entry.questions]
    starts = np.searchsorted([place for place, _ in ways], np.arange(len(subject.entries)))
    queries = reads([asked.text for asked in subject.asked], "query")
    asked = queries @ reads([way for _, way in ways], "entry").T
    answers = reads([passage(entry) for entry in subject.entries], "passage")
    typical = reads([entry.question for entry in subject.entries], "query").mean(axis=0)
    told = centred(queries, typical) @ centred(answers, answers.mean(axis=0)).T
    scores = _standard(np.maximum.reduceat(asked, starts, axis=1)) + ANSWERS * _standard(told)
    first = [subject.entries[place].id for place in scores.argmax(axis=1)]
    return np.array([name in asked.entries for name, asked in zip(first, subject.asked, strict=True)])


def _standard(values: Floats) -> Floats:
    spread: Floats = (values - values.mean()) / max(float(values.std()), 1e-9)
    return spread
