"""How the shopper feels: calm, upset or furious, with the phrase that shows it.

Guide: *calm* is routine, also when the words are dark; *upset* is dissatisfied, worried, waiting, let
down: an agent should know; *furious* is open anger, a threat, abuse or an icy break: a person must
take over now.
"""

from __future__ import annotations

import re

from bot.decision import Mood, Said
from bot.signals.cues import Reading, load, prepare, read
from bot.signals.foreign import joined
from bot.signals.heads import Meaning, earlier, judge

FURIOUS = 1.15  # sum of weights that is open anger, where only the rules speak
UPSET = 0.75
EARLIER = 0.35  # what a shopper's previous words count: moods fade, but not within a minute
CALMING = 0.5  # what calm words take from upset ones
FLAGGED = 0.46  # probability of upset or furious; the least that flags 4 % of ordinary messages held out
ANGRY = 0.4  # probability of furious at which a person takes over, if upset is not likelier
CLAUSE = re.compile(r"[^、。,!?！？\n]+[!?！？]*")
TELLING = re.compile(
    r"のに|けど|ない|ません|なん(で|の)|また|もう|まだ|さすが|せっかく|まさか|ですよね|いつまで|遅|違"
)
LONGEST = 40  # characters of evidence


def mood(text: str, history: tuple[Said, ...] = (), meaning: Meaning | None = None) -> Mood:
    """The mood of a turn read with up to three earlier utterances. `score` in [0, 1]: how strongly.

    Without `meaning`, or with that of another encoder than the head's, the rules decide alone.
    """
    now = read(text, load("mood"))
    chances = judge("mood", now, text, history, meaning)
    now = joined(now, text)
    if chances is None:
        return _by_rules(text, now, history)
    score = 1 - chances["calm"]
    if score < FLAGGED:
        return Mood("calm", score, None)
    angry = chances["furious"] >= max(ANGRY, chances["upset"])
    return Mood("furious" if angry else "upset", score, evidence(text, now))


def _by_rules(text: str, now: Reading, history: tuple[Said, ...]) -> Mood:
    before = earlier("mood", history)
    furious = now.score("furious") + EARLIER * max((r.score("furious") for r in before), default=0.0)
    upset = now.score("upset") + EARLIER * max((r.score("upset") for r in before), default=0.0)
    if now.score("furious") and furious >= FURIOUS:
        return Mood("furious", min(1.0, furious / 2), evidence(text, now))
    both = furious + upset - CALMING * now.score("calm")
    if both >= UPSET and (now.score("furious") or now.score("upset")):
        return Mood("upset", min(0.9, both / 2), evidence(text, now))
    return Mood("calm", max(0.0, min(0.3, both / 2)), None)


def evidence(text: str, reading: Reading) -> str:
    """The heaviest cue; without one the clause that complains most (as the shopper wrote it)."""
    for label in ("furious", "upset"):
        if label in reading.evidence:
            return reading.evidence[label]
    clauses = [match.group().strip() for match in CLAUSE.finditer(text)] or [text.strip()]
    told = max(clauses, key=lambda each: (len(TELLING.findall(prepare(each).lower)), len(each)))
    return told[:LONGEST] or text.strip()[:LONGEST]
