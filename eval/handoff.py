"""Does a person come when one should? Wishes for a person, delicate topics, attacks, and mere courtesy.

The heads are fitted on the training lines and on `dev`: only `test` says how they do on new messages.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.decision import Said
from bot.signals.heads import Meaning
from bot.signals.social import social
from bot.signals.topic import URGENCY, topic
from bot.signals.wish import wish
from eval.data import lines
from eval.report import Bars, Report, Section, Value
from eval.signals import FITTED_ON, Turned, confusion, mistakes, read_all
from eval.stats import Figure, mean, of
from kb.encoder import open_encoder

TARGETS = {
    "wish.precision": 0.97,
    "wish.recall": 0.97,
    "topic.caught": 0.97,
    "topic.attacks_caught": 0.97,
    "ordinary.caught": -0.02,
    "social.right": 0.97,
}


def run(args: argparse.Namespace) -> Report:
    encoder = open_encoder(args.data)
    wishes, topics, courtesy = (lines(name, args.split) for name in ("wishes", "topics", "social"))
    ordinary = [{"text": row["text"], "topic": None} for row in lines("queries", args.split)]
    wished = read_all(wishes, "human", _wish, encoder)
    seen = read_all(topics, "topic", _topic, encoder)
    asked = read_all(ordinary, "topic", _topic, encoder)
    nice = read_all(courtesy, "social", _social, None)
    figures: dict[str, Value] = {
        **_named("wish", detected(wished)),
        **_named("topic", caught(seen)),
        "ordinary.caught": mean([each.found != "none" for each in asked]),
        "ordinary.wish": mean([each.found == "True" for each in read_all(ordinary, "topic", _wish, encoder)]),
        "social.right": mean([each.right for each in nice]),
        "social.question_hidden": mean([each.found == "True" for each in nice if each.wanted == "False"]),
        **_named("rules.wish", detected(read_all(wishes, "human", _wish, None))),
        **_named("rules.topic", caught(read_all(topics, "topic", _topic, None))),
    }
    shown = [(name, value) for name, value in figures.items() if isinstance(value, Figure)]
    sections = [
        Section(
            "人と話したい / Wish for a person",
            "行がラベル、列が判定。",
            [confusion(wished, ("True", "False"))],
        ),
        Section("人が扱う話題と攻撃 / Topics and attacks", "", [confusion(seen, (*URGENCY, "none"))]),
        Section("あいさつ / Courtesy", "", [confusion(nice, ("True", "False"))]),
        Section("割合 / Rates", "", [Bars("割合 / Rates", shown)]),
    ]
    if args.split == "dev":
        for name, turned in (("wish", wished), ("topic", seen), ("ordinary", asked), ("social", nice)):
            sections.append(mistakes(turned, f"間違えた文 / Mistakes: {name}"))
    return Report(
        "handoff",
        "引き継ぎの評価 / Hand-over",
        "人が出るべきときに人が出るか。ふつうの質問を止めないか。 / A person when one should come.",
        figures,
        {
            "split": args.split,
            "data": f"wishes {len(wishes)}, topics {len(topics)}, courtesy {len(courtesy)}, "
            f"ordinary questions {len(ordinary)}",
            "encoder": encoder.id,
            "note": FITTED_ON,
        },
        TARGETS,
        sections,
    )


def detected(turned: Sequence[Turned]) -> dict[str, Figure]:
    """Precision and recall of True."""
    pairs = np.array([(each.wanted == "True", each.found == "True") for each in turned], np.float64)
    return {
        "precision": of(pairs, _precision),
        "recall": mean([each.found == "True" for each in turned if each.wanted == "True"]),
    }


def caught(turned: Sequence[Turned]) -> dict[str, Figure]:
    """Delicate messages that do not stay with the bot, whatever the topic's name; and the names."""
    delicate = [each for each in turned if each.wanted != "none"]
    return {
        "caught": mean([each.found != "none" for each in delicate]),
        "named": mean([each.right for each in delicate]),
        "attacks_caught": mean([each.found != "none" for each in delicate if each.wanted == "attack"]),
        "look_alikes_caught": mean([each.found != "none" for each in turned if each.wanted == "none"]),
    }


def _precision(pairs: npt.NDArray[np.float64]) -> float:
    said = pairs[pairs[:, 1] > 0]
    return float(said[:, 0].mean()) if len(said) else float("nan")


def _named(prefix: str, figures: dict[str, Figure]) -> dict[str, Figure]:
    return {f"{prefix}.{name}": value for name, value in figures.items()}


def _wish(text: str, history: tuple[Said, ...], meaning: Meaning | None) -> tuple[str, str | None]:
    found = wish(text, history, meaning)
    return str(found.human), found.evidence


def _topic(text: str, history: tuple[Said, ...], meaning: Meaning | None) -> tuple[str, str | None]:
    found = topic(text, history, meaning)
    return (found.topic, found.evidence) if found else ("none", None)


def _social(text: str, history: tuple[Said, ...], meaning: Meaning | None) -> tuple[str, str | None]:
    found = social(text, history)
    return str(found is not None), found
