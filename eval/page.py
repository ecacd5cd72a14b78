"""A report as one HTML page with inline SVG: readable by content staff, in light and dark."""

from __future__ import annotations

from html import escape
from math import isnan

from eval.report import Bars, Cell, Lines, Report, Section, Table, Value, at_most, machine, reached, shown
from eval.stats import Figure


def page(report: Report) -> str:
    """The whole page; it needs nothing else and runs no script."""
    conditions = {**report.facts, "machine": machine()}
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in conditions.items())
    wanted = {name: value for name, value in report.figures.items() if name in report.targets}
    cards = "".join(_card(report, name, value) for name, value in wanted.items())
    body = "".join(_section_html(section) for section in report.sections)
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><main><h1>{title}</h1><p>{escape(report.summary)}</p>"
        f'<div class="cards">{cards}</div>{body}'
        f"<h2>条件 / Conditions</h2><dl>{facts}</dl></main></html>\n"
    )


def _card(report: Report, name: str, value: Value) -> str:
    target, done = report.targets[name], reached(report, name)
    wanted = f"{'最大' if at_most(target) else '目標'} {abs(target):g}"
    plain = value.value if isinstance(value, Figure) else value
    interval = f"95 %: {value.low:.3f}–{value.high:.3f}, n = {value.n}" if isinstance(value, Figure) else ""
    return (
        f'<div class="card {"ok" if done else "missed"}"><b>{plain:.3f}</b><span>{escape(name)}</span>'
        f"<small>{wanted} {'達成' if done else '未達'}<br>{interval}</small></div>"
    )


def _section_html(section: Section) -> str:
    text = f"<p>{escape(section.text)}</p>" if section.text else ""
    return f"<h2>{escape(section.title)}</h2>{text}" + "".join(map(_part_html, section.parts))


def _part_html(part: Table | Bars | Lines) -> str:
    if isinstance(part, Table):
        head = "".join(f"<th>{escape(column)}</th>" for column in part.columns)
        rows = "".join("<tr>" + "".join(map(_cell_html, row)) + "</tr>" for row in part.rows)
        return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return _bars_html(part) if isinstance(part, Bars) else _lines_html(part)


def _cell_html(cell: Cell) -> str:
    if isinstance(cell, Figure):
        if isnan(cell.value):
            return "<td>–</td>"
        return f"<td>{cell.value:.3f} <small>{cell.low:.3f}–{cell.high:.3f}</small></td>"
    return f"<td>{escape(shown(cell))}</td>"


def _bars_html(bars: Bars) -> str:
    """Bars with whiskers for the interval, drawn as inline SVG."""
    left, width, step = 170, 430, 26
    height = step * len(bars.items) + 24
    marks = [
        f'<line class="grid" x1="{x}" y1="4" x2="{x}" y2="{height - 20}"/>'
        f'<text class="tick" x="{x}" y="{height - 6}">{percent} %</text>'
        for percent, x in ((t * 25, left + width * t / 4) for t in range(5))
    ]
    for row, (name, figure) in enumerate(bars.items):
        y = 6 + row * step
        marks.append(f'<text class="name" x="{left - 8}" y="{y + 13}">{escape(name)} ({figure.n})</text>')
        if isnan(figure.value):
            continue
        low, value, high = (left + width * x for x in (figure.low, figure.value, figure.high))
        marks.append(
            f'<rect class="bar" x="{left}" y="{y}" width="{value - left:.1f}" height="18" rx="2"/>'
            f'<line class="whisker" x1="{low:.1f}" y1="{y + 9}" x2="{high:.1f}" y2="{y + 9}"/>'
            f'<text class="value" x="{high + 6:.1f}" y="{y + 13}">{figure.value:.2f}</text>'
        )
    if bars.target is not None:
        x = left + width * bars.target
        marks.append(f'<line class="target" x1="{x}" y1="2" x2="{x}" y2="{height - 20}"/>')
    label = escape(bars.title)
    return (
        f'<figure><figcaption>{label}</figcaption><svg viewBox="0 0 660 {height}" role="img" '
        f'aria-label="{label}">{"".join(marks)}</svg></figure>'
    )


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
        f'<figure><figcaption>{label}</figcaption><svg viewBox="0 0 660 290" role="img" '
        f'aria-label="{label}">{"".join(marks)}</svg></figure>'
    )


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


_STYLE = """
:root{color-scheme:light dark;--ink:#1d2327;--soft:#5b656d;--line:#d8dde1;--paper:#fff;--card:#f5f7f8;
  --bar:#4a7fb5;--good:#1f7a4d;--bad:#b3402f}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaed;--soft:#a3adb5;--line:#3a434a;--paper:#15191c;
  --card:#1e2428;--bar:#6fa3d8;--good:#5cc08c;--bad:#f08a78}}
body{margin:0;background:var(--paper);color:var(--ink);
  font:16px/1.7 system-ui,"Hiragino Sans","Noto Sans JP",sans-serif}
main{max-width:56rem;margin:auto;padding:1.5rem}
h1{font-size:1.6rem;line-height:1.3}
h2{font-size:1.15rem;margin-top:2.2rem}
.cards{display:flex;flex-wrap:wrap;gap:.8rem}
.card{background:var(--card);border-left:.3rem solid var(--bad);padding:.6rem 1rem;min-width:11rem}
.card.ok{border-color:var(--good)}
.card b{display:block;font-size:1.5rem}
.card span{display:block}
small{color:var(--soft);font-size:.8rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
figure{margin:1rem 0}
figcaption{color:var(--soft)}
svg{max-width:100%;height:auto;font-size:12px}
svg text{fill:var(--ink)}
svg .name{text-anchor:end}
svg .tick{text-anchor:middle;fill:var(--soft)}
svg .grid{stroke:var(--line)}
svg .bar{fill:var(--bar)}
svg .whisker{stroke:var(--ink);stroke-width:2}
svg .target{stroke:var(--bad);stroke-dasharray:4 3}
svg .curve{fill:none;stroke-width:2;stroke:var(--bar)}
svg .c1{stroke:var(--bad)}
svg .c2{stroke:var(--good)}
svg .c3{stroke:var(--soft)}
svg text.key{stroke:none}
svg text.c1{fill:var(--bad)}
svg text.c2{fill:var(--good)}
svg text.c3{fill:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;font-size:.9rem}
dt{color:var(--soft)}
dd{margin:0}
"""
