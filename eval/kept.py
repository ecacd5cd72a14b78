"""A run's result for each question, kept in a file, and a later run against it: paired, question by question.

The file holds no text. A question counts only if its text and its right entries are what they were.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval import labels
from eval.data import Asked, DataMissing
from eval.failures import HIDDEN
from eval.ranked import DEEP, MEASURES, Heard, by_kind
from eval.report import Case, Cases, Cell, Section, Table, signed
from eval.sets import QuestionSet
from eval.stats import Change, change, mean

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One question's result. `mark` changes with its text and its right entries; `top` is the entry that
    came first."""

    id: str
    mark: str
    kind: str
    place: int
    top: str | None
    measures: Mapping[str, float]
    ms: float


@dataclass(frozen=True, slots=True)
class Kept:
    facts: Mapping[str, str]
    sets: Mapping[str, Sequence[Row]]


def row_of(heard: Heard) -> Row:
    ranked = heard.ranked()
    return Row(
        heard.asked.id,
        _mark(heard.asked),
        heard.asked.kind,
        ranked.place(),
        ranked.entries[0] if ranked.entries else None,
        {name: round(measure(ranked), 6) for name, measure in MEASURES.items()},
        round(heard.ms, 3),
    )


def write(file: Path, facts: Mapping[str, str], sets: Mapping[str, Sequence[Heard]]) -> None:
    rows = {name: [asdict(row_of(each)) for each in heard] for name, heard in sets.items()}
    stored = {"format": FORMAT, "facts": dict(facts), "sets": rows}
    file.write_text(json.dumps(stored, ensure_ascii=False, indent=0) + "\n", "utf-8")


def read(file: Path) -> Kept:
    """Raises `DataMissing` for what is not a file of `write`."""
    mend = "make one with `python -m eval retrieval --keep FILE.json`"
    try:
        raw: Any = json.loads(file.read_text("utf-8"))
        if raw["format"] != FORMAT:
            raise DataMissing(f"{file} was kept by another version: {mend}")
        sets = {name: [Row(**row) for row in rows] for name, rows in raw["sets"].items()}
        return Kept(raw["facts"], sets)
    except OSError as error:
        raise DataMissing(f"{file} cannot be read ({error}): {mend}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataMissing(f"{file} is not a kept result ({error!r}): {mend}") from error


@dataclass(frozen=True, slots=True)
class Pair:
    asked: Asked
    now: Row
    before: Row

    def moved(self) -> int:
        """1: now first and not before; -1: the other way."""
        return (self.now.place == 0) - (self.before.place == 0)


def pairs(heard: Sequence[Heard], before: Sequence[Row]) -> list[Pair]:
    """The questions that both runs asked, unchanged."""
    known = {row.id: row for row in before}
    made = [Pair(each.asked, row_of(each), known[each.asked.id]) for each in heard if each.asked.id in known]
    return [pair for pair in made if pair.now.mark == pair.before.mark]


def sections(
    asked_of: QuestionSet, heard: Sequence[Heard], kept: Kept, *, show_hidden: bool
) -> list[Section]:
    """Each figure's paired change, by kind too, and the questions that went from one side to the other."""
    title = f"{asked_of.title}: 以前との差 / Against the kept run"
    both = pairs(heard, kept.sets.get(asked_of.name, []))
    if not both:
        return [Section(title, "共通の質問がない。 / No question in common.")]
    rows = [_compared(measure, both, measure) for measure in asked_of.measures]
    kinds = by_kind([each.ranked() for each in heard])
    if len(kinds) > 1:
        rows += [
            _compared(labels.kind(kind), some, "first")
            for kind in kinds
            if (some := [pair for pair in both if pair.asked.kind == kind])
        ]
    table = Table(["figure", "n", "before", "now", "差 (100 分の) / change", "95 %"], rows)
    speed = [np.percentile([of(pair).ms for pair in both], (50, 99)) for of in (_before, _now)]
    told = (
        f"同じ {len(both)} 問の対応のあるブートストラップ、1 万回。差の * は 95 % 区間が 0 を含まない。\n"
        "Paired bootstrap, 10,000 draws; * where the interval leaves out 0. "
        f"{len(heard) - len(both)} questions of this run have no partner. find p50 / p99: "
        + " → ".join(f"{middle:.1f} / {slow:.1f} ms" for middle, slow in speed)
    )
    return [Section(title, told, [table]), *_changed(asked_of, both, show_hidden)]


def _compared(name: str, some: Sequence[Pair], measure: str) -> list[Cell]:
    now, before = ([of(pair).measures[measure] for pair in some] for of in (_now, _before))
    made = change(now, before)
    return [name, len(some), mean(before), mean(now), made, interval(made)]


def interval(made: Change) -> str:
    """In points of a hundred."""
    return f"{signed(made.mean.low * 100, 1)} … {signed(made.mean.high * 100, 1)}"


def _changed(asked_of: QuestionSet, both: Sequence[Pair], show_hidden: bool) -> list[Section]:
    moved = sorted((pair for pair in both if pair.moved()), key=lambda pair: (pair.moved(), pair.asked.kind))
    questions = asked_of.questions()
    made = []
    for hidden, mark in ((False, ""), (True, " (test)")):
        some = [pair for pair in moved if asked_of.hidden(pair.asked) is hidden]
        if some:
            lost = sum(pair.moved() < 0 for pair in some)
            told = f"失った / lost {lost}、得た / gained {len(some) - lost}"
            shown = [Cases([_moved(pair, questions) for pair in some])] if show_hidden or not hidden else []
            title = f"{asked_of.title}: 入れ替わった質問 / Changed sides{mark}"
            made.append(Section(title, told if shown else told + HIDDEN, shown, page_only=hidden))
    return made


def _moved(pair: Pair, questions: Mapping[str, str]) -> Case:
    def top(row: Row) -> str:
        return f"{questions.get(row.top, '?')} ({row.top})" if row.top else "–"

    return Case(
        "先頭から落ちた / lost" if pair.moved() < 0 else "先頭になった / gained",
        pair.asked.text,
        [
            ("種類 / kind", labels.kind(pair.asked.kind)),
            (
                "正解 / wanted",
                "、".join(f"{questions[entry]} ({entry})" for entry in sorted(pair.asked.wanted)),
            ),
            ("順位 / place", f"{_place(pair.before)} → {_place(pair.now)}"),
            ("先頭、前 / first before", top(pair.before)),
            ("先頭、今 / first now", top(pair.now)),
        ],
    )


def _place(row: Row) -> str:
    return str(row.place + 1) if row.place < DEEP else "–"


def _now(pair: Pair) -> Row:
    return pair.now


def _before(pair: Pair) -> Row:
    return pair.before


def _mark(asked: Asked) -> str:
    content = json.dumps([asked.text, sorted(asked.grades.items())], ensure_ascii=False)
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()
