"""After "that did not help": never the same answer again."""

from __future__ import annotations

from dataclasses import replace

from bot.compose import away, language, question
from bot.decision import Decision, Offer, Reason, Turn
from bot.words import reason, say

_MOST = 3


def again(decision: Decision, turn: Turn, rejected: str | None) -> Decision:
    """`decision` is about the question that `rejected` (an entry) had answered; the others are offered.

    Without another hit it is an honest decline with the way to a person.
    """
    if decision.kind != "answer" or rejected is None or decision.entry != rejected:
        return decision
    locale = language(turn)
    reasons = (*decision.reasons, Reason("unhelpful", reason("unhelpful")))
    others = [hit.entry for hit in decision.hits if hit.entry.id != rejected][:_MOST]
    changed = replace(decision, entry=None, revision=None, reasons=reasons)
    if others:
        offers = tuple(Offer(entry.id, question(entry, locale)) for entry in others)
        return replace(changed, kind="offer", text=say("offer_again", locale), offers=offers)
    said = say("decline", locale) if turn.on_duty else away("decline", "decline", locale, turn.back_at)
    return replace(changed, kind="decline", text=said)
