"""Labels → `bot/signals/gate.json`: the confidence that ships with the bot.

`python -m eval.fit_gate --data DIR` fits on the demo shop's `dev` half and on the training shop; no line
of a `test` half and nothing of the held-out shop is read. Besides the labels as they are, each question
is also asked with its right entries hidden: what comes first then is a near miss by construction.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bot.fit import Logistic, fit_logistic
from bot.signals import confidence, features
from eval.data import DEMO, HERE, lines, rows
from kb.encoder import Encoder, open_encoder
from kb.entry import read_corpus
from kb.index import build
from kb.search import Found, Knowledge

OUT = Path(confidence.__file__).with_name("gate.json")
HIDDEN_WEIGHT = 0.5  # of a question asked with its entries hidden, beside 1 for a label as it is
L2 = 3.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the ids that answer it; none for one that the shop cannot answer."""

    text: str
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    row: np.ndarray
    right: bool
    weight: float


def labelled(asked: Iterable[dict[str, object]]) -> list[Labelled]:
    return [
        Labelled(str(r["text"]), frozenset([r["entry"], *r.get("also", [])]) if r.get("entry") else frozenset())  # type: ignore[list-item, misc]
        for r in asked
    ]


def examples(knowledge: Knowledge, asked: Sequence[Labelled]) -> list[Example]:
    """Rows with labels: as they are, and (at less weight) with the right entries hidden."""
    made = []
    for one in asked:
        found = knowledge.find(one.text, 14)
        made.append(_example(found, one.wanted, 1.0, knowledge))
        if one.wanted:
            kept = tuple(h for h in found.hits if h.entry.id not in one.wanted)
            made.append(_example(replace(found, hits=kept), frozenset(), HIDDEN_WEIGHT, knowledge))
    return made


def _example(found: Found, wanted: frozenset[str], weight: float, knowledge: Knowledge) -> Example:
    hits = found.hits[:10]
    row = features.features(replace(found, hits=hits), knowledge)
    return Example(row, bool(hits) and hits[0].entry.id in wanted, weight)


def fitted(made: Sequence[Example]) -> Logistic:
    return fit_logistic(
        np.array([e.row for e in made]), [e.right for e in made], L2, sample_weight=[e.weight for e in made]
    )


def training_sets() -> list[tuple[str, Path, list[Labelled]]]:
    """Name, corpus and labelled questions of each shop that may be trained on."""
    demo = labelled([*lines("queries", "dev"), *lines("unanswerable", "dev")])
    sweets = HERE / "sweets"
    sets = [("demo dev", DEMO, demo)]
    if sweets.exists():
        asked = labelled([*rows(sweets / "queries.jsonl"), *rows(sweets / "unanswerable.jsonl")])
        sets.append(("sweets", sweets / "corpus.jsonl", asked))
    return sets


def open_shop(corpus: Path, data: Path, encoder: Encoder | None) -> Knowledge:
    """The shop's index, built under `data` or taken from there."""
    read = read_corpus(corpus)
    key = hashlib.sha256(f"{read.digest}{encoder.id if encoder else 'words'}".encode()).hexdigest()[:12]
    home = data / "eval" / key
    if not (home / "manifest.json").exists():
        build(read.entries, home, encoder)
    return Knowledge.open(home, encoder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    encoder = open_encoder(options.data)
    sets = training_sets()
    models = {}
    for name, with_vectors in (("vectors", encoder), ("words", None)):
        made = [e for _, corpus, asked in sets for e in examples(open_shop(corpus, options.data, with_vectors), asked)]
        models[name] = fitted(made)
        print(f"{name}: {len(made)} examples, {sum(e.right for e in made)} right")
    digest = hashlib.sha256(repr([(name, asked) for name, _, asked in sets]).encode()).hexdigest()[:16]
    about = {"data": {name: len(asked) for name, _, asked in sets}, "data_hash": digest, "encoder": encoder.id}
    gate = confidence.Gate(models["vectors"], models["words"], about)
    options.out.write_text(json.dumps(gate.as_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    for name, weight in sorted(zip(features.NAMES, models["vectors"].weights[1], strict=True), key=lambda p: -abs(p[1])):
        print(f"  {weight:+8.3f}  {name}")


if __name__ == "__main__":
    main()
