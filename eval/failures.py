"""Questions whose right entry did not come first, in full: what was wanted, what came first, and what each
side said of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval import labels
from eval.ranked import DEEP, Heard, by_kind
from eval.report import Case, Cases, Cell, Section, Signed, Table
from eval.sets import QuestionSet

HIDDEN = (
    "。報告専用なので載せない（--show-test で載る）。\n"
    "They are for reporting only and not listed; --show-test lists them."
)


def sections(
    asked_of: QuestionSet, heard: Sequence[Heard], *, show_hidden: bool, terminal: bool
) -> list[Section]:
    """Those that may be worked on; the hidden ones (a test split's) only when asked for, and never for the
    terminal."""
    missed = [each for each in heard if not each.ranked().first()]
    title = f"{asked_of.title}: 最初に出なかった質問 / Not first"
    made = []
    if open_ := [each for each in missed if not asked_of.hidden(each.asked)]:
        told = f"{len(open_)} 問 / questions"
        made.append(Section(title, told, [Cases(_cases(asked_of, open_))], page_only=not terminal))
    if hidden := [each for each in missed if asked_of.hidden(each.asked)]:
        told = f"{len(hidden)} 問 / questions" + ("" if show_hidden else HIDDEN)
        listed = [Cases(_cases(asked_of, hidden))] if show_hidden else []
        made.append(Section(f"{title} (test)", told, listed, page_only=True))
    return made


def _cases(asked_of: QuestionSet, missed: Sequence[Heard]) -> list[Case]:
    questions = asked_of.questions()
    kinds = by_kind([each.ranked() for each in missed])
    order = {kind: place for place, kind in enumerate(kinds)}
    missed = sorted(missed, key=lambda each: (order[each.asked.kind], each.ranked().place()))
    return [_case(each, questions) for each in missed]


def _case(heard: Heard, questions: dict[str, str]) -> Case:
    ranked = heard.ranked()
    place = ranked.place()
    found = ranked.entries[0] if ranked.entries else None
    best = ranked.entries[place] if place < DEEP else sorted(heard.asked.wanted)[0]
    where = f"{place + 1} 番目" if place < DEEP else f"{DEEP} 番までにない / not among {DEEP}"
    also = len(heard.asked.wanted) - 1
    lines = [
        ("正解 / wanted", f"{questions[best]} ({best}, {where}{f', +{also}' if also else ''})"),
        ("先頭 / came first", f"{questions[found]} ({found})" if found else "–"),
    ]
    table = Table(["手がかり / side", "正解", "先頭", "得点の差 / score"], _rows(heard, best, found))
    return Case(labels.kind(heard.asked.kind), heard.asked.text, lines, table)


def _rows(heard: Heard, wanted: str, found: str | None) -> list[list[Cell]]:
    """Each side's value of both entries as the fusion takes it, and what it gave the wanted one more."""
    entries = heard.compared.entries
    if found is None or wanted not in entries:
        return []
    ours, theirs = entries.index(wanted), entries.index(found)
    given = {side: float(counts[ours] - counts[theirs]) for side, counts in heard.counts().items()}
    much = max(map(abs, given.values())) or 1.0
    rows: list[list[Cell]] = [
        [
            labels.side(side),
            *(_value(heard.compared.values[side][place]) for place in (ours, theirs)),
            Signed(difference, much),
        ]
        for side, difference in given.items()
    ]
    return [*rows, ["合計 / all", "", "", Signed(sum(given.values()), much)]]


def _value(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
