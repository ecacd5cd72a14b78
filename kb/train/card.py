"""The model card: what a trained model is made of, what it is worth, and what it is not for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def card(name: str, facts: Mapping[str, Any]) -> str:
    """Markdown. `facts`: those of `Deltas`, see `teach`."""
    rows = [
        ("Base", f"{facts['base']}; its word embeddings are not changed"),
        ("Changes", f"rank {facts['rank']} (LoRA) in every matrix, and a joint part for comparing tokens"),
        ("Begun from", "an earlier training" if facts.get("continued") else "the base as it is installed"),
        ("Learnt from", _material(facts)),
        ("Course", _course(facts)),
        ("Exam", _exam(facts)),
    ]
    table = "\n".join(f"| {what} | {said} |" for what, said in rows)
    return f"""# {name}

What `toritsugi train` adds to the embedded encoder, so that questions of support are found by what they mean.

| | |
| --- | --- |
{table}

Turn it off with `TORITSUGI_ENCODER=plain`; publish after every change of the encoder.

**Licence.** The base is MIT. {_licence(facts)}

**Limits.** Made for short questions to shops and public services, mostly in Japanese. The exam counts first
places by vectors alone; the product adds words, characters and readings. The best of several exams was kept,
so the figure is a little too high. Whoever wrote the questions also wrote their labels.
"""


def _material(facts: Mapping[str, Any]) -> str:
    if facts.get("made_of") == "own":
        return (
            f"a shop's own corpus: {facts['entries']} entries, {facts['questions']} ways to ask (variants, "
            f"questions, {facts.get('pairs', 0)} given or clicked pairs)"
        )
    return (
        f"{facts['shops']} shop files: {facts['entries']} entries, {facts['questions']} questions, written "
        "for this project (card: `kb/train/README.md`)"
    )


def _course(facts: Mapping[str, Any]) -> str:
    return (
        f"{facts['steps']} steps in {facts['minutes']} minutes on a CPU (the state of step "
        f"{facts['best_step']} is kept), learning rate {facts['rate']}, margin {facts['margin']}, "
        f"seed {facts['seed']}"
    )


def _exam(facts: Mapping[str, Any]) -> str:
    built = f", {facts['built']:.1%} as it is built for serving" if "built" in facts else ""
    return (
        f"{facts['exam_questions']} questions that no lesson had ({', '.join(facts['exam_shops'])}): the "
        f"right entry first for {facts['before']:.1%} before, {facts['after']:.1%} after{built}"
    )


def _licence(facts: Mapping[str, Any]) -> str:
    if facts.get("made_of") == "own":
        return "What was learnt of your corpus is yours; keep this file as you keep the corpus."
    return "The changes are Apache-2.0 as this project."
