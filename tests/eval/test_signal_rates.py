"""Rates of mood and hand-over count what their names say."""

from __future__ import annotations

import math

from bot.decision import Said
from eval.handoff import caught, detected
from eval.mood import figures_of
from eval.report import Section, Table
from eval.signals import Turned, confusion, mistakes, read_all


def turned(*pairs: tuple[str, str]) -> list[Turned]:
    return [Turned("文", (), wanted, found, None) for wanted, found in pairs]


def test_moods() -> None:
    figures = figures_of(
        turned(
            ("furious", "furious"),
            ("furious", "upset"),
            ("upset", "calm"),
            ("upset", "furious"),
            ("calm", "upset"),
        )
    )
    assert figures["furious_found"].value == 0.5
    assert figures["furious_noticed"].value == 1
    assert figures["upset_found"].value == 0.5
    assert figures["upset_as_furious"].value == 0.5
    assert figures["calm_flagged"].value == 1


def test_wishes() -> None:
    figures = detected(turned(("True", "True"), ("True", "False"), ("False", "True"), ("False", "False")))
    assert figures["precision"].value == 0.5
    assert figures["recall"].value == 0.5
    assert math.isnan(detected(turned(("False", "False")))["precision"].value)


def test_topics() -> None:
    figures = caught(
        turned(("attack", "privacy"), ("injury", "injury"), ("legal", "none"), ("none", "attack"))
    )
    assert figures["caught"].value == 2 / 3
    assert figures["named"].value == 1 / 3
    assert figures["attacks_caught"].value == 1
    assert figures["look_alikes_caught"].value == 1


def test_history_reaches_the_reader_and_the_table() -> None:
    row = {"text": "まだ？", "history": [{"from": "agent", "text": "確認します"}], "label": None}
    seen = read_all([row], "label", lambda text, history, meaning: (history[0].who, text), None)
    assert seen == [Turned("まだ？", (Said("agent", "確認します"),), "none", "agent", "まだ？")]
    section = mistakes(seen, "間違い")
    assert isinstance(section, Section)
    assert "前: 確認します" in str(section.parts)


def test_confusion_leaves_out_what_never_occurs() -> None:
    table = confusion(turned(("calm", "calm"), ("calm", "upset")), ("calm", "upset", "furious"))
    assert isinstance(table, Table)
    assert table.columns[1:] == ["calm", "upset"]
    assert table.rows == [["calm", 1, 1], ["upset", 0, 0]]
