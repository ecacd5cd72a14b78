"""After "that did not help": another answer, or an honest word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.again import again
from bot.decision import Decision, Turn
from bot.words import reason, say
from kb.entry import Entry
from kb.search import Hit

TURN = Turn("送料はいくらですか", datetime(2026, 7, 1, tzinfo=UTC))
HITS = tuple(Hit(Entry(f"e{n}", f"質問{n}", f"答え{n}"), 1.0 / (n + 1), {}) for n in range(5))
DECISION = Decision("answer", "答え0", entry="e0", revision=1, hits=HITS, confidence=0.9)


def test_the_rejected_answer_becomes_an_offer_of_the_others() -> None:
    changed = again(DECISION, TURN, "e0")
    assert (changed.kind, changed.entry, changed.revision) == ("offer", None, None)
    assert [offer.entry for offer in changed.offers] == ["e1", "e2", "e3"]
    assert changed.reasons[-1].code == "unhelpful"
    assert "答え0" not in changed.text


def test_with_nothing_else_it_is_an_honest_decline() -> None:
    alone = replace(DECISION, hits=HITS[:1])
    assert again(alone, TURN, "e0").kind == "decline"
    away = again(alone, replace(TURN, on_duty=False), "e0")
    assert away.kind == "decline"
    assert away.text != again(alone, TURN, "e0").text


def test_any_other_decision_stays() -> None:
    assert again(DECISION, TURN, "e1") is DECISION
    assert again(DECISION, TURN, None) is DECISION
    escalate = replace(DECISION, kind="escalate")
    assert again(escalate, TURN, "e0") is escalate


def test_the_shopper_reads_their_language_and_staff_theirs() -> None:
    changed = again(DECISION, replace(TURN, text="请问运费多少？", locale="zh"), "e0")
    assert changed.text == say("offer_again", "zh")
    assert changed.reasons[-1].text == reason("unhelpful")
