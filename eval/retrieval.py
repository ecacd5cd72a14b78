"""Does the search find the right entry? The demo shop by kind of question, shops that nothing was tuned on,
and the municipal benchmark.

With `--report FILE.html` also what each side helps and hurts, the versions by which the search grew, and
every question that went wrong. `--keep FILE.json` stores the result of each question, `--against FILE.json`
compares with a stored one. Questions of a test split are counted everywhere and shown nowhere but, with
`--show-test`, in the page.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from eval import ablation, failures, kept, labels
from eval.ablation import Found, Version, version
from eval.ranked import Heard, Ranked, by_kind, counting, measured, without
from eval.report import Bars, Cell, Report, Section, Table
from eval.sets import QuestionSet, Shop, sets_of
from eval.stats import Figure, mean
from kb.encoder import PLAIN, Encoder, open_encoder
from kb.entry import Entry
from kb.fuse import Fusion, fusion_for
from kb.index import IndexRefused, build, open_index, release_of, scales_of
from kb.search import Compared, Knowledge
from kb.words import Words

TARGETS = {
    "demo.first": 0.93,
    "heldout.first": 0.88,
    "heldout.top3": 0.96,
    "municipal.ndcg10": 0.68,
    "municipal.recall10": 0.80,
    "municipal.first": 0.63,
}
KIND_TARGETS = {"demo": 0.85, "heldout": 0.80}
UNTRAINED = "heldout.untrained.first"
WARM = "こんにちは"  # the first search of a process reads the index from disk; it is not counted

Opening = Callable[[Shop], Knowledge]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ablation", action="store_true", help="versions and sides, as --report has them")
    parser.add_argument("--misses", action="store_true", help="list what was not found first (never of test)")
    parser.add_argument("--show-test", action="store_true", help="let the page list questions of test splits")
    parser.add_argument("--keep", type=Path, metavar="FILE.json", help="store each question's result")
    parser.add_argument("--against", type=Path, metavar="FILE.json", help="compare with a stored result")


def run(args: argparse.Namespace) -> Report:
    """Figures of the chosen split; other shops with test and all, the benchmark when given."""
    earlier = kept.read(args.against) if args.against else None
    encoder = open_encoder(args.data)
    sets = sets_of(args.split, args.municipal)
    found = {each.name: searched(each, opening(encoder, args.data)) for each in sets}
    figures = {name: figure for each in sets for name, figure in _figures(each, found[each.name]).items()}
    facts = {"split": args.split, "encoder": encoder.id} | {each.name: each.size() for each in sets}
    facts["find p50 / p99"] = ", ".join(f"{name} {_times(heard)}" for name, heard in found.items())
    plain = _plain(sets, found, encoder, args)
    if "heldout" in plain:
        figures[UNTRAINED] = mean(measured([each.ranked() for each in plain["heldout"]], "first"))
    sections: list[Section] = []
    if earlier is not None:
        facts["against"] = f"{args.against.name}, encoder {earlier.facts.get('encoder', '?')}"
        for each in sets:
            sections += kept.sections(each, found[each.name], earlier, show_hidden=args.show_test)
    for each in sets:
        sections += _kinds_sections(each, found[each.name])
        sections += ablation.sides_sections(each, found[each.name]) if _explains(args) else []
    if _explains(args):
        versions = grown(sets, found, plain, encoder, args.data)
        sections += ablation.versions_sections(sets, versions)
        sections.append(ablation.readme_section(sets, versions, found))
    for each in sets:
        sections += failures.sections(
            each, found[each.name], show_hidden=args.show_test, terminal=args.misses
        )
    if args.keep:
        kept.write(args.keep, facts, found)
    targets = {name: least for name in figures if (least := _target(name)) is not None}
    return Report(
        "retrieval",
        "検索の評価 / Retrieval",
        "質問に対して正しい回答が何番目に出るか。 / At which place the right entry stands.",
        figures,
        facts,
        targets,
        sections,
        headline=[name for name in figures if name in (*TARGETS, "camp.first", UNTRAINED)],
    )


def _times(heard: Sequence[Heard]) -> str:
    middle, slow = np.percentile([each.ms for each in heard], (50, 99))
    return f"{middle:.1f} / {slow:.1f} ms"


def _explains(args: argparse.Namespace) -> bool:
    return bool(args.report or args.ablation)


def _target(figure: str) -> float | None:
    if figure in TARGETS:
        return TARGETS[figure]
    name, *kind, measure = figure.split(".")
    return KIND_TARGETS.get(name) if kind and measure == "first" and figure != UNTRAINED else None


def knowledge_of(
    entries: Sequence[Entry], encoder: Encoder | None, home: Path, fusion: Fusion | None = None
) -> Knowledge:
    """An index of the entries, kept under the data directory for the next evaluation."""
    words = Words()
    out = home / "eval" / release_of(entries, encoder, words)
    try:
        return Knowledge.open(out, encoder, words, fusion)
    except IndexRefused:
        if out.exists():
            shutil.rmtree(out)
        build(entries, out, encoder, words=words)
        return Knowledge.open(out, encoder, words, fusion)


def opening(encoder: Encoder | None, home: Path) -> Opening:
    return lambda shop: knowledge_of(shop.entries, encoder, home)


def without_joint(encoder: Encoder, home: Path) -> Opening:
    """The same index with its tokens left closed."""

    def opened(shop: Shop) -> Knowledge:
        whole = knowledge_of(shop.entries, encoder, home)
        parts = open_index(home / "eval" / whole.release, encoder, whole.words)
        return Knowledge(replace(parts, tokens=None), encoder, whole.words)

    return opened


def searched(asked_of: QuestionSet, open_: Opening) -> list[Heard]:
    """Each question asked once, for its time; then what all sides say, from the same vector."""
    heard = []
    for shop in asked_of.shops:
        knowledge = open_(shop)
        fusion = fusion_for(knowledge.encoder_id).scaled(scales_of(knowledge.manifest))
        knowledge.find(WARM)
        for asked in shop.asked:
            found = knowledge.find(asked.text)
            sides = knowledge.sides(asked.text) if found.hits else Compared((), {}, {})
            heard.append(Heard(shop.name, asked, sides, fusion, sum(found.ms.values())))
    return heard


def _plain(
    sets: Sequence[QuestionSet], found: Found, encoder: Encoder, args: argparse.Namespace
) -> dict[str, Sequence[Heard]]:
    """What the untrained encoder finds: of the held-out shops always, of all sets for an ablation."""
    wanted = [each for each in sets if _explains(args) or each.name == "heldout"]
    if not wanted:
        return {}
    untrained = open_encoder(args.data, PLAIN)
    if untrained.id == encoder.id:
        return {each.name: found[each.name] for each in wanted}
    return {each.name: searched(each, opening(untrained, args.data)) for each in wanted}


def grown(
    sets: Sequence[QuestionSet], found: Found, plain: Found, encoder: Encoder, home: Path
) -> list[Version]:
    """Words, then vectors, then what training, learned weights and the joint side add; the product last."""
    words = {each.name: searched(each, opening(None, home)) for each in sets}
    bare = {
        name: [each.by(without(each.fusion, "characters", "readings")) for each in heard]
        for name, heard in words.items()
    }
    made = [
        Version("語だけ / words only", "computed", bare, None),
        version("＋文字と読み / + characters, readings", "searched", words),
        version("＋意味、学習前 / + plain vectors", "searched", plain),
    ]
    if open_encoder(home, PLAIN).id == encoder.id:
        return made
    fixed, own = fusion_for(None), fusion_for(encoder.id)
    quiet, how = found, "searched"
    if encoder.joint:  # another encoder object, for this one remembers its last queries
        silent = without_joint(open_encoder(home), home)
        quiet, how = {each.name: searched(each, silent) for each in sets}, "searched, no joint side"
    if own == fixed:
        made.append(version("＋学習した意味 / + trained vectors", how, quiet))
    else:
        before = {name: [each.by(fixed) for each in heard] for name, heard in quiet.items()}
        made.append(version("＋学習した意味 / + trained vectors", f"{how}, fixed weights", quiet, before))
        made.append(version("＋学習した重み / + learned weights", how, quiet))
    if encoder.joint and "joint" in counting(own):
        made.append(version("＋一語ずつの照合 / + joint", "searched, the product", found))
    return made


def _figures(asked_of: QuestionSet, heard: Sequence[Heard]) -> dict[str, Figure]:
    ranked = [each.ranked() for each in heard]
    made = {f"{asked_of.name}.{name}": mean(measured(ranked, name)) for name in asked_of.measures}
    for kind, some in _kinds(ranked).items():
        made[f"{asked_of.name}.{kind}.first"] = mean(measured(some, "first"))
    return made


def _kinds(ranked: Sequence[Ranked]) -> dict[str, list[Ranked]]:
    """Nothing where all are of one kind."""
    kinds = by_kind(ranked)
    return kinds if len(kinds) > 1 else {}


def _kinds_sections(asked_of: QuestionSet, heard: Sequence[Heard]) -> list[Section]:
    ranked = [each.ranked() for each in heard]
    kinds = {labels.kind(kind): some for kind, some in _kinds(ranked).items()}
    made = []
    if kinds:
        bars = Bars(
            "正しい回答が最初に出た割合 / right entry first",
            [(name, mean(measured(some, "first"))) for name, some in kinds.items()],
            KIND_TARGETS.get(asked_of.name),
        )
        groups = {"全部 / all": ranked, **kinds}
        table = _table("種類 / kind", groups, asked_of.measures)
        made.append(Section(f"{asked_of.title}: 質問の種類別 / By kind of question", "", [bars, table]))
    if len(asked_of.shops) > 1:
        shops = {
            shop.name: [each.ranked() for each in heard if each.shop == shop.name] for shop in asked_of.shops
        }
        table = _table("店 / shop", shops, asked_of.measures)
        made.append(Section(f"{asked_of.title}: 店別 / By shop", "", [table]))
    return made


def _table(what: str, groups: Mapping[str, Sequence[Ranked]], measures: Sequence[str]) -> Table:
    rows: list[list[Cell]] = [
        [name, len(some), *(mean(measured(some, measure)) for measure in measures)]
        for name, some in groups.items()
    ]
    return Table([what, "n", *map(labels.measure, measures)], rows)


__all__ = ["knowledge_of", "options", "run"]
