"""What helps and what hurts: each side alone and left out, by kind of question; and the versions by which the
search grew, quality beside latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval import labels
from eval.kept import interval
from eval.ranked import Heard, Ranked, by_kind, counting, measured, without
from eval.report import Bars, Cell, Code, Section, Table
from eval.sets import QuestionSet
from eval.stats import Figure, change, mean

Found = Mapping[str, Sequence[Heard]]
"""Set → its questions, as one encoder found them."""

GIVES = (
    "「その分」は、全部の手がかりの値から、それを抜いた値を引いたもの（100 分の）。 / What a side gives: "
    "with all sides, less the same with its weight at 0, in points of a hundred."
)
COMPUTED = (
    "一度の検索で各手がかりが全候補に付けた値を残し、重みだけを変えて並べ直した（検索はやり直していない）。"
    "「一語ずつの照合」は、もとの重みで上位だった候補だけを見たまま。\n"
    "Computed from one search: the values that every side gave to every candidate, put into another order by "
    "other weights, without searching again. That is exact, but for the joint side, which has looked at the "
    "best candidates of the product's own weights."
)


@dataclass(frozen=True, slots=True)
class Version:
    """`ms`: set → what each search took; None where the version was computed from another one's search."""

    name: str
    how: str
    ranked: Mapping[str, Sequence[Ranked]]
    ms: Mapping[str, Sequence[float]] | None


def version(
    name: str, how: str, found: Found, ranked: Mapping[str, Sequence[Ranked]] | None = None
) -> Version:
    """As searched, unless another order of the same search is given."""
    own = {key: [each.ranked() for each in heard] for key, heard in found.items()}
    times = {key: [each.ms for each in heard] for key, heard in found.items()}
    return Version(name, how, ranked or own, times)


def sides_sections(asked_of: QuestionSet, heard: Sequence[Heard]) -> list[Section]:
    """A side's worth by kind of question, and each side alone and left out."""
    made = [_left_out(asked_of, heard)]
    if len({each.asked.kind for each in heard}) > 1:
        made.insert(0, _by_kind(asked_of, heard))
    return made


def _by_kind(asked_of: QuestionSet, heard: Sequence[Heard]) -> Section:
    """Kinds × sides: what each side's weight gives to `first`."""
    full = [each.ranked() for each in heard]
    sides = counting(heard[0].fusion)
    lesser = {side: [each.by(without(each.fusion, side)) for each in heard] for side in sides}
    kinds = ["", *by_kind(full)]
    rows: list[list[Cell]] = []
    for kind in kinds:
        own = _of_kind(full, kind)
        row: list[Cell] = [labels.kind(kind) or "全部 / all", len(own)]
        row += [
            change(measured(own, "first"), measured(_of_kind(other, kind), "first"))
            for other in lesser.values()
        ]
        rows.append(row)
    return Section(
        f"{asked_of.title}: 何が役立ち、何が邪魔か / What helps, what hurts",
        "正しい回答が最初に出る割合（100 分の）が、その手がかりのおかげでいくら上がるか。"
        "緑は役立ち、赤は邪魔。小さな数は、それで正しくなった質問と誤りになった質問。"
        "* は 95 % 区間が 0 を含まない。\n"
        "Points of “first” that a side gives: with all sides, less the same with its weight at 0. Small: "
        "questions that it puts right and wrong. * where the 95 % interval (paired bootstrap, 10,000 draws) "
        "leaves out 0.",
        [Table(["種類 / kind", "n", *map(labels.side, sides)], rows)],
    )


def _of_kind(some: Sequence[Ranked], kind: str) -> list[Ranked]:
    return [one for one in some if kind in ("", one.asked.kind)]


def _left_out(asked_of: QuestionSet, heard: Sequence[Heard]) -> Section:
    full = [each.ranked() for each in heard]
    measures = asked_of.measures[:2]
    rows: list[list[Cell]] = [["全部 / all together", *_figures(full, measures), *[""] * (2 * len(measures))]]
    counted = counting(heard[0].fusion)
    for side in (side for side in labels.SIDES if any(side in each.compared.values for each in heard)):
        row: list[Cell] = [labels.side(side), *_figures([each.alone(side) for each in heard], measures)]
        if side in counted:
            lesser = [each.by(without(each.fusion, side)) for each in heard]
            for measure in measures:
                given = change(measured(full, measure), measured(lesser, measure))
                row += [given, interval(given)]
        else:
            row += ["重み 0 / weight 0", *[""] * (2 * len(measures) - 1)]
        rows.append(row)
    heads = [f"単独 / alone: {measure}" for measure in measures]
    heads += [head for measure in measures for head in (f"その分 / gives: {measure}", "95 %")]
    return Section(
        f"{asked_of.title}: 手がかりを一つだけ、または一つ抜いて / One side alone, one left out",
        f"{GIVES}\n{COMPUTED}",
        [Table(["手がかり / side", *heads], rows)],
    )


def _figures(some: Sequence[Ranked], measures: Sequence[str]) -> list[Cell]:
    return [mean(measured(some, measure)) for measure in measures]


def versions_sections(sets: Sequence[QuestionSet], versions: Sequence[Version]) -> list[Section]:
    return [*(_versions_of(asked_of, versions) for asked_of in sets)]


def _versions_of(asked_of: QuestionSet, versions: Sequence[Version]) -> Section:
    """Each version, what it adds to the one before it, and what a search takes."""
    measure, other = asked_of.measures[:2]
    rows: list[list[Cell]] = []
    before: Sequence[Ranked] | None = None
    for made in versions:
        ranked = made.ranked[asked_of.name]
        row: list[Cell] = [made.name, *_figures(ranked, (measure, other))]
        if before is None:
            row += ["", ""]
        else:
            step = change(measured(ranked, measure), measured(before, measure))
            row += [step, interval(step)]
        rows.append([*row, *_latency(made, asked_of.name), made.how])
        before = ranked
    bars = Bars(
        labels.measure(measure), [(str(row[0]), row[1]) for row in rows if isinstance(row[1], Figure)]
    )
    told = [labels.measure(name) for name in (measure, other)]
    heads = ["版 / version", *told, f"前の版との差 / change of {measure}", "95 %"]
    return Section(
        f"{asked_of.title}: 育ち方 / How the search grew",
        "どの版も前の版に一つ足したもの。p50 と p99 は find 一回のミリ秒。\n"
        "Each version adds one thing to the one before it. p50 and p99: milliseconds of one find.",
        [bars, Table([*heads, "p50 ms", "p99 ms", "how"], rows)],
    )


def _latency(made: Version, name: str) -> tuple[str, str]:
    if made.ms is None:
        return "–", "–"
    middle, slow = np.percentile(made.ms[name], (50, 99))
    return f"{middle:.1f}", f"{slow:.1f}"


def readme_section(sets: Sequence[QuestionSet], versions: Sequence[Version], product: Found) -> Section:
    """The versions and the sides left out as one Markdown table."""
    largest = max(sets, key=lambda asked_of: max(len(shop.entries) for shop in asked_of.shops))
    columns = [(asked_of, measure) for asked_of in sets for measure in _told(asked_of)]
    heads = [f"{asked_of.name} {measure}" for asked_of, measure in columns]
    lines = [_line(["version", *heads, f"p50 / p99 ms ({largest.name})"]), _line(["---"] * (len(heads) + 2))]
    for made in versions:
        speed = " / ".join(_latency(made, largest.name)) if made.ms else "–"
        name = made.name.rpartition(" / ")[2]
        lines.append(_line([name, *_numbers(columns, made.ranked), speed]))
    sides = counting(next(iter(product.values()))[0].fusion)
    for side in sides:
        lesser = {
            name: [each.by(without(each.fusion, side)) for each in heard] for name, heard in product.items()
        }
        lines.append(_line([f"without {side}", *_numbers(columns, lesser), "–"]))
    return Section(
        "README 用の表 / Table for the README",
        "「without」の行は計算したもので、ほかの行は「育ち方」の版。\n"
        "The rows “without” are computed as said above; the others are the versions above.",
        [Code("\n".join(lines))],
    )


def _told(asked_of: QuestionSet) -> tuple[str, ...]:
    return tuple(measure for measure in asked_of.measures if measure != "top10")


def _numbers(columns: Sequence[tuple[QuestionSet, str]], ranked: Mapping[str, Sequence[Ranked]]) -> list[str]:
    values = (float(np.mean(measured(ranked[of.name], measure))) for of, measure in columns)
    return [f"{value:.3f}".removeprefix("0") for value in values]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
