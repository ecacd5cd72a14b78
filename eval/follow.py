"""Do turns that need what came before get the right answer, and do new subjects lose nothing?"""

from __future__ import annotations

import argparse

from bot.decision import Said, Turn
from bot.policy import default_policy
from bot.think import think
from eval import data
from eval.gate import AT, Judged
from eval.report import Cell, Report, Section, Table
from eval.retrieval import knowledge_of
from eval.stats import mean
from kb.encoder import open_encoder
from kb.entry import read_corpus


def run(args: argparse.Namespace) -> Report:
    knowledge = knowledge_of(read_corpus(data.DEMO).entries, open_encoder(args.data), args.data)
    policy = default_policy()
    judged = []
    for row in data.lines("followups", args.split):
        history = tuple(Said(said["from"], said["text"]) for said in row["history"])
        decision = think(Turn(row["text"], AT, history=history), knowledge, policy)
        judged.append(Judged(row["text"], row["kind"], frozenset([row["entry"]]), decision))
    carry = [j for j in judged if j.kind == "carry"]
    fresh = [j for j in judged if j.kind == "fresh"]
    missed = [j for j in judged if not (j.answered_right or j.offered_right)]
    rows: list[list[Cell]] = [
        [
            j.kind,
            j.text,
            j.decision.kind,
            j.decision.entry or ", ".join(o.entry for o in j.decision.offers),
            *j.wanted,
        ]
        for j in missed
    ]
    sections = [
        Section("届かなかったもの / Missed", "", [Table(["kind", "text", "did", "with", "wanted"], rows)])
    ]
    return Report(
        "follow",
        "続きの質問の評価 / Follow-ups",
        "前の質問がないと分からない一言に、正しい答えか、それを含む候補を返せたか。",
        {
            "carry.right_or_offered": mean([j.answered_right or j.offered_right for j in carry]),
            "carry.right": mean([j.answered_right for j in carry]),
            "fresh.right_or_offered": mean([j.answered_right or j.offered_right for j in fresh]),
            "wrong": mean([j.answered and not j.answered_right for j in judged]),
        },
        {"split": args.split, "data": f"followups, {len(judged)} lines"},
        {},
        sections if args.split == "dev" else [],
        ["wrong"],
    )
