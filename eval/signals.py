"""What the evaluations of mood and hand-over share: labelled turns as a signal reads them, and mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.decision import Said
from bot.signals.heads import Meaning
from eval.report import Cell, Section, Table
from kb.encoder import Encoder

FITTED_ON = "the heads are fitted on train and dev: only test is unseen (see heads.json, held_out)"

Reader = Callable[[str, tuple[Said, ...], Meaning | None], tuple[str, str | None]]
"""Text, history, meaning → label and evidence."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A labelled turn and what the signal made of it."""

    text: str
    history: tuple[Said, ...]
    wanted: str
    found: str
    evidence: str | None

    @property
    def right(self) -> bool:
        return self.found == self.wanted


def said(row: dict[str, Any]) -> tuple[Said, ...]:
    return tuple(Said(each["from"], each["text"]) for each in row.get("history", []))


def read_all(
    rows: Sequence[dict[str, Any]], key: str, reader: Reader, encoder: Encoder | None
) -> list[Turned]:
    """Each row read; without an encoder by the rules alone. A label of None reads `none`."""
    made = []
    for row in rows:
        meaning = Meaning(encoder.encode([row["text"]], "query")[0], encoder.id) if encoder else None
        history = said(row)
        wanted = "none" if row.get(key) is None else str(row[key])
        made.append(Turned(row["text"], history, wanted, *reader(row["text"], history, meaning)))
    return made


def confusion(turned: Sequence[Turned], labels: Sequence[str]) -> Table:
    """Rows are what was labelled, columns what was read."""
    pairs = Counter((each.wanted, each.found) for each in turned)
    used = [label for label in labels if any(label in pair for pair in pairs)]
    return Table(
        ["ラベル \\ 判定", *used], [[wanted, *(pairs[wanted, found] for found in used)] for wanted in used]
    )


def mistakes(turned: Sequence[Turned], title: str) -> Section:
    """The sentences that were read wrongly, for those who write cues and training lines."""
    rows: list[list[Cell]] = [
        [each.wanted, each.found, _context(each), each.evidence or "–"] for each in turned if not each.right
    ]
    return Section(title, f"{len(rows)} / {len(turned)}", [Table(["ラベル", "判定", "文", "根拠"], rows)])


def _context(turned: Turned) -> str:
    before = f"（前: {turned.history[-1].text}）" if turned.history else ""
    return turned.text + before
