"""Does the loop close? What harvest proposes from the demo shop's month, against a hand-written key."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from eval import data
from eval.report import Cell, Report, Section, Table
from eval.retrieval import knowledge_of
from eval.stats import mean
from kb.encoder import open_encoder
from kb.entry import read_corpus
from kb.harvest import Proposal, harvest, read_transcripts
from kb.mask import mask

TRANSCRIPTS = data.DEMO.with_name("transcripts.jsonl")
TARGETS = {"topics_found": 0.7, "private_proposed": -0.0, "personal_data": -0.0}


def run(args: argparse.Namespace) -> Report:
    knowledge = knowledge_of(read_corpus(data.DEMO).entries, open_encoder(args.data), args.data)
    transcripts = read_transcripts(TRANSCRIPTS)
    proposals = harvest(transcripts, knowledge)
    *topics, last = data.rows(data.HERE / "harvest.jsonl")
    private = set(last["private"])
    matched = {topic["topic"]: _match(topic, proposals) for topic in topics}
    found = [p for p in matched.values() if p is not None]
    rows: list[list[Cell]] = [
        [
            topic["topic"],
            topic["kind"],
            p.kind if (p := matched[topic["topic"]]) else "–",
            f"{len(set(p.evidence) & set(topic['transcripts']))}/{len(topic['transcripts'])}" if p else "–",
            f"{_facts(topic, p)}/{len(topic['facts'])}" if p else "–",
            p.question if p else "–",
        ]
        for topic in topics
    ]
    spare: list[list[Cell]] = [
        [p.kind, p.entry or "", p.question, ", ".join(p.evidence)] for p in proposals if p not in found
    ]
    return Report(
        "loop",
        "輪の評価 / The loop",
        "担当者の答えから、正しい提案が、個人情報なしに生まれるか。",
        {
            "topics_found": mean([matched[topic["topic"]] is not None for topic in topics]),
            "kind_right": mean([p.kind == t["kind"] for t in topics if (p := matched[t["topic"]])]),
            "facts_kept": mean(
                [_facts(t, p) / len(t["facts"]) for t in topics if (p := matched[t["topic"]])]
            ),
            "private_proposed": sum(bool(set(p.evidence) & private) for p in proposals),
            "personal_data": sum(bool(mask(p.question + "\n" + p.answer).spans) for p in proposals),
            "beside_the_key": len(spare),
        },
        {
            "data": f"{len(transcripts)} transcripts, {len(topics)} topics, {len(private)} private",
            "split": "none",
        },
        TARGETS,
        [
            Section(
                "話題ごと / By topic",
                "",
                [Table(["topic", "wanted", "kind", "evidence", "facts", "question"], rows)],
            ),
            Section(
                "鍵にない提案 / Beside the key", "", [Table(["kind", "entry", "question", "evidence"], spare)]
            ),
        ],
    )


def _match(topic: Mapping[str, Any], proposals: Sequence[Proposal]) -> Proposal | None:
    """The proposal that rests mostly on the topic's conversations, on two at least, and on its entry."""
    wanted = set(topic["transcripts"])
    for proposal in proposals:
        shared = len(set(proposal.evidence) & wanted)
        same = topic["entry"] is None or proposal.entry == topic["entry"]
        if shared >= 2 and shared * 2 > len(proposal.evidence) and same:
            return proposal
    return None


def _facts(topic: Mapping[str, Any], proposal: Proposal) -> int:
    """How many of the topic's facts the answer holds to the letter (a variant keeps its entry's answer)."""
    text = json.dumps([proposal.question, proposal.answer], ensure_ascii=False)
    return sum(fact in text for fact in topic["facts"])
