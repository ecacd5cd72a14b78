"""How the shopper feels: calm, upset or furious, with the phrase that shows it.

Guide: *calm* is routine, also when the words are dark; *upset* is dissatisfied, worried, waiting, let
down: an agent should know; *furious* is open anger, a threat, abuse or an icy break: a person must
take over now.
"""

from __future__ import annotations

from bot.decision import Mood, Said
from bot.signals.cues import Reading, load, read

FURIOUS = 1.15  # sum of weights that is open anger
UPSET = 0.75
EARLIER = 0.35  # what a shopper's previous words count: moods fade, but not within a minute
LOOK_BACK = 3  # shopper's utterances


def mood(text: str, history: tuple[Said, ...] = ()) -> Mood:
    """The mood of a turn read with up to three earlier utterances. `score` in [0, 1]: how strongly."""
    now = read(text, load("mood"))
    before = [read(said.text, load("mood")) for said in history if said.who == "shopper"][-LOOK_BACK:]
    furious = now.score("furious") + EARLIER * max((r.score("furious") for r in before), default=0.0)
    upset = now.score("upset") + EARLIER * max((r.score("upset") for r in before), default=0.0)
    if now.score("furious") and furious >= FURIOUS:
        return Mood("furious", min(1.0, furious / 2), _evidence(now, "furious", "upset"))
    both = furious + upset
    if both >= UPSET and (now.score("furious") or now.score("upset")):
        return Mood("upset", min(0.9, both / 2), _evidence(now, "furious", "upset"))
    return Mood("calm", min(0.3, both / 2), None)


def _evidence(reading: Reading, *labels: str) -> str | None:
    return next((reading.evidence[label] for label in labels if label in reading.evidence), None)
