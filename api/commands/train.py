"""train: teaching the encoder, from shop files (the shipped model) or from a shop's own corpus.

A model file is written only when what is built of it finds at least as much as before; a run that is stopped
or dies goes on with the same command.
"""

from __future__ import annotations

import hashlib
import importlib.util
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.commands import Refusal, encoder_for, progress, put, settings_for, tell
from api.settings import Settings

if TYPE_CHECKING:
    from kb.deltas import Deltas
    from kb.encoder import Encoder
    from kb.entry import Entry
    from kb.search import Knowledge
    from kb.train.course import Outcome, Plan, Stand
    from kb.train.lessons import Subject
    from kb.train.own import Own, Pair
    from kb.train.teach import Task

SHIPPED_STEPS = 1000
OWN_STEPS, OWN_EPOCHS, OWN_MINUTES = (60, 600), 4, 18.0  # least and most steps; two cores, 2,000 entries
SHOPS_RATE, OWN_RATE = 6e-4, 2e-4


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says of the course; None: the default of the use."""

    steps: int | None = None
    minutes: float | None = None
    rate: float | None = None
    margin: float | None = None
    rank: int | None = None
    seed: int = 0


def from_shops(
    data: Path | None, shops: Path, out: Path, dev: Sequence[Path], wishes: Wishes, *, as_json: bool
) -> None:
    """Make a model file of shop files: what `kb/model/support.npz` is."""
    settings = settings_for(data)
    _needs_torch()
    from kb.encoder import PLAIN, open_encoder
    from kb.train import sources
    from kb.train.lessons import ShopLessons
    from kb.train.teach import RANK, Task

    if out.suffix != ".npz":
        raise Refusal(f"{out}: the model file's name must end in .npz")
    subjects = sources.read_subjects(shops)
    exams = [subject for path in dev for subject in sources.read_subjects(path)]
    if not exams:
        subjects, exams = sources.split(subjects)
    eyes = open_encoder(settings.data, PLAIN)
    plan = _plan(wishes, wishes.steps or SHIPPED_STEPS, None, SHOPS_RATE, exam_every=100)
    facts = {
        "made_of": "shops",
        "shops": len(subjects),
        "entries": sum(len(subject.entries) for subject in subjects),
        "questions": sum(len(subject.asked) for subject in subjects),
    }
    timetable = ShopLessons(subjects, wishes.seed)
    task = Task(timetable, exams, plan, wishes.seed, wishes.rank or RANK, None, facts)
    tell(f"{facts['shops']} shops, {facts['questions']} questions; exams: {_named(exams)}")
    with _learnt(task, eyes, out.with_name(f"{out.name}.part")) as (deltas, outcome):
        _gained(outcome, exams)
        with _built(deltas, out.parent) as encoder:
            share = _share(encoder, exams)
        _write(deltas, out, share)
    _report(out, outcome, share, as_json)


def from_own(
    data: Path | None, corpus: Path | None, pairs: Path | None, wishes: Wishes, *, as_json: bool
) -> None:
    """Adapt the encoder to the live release, or to a corpus file; written under DATA/models."""
    settings = settings_for(data)
    _needs_torch()
    from kb.encoder import deltas_of
    from kb.train.own import OwnLessons, nearest, own_of
    from kb.train.sources import read_pairs
    from kb.train.teach import RANK, Task

    start = deltas_of(_embedded(settings))
    entries, live, told = _material(settings, corpus)
    if pairs is not None:
        told += read_pairs(pairs, {entry.id for entry in entries})
    encoder = encoder_for(settings)
    with progress("質問を比べています / comparing the questions") as step:
        near = nearest(_questions(encoder, entries, step))
    own = own_of(entries, told, near)
    lessons = OwnLessons(own.learning, near, wishes.seed)
    steps = wishes.steps or min(max(OWN_EPOCHS * lessons.epoch, OWN_STEPS[0]), OWN_STEPS[1])
    plan = _plan(wishes, steps, OWN_MINUTES, OWN_RATE, exam_every=max(1, min(50, steps // 6)))
    facts = {
        "made_of": "own",
        "entries": len(entries),
        "questions": len(own.learning.asked),
        "pairs": len(told),
    }
    task = Task(lessons, [own.exam], plan, wishes.seed, wishes.rank or RANK, start, facts)
    home = settings.data / "models"
    tell(f"{len(entries)} entries, {facts['questions']} questions; exam: {len(own.exam.asked)} questions")
    with _learnt(task, encoder, home / "own.part") as (deltas, outcome):
        _gained(outcome, [own.exam])
        with _built(deltas, home) as after:
            share = _share(after, [own.exam])
            report = _checked(settings, own, encoder, after, live)
        out = home / f"own-{_digest(deltas)}.npz"
        _write(replace(deltas, facts={**deltas.facts, **report}), out, share)
    _report(out, outcome, share, as_json, report)
    tell(f"use it: TORITSUGI_ENCODER={out} toritsugi publish, and the same setting for `toritsugi serve`")


def _needs_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise Refusal(
            "training needs the extra `train`: pip install 'toritsugi[train]' (without a GPU install torch "
            "from PyTorch's CPU index first)"
        )


def _embedded(settings: Settings) -> str | None:
    """The encoder's name, if it is one that can be taught."""
    from kb.encoder import PLAIN

    name = settings.encoder
    if name is None or name == PLAIN or name.endswith(".npz"):
        return name
    raise Refusal(
        f"TORITSUGI_ENCODER={name}: only the embedded encoder can be taught; unset it, or train that model "
        "with its own library"
    )


def _plan(wishes: Wishes, steps: int, minutes: float | None, rate: float, *, exam_every: int) -> Plan:
    from kb.train.course import MARGIN, Plan

    return Plan(
        steps=steps,
        minutes=wishes.minutes or minutes,
        rate=wishes.rate or rate,
        margin=MARGIN if wishes.margin is None else wishes.margin,
        exam_every=exam_every,
    )


def _material(settings: Settings, corpus: Path | None) -> tuple[tuple[Entry, ...], Path | None, list[Pair]]:
    """Entries, the release that they are from, and what shoppers' clicks say of them."""
    from kb.entry import read_corpus
    from kb.index import entries_of
    from kb.release import Releases
    from kb.store import Store

    if corpus is not None:
        return read_corpus(corpus).entries, None, []
    with closing(Store.open(settings.store_url)) as store:
        live = Releases(store, settings.data, None).live()
        if live is None:
            raise Refusal("no release is live: give --corpus FILE, or run `toritsugi publish` first")
        return tuple(entries_of(live)), live, list(clicks(store))


def clicks(store: Any) -> Iterator[Pair]:
    """(what was typed, the entry) for each offered question that was chosen, and each answer that was marked
    helpful. Typed words are masked; of several messages that were answered together the last one counts."""
    from itertools import groupby

    from sqlalchemy import select

    from api.transcripts import masked
    from bot.tables import events
    from kb.train.own import Pair

    columns = (events.c.conversation, events.c.seq, events.c.type, events.c.from_kind, events.c.body)
    wanted = events.c.type.in_(("message", "chosen", "feedback"))
    with store.read() as conn:
        rows = conn.execute(
            select(*columns).where(wanted).order_by(events.c.conversation, events.c.seq)
        ).yield_per(1000)
        for _, chat in groupby(rows, key=lambda row: row.conversation):
            said: dict[int, Any] = {}
            found: dict[int, Pair] = {}
            for row in chat:
                if row.type == "message":
                    said[row.seq] = row
                    continue
                about = said.get(row.body.get("seq", -1))
                asked = said.get(about.body.get("answers", -1)) if about is not None else None
                if (
                    about is None
                    or asked is None
                    or asked.from_kind != "shopper"
                    or not asked.body.get("text")
                ):
                    continue
                entry = row.body.get("entry") if row.type == "chosen" else about.body.get("entry")
                found.pop(about.seq, None)  # the last word on an answer counts
                if entry and (row.type == "chosen" or row.body.get("helpful")):
                    found[about.seq] = Pair(masked(asked.body["text"]), entry)
            yield from found.values()


def _questions(encoder: Encoder, entries: Sequence[Entry], step: Any) -> Any:
    import numpy as np

    vectors = np.empty((len(entries), encoder.dim), np.float32)
    for place, entry in enumerate(entries):
        vectors[place] = encoder.encode([entry.question], "entry")[0]
        step(place + 1, len(entries))
    return vectors


@contextmanager
def _learnt(task: Task, eyes: Encoder, part: Path) -> Iterator[tuple[Deltas, Outcome]]:
    """Run the course, or what is left of it; its state goes when the block has used what was learnt."""
    from kb.train.course import Halted
    from kb.train.teach import Teaching

    teaching = Teaching(task, eyes, part)
    if teaching.course.step:
        tell(f"goes on after step {teaching.course.step} ({part})")
    elif part.exists():
        tell(f"{part} is of another run (other lessons or settings): begun anew")
    with _asked_to_stop() as asked, progress("学習しています / learning") as step:
        try:
            found = teaching.learn(lambda stand: _shown(stand, step), lambda: bool(asked))
        except Halted as halted:
            tell(f"{halted} ({part})")
            raise SystemExit(128 + asked[0]) from None
    try:
        yield found
    except Refusal:  # the same command would be refused again
        teaching.course.finish()
        raise
    teaching.course.finish()


def _shown(stand: Stand, step: Any) -> None:
    step(int(stand.done * 1000), 1000)
    if stand.share is not None:
        loss = f", loss {stand.loss:.2f}" if stand.step else " (before)"
        tell(f"step {stand.step}: right entry first {stand.share:.1%}{loss}")


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """The signals that asked us to end, as they come; a second one ends at once."""
    asked: list[int] = []
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _frame: Any) -> None:
        asked.append(number)
        signal.signal(number, kept[signal.Signals(number)])

    for number in kept:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


def _gained(outcome: Outcome, exams: Sequence[Subject]) -> None:
    """Raises `Refusal` when no exam was better than the one before the first lesson."""
    if outcome.best[0] == 0:
        asked = sum(len(exam.asked) for exam in exams)
        raise Refusal(
            f"what was learnt in {outcome.steps} steps finds no more of the {asked} held-out questions "
            f"({outcome.before:.1%} before): nothing was written, and the encoder stays as it is. More "
            "questions help (variants, --pairs), more --steps, or another --rate"
        )


@contextmanager
def _built(deltas: Deltas, beside: Path) -> Iterator[Encoder]:
    """The encoder that these deltas give, built aside; refuses one that is not what was trained."""
    from kb.encoder import open_encoder
    from kb.train.teach import writing

    with writing(beside):
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=beside, prefix=".built.") as home:
            file = Path(home) / "model.npz"
            deltas.save(file)
            yield open_encoder(Path(home), str(file))


def _share(encoder: Encoder, exams: Sequence[Subject]) -> float:
    from kb.train.exam import first_places

    with progress("組み立てたモデルを確かめています / examining what was built"):
        return first_places(encoder.encode, exams)


def _checked(
    settings: Settings, own: Own, before: Encoder, after: Encoder, live: Path | None
) -> dict[str, Any]:
    """The release check, with the whole search: entries' questions, and the questions that were held out.

    Both encoders search the corpus without what was held out. Raises `Refusal` when the new one is worse."""
    from bot.check import check
    from bot.policy import read_policy
    from kb.index import build
    from kb.search import Knowledge
    from kb.words import Words

    words, entries = Words(), own.learning.entries
    with tempfile.TemporaryDirectory(dir=settings.data / "models", prefix=".check.") as home:
        found = []
        for name, encoder, known in (("before", before, live), ("after", after, None)):
            with progress("検索で確かめています / checking in the search") as step:
                build(entries, Path(home) / name, encoder, previous=known, progress=step, words=words)
            found.append(Knowledge.open(Path(home) / name, encoder, words))
        old, new = found
        checked = check(new, old, read_policy(settings.policy), datetime.now(UTC))
        shares = [_first(knowledge, own.exam) for knowledge in (old, new)]
    report = {"search_before": round(shares[0], 4), "search_after": round(shares[1], 4)}
    if checked.worse or shares[1] < shares[0]:
        raise Refusal(
            f"the release check says no: {checked.found} of {checked.asked} entries are found by their own "
            f"question ({len(checked.lost)} lost), and {shares[1]:.1%} of the held-out questions find their "
            f"entry first ({shares[0]:.1%} before). Nothing was written, and the encoder stays as it is"
        )
    return report


def _first(knowledge: Knowledge, exam: Subject) -> float:
    firsts = [(asked, knowledge.search(asked.text, 1)) for asked in exam.asked]
    return sum(bool(hits) and hits[0].entry.id in asked.entries for asked, hits in firsts) / len(firsts)


def _write(deltas: Deltas, out: Path, share: float) -> None:
    from kb.train.teach import write

    write(deltas, out, share)


def _report(
    out: Path, outcome: Outcome, share: float, as_json: bool, more: dict[str, Any] | None = None
) -> None:
    facts = {
        "file": str(out),
        "steps": outcome.steps,
        "minutes": round(outcome.minutes, 1),
        "before": round(outcome.before, 4),
        "after": round(outcome.best[1], 4),
        "built": round(share, 4),
        **(more or {}),
    }
    if as_json:
        put(facts)
    else:
        tell(
            f"{out}: right entry first {outcome.before:.1%} before, {outcome.best[1]:.1%} after, {share:.1%} "
            f"as built ({outcome.steps} steps, {outcome.minutes:.1f} minutes)"
        )


def _named(exams: Sequence[Subject]) -> str:
    return ", ".join(subject.name for subject in exams)


def _digest(deltas: Deltas) -> str:
    found = hashlib.sha256()
    for down, up in deltas.pairs.values():
        found.update(down.tobytes() + up.tobytes())
    return found.hexdigest()[:8]
