"""From lessons to a model file: the course, then the same exam with what is built of the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kb.deltas import Deltas
from kb.encoder import Encoder, reference
from kb.train.card import card
from kb.train.course import Course, Outcome, Plan, Stand
from kb.train.exam import first_places
from kb.train.lessons import Subject, Timetable
from kb.train.model import Floats, Twin
from kb.train.part import TrainRefused
from kb.weights import PACKAGE, Weights, installed_weights

RANK = 16
WIDTH = 64  # of the joint part's vectors


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learnt. `start`: what an earlier training made, to go on from. `exams`: whose questions
    are not among the lessons. `facts`: what the model card says of the material."""

    timetable: Timetable
    exams: Sequence[Subject]
    plan: Plan
    seed: int
    rank: int = RANK
    start: Deltas | None = None
    facts: Mapping[str, Any] | None = None


class Teaching:
    """One training in its two halves: `learn`, which may be halted and taken up, and `write`."""

    def __init__(self, task: Task, eyes: Encoder, part: Path) -> None:
        """`eyes`: the embedded encoder, plain or trained; only its tokeniser and word embeddings are used.
        `part`: where the state is kept meanwhile."""
        torch.set_num_threads(_cores())
        self._task, self._eyes = task, eyes
        self._twin = Twin(Weights(installed_weights()), task.rank, WIDTH, task.seed, task.start)
        self.course = Course(
            self._twin, task.timetable, eyes.embeddings, self._examine, task.plan, part, self._origin()
        )

    def learn(
        self, told: Callable[[Stand], None] = lambda stand: None, halt: Callable[[], bool] = lambda: False
    ) -> tuple[Deltas, Outcome]:
        """Raises `Halted` and `TrainRefused` as `Course.run`."""
        outcome = self.course.run(told, halt)
        task = self._task
        facts = {
            **(task.facts or {}),
            "base": f"multilingual-e5-small (MIT) as installed with {PACKAGE} {version(PACKAGE)}",
            "continued": task.start is not None,
            "rank": task.start.rank if task.start else task.rank,
            "seed": task.seed,
            "rate": task.plan.rate,
            "margin": task.plan.margin,
            "steps": outcome.steps,
            "minutes": round(outcome.minutes, 1),
            "best_step": outcome.best[0],
            "exam_questions": sum(len(subject.asked) for subject in task.exams),
            "exam_shops": [subject.name for subject in task.exams],
            "before": round(outcome.before, 4),
            "after": round(outcome.best[1], 4),
        }
        read = [self._eyes.embeddings(text, kind) for kind, text in reference()[0]]
        return self._twin.deltas(read, facts), outcome

    def _examine(self) -> float:
        return first_places(self._reads, self._task.exams)

    def _reads(self, texts: Sequence[str], kind: Any) -> Floats:
        return self._twin.vectors([self._eyes.embeddings(text, kind, 200) for text in texts])

    def _origin(self) -> str:
        """What the course begins with, for the settings' digest."""
        total = sum(float(np.abs(tensor.detach().numpy()).sum()) for tensor in self._twin.learnt.values())
        return f"{self._eyes.manifest['source']} {total:.6e}"


def write(deltas: Deltas, file: Path, built: float) -> None:
    """The model file and its card beside it (`.md`). `built`: the exam's share with the built encoder."""
    whole = replace(deltas, facts={**deltas.facts, "built": round(built, 4)})
    with writing(file):
        whole.save(file)
        file.with_suffix(".md").write_text(card(file.name, whole.facts), "utf-8")


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turns a full disk and the like into `TrainRefused`."""
    try:
        yield
    except OSError as error:
        raise TrainRefused(
            f"{file}: cannot be written ({error.strerror}): make room, or name another place, and give the "
            "same command again; what was learnt is kept"
        ) from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
