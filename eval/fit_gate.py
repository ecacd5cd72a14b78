"""Labels → `bot/signals/gate.json`: the confidence that ships with the bot.

`python -m eval.fit_gate --data DIR` fits on the demo shop's `dev` half, the training shops and the
calibration shops; no line of a `test` half and nothing of a held-out shop is read. Asking each question
once more with its right entries hidden was tried and is left out: it makes near misses of a kind that
shoppers do not type, and cost .02 of AUROC and .05 of calibration error on a shop that was not trained on.

The policy's threshold is chosen on `--cross`: the least at which shops left out of the fit get an answer to
at most .105 of what no entry answers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.fit import Logistic, fit_logistic
from bot.signals import confidence, features
from eval.data import DEMO, HERE, lines, rows
from eval.retrieval import knowledge_of
from kb.encoder import PLAIN, open_encoder
from kb.entry import Entry, read_corpus
from kb.search import EVIDENCE, Knowledge
from kb.train.shop import read_shops

OUT = Path(confidence.__file__).with_name("gate.json")
TRAINING = ("sweets", "wear", "beauty", "gadget", "tickets")
L2 = 3.0
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the ids that answer it; none for one that the shop cannot answer."""

    text: str
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled question's features, whether its first hit answers it, and whether any entry does."""

    row: npt.NDArray[np.float64]
    right: bool
    answerable: bool


def labelled(asked: Iterable[dict[str, Any]]) -> list[Labelled]:
    return [
        Labelled(
            str(r["text"]), frozenset([r["entry"], *r.get("also", [])]) if r.get("entry") else frozenset()
        )
        for r in asked
    ]


def examples(knowledge: Knowledge, asked: Sequence[Labelled]) -> list[Example]:
    found = [(knowledge.find(one.text, 10), one.wanted) for one in asked]
    return [
        Example(features.features(f, knowledge), bool(f.hits) and f.hits[0].entry.id in wanted, bool(wanted))
        for f, wanted in found
    ]


def fitted(made: Sequence[Example]) -> Logistic:
    return fit_logistic(np.array([e.row for e in made]), [e.right for e in made], L2)


def crossed(shops: Mapping[str, Sequence[Example]]) -> list[tuple[float, float, float, float]]:
    """Thresholds, and what they would have given to shops that were left out of the fit: the share of
    answerable questions answered right at once, of the others answered, and of answers that were right."""
    sure: list[float] = []
    every: list[Example] = []
    for name, own in shops.items():
        model = fitted([e for other, those in shops.items() if other != name for e in those])
        sure += model.predict_proba(np.array([e.row for e in own]))[:, 1].tolist()
        every += own
    chance, right = np.array(sure), np.array([e.right for e in every])
    answerable = np.array([e.answerable for e in every])
    table = []
    for threshold in THRESHOLDS:
        told = chance >= threshold
        once = float((told & right).sum() / answerable.sum())
        table.append((threshold, once, float(told[~answerable].mean()), float(right[told].mean())))
    return table


def training_sets() -> list[tuple[str, Sequence[Entry], list[Labelled]]]:
    """Name, entries and labelled questions of each shop that may be trained on."""
    demo = labelled([*lines("queries", "dev"), *lines("unanswerable", "dev")])
    sets: list[tuple[str, Sequence[Entry], list[Labelled]]] = [("demo dev", read_corpus(DEMO).entries, demo)]
    for name in TRAINING:
        home = HERE / name
        asked = labelled([*rows(home / "queries.jsonl"), *rows(home / "unanswerable.jsonl")])
        sets.append((name, read_corpus(home / "corpus.jsonl").entries, asked))
    for shop in read_shops(HERE / "calibrate"):
        answered = [Labelled(one.text, frozenset([one.entry])) for one in shop.questions]
        unanswered = [Labelled(text, frozenset()) for text in shop.open]
        sets.append((shop.name, shop.entries, answered + unanswered))
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--cross", action="store_true", help="also say what shops left out would get")
    options = parser.parse_args()
    encoder = open_encoder(options.data)
    sets = training_sets()
    encoders = {"joint": encoder, "vectors": open_encoder(options.data, PLAIN), "words": None}
    models = {}
    for evidence in EVIDENCE:
        shops = {
            name: examples(knowledge_of(entries, encoders[evidence], options.data), asked)
            for name, entries, asked in sets
        }
        made = [e for those in shops.values() for e in those]
        models[evidence] = fitted(made)
        print(f"{evidence}: {len(made)} examples, {sum(e.right for e in made)} right")
        if options.cross:
            print(
                "shops left out: threshold, answered right at once, unanswerable answered, right of answers"
            )
            for row in crossed(shops):
                print("  " + "  ".join(f"{value:.3f}" for value in row))
    digest = hashlib.sha256(repr([(name, asked) for name, _, asked in sets]).encode()).hexdigest()[:16]
    about = {
        "data": {name: len(asked) for name, _, asked in sets},
        "data_hash": digest,
        "encoder": encoder.id,
    }
    gate = confidence.Gate(models, about)
    options.out.write_text(json.dumps(gate.as_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    for name, weight in sorted(
        zip(features.NAMES, models["joint"].weights[1], strict=True), key=lambda p: -abs(p[1])
    ):
        print(f"  {weight:+8.3f}  {name}")


if __name__ == "__main__":
    main()
