"""Does the gate tell the truth? Its confidence against what was right, and what shoppers then get: the demo
shop, and (with test and all) a shop that nothing was fitted on."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.decision import Decision, Turn
from bot.policy import Policy, default_policy
from bot.think import think
from eval import data
from eval.report import Bars, Cell, Lines, Report, Section, Table
from eval.retrieval import knowledge_of
from eval.stats import Figure, mean, of
from kb.encoder import open_encoder
from kb.entry import read_corpus
from kb.search import Knowledge

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # a Monday noon in Japan, inside every entry's validity
BINS = 10
PRECISION = 0.95
SMALLER = ("answered_wrong", "unanswerable_answered", "private_answered", "ece")
TARGETS = {"demo.answered_right": 0.50, "demo.unanswerable_answered": -0.12}


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled question and its decision. `wanted` is empty for one the shop cannot answer."""

    text: str
    kind: str
    wanted: frozenset[str]
    decision: Decision

    @property
    def right_first(self) -> bool:
        return bool(self.decision.hits) and self.decision.hits[0].entry.id in self.wanted

    @property
    def answered_right(self) -> bool:
        return self.decision.entry in self.wanted

    @property
    def offered_right(self) -> bool:
        return any(offer.entry in self.wanted for offer in self.decision.offers)

    @property
    def answered(self) -> bool:
        return self.decision.kind == "answer"


def run(args: argparse.Namespace) -> Report:
    encoder, policy = open_encoder(args.data), default_policy()
    demo = knowledge_of(read_corpus(data.DEMO).entries, encoder, args.data)
    asked = [*data.lines("queries", args.split), *data.lines("unanswerable", args.split)]
    shops = {"demo": judge(demo, asked, policy)}
    if args.split != "dev":
        camp = data.HERE / "camp"
        held = knowledge_of(read_corpus(camp / "corpus.jsonl").entries, encoder, args.data)
        shops["camp"] = judge(
            held, [*_rows(camp / "queries.jsonl"), *_rows(camp / "unanswerable.jsonl")], policy
        )
    figures: dict[str, Figure] = {}
    facts = {"split": args.split, "policy": policy.id, "answer from": str(policy.answer)}
    sections: list[Section] = []
    for name, judged in shops.items():
        unanswerable = sum(not j.wanted for j in judged)
        facts[name] = f"{len(judged)} questions, {unanswerable} of them unanswerable"
        figures |= {f"{name}.{key}": value for key, value in figures_of(judged).items()}
        sections += sections_of(name, judged, policy)
    if args.split == "dev":
        sections.append(_mistakes(shops["demo"]))
    return Report(
        "gate",
        "ゲートの評価 / Gate",
        "自信は本当か。答えてよいときだけ答えるか。 / Is the confidence true, and what follows.",
        figures,
        facts,
        TARGETS,
        sections,
        [f"{name}.{figure}" for name in shops for figure in SMALLER],
    )


def judge(knowledge: Knowledge, asked: Sequence[dict[str, Any]], policy: Policy) -> list[Judged]:
    return [
        Judged(
            row["text"],
            row["kind"],
            frozenset([row["entry"], *row.get("also", [])]) if row.get("entry") else frozenset(),
            think(Turn(row["text"], AT), knowledge, policy),
        )
        for row in asked
    ]


def figures_of(judged: Sequence[Judged]) -> dict[str, Figure]:
    """The stable names: rates over the answerable or the unanswerable ones; AUROC, coverage, ECE over all."""
    can = [j for j in judged if j.wanted]
    cannot = [j for j in judged if not j.wanted]
    private = [j for j in cannot if j.kind == "private"]
    far = [j for j in cannot if j.kind == "far"]
    pairs = np.array([(j.decision.confidence, j.right_first) for j in judged], np.float64)
    found = {
        "answered_right": mean([j.answered_right for j in can]),
        "answered_wrong": mean([j.answered and not j.answered_right for j in can]),
        "answered_or_offered_right": mean([j.answered_right or j.offered_right for j in can]),
        "unanswerable_answered": mean([j.answered for j in cannot]),
        "private_answered": mean([j.answered for j in private]),
        "precision_of_answers": mean([j.answered_right for j in judged if j.answered]),
        "auroc": of(pairs, auroc),
        "coverage_at_95": of(pairs, coverage),
        "ece": of(pairs, ece),
    }
    if far:
        mixed = np.array([(j.decision.confidence, bool(j.wanted)) for j in [*can, *far]], np.float64)
        found["far_auroc"] = of(mixed, auroc)
    return found


def auroc(pairs: npt.NDArray[np.float64]) -> float:
    """P(a right one is surer than a wrong one); rank sum (Hanley & McNeil 1982), ties count half."""
    right = pairs[:, 1] > 0
    if right.all() or not right.any():
        return float("nan")
    _, place, counts = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n = int(right.sum())
    return float((ranks[right].sum() - n * (n + 1) / 2) / (n * (len(right) - n)))


def coverage(pairs: npt.NDArray[np.float64]) -> float:
    """The largest share of questions, surest first, of which 95 % are right."""
    right = pairs[np.argsort(-pairs[:, 0], kind="stable"), 1]
    good = np.flatnonzero(np.cumsum(right) / np.arange(1, len(right) + 1) >= PRECISION)
    return float((good[-1] + 1) / len(right)) if len(good) else 0.0


def ece(pairs: npt.NDArray[np.float64]) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
    bins = np.minimum((pairs[:, 0] * BINS).astype(int), BINS - 1)
    gaps = [
        abs(pairs[bins == b].mean(axis=0) @ [1, -1]) * (bins == b).mean()
        for b in range(BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def sections_of(name: str, judged: Sequence[Judged], policy: Policy) -> list[Section]:
    pairs = np.array([(j.decision.confidence, j.right_first) for j in judged], np.float64)
    bins = np.minimum((pairs[:, 0] * BINS).astype(int), BINS - 1)
    reliable = [
        (float(pairs[bins == b, 0].mean()), float(pairs[bins == b, 1].mean()))
        for b in range(BINS)
        if (bins == b).any()
    ]
    order = pairs[np.argsort(-pairs[:, 0], kind="stable"), 1]
    share = np.arange(1, len(order) + 1) / len(order)
    risk = 1 - np.cumsum(order) / np.arange(1, len(order) + 1)
    kinds = sorted({j.kind for j in judged})
    rows: list[list[Cell]] = []
    for kind in kinds:
        some = [j for j in judged if j.kind == kind]
        did = Counter(j.decision.kind for j in some)
        right = f"{mean([j.answered_right for j in some]).value:.2f}" if some[0].wanted else "–"
        rows.append(
            [kind, len(some), right, *(did[k] for k in ("answer", "offer", "decline", "escalate", "social"))]
        )
    return [
        Section(
            f"{name}: 自信は本当か / Is the confidence true",
            "点が対角線に近いほど、確率が正しい。 / The nearer to the diagonal, the truer.",
            [
                Lines(
                    "reliability",
                    "自信 / confidence",
                    "正しかった割合 / right",
                    {name: reliable, "ideal": [(0, 0), (1, 1)]},
                ),
                Lines(
                    "risk–coverage",
                    "答えた割合 / coverage",
                    "誤りの割合 / risk",
                    {name: list(zip(share.tolist(), risk.tolist(), strict=True))},
                ),
            ],
        ),
        Section(
            f"{name}: 質問の種類別 / By kind",
            f"しきい値 / threshold {policy.answer}",
            [
                Bars(
                    "すぐ正しく答えた / answered right at once",
                    [
                        (k, mean([j.answered_right for j in judged if j.kind == k]))
                        for k in kinds
                        if k not in ("near", "far", "private")
                    ],
                ),
                Table(
                    ["kind", "n", "right at once", "answer", "offer", "decline", "escalate", "social"], rows
                ),
            ],
        ),
    ]


def _mistakes(judged: Sequence[Judged]) -> Section:
    wrong = [j for j in judged if j.answered and not j.answered_right]
    rows: list[list[Cell]] = [
        [
            j.kind,
            f"{j.decision.confidence:.2f}",
            j.text[:50],
            j.decision.entry or "",
            ", ".join(sorted(j.wanted)) or "–",
        ]
        for j in sorted(wrong, key=lambda j: -j.decision.confidence)
    ]
    return Section(
        "誤って答えた質問 / Answered wrongly",
        "",
        [Table(["kind", "confidence", "text", "answered", "wanted"], rows)],
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(data.rows(path))
