"""Does the bot notice how shoppers feel? Calm, upset, furious: with the encoder, and by rules alone.

The head is fitted on the training lines and on `dev`: only `test` says how it does on new messages.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bot.decision import Said
from bot.signals.heads import Meaning
from bot.signals.mood import mood
from eval.data import lines
from eval.report import Bars, Report, Section, Value
from eval.signals import FITTED_ON, Turned, confusion, mistakes, read_all
from eval.stats import Figure, mean
from kb.encoder import open_encoder

LABELS = ("calm", "upset", "furious")
TARGETS = {"furious_found": 0.95, "furious_noticed": 0.99, "upset_found": 0.88, "calm_flagged": -0.04}


def run(args: argparse.Namespace) -> Report:
    rows = lines("moods", args.split)
    encoder = open_encoder(args.data)
    turned = read_all(rows, "label", _read, encoder)
    ruled = read_all(rows, "label", _read, None)
    figures: dict[str, Value] = {**figures_of(turned)}
    figures |= {f"rules.{name}": value for name, value in figures_of(ruled).items()}
    with_history = [each for each in turned if each.history]
    figures["with_history.right"] = mean([each.right for each in with_history])
    bars = [(name, value) for name, value in figures_of(turned).items()]
    sections = [
        Section(
            "気分 / Moods", "行がラベル、列が判定。", [confusion(turned, LABELS), Bars("割合 / Rates", bars)]
        ),
        Section("ルールだけの場合 / Rules alone", "エンコーダーなし。", [confusion(ruled, LABELS)]),
    ]
    if args.split == "dev":
        sections.append(mistakes(turned, "間違えた文 / Mistakes"))
    return Report(
        "mood",
        "気分の評価 / Mood",
        "平常・不満・激怒を見分けられるか。 / Calm, upset or furious.",
        figures,
        {
            "split": args.split,
            "data": f"moods.jsonl, {len(rows)} messages",
            "encoder": encoder.id,
            "note": FITTED_ON,
        },
        TARGETS,
        sections,
    )


def figures_of(turned: Sequence[Turned]) -> dict[str, Figure]:
    """Noticed: as upset or furious. Flagged: the same of a calm message, which is an error."""
    by = {label: [each for each in turned if each.wanted == label] for label in LABELS}
    return {
        "furious_found": mean([each.found == "furious" for each in by["furious"]]),
        "furious_noticed": mean([each.found != "calm" for each in by["furious"]]),
        "upset_found": mean([each.found != "calm" for each in by["upset"]]),
        "upset_as_furious": mean([each.found == "furious" for each in by["upset"]]),
        "calm_flagged": mean([each.found != "calm" for each in by["calm"]]),
        "right": mean([each.right for each in turned]),
    }


def _read(text: str, history: tuple[Said, ...], meaning: Meaning | None) -> tuple[str, str | None]:
    found = mood(text, history, meaning)
    return found.label, found.evidence
