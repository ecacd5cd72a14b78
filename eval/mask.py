"""Does masking find personal data, all of it and nothing else? Exact spans over marked sentences."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval import data
from eval.report import Cell, Report, Section, Table
from eval.stats import mean, of
from kb.mask import mask

MARK = re.compile(r"⟦([a-z]+)\|(.*?)⟧", re.DOTALL)
TARGETS = {"f1": 0.85, "false_masks": -0.08}

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Masked:
    text: str
    wanted: frozenset[Span]
    found: frozenset[Span]


def unmarked(marked: str) -> tuple[str, frozenset[Span]]:
    """`⟦name|山田⟧様` → the plain text and its spans."""
    text, spans, at = "", set(), 0
    for match in MARK.finditer(marked):
        text += marked[at : match.start()]
        spans.add((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    return text + marked[at:], frozenset(spans)


def run(args: argparse.Namespace) -> Report:
    done, took = [], []
    for row in data.lines("mask", args.split):
        text, wanted = unmarked(row["marked"])
        start = time.perf_counter()
        found = mask(text).spans
        took.append((time.perf_counter() - start) * 1000)
        done.append(Masked(text, wanted, frozenset((s.start, s.end, s.type) for s in found)))
    clean = [m for m in done if not m.wanted]
    counts = np.array([(len(m.wanted & m.found), len(m.found), len(m.wanted)) for m in done], np.float64)
    kinds = sorted({span[2] for m in done for span in m.wanted | m.found})
    rows: list[list[Cell]] = [[kind, *_by_kind(done, kind)] for kind in kinds]
    sections = [Section("種類別 / By type", "", [Table(["type", "wanted", "found", "right", "f1"], rows)])]
    if args.split == "dev":
        sections.append(_differences(done))
    return Report(
        "mask",
        "伏せ字の評価 / Masking",
        "個人情報を漏れなく、ほかを巻き込まずに伏せられるか（範囲と種類の完全一致）。",
        {
            "f1": of(counts, f1),
            "recall": of(counts, lambda c: float(c[:, 0].sum() / max(1, c[:, 2].sum()))),
            "precision": of(counts, lambda c: float(c[:, 0].sum() / max(1, c[:, 1].sum()))),
            "false_masks": mean([bool(m.found) for m in clean]),
            "ms_median": float(np.median(took)),
        },
        {"split": args.split, "data": f"mask, {len(done)} sentences, {len(clean)} of them clean look-alikes"},
        TARGETS,
        sections,
    )


def f1(counts: npt.NDArray[np.float64]) -> float:
    """Harmonic mean of span precision and recall; rows of (right, found, wanted)."""
    right, found, wanted = counts.sum(axis=0)
    return float(2 * right / (found + wanted)) if found + wanted else float("nan")


def _by_kind(done: Sequence[Masked], kind: str) -> list[Cell]:
    wanted = sum(s[2] == kind for m in done for s in m.wanted)
    found = sum(s[2] == kind for m in done for s in m.found)
    right = sum(s[2] == kind for m in done for s in m.wanted & m.found)
    return [wanted, found, right, f"{2 * right / max(1, wanted + found):.2f}"]


def _differences(done: Sequence[Masked]) -> Section:
    rows: list[list[Cell]] = [
        [_show(m, m.wanted - m.found), _show(m, m.found - m.wanted), m.text[:60]]
        for m in done
        if m.wanted != m.found
    ]
    return Section("違い / Differences", "", [Table(["missed", "too much", "text"], rows)])


def _show(masked: Masked, spans: frozenset[Span]) -> str:
    return ", ".join(f"{kind}:{masked.text[start:end]}" for start, end, kind in sorted(spans))
