"""What an evaluation found, as data, as text for a terminal, and as one HTML page for content staff."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import copysign, isnan
from pathlib import Path
from typing import Any

from eval.stats import Change, Figure


@dataclass(frozen=True, slots=True)
class Signed:
    """A number of which more is better than 0 and less is worse; `much` is shown as strongly as can be."""

    value: float
    much: float = 1.0


Cell = str | int | float | Figure | Change | Signed
Value = int | float | Figure


@dataclass(frozen=True, slots=True)
class Table:
    """A figure shows its interval, a change is in points of a hundred; other numbers are shown as they
    are."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Bars:
    """Rates from 0 to 1 with their intervals; `target` draws a line."""

    title: str
    items: Sequence[tuple[str, Figure]]
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """Curves: name → points."""

    title: str
    x: str
    y: str
    series: Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be copied as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the data that went wrong. `lines`: what → words; `table`: why, shown when asked for.
    Neighbours with the same tag are shown together."""

    tag: str
    title: str
    lines: Sequence[tuple[str, str]]
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    items: Sequence[Case]


Part = Table | Bars | Lines | Code | Cases


@dataclass(frozen=True, slots=True)
class Section:
    """`page_only`: not for the terminal."""

    title: str
    text: str = ""
    parts: Sequence[Part] = ()
    page_only: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """`figures`: the stable names that baselines compare. `targets`: name → least value wanted; a negative
    one means at most its absolute value. `smaller`: figures of which less is better. `facts`: data, sizes,
    split, settings. `headline`: the targets that open the page (default: all); of the others it names those
    that were missed."""

    name: str
    title: str
    summary: str
    figures: Mapping[str, Value]
    facts: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    smaller: Sequence[str] = ()
    headline: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "facts": {**self.facts, "machine": machine()},
            "figures": {name: _plain(value) for name, value in self.figures.items()},
            "targets": dict(self.targets),
        }

    def text(self) -> str:
        """For a terminal."""
        out = [self.title, "=" * len(self.title), self.summary, ""]
        out += [f"{name}: {value}" for name, value in {**self.facts, "machine": machine()}.items()]
        out += ["", *(_line(self, name, value) for name, value in self.figures.items())]
        for section in self.sections:
            if section.page_only:
                continue
            out += ["", section.title, "-" * len(section.title)]
            if section.text:
                out.append(section.text)
            for part in section.parts:
                out += _part_text(part)
        return "\n".join(out)

    def html(self) -> str:
        """One self-contained page: light and dark, no script."""
        from eval.page import page

        return page(self)


def machine() -> str:
    """Processor, cores that may be used, Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{_processor()}, {cores} cores, Python {platform.python_version()}"


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return names[0] if names else platform.machine()
    except OSError:
        return platform.processor() or platform.machine()


def _plain(value: Value) -> Any:
    if isinstance(value, Figure):
        return value.as_json()
    return None if isinstance(value, float) and isnan(value) else round(value, 5)


def number(value: Value) -> float:
    return value.value if isinstance(value, Figure) else float(value)


def reached(report: Report, name: str) -> bool | None:
    """Is the target of a figure reached? None without a target."""
    target = report.targets.get(name)
    if target is None:
        return None
    value = number(report.figures[name])
    return value <= -target if at_most(target) else value >= target


def at_most(target: float) -> bool:
    """-0.0 is "none at all"."""
    return copysign(1.0, target) < 0


def _line(report: Report, name: str, value: Value) -> str:
    done = reached(report, name)
    target = report.targets.get(name)
    wanted = "" if target is None else f"   {'at most' if at_most(target) else 'at least'} {abs(target):g}"
    return f"{shown(value):>24}  {name}{wanted}{'' if done is None else '  ok' if done else '  MISSED'}"


def shown(cell: Cell) -> str:
    if isinstance(cell, Figure):
        return "–" if isnan(cell.value) else f"{cell.value:.3f} [{cell.low:.3f}, {cell.high:.3f}]"
    if isinstance(cell, Change):
        return "–" if isnan(cell.mean.value) else f"{points(cell)} (+{cell.gained} −{cell.lost})"
    if isinstance(cell, Signed):
        return signed(cell.value)
    return f"{cell:,.3f}" if isinstance(cell, float) else str(cell)


def points(change: Change) -> str:
    """In points of a hundred; a star says that the 95 % interval leaves 0 out."""
    return signed(change.mean.value * 100, 1) + ("*" if change.sure else "")


def signed(value: float, digits: int = 2) -> str:
    """With a typographic minus, and without a sign for what rounds to 0."""
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "−")


def _part_text(part: Part) -> list[str]:
    if isinstance(part, Table):
        return _table_text(part)
    if isinstance(part, Code):
        return part.text.splitlines()
    if isinstance(part, Cases):
        return [line for case in part.items for line in _case_text(case)]
    return []


def _case_text(case: Case) -> list[str]:
    lines = (f"  {what}: {words}" for what, words in case.lines)
    table = _table_text(case.table) if case.table else []
    return [f"[{case.tag}] {case.title}", *lines, *("    " + row for row in table)]


def _table_text(table: Table) -> list[str]:
    rows = [list(table.columns), *([shown(cell) for cell in row] for row in table.rows)]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(table.columns))]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def worse(report: Report, baseline: Mapping[str, Any]) -> list[str]:
    """Figures that left their interval in a stored report on the bad side: more than chance explains."""
    lost = []
    for name, before in baseline["figures"].items():
        now = report.figures.get(name)
        if not isinstance(before, dict) or not isinstance(now, Figure):
            continue
        less = name in report.smaller or at_most(report.targets.get(name, 0.0))
        if now.value > before["high"] if less else now.value < before["low"]:
            edge = f"at most {before['high']:.3f}" if less else f"at least {before['low']:.3f}"
            lost.append(f"{name}: {now.value:.3f}, was {before['value']:.3f} ({edge})")
    return lost
