"""A report as one HTML page with inline SVG: readable by content staff, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from math import isnan

from eval.report import (
    Bars,
    Case,
    Cases,
    Cell,
    Code,
    Lines,
    Part,
    Report,
    Section,
    Signed,
    Table,
    Value,
    at_most,
    machine,
    points,
    reached,
    shown,
    signed,
)
from eval.stats import Change, Figure

MANY = 4  # sections from which a page has a list of them
STRONG = 0.15  # a change of so much has the full tint


def page(report: Report) -> str:
    """The whole page; it needs nothing else and runs no script."""
    conditions = {**report.facts, "machine": machine()}
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in conditions.items())
    opening = report.headline or tuple(report.targets)
    wanted = {name: value for name, value in report.figures.items() if name in opening}
    cards = "".join(_card(report, name, value) for name, value in wanted.items())
    body = "".join(_section_html(place, section) for place, section in enumerate(report.sections))
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><main><h1>{title}</h1><p>{escape(report.summary)}</p>"
        f'<div class="cards">{cards}</div>{_others(report, opening)}{_contents(report)}{body}'
        f'<h2 id="conditions">条件 / Conditions</h2><dl>{facts}</dl></main></html>\n'
    )


def _card(report: Report, name: str, value: Value) -> str:
    target = report.targets.get(name)
    plain = value.value if isinstance(value, Figure) else value
    interval = f"95 %: {value.low:.3f}–{value.high:.3f}, n = {value.n}" if isinstance(value, Figure) else ""
    state, wanted = "", ""
    if target is not None:
        done = reached(report, name)
        state = " ok" if done else " missed"
        words = f"{'最大' if at_most(target) else '目標'} {abs(target):g}"
        wanted = f"{words} {'達成' if done else '未達'}<br>"
    return (
        f'<div class="card{state}"><b>{plain:.3f}</b><span>{_breakable(name)}</span>'
        f"<small>{wanted}{interval}</small></div>"
    )


def _others(report: Report, opening: Sequence[str]) -> str:
    """The targets that no card shows: how many are reached, and which are not."""
    others = [name for name in report.targets if name not in opening]
    if not others:
        return ""
    missed = [name for name in others if not reached(report, name)]
    names = "".join(
        f"<li>{escape(name)} <b>{escape(shown(report.figures[name]))}</b> "
        f"（目標 {abs(report.targets[name]):g}）</li>"
        for name in missed
    )
    told = f"ほかの目標 {len(others)} 件のうち {len(others) - len(missed)} 件達成"
    english = f"{len(others) - len(missed)} of {len(others)} other targets reached"
    return f'<p class="others">{told} / {english}</p>' + (f'<ul class="missed">{names}</ul>' if names else "")


def _contents(report: Report) -> str:
    if len(report.sections) <= MANY:
        return ""
    links = "".join(
        f'<li><a href="#s{place}">{escape(section.title)}</a></li>'
        for place, section in enumerate(report.sections)
    )
    return f'<nav aria-label="目次 / Contents"><ol>{links}</ol></nav>'


def _section_html(place: int, section: Section) -> str:
    text = "".join(f"<p>{escape(line)}</p>" for line in section.text.splitlines())
    parts = "".join(map(_part_html, section.parts))
    return f'<h2 id="s{place}">{escape(section.title)}</h2>{text}{parts}'


def _part_html(part: Part) -> str:
    if isinstance(part, Table):
        return _table_html(part)
    if isinstance(part, Bars):
        return _bars_html(part)
    if isinstance(part, Code):
        return f'<pre tabindex="0">{escape(part.text)}</pre>'
    return _cases_html(part) if isinstance(part, Cases) else _lines_html(part)


def _table_html(table: Table) -> str:
    """Wide tables scroll inside their own box, with the first column in view."""
    head = "".join(f'<th scope="col">{_two_lines(column)}</th>' for column in table.columns)
    rows = "".join(_row_html(row) for row in table.rows)
    label = escape(" / ".join(table.columns[:2]))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row_html(row: Sequence[Cell]) -> str:
    first, *others = row
    return f'<tr><th scope="row">{escape(shown(first))}</th>{"".join(map(_cell_html, others))}</tr>'


def _cell_html(cell: Cell) -> str:
    if isinstance(cell, Figure):
        if isnan(cell.value):
            return "<td>–</td>"
        return f"<td>{cell.value:.3f} <small>{cell.low:.3f}–{cell.high:.3f}</small></td>"
    if isinstance(cell, Change) and not isnan(cell.mean.value):
        moved = f"<small>+{cell.gained} −{cell.lost}</small>" if cell.gained or cell.lost else ""
        return _tinted(points(cell), cell.mean.value / STRONG, moved, cell.sure)
    if isinstance(cell, Signed):
        return _tinted(signed(cell.value), cell.value / cell.much)
    return f"<td>{escape(shown(cell))}</td>"


def _tinted(text: str, strength: float, more: str = "", sure: bool = False) -> str:
    """Green for better, red for worse, deeper for more; the sign says it too."""
    share = min(1.0, abs(strength))
    kind = "" if share < 0.01 else " up" if strength > 0 else " down"
    bold = f"<b>{escape(text)}</b>" if sure else escape(text)
    return f'<td class="tint{kind}" style="--s:{share * 45:.0f}%">{bold} {more}</td>'


def _bars_html(bars: Bars) -> str:
    """Bars with whiskers for the interval; each is a small SVG, so that names keep their size when the page
    is narrow."""
    rows = "".join(_bar_html(name, figure, bars.target) for name, figure in bars.items)
    scale = "".join(f"<span>{percent}</span>" for percent in ("0", "25", "50", "75", "100 %"))
    wanted = f"（点線は目標 / dashed: wanted {bars.target:g}）" if bars.target is not None else ""
    return (
        f"<figure><figcaption>{escape(bars.title)}{wanted}</figcaption>"
        f'<div class="bars">{rows}<div class="scale" aria-hidden="true">{scale}</div></div></figure>'
    )


def _bar_html(name: str, figure: Figure, target: float | None) -> str:
    told = f'<div class="who">{_breakable(name)} <small>{figure.n}</small></div>'
    if isnan(figure.value):
        return told + "<div></div><div>–</div>"
    low, value, high = (100 * x for x in (figure.low, figure.value, figure.high))
    short = " short" if target is not None and figure.value < target else ""
    marks = [
        '<rect class="ground" y="4" width="100%" height="14" rx="2"/>',
        *(f'<line class="grid" x1="{x}%" y1="0" x2="{x}%" y2="100%"/>' for x in (25, 50, 75)),
        f'<rect class="bar{short}" y="4" width="{value:.2f}%" height="14" rx="2"/>',
        f'<line class="whisker" x1="{low:.2f}%" y1="11" x2="{high:.2f}%" y2="11"/>',
    ]
    if target is not None:
        marks.append(f'<line class="target" x1="{100 * target:g}%" y1="0" x2="{100 * target:g}%" y2="22"/>')
    label = escape(f"{name}: {shown(figure)}")
    return (
        f'{told}<svg class="track" height="22" role="img" aria-label="{label}">{"".join(marks)}</svg>'
        f'<div class="much">{figure.value:.2f}</div>'
    )


def _cases_html(cases: Cases) -> str:
    groups = []
    for tag, group in groupby(cases.items, lambda case: case.tag):
        those = list(group)
        groups.append(f"<h3>{escape(tag)} <small>{len(those)}</small></h3>" + "".join(map(_case_html, those)))
    return "".join(groups)


def _case_html(case: Case) -> str:
    lines = "".join(f"<dt>{escape(what)}</dt><dd>{escape(words)}</dd>" for what, words in case.lines)
    why = f"<details><summary>なぜ / why</summary>{_table_html(case.table)}</details>" if case.table else ""
    return f'<article class="case"><p>{escape(case.title)}</p><dl>{lines}</dl>{why}</article>'


def _two_lines(text: str) -> str:
    """Japanese above, the other language small below it."""
    ours, slash, theirs = text.partition(" / ")
    return f"{escape(ours)}<br><small>{_breakable(theirs)}</small>" if slash else _breakable(text)


def _breakable(text: str) -> str:
    """A narrow column may break within a long name in code."""
    return escape(text).replace("_", "_<wbr>").replace(".", ".<wbr>")


def _lines_html(lines: Lines) -> str:
    points = [point for curve in lines.series.values() for point in curve]
    if not points:
        return ""
    lowest_x, highest_x = min(x for x, _ in points), max(x for x, _ in points)
    lowest_y, highest_y = min(0.0, *(y for _, y in points)), max(y for _, y in points)
    wide, high = (highest_x - lowest_x) or 1.0, (highest_y - lowest_y) or 1.0

    def place(x: float, y: float) -> str:
        return f"{60 + 560 * (x - lowest_x) / wide:.1f},{250 - 230 * (y - lowest_y) / high:.1f}"

    marks = [
        '<line class="grid" x1="60" y1="250" x2="620" y2="250"/>',
        '<line class="grid" x1="60" y1="20" x2="60" y2="250"/>',
        _text("tick", 60, 268, f"{lowest_x:g}"),
        _text("tick", 620, 268, f"{highest_x:g}"),
        _text("tick", 340, 284, lines.x),
        _text("name", 54, 250, f"{lowest_y:g}"),
        _text("name", 54, 26, f"{highest_y:.3g}"),
    ]
    for place_, (name, curve) in enumerate(lines.series.items()):
        way = " ".join(place(x, y) for x, y in curve)
        marks.append(f'<polyline class="curve c{place_ % 4}" points="{way}"/>')
        marks.append(_text(f"key c{place_ % 4}", 70 + 140 * place_, 14, name))
    label = escape(f"{lines.title} ({lines.y})")
    return (
        f'<figure><figcaption>{label}</figcaption><div class="scroll"><svg class="plot" '
        f'viewBox="0 0 660 290" role="img" aria-label="{label}">{"".join(marks)}</svg></div></figure>'
    )


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


_STYLE = """
:root{color-scheme:light dark;--ink:#1d2327;--soft:#5b656d;--line:#d8dde1;--paper:#fff;--card:#f5f7f8;
  --bar:#4a7fb5;--good:#1f7a4d;--bad:#b3402f;--link:#245a8d}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaed;--soft:#a3adb5;--line:#3a434a;--paper:#15191c;
  --card:#1e2428;--bar:#6fa3d8;--good:#5cc08c;--bad:#f08a78;--link:#8fbdea}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
  font:16px/1.7 system-ui,"Hiragino Sans","Noto Sans JP",sans-serif}
main{max-width:72rem;margin:auto;padding:1.5rem}
p,ul.missed,nav{max-width:46rem}
a{color:var(--link)}
h1{font-size:1.6rem;line-height:1.3}
h2{font-size:1.15rem;margin-top:2.6rem;padding-top:.6rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.8rem}
.card{background:var(--card);border-left:.3rem solid var(--line);padding:.6rem .9rem;overflow-wrap:anywhere}
.card.ok{border-color:var(--good)}
.card.missed{border-color:var(--bad)}
.card b{display:block;font-size:1.5rem}
.card span,.card small{display:block;line-height:1.4}
.others{margin-bottom:.2rem}
ul.missed{margin:0;padding-left:1.2rem;font-size:.9rem}
ul.missed b{color:var(--bad);font-weight:600}
nav{margin-top:1.5rem;font-size:.9rem}
nav ol{margin:0;padding-left:1.6rem}
small{color:var(--soft);font-size:.8rem;font-weight:400}
.scroll{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
thead th{white-space:normal;vertical-align:bottom;font-size:.8rem;line-height:1.3;min-width:4.5rem}
tbody th{font-weight:400}
td.tint b{font-weight:700}
tr>th:first-child{position:sticky;left:0;background:var(--paper)}
td.up{background:color-mix(in srgb,var(--good) var(--s),transparent)}
td.down{background:color-mix(in srgb,var(--bad) var(--s),transparent)}
td.tint small{color:inherit;opacity:.8}
pre{background:var(--card);padding:.8rem 1rem;overflow-x:auto;font-size:.8rem;line-height:1.5}
figure{margin:1rem 0}
figcaption{color:var(--soft)}
.bars{display:grid;grid-template-columns:minmax(7rem,max-content) minmax(6rem,1fr) 2.6rem;gap:.2rem .7rem;
  align-items:center;max-width:46rem;margin-top:.4rem;font-size:.9rem;line-height:1.35}
.bars .who{text-align:right;overflow-wrap:anywhere}
.bars .much{font-variant-numeric:tabular-nums}
.bars .scale{grid-column:2;display:flex;justify-content:space-between;color:var(--soft);font-size:.75rem}
svg{font-size:12px}
svg.track{display:block;width:100%;overflow:visible}
svg.plot{width:100%;min-width:32rem;max-width:46rem;height:auto}
svg text{fill:var(--ink)}
svg .name{text-anchor:end}
svg .tick{text-anchor:middle;fill:var(--soft)}
svg .grid{stroke:var(--line)}
svg .ground{fill:var(--card)}
svg .bar{fill:var(--bar)}
svg .bar.short{fill:var(--bad)}
svg .whisker{stroke:var(--ink);stroke-width:2}
svg .target{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:3 2}
svg .curve{fill:none;stroke-width:2;stroke:var(--bar)}
svg .c1{stroke:var(--bad)}
svg .c2{stroke:var(--good)}
svg .c3{stroke:var(--soft)}
svg text.key{stroke:none}
svg text.c1{fill:var(--bad)}
svg text.c2{fill:var(--good)}
svg text.c3{fill:var(--soft)}
.case{background:var(--card);border-radius:.3rem;padding:.6rem 1rem;margin:.5rem 0}
.case p{margin:0;font-weight:600;max-width:none;overflow-wrap:anywhere}
.case dl{margin:.2rem 0}
.case tr>th:first-child{background:var(--card)}
summary{cursor:pointer;color:var(--link);font-size:.85rem}
dl{display:grid;grid-template-columns:minmax(5rem,max-content) 1fr;gap:.2rem 1rem;font-size:.9rem}
dt{color:var(--soft);overflow-wrap:anywhere}
dd{margin:0;overflow-wrap:anywhere}
@media(max-width:40rem){main{padding:1rem}th,td{padding:.3rem .45rem}
  tbody th{white-space:normal;min-width:7rem;line-height:1.35}dl{gap:.2rem .7rem}
  .bars{grid-template-columns:minmax(6rem,9rem) 1fr 2.4rem;font-size:.8rem}}
@media print{details{display:block}nav{display:none}}
"""
