"""The course: lesson after lesson until the steps or the minutes are used up, or exams bring nothing more.

The loss of a lesson is InfoNCE over all its entries (van den Oord et al. 2018): the cosine with the right one
is to stand out from the others', and from a look-alike's by a margin more. Passages are also compared token
by token (`kb.joint`), for half of the weight.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from kb.encoder import Kind
from kb.joint import LONGEST
from kb.train.lessons import Lesson, Timetable
from kb.train.model import Read, Tensor, Twin
from kb.train.part import Arrays, State, keep, kept

Floats = npt.NDArray[np.float32]
Eyes = Callable[[str, Kind, int], Floats]
"""A text as the encoder sees it: its word embeddings, at most so many; see `Encoder.embeddings`."""

HEAT, JOINT_HEAT = 0.02, 0.03  # temperatures of the vectors' and of the tokens' comparison
JOINT_SHARE = 0.5
MARGIN = 0.01  # of cosine, to a look-alike
WARM_UP = 30  # steps
LAST = 0.03  # of the learning rate stays to the end
LIMITS = {"query": 110, "entry": 84, "passage": 84}
"""Pieces of a text that a lesson sees: longer ones cost time and teach little."""
_NOTHING = -1e9


@dataclass(frozen=True, slots=True)
class Plan:
    """`steps` and `minutes` (None: no limit), whichever is first. `rate`: the highest learning rate.
    `margin`: how much nearer than a look-alike, in cosine. An exam every `exam_every` steps; after `patience`
    exams without gain the course ends. The state is kept every `keep_every` steps."""

    steps: int
    minutes: float | None = None
    rate: float = 6e-4
    margin: float = 0.0
    decay: float = 0.01
    exam_every: int = 100
    patience: int = 4
    keep_every: int = 25


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a course is: `done` of 1, the loss (running mean), and what an exam gave if there was one."""

    step: int
    done: float
    loss: float
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The twin holds what the best exam saw. `exams`: (step, share of first places); the first of before."""

    steps: int
    minutes: float
    exams: tuple[tuple[int, float], ...]

    @property
    def before(self) -> float:
        return self.exams[0][1]

    @property
    def best(self) -> tuple[int, float]:
        return max(self.exams, key=lambda exam: (exam[1], -exam[0]))


class Halted(Exception):
    """The course was asked to stop; its state is kept, and the same command goes on from there."""


class Course:
    """One run. `settings` is another for another plan, other lessons or another beginning; a state that was
    kept under the same is taken up."""

    def __init__(
        self,
        twin: Twin,
        timetable: Timetable,
        eyes: Eyes,
        exam: Callable[[], float],
        plan: Plan,
        part: Path,
        origin: str,
    ) -> None:
        self._twin, self._timetable, self._eyes, self._exam = twin, timetable, eyes, exam
        self._plan, self._part = plan, part
        self.settings = _digest([asdict(plan), timetable.digest, origin])
        self._optimiser: Any = torch.optim.AdamW(
            list(twin.learnt.values()), lr=plan.rate, weight_decay=plan.decay
        )
        self._step, self._seconds, self._loss = 0, 0.0, math.nan
        self._exams: tuple[tuple[int, float], ...] = ()
        self._best: Arrays = {}
        found = kept(part, self.settings)
        if found is not None:
            self._take_up(found)

    @property
    def step(self) -> int:
        """Steps done; more than 0 at the beginning when a state was taken up."""
        return self._step

    def run(
        self, told: Callable[[Stand], None] = lambda stand: None, halt: Callable[[], bool] = lambda: False
    ) -> Outcome:
        """To the end. Raises `Halted` soon after `halt` says so, `TrainRefused` on a full disk."""
        if not self._exams:
            self._examine(told)
        while self._done() < 1 and not self._weary():
            if halt():
                self._keep()
                raise Halted(f"stopped after {self._step} steps: the same command goes on from there")
            with self._clock():
                self._learn(self._timetable.lesson(self._step))
            self._step += 1
            told(Stand(self._step, min(1.0, self._done()), self._loss))
            if self._step % self._plan.exam_every == 0 or self._done() >= 1:
                self._examine(told)
            if self._step % self._plan.keep_every == 0:
                self._keep()
        self._keep()
        self._put(self._best)
        return Outcome(self._step, self._seconds / 60, self._exams)

    def finish(self) -> None:
        """Forget the state: what was learnt is in its place."""
        self._part.unlink(missing_ok=True)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._seconds += time.monotonic() - begun

    def _done(self) -> float:
        """How much of the course is over; 1 or more: all."""
        done = self._step / self._plan.steps
        return done if self._plan.minutes is None else max(done, self._seconds / 60 / self._plan.minutes)

    def _weary(self) -> bool:
        best = max(range(len(self._exams)), key=lambda place: (self._exams[place][1], -place))
        return len(self._exams) - 1 - best >= self._plan.patience

    def _learn(self, lesson: Lesson) -> None:
        wave = max(LAST, 0.5 * (1 + math.cos(math.pi * min(1.0, self._done()))))
        for group in self._optimiser.param_groups:
            group["lr"] = self._plan.rate * min((self._step + 1) / WARM_UP, wave)
        loss: Any = lesson_loss(self._twin, lesson, self._eyes, self._plan.margin)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self._twin.learnt.values()), 1.0)
        self._optimiser.step()
        value = float(loss.detach())
        self._loss = value if math.isnan(self._loss) else 0.95 * self._loss + 0.05 * value

    def _examine(self, told: Callable[[Stand], None]) -> None:
        with self._clock():
            share = self._exam()
        if not self._exams or share > max(before for _, before in self._exams):
            self._best = self._taken()
        self._exams = (*self._exams, (self._step, share))
        told(Stand(self._step, min(1.0, self._done()), self._loss, share))

    def _keep(self) -> None:
        states = self._optimiser.state
        moments = {
            name: (states[tensor]["exp_avg"].numpy(), states[tensor]["exp_avg_sq"].numpy())
            for name, tensor in self._twin.learnt.items()
            if tensor in states
        }
        state = State(self._step, self._seconds, self._loss, self._taken(), self._best, moments, self._exams)
        keep(self._part, self.settings, state)

    def _take_up(self, found: State) -> None:
        self._step, self._seconds, self._loss = found.step, found.seconds, found.loss
        self._exams, self._best = found.exams, found.best
        self._put(found.learnt)
        for name, (first, second) in found.moments.items():
            self._optimiser.state[self._twin.learnt[name]] = {
                "step": torch.tensor(float(found.step)),
                "exp_avg": torch.from_numpy(first),
                "exp_avg_sq": torch.from_numpy(second),
            }

    def _taken(self) -> Arrays:
        return {name: tensor.detach().numpy().copy() for name, tensor in self._twin.learnt.items()}

    def _put(self, arrays: Arrays) -> None:
        with torch.no_grad():
            for name, tensor in self._twin.learnt.items():
                tensor.copy_(torch.from_numpy(arrays[name]))


def lesson_loss(twin: Twin, lesson: Lesson, eyes: Eyes, margin: float) -> Tensor:
    """The loss of one lesson, a number that gradients flow from."""
    queries = twin.read([eyes(text, "query", LIMITS["query"]) for text in lesson.queries])
    documents = twin.read([eyes(text, lesson.view, LIMITS[lesson.view]) for text in lesson.documents])
    right, close = torch.from_numpy(lesson.right), torch.from_numpy(lesson.close)
    loss = contrast(queries.vectors @ documents.vectors.T + margin * close, right, HEAT)
    if lesson.view == "passage":
        loss = loss + JOINT_SHARE * contrast(joint_scores(twin, queries, documents), right, JOINT_HEAT)
    return loss


def contrast(scores: Tensor, right: Tensor, heat: float) -> Tensor:
    """Mean over the queries of −log of the softmax's share that is right. `scores` [queries, documents]."""
    logits = scores / heat
    found = torch.logsumexp(logits.masked_fill(~right, _NOTHING), 1)
    return (torch.logsumexp(logits, 1) - found).mean()


def joint_scores(twin: Twin, queries: Read, documents: Read) -> Tensor:
    """[queries, documents]: the mean over a query's tokens of the best cosine with the document's."""
    columns = []
    for _, states, real in documents.chunks:
        tokens, there = twin.short(states[:, :LONGEST]), real[:, :LONGEST]
        columns.append(torch.cat([_compared(twin, chunk, tokens, there) for chunk in queries.chunks]))
    found = torch.cat(columns, 1)
    return found[_places(queries)][:, _places(documents)]


def _compared(
    twin: Twin, queries: tuple[Sequence[int], Tensor, Tensor], tokens: Tensor, there: Tensor
) -> Tensor:
    _, states, real = queries
    cosines = torch.einsum("qik,djk->qdij", twin.short(states), tokens)
    best = cosines.masked_fill(~there[None, :, None, :], -1.0).amax(-1)
    weight = real.float()
    return (best * weight[:, None, :]).sum(-1) / weight.sum(-1)[:, None]


def _places(read: Read) -> Tensor:
    """Where each text stands among the chunks."""
    return torch.argsort(torch.tensor([place for places, _, _ in read.chunks for place in places]))


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
