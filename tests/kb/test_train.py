"""Teaching the encoder: the twin is the encoder, it learns, and a run broken off is none the worse."""

from __future__ import annotations

import math
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from kb.deltas import JOINT, Deltas  # noqa: E402
from kb.encoder import Encoder, open_encoder, reference  # noqa: E402
from kb.entry import Entry  # noqa: E402
from kb.joint import Tokens, as_bytes  # noqa: E402
from kb.train import course as module  # noqa: E402
from kb.train.card import card  # noqa: E402
from kb.train.course import (  # noqa: E402
    Course,
    Halted,
    Outcome,
    Plan,
    Stand,
    contrast,
    joint_scores,
    lesson_loss,
)
from kb.train.exam import first_places  # noqa: E402
from kb.train.lessons import Asked, Lesson, Subject, View  # noqa: E402
from kb.train.model import Twin  # noqa: E402
from kb.train.part import TrainRefused  # noqa: E402
from kb.train.teach import write  # noqa: E402
from kb.weights import Weights, installed_weights  # noqa: E402

pytestmark = pytest.mark.train

RANK, WIDTH = 2, 8
QUERIES = ("配達の代金", "品を戻したい", "包丁が切れない")
DOCUMENTS = ("送料はいくらですか", "返品できますか", "包丁を研いでもらえますか", "領収書は出ますか")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Several tests at a time share the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def plain(encoder_data: Path) -> Encoder:
    return open_encoder(encoder_data, "plain")


@pytest.fixture(scope="module")
def weights() -> Weights:
    return Weights(installed_weights())


@pytest.fixture
def twin(weights: Weights) -> Twin:
    return Twin(weights, RANK, WIDTH, seed=1)


def lesson(view: View = "passage") -> Lesson:
    right = np.eye(3, 4, dtype=np.bool_)
    return Lesson(view, DOCUMENTS, QUERIES, right, np.zeros_like(right))


class Fixed:
    """The same few pairs in both views, again and again."""

    digest = "fixed"

    def lesson(self, step: int) -> Lesson:
        return lesson("passage" if step % 2 else "entry")


def disturbed(twin: Twin, size: float = 0.02) -> Twin:
    """With a B that is not zero."""
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, tensor in twin.learnt.items():
            if name.endswith(".B"):
                tensor.copy_(torch.randn(tensor.shape, generator=random) * size)
    return twin


def learnt(twin: Twin) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy().copy() for name, tensor in twin.learnt.items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


PLAN = Plan(steps=4, rate=1e-3, exam_every=2, keep_every=1)


def course(twin: Twin, eyes: Encoder, part: Path, plan: Plan = PLAN, exam: Any = lambda: 0.5) -> Course:
    return Course(twin, Fixed(), eyes.embeddings, exam, plan, part, "origin")


def test_a_fresh_twin_reads_like_the_plain_encoder(twin: Twin, plain: Encoder) -> None:
    read = [plain.embeddings(text, kind) for kind, text in reference()[0]]
    found = twin.vectors(read, exact=True)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (found * reference()[1]).sum(axis=1).min() >= 0.999
    assert (twin.vectors(read) * found).sum(axis=1).min() >= 0.999  # in bfloat16, where there is some


def test_texts_do_not_depend_on_their_neighbours(twin: Twin, plain: Encoder) -> None:
    read = [plain.embeddings(text, "entry") for text in (*DOCUMENTS, "長い" * 40)]
    together = twin.vectors(read, exact=True)
    for text, vector in zip(read, together, strict=True):
        assert np.allclose(twin.vectors([text], exact=True)[0], vector, atol=1e-5)


def test_everything_that_should_learn_gets_a_gradient(twin: Twin, plain: Encoder) -> None:
    lesson_loss(disturbed(twin), lesson(), plain.embeddings, 0.0).backward()  # type: ignore[no-untyped-call]
    for name, tensor in twin.learnt.items():
        assert tensor.grad is not None, name
        assert float(tensor.grad.abs().max()) > 0, name


def test_the_loss_falls_on_a_handful_of_pairs(twin: Twin, plain: Encoder, tmp_path: Path) -> None:
    def loss() -> float:
        with torch.no_grad():
            return sum(float(lesson_loss(twin, Fixed().lesson(n), plain.embeddings, 0.0)) for n in (0, 1))

    before = loss()
    plan = replace(PLAN, steps=6, rate=0.02, exam_every=6)
    shares = iter([0.1, 0.9])
    course(twin, plain, tmp_path / "m.part", plan, lambda: next(shares)).run()
    assert loss() < 0.7 * before


def test_a_run_that_was_broken_off_ends_as_if_it_had_not_been(
    weights: Weights, plain: Encoder, tmp_path: Path
) -> None:
    shares = {0: 0.1, 2: 0.3, 4: 0.2}

    def go_on(part: Path, stop: int) -> tuple[Outcome | None, dict[str, np.ndarray]]:
        """A process of its own: nothing but the file is left of the one before."""
        twin = Twin(weights, RANK, WIDTH, seed=1)
        run: Course = course(twin, plain, part, exam=lambda: shares[run.step])
        try:
            return run.run(halt=lambda: run.step >= stop), learnt(twin)
        except Halted as halted:
            assert f"after {stop} steps" in str(halted)
            return None, learnt(twin)

    whole, expected = go_on(tmp_path / "whole.part", stop=99)
    part = tmp_path / "broken.part"
    assert go_on(part, stop=1)[0] is None
    assert go_on(part, stop=3)[0] is None
    broken, found = go_on(part, stop=99)
    assert whole is not None
    assert broken is not None
    assert whole.exams == broken.exams == ((0, 0.1), (2, 0.3), (4, 0.2))
    assert same(found, expected)
    assert not same(expected, learnt(Twin(weights, RANK, WIDTH, seed=1)))


def test_a_state_of_other_settings_is_not_taken_up(weights: Weights, plain: Encoder, tmp_path: Path) -> None:
    part = tmp_path / "m.part"
    run = course(Twin(weights, RANK, WIDTH, seed=1), plain, part)
    with pytest.raises(Halted):
        run.run(halt=lambda: run.step >= 1)
    assert course(Twin(weights, RANK, WIDTH, seed=1), plain, part).step == 1
    assert course(Twin(weights, RANK, WIDTH, seed=1), plain, part, replace(PLAN, rate=0.5)).step == 0
    part.write_bytes(part.read_bytes()[:-50])
    assert course(Twin(weights, RANK, WIDTH, seed=1), plain, part).step == 0


def test_a_full_disk_is_said_and_the_state_before_it_stays(
    weights: Weights, plain: Encoder, tmp_path: Path
) -> None:
    part = tmp_path / "m.part"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    run = course(Twin(weights, RANK, WIDTH, seed=1), plain, part)

    def full(stand: Stand) -> None:
        if stand.step == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))

    try:
        with pytest.raises(TrainRefused, match=r"m\.part: cannot be written .*make room"):
            run.run(full)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert course(Twin(weights, RANK, WIDTH, seed=1), plain, part).step == 1
    assert list(tmp_path.iterdir()) == [part]


def test_the_best_exam_is_kept_and_the_course_ends_when_nothing_is_gained(
    twin: Twin, plain: Encoder, tmp_path: Path
) -> None:
    shares = iter([0.2, 0.5, 0.4, 0.5, 0.9])
    seen: list[dict[str, np.ndarray]] = []

    def exam() -> float:
        seen.append(learnt(twin))
        return next(shares)

    plan = replace(PLAN, steps=50, exam_every=1, patience=2)
    outcome = course(twin, plain, tmp_path / "m.part", plan, exam).run()
    assert outcome.exams == ((0, 0.2), (1, 0.5), (2, 0.4), (3, 0.5))
    assert (outcome.before, outcome.best) == (0.2, (1, 0.5))
    assert same(learnt(twin), seen[1])
    assert not same(seen[1], seen[2])


def test_minutes_end_a_course_too(twin: Twin, plain: Encoder, tmp_path: Path) -> None:
    told: list[Stand] = []
    plan = replace(PLAN, steps=1000, minutes=1e-6)
    outcome = course(twin, plain, tmp_path / "m.part", plan).run(told.append)
    assert outcome.steps <= 1
    assert told[-1].done == 1


def test_contrast_is_the_share_of_what_is_right() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.3], [0.1, 0.1, 0.2]])
    right = torch.tensor([[True, False, False], [True, True, False]])
    shares = [1 / (1 + 2 * math.exp(-2)), 2 / (2 + math.exp(1))]
    expected = -(math.log(shares[0]) + math.log(shares[1])) / 2
    assert float(contrast(scores, right, 0.1)) == pytest.approx(expected, abs=1e-5)


def test_a_margin_asks_more_of_look_alikes_only(twin: Twin, plain: Encoder) -> None:
    marked = replace(lesson("entry"), close=np.roll(np.eye(3, 4, dtype=np.bool_), 1, axis=1))
    with torch.no_grad():
        without = float(lesson_loss(twin, marked, plain.embeddings, 0.0))
        assert float(lesson_loss(twin, marked, plain.embeddings, 0.05)) > without
        assert float(lesson_loss(twin, lesson("entry"), plain.embeddings, 0.05)) == pytest.approx(without)


def test_tokens_are_compared_as_the_search_compares_them(twin: Twin, plain: Encoder) -> None:
    queries = [plain.embeddings(text, "query") for text in ("送料", *QUERIES)]
    documents = [plain.embeddings(text, "passage") for text in (*DOCUMENTS, "長い答え。" * 30, "短い")]
    with torch.no_grad():
        asked, seen = twin.read(queries), twin.read(documents)
        found = joint_scores(twin, asked, seen).numpy()
        stored: list[Any] = [None] * len(documents)
        for places, states, real in seen.chunks:
            for place, state, there in zip(places, states, real, strict=True):
                stored[place] = as_bytes(twin.short(state[there]).numpy())
        kept = Tokens.of(stored)
        for places, states, real in asked.chunks:
            for place, state, there in zip(places, states, real, strict=True):
                searched = kept.compare(twin.short(state[there]).numpy(), np.arange(len(documents)))
                assert np.allclose(found[place], searched, atol=0.01), place
    assert found.std() > 0.02


def test_what_is_built_reads_like_the_twin(weights: Weights, plain: Encoder, tmp_path: Path) -> None:
    twin = disturbed(Twin(weights, RANK, WIDTH, seed=1), 0.1)
    read = [plain.embeddings(text, kind) for kind, text in reference()[0]]
    made = twin.deltas(read, FACTS)
    file = tmp_path / "m.npz"
    write(made, file, 0.75)
    built = open_encoder(tmp_path, str(file))
    texts = [*QUERIES, *DOCUMENTS]
    theirs = twin.vectors([plain.embeddings(text, "entry") for text in texts], exact=True)
    ours = built.encode(texts, "entry")
    assert (ours * theirs).sum(axis=1).min() >= 0.998
    assert (ours * plain.encode(texts, "entry")).sum(axis=1).max() < 0.99
    assert built.joint == WIDTH
    assert Deltas.read(file).facts == {**FACTS, "built": 0.75}
    assert "75.0% as it is built for serving" in (tmp_path / "m.md").read_text("utf-8")
    again = Twin(weights, 16, 64, seed=9, start=Deltas.read(file))
    assert again.learnt["l0.q.A"].shape[0] == RANK  # it goes on with the rank that it has
    assert np.allclose(again.vectors(read, exact=True), made.reference, atol=2e-3)
    assert again.learnt[JOINT].shape == (WIDTH, 384)


FACTS = {
    "made_of": "shops", "shops": 2, "entries": 48, "questions": 500, "base": "a base", "continued": False,
    "rank": RANK, "seed": 1, "rate": 1e-3, "margin": 0.01, "steps": 4, "minutes": 0.1, "best_step": 2,
    "exam_questions": 30, "exam_shops": ["coffee"], "before": 0.5, "after": 0.8,
}  # fmt: skip


def test_the_card_says_where_a_model_comes_from() -> None:
    said = card("support.npz", FACTS)
    assert "2 shop files: 48 entries, 500 questions" in said
    assert "50.0% before, 80.0% after" in said
    assert "Apache-2.0" in said
    own = card("own-1.npz", {**FACTS, "made_of": "own", "pairs": 12, "continued": True})
    assert "12 given or clicked pairs" in own
    assert "an earlier training" in own
    assert "yours" in own


def test_a_model_that_cannot_be_written_is_said(weights: Weights, plain: Encoder, tmp_path: Path) -> None:
    made = Deltas({}, None, np.zeros((1, 4), np.float32), FACTS)
    (tmp_path / "taken").write_text("a file", "utf-8")
    with pytest.raises(TrainRefused, match=r"taken/m\.npz: cannot be written"):
        write(made, tmp_path / "taken" / "m.npz", 0.5)


def test_an_exam_counts_first_places() -> None:
    directions = {"犬": 0, "猫": 1, "鳥": 2}

    def reads(texts: Any, kind: str) -> Any:
        rows = [np.eye(3)[next(n for name, n in directions.items() if name in text)] for text in texts]
        return np.array(rows, np.float32)

    entries = tuple(Entry(name, f"{name}の質問", f"{name}の答え") for name in directions)
    asked = (Asked("犬?", frozenset("犬")), Asked("猫?", frozenset("鳥")), Asked("鳥?", frozenset("猫鳥")))
    assert first_places(reads, [Subject("店", entries, asked, {})]) == pytest.approx(2 / 3)
    both: list[Subject] = [Subject("店", entries, asked[:1], {}), Subject("店", entries, asked[1:2], {})]
    assert first_places(reads, both) == pytest.approx(1 / 2)


def test_settings_tell_runs_apart(weights: Weights, plain: Encoder, tmp_path: Path) -> None:
    def settings(plan: Plan = PLAN, origin: str = "o") -> str:
        made: Callable[..., Course] = module.Course
        run = made(
            Twin(weights, RANK, WIDTH, 1), Fixed(), plain.embeddings, lambda: 0, plan, tmp_path / "x", origin
        )
        return run.settings

    assert settings() == settings()
    assert len({settings(), settings(replace(PLAN, steps=5)), settings(origin="p")}) == 3
