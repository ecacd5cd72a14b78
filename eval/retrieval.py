"""Does the search find the right entry? The demo shop by kind of question, a shop that nothing was tuned
on, and the municipal benchmark; and what each side finds by itself."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval import data
from eval.data import Asked, DataMissing
from eval.report import Bars, Cell, Report, Section, Table
from eval.stats import Figure, mean
from kb.encoder import Encoder, open_encoder
from kb.entry import Entry, read_corpus
from kb.fuse import SIDES, Fusion
from kb.search import Hit, Knowledge

DEEP = 50  # hits looked at, so that a side alone can be ranked
TARGETS = {
    "demo.first": 0.80,
    "demo.top3": 0.92,
    "demo.kana.first": 0.70,
    "municipal.ndcg10": 0.64,
    "municipal.recall10": 0.75,
    "municipal.first": 0.57,
}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A query with what was found for it."""

    asked: Asked
    hits: tuple[Hit, ...]

    def first(self, side: str | None = None) -> bool:
        return self.place(side) == 0

    def place(self, side: str | None = None) -> int:
        """How many hits stand before the first right one, by score or by one side's part."""
        hits = self.hits
        if side is not None:
            hits = tuple(sorted(hits, key=lambda hit: -hit.parts.get(side, -math.inf)))
            hits = tuple(hit for hit in hits if side in hit.parts)
        return next((i for i, hit in enumerate(hits) if hit.entry.id in self.asked.wanted), DEEP)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--misses", action="store_true", help="also list what was not found first (dev only)")


def run(args: argparse.Namespace) -> Report:
    """Figures of the chosen split; the held-out shop with test and all, the benchmark when given."""
    encoder = open_encoder(args.data)
    figures: dict[str, Figure] = {}
    facts: dict[str, str] = {"split": args.split, "encoder": encoder.id}
    shop = _asked(data.DEMO, data.queries(args.split), encoder, args.data)
    facts["demo shop"] = f"{len(shop)} questions, {len(read_corpus(data.DEMO).entries)} entries"
    figures |= _rates("demo", shop)
    sections = _shop_sections("デモ店 / Demo shop", shop)
    if args.misses and args.split == "dev":
        sections.append(_misses(shop))
    if args.split != "dev":
        other = _camp(encoder, args.data)
        facts["held-out shop"] = f"camp, {len(other)} questions"
        figures |= _rates("camp", other)
        sections += _shop_sections("調整に使っていない店 / Held-out shop", other)
    if args.municipal is not None:
        town = _municipal(args.municipal, encoder, args.data)
        facts["municipal"] = f"{len(town)} even-numbered queries"
        figures |= _graded(town)
        sections.append(_sides_section("自治体 FAQ / Municipal", town))
    return Report(
        "retrieval",
        "検索の評価 / Retrieval",
        "質問に対して正しい回答が何番目に出るか。 / At which place the right entry stands.",
        figures,
        facts,
        {name: least for name, least in TARGETS.items() if name in figures},
        sections,
    )


def knowledge_of(
    entries: Sequence[Entry], encoder: Encoder | None, home: Path, fusion: Fusion | None = None
) -> Knowledge:
    """An index of the entries, kept under the data directory for the next evaluation."""
    from kb.index import IndexRefused, build, release_of
    from kb.words import Words

    words = Words()
    out = home / "eval" / release_of(entries, encoder, words)
    try:
        return Knowledge.open(out, encoder, words, fusion)
    except IndexRefused:
        if out.exists():
            import shutil

            shutil.rmtree(out)
        build(entries, out, encoder, words=words)
        return Knowledge.open(out, encoder, words, fusion)


def _asked(corpus: Path, asked: Sequence[Asked], encoder: Encoder, home: Path) -> list[Ranked]:
    knowledge = knowledge_of(read_corpus(corpus).entries, encoder, home)
    return [Ranked(each, knowledge.find(each.text, DEEP).hits) for each in asked]


def _camp(encoder: Encoder, home: Path) -> list[Ranked]:
    folder = data.HERE / "camp"
    return _asked(folder / "corpus.jsonl", data.asked_of(folder / "queries.jsonl"), encoder, home)


def _municipal(folder: Path, encoder: Encoder, home: Path) -> list[Ranked]:
    town = data.municipal(folder)
    knowledge = knowledge_of([Entry(*each) for each in town.entries], encoder, home)
    return [Ranked(each, knowledge.find(each.text, DEEP).hits) for each in town.queries]


def _rates(name: str, ranked: Sequence[Ranked]) -> dict[str, Figure]:
    kana = [each for each in ranked if each.asked.kind == "kana"]
    return {
        f"{name}.first": mean([each.first() for each in ranked]),
        f"{name}.top3": mean([each.place() < 3 for each in ranked]),
        f"{name}.top10": mean([each.place() < 10 for each in ranked]),
        f"{name}.kana.first": mean([each.first() for each in kana]),
    }


def _graded(ranked: Sequence[Ranked]) -> dict[str, Figure]:
    return {
        "municipal.ndcg10": mean(
            [ndcg([hit.entry.id for hit in each.hits], each.asked.grades) for each in ranked]
        ),
        "municipal.recall10": mean(
            [
                len({h.entry.id for h in each.hits[:10]} & each.asked.wanted) / len(each.asked.wanted)
                for each in ranked
            ]
        ),
        "municipal.first": mean([each.first() for each in ranked]),
    }


def ndcg(found: Sequence[str], grades: Mapping[str, int], deep: int = 10) -> float:
    """Gain = grade / log2(rank + 1); ideal from all graded entries."""
    gain = sum(grades.get(entry, 0) / math.log2(place + 2) for place, entry in enumerate(found[:deep]))
    best = sorted(grades.values(), reverse=True)[:deep]
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
    return gain / ideal if ideal else 0.0


def _shop_sections(title: str, ranked: Sequence[Ranked]) -> list[Section]:
    kinds = sorted({each.asked.kind for each in ranked})
    by_kind = {kind: [each for each in ranked if each.asked.kind == kind] for kind in kinds}

    def rate(some: Sequence[Ranked], test: Callable[[Ranked], bool]) -> Figure:
        return mean([test(each) for each in some])

    first = {kind: rate(some, Ranked.first) for kind, some in by_kind.items()}
    rows: list[list[Cell]] = [
        [
            kind,
            len(some),
            first[kind],
            rate(some, lambda r: r.place() < 3),
            rate(some, lambda r: r.place() < 10),
        ]
        for kind, some in by_kind.items()
    ]
    bars = Bars(
        "正しい回答が最初に出た割合 / right entry first",
        [*first.items(), ("all", rate(ranked, Ranked.first))],
    )
    columns = ["kind", "n", "first", "top 3", "top 10"]
    return [
        Section(f"{title}: 質問の種類別", "", [bars, Table(columns, rows)]),
        _sides_section(title, ranked),
    ]


def _sides_section(title: str, ranked: Sequence[Ranked]) -> Section:
    """What each side alone would put first (of the hits that all of them together bring), by kind."""
    kinds = sorted({each.asked.kind for each in ranked})
    rows: list[list[Cell]] = []
    for side in (*SIDES, None):
        row: list[Cell] = [side or "all together", mean([each.first(side) for each in ranked])]
        if len(kinds) > 1:
            shares = [np.mean([e.first(side) for e in ranked if e.asked.kind == kind]) for kind in kinds]
            row += [f"{share:.2f}" for share in shares]
        rows.append(row)
    columns = ["side", "first", *(kinds if len(kinds) > 1 else [])]
    return Section(f"{title}: どの手がかりが見つけるか", "", [Table(columns, rows)])


def _misses(ranked: Sequence[Ranked]) -> Section:
    rows: list[list[Cell]] = [
        [each.asked.kind, each.place(), each.asked.text[:60], each.asked.entry or "", _top(each)]
        for each in ranked
        if not each.first()
    ]
    return Section(
        "最初に出なかった質問 / Not first",
        "",
        [Table(["kind", "before it", "text", "wanted", "found"], rows)],
    )


def _top(ranked: Ranked) -> str:
    return f"{ranked.hits[0].entry.id} {ranked.hits[0].entry.question}" if ranked.hits else "–"


__all__ = ["DataMissing", "knowledge_of", "ndcg", "options", "run"]
