"""Labels → `bot/signals/gate.json`: the confidence that ships with the bot.

`python -m eval.fit_gate --data DIR` fits on the demo shop's `dev` half, the training shops and the
calibration shops; no line of a `test` half and nothing of a held-out shop is read. Asking each question
once more with its right entries hidden was tried and is left out: it makes near misses of a kind that
shoppers do not type, and cost .02 of AUROC and .05 of calibration error on a shop that was not trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the ids that answer it; none for one that the shop cannot answer."""

    text: str
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled question's features, and whether its first hit answers it."""

    row: npt.NDArray[np.float64]
    right: bool


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
        Example(features.features(f, knowledge), bool(f.hits) and f.hits[0].entry.id in wanted)
        for f, wanted in found
    ]


def fitted(made: Sequence[Example]) -> Logistic:
    return fit_logistic(np.array([e.row for e in made]), [e.right for e in made], L2)


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
    options = parser.parse_args()
    encoder = open_encoder(options.data)
    sets = training_sets()
    encoders = {"joint": encoder, "vectors": open_encoder(options.data, PLAIN), "words": None}
    models = {}
    for evidence in EVIDENCE:
        made = [
            e
            for _, entries, asked in sets
            for e in examples(knowledge_of(entries, encoders[evidence], options.data), asked)
        ]
        models[evidence] = fitted(made)
        print(f"{evidence}: {len(made)} examples, {sum(e.right for e in made)} right")
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
