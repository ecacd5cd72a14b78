"""Labels → `kb/fusion.json`: how much each side counts, and how that depends on the query.

`python -m eval.fit_fusion --data DIR` learns from the written questions of shops that the encoder was not
trained on (their vectors would be too good), so that a new shop needs no labels: the demo shop's `dev` half,
the training shops and the calibration shops. Nothing of a `test` half, of a held-out shop or of a benchmark
is read. Each question's candidates compete (listwise softmax, as in ListNet, Cao et al. 2007); the loss is
convex and minimised by Newton steps. `--cross` says what shops that were left out would get.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.fit_gate import Labelled, training_sets
from eval.retrieval import knowledge_of
from kb.encoder import Encoder, open_encoder
from kb.fuse import FILE, SIDES, Fusion, Scale, fusion_for
from kb.search import Knowledge

Array = npt.NDArray[np.float64]

FEATURES = ("kana", "latin", "long", "unknown")
RIDGE, SLOPES = 1.0, 4.0  # penalty of a side's weight, and of what a feature adds to it
STEPS, ENOUGH = 50, 1e-5  # Newton steps at most, and the change that ends them


@dataclass(frozen=True, slots=True)
class Contest:
    """One question: `rows` float64 [candidates, parameters], and which candidates are right."""

    rows: Array
    right: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Heard:
    """One question as the sides heard it; `values` [candidates, sides], NaN where a side is silent."""

    values: Array
    features: Array
    right: npt.NDArray[np.bool_]


def heard(knowledge: Knowledge, asked: Sequence[Labelled]) -> list[Heard]:
    """Questions whose right entry is among the candidates."""
    found = []
    for one in asked:
        sides = knowledge.sides(one.text)
        right = np.array([entry in one.wanted for entry in sides.entries], bool)
        if right.any():
            silent = np.full(len(right), np.nan)
            values = np.stack([sides.values.get(side, silent) for side in SIDES], axis=1)
            found.append(Heard(values, np.array([sides.features[name] for name in FEATURES]), right))
    return found


def scales(questions: Sequence[Heard]) -> dict[str, Scale]:
    """A side's mean and spread over the candidates of a question; words, characters and readings from 0."""
    made = {}
    for at, side in enumerate(SIDES):
        columns = [q.values[:, at][~np.isnan(q.values[:, at])] for q in questions]
        filled = [c for c in columns if len(c) > 1]
        unit = float(np.mean([c.std() for c in filled])) if filled else 1.0
        centred = side.endswith("vector") or side == "joint"
        zero = float(np.mean([c.mean() for c in filled])) if filled and centred else 0.0
        made[side] = Scale(round(zero, 4), round(max(unit, 1e-3), 4))
    return made


def contest(question: Heard, units: Mapping[str, Scale]) -> Contest:
    """Each side's value in its unit, by itself and times each feature."""
    zero = np.array([units[side].zero for side in SIDES])
    unit = np.array([units[side].unit for side in SIDES])
    plain = np.nan_to_num((question.values - zero) / unit)
    factors = np.concatenate([[1.0], question.features])
    return Contest((plain[:, :, None] * factors).reshape(len(plain), -1), question.right)


def fitted(contests: Sequence[Contest]) -> Array:
    """The parameters [sides × (1 + features)] of least loss: −Σ log P(a right one) + ridge."""
    ridge = np.tile([RIDGE, *[SLOPES] * len(FEATURES)], len(SIDES))
    weights = np.zeros(contests[0].rows.shape[1])
    now = _loss(contests, weights, ridge)
    for _ in range(STEPS):
        step = np.linalg.solve(*_curve_and_slope(contests, weights, ridge))
        while (then := _loss(contests, weights - step, ridge)) > now and np.abs(step).max() > ENOUGH:
            step /= 2
        if then >= now:
            break
        weights, now = weights - step, then
        if np.abs(step).max() < ENOUGH:
            break
    return weights


def _loss(contests: Sequence[Contest], weights: Array, ridge: Array) -> float:
    total = float((ridge * weights**2).sum() / 2)
    for one in contests:
        scores = one.rows @ weights
        total += _log_sum(scores) - _log_sum(scores[one.right])
    return total


def _log_sum(scores: Array) -> float:
    top = scores.max()
    return float(top + np.log(np.exp(scores - top).sum()))


def _curve_and_slope(contests: Sequence[Contest], weights: Array, ridge: Array) -> tuple[Array, Array]:
    """The loss's gradient, and its curvature without the part of the right ones, which may be negative."""
    slope, curve = ridge * weights, np.diag(ridge)
    for one in contests:
        scores = one.rows @ weights
        chance = np.exp(scores - _log_sum(scores))
        wanted = np.where(one.right, np.exp(scores - _log_sum(scores[one.right])), 0)
        mean = chance @ one.rows
        slope += mean - wanted @ one.rows
        curve += one.rows.T @ (chance[:, None] * one.rows) - np.outer(mean, mean)
    return curve, slope


def as_fusion(weights: Array, units: Mapping[str, Scale]) -> Fusion:
    table = weights.reshape(len(SIDES), -1)
    names = ("base", *FEATURES)
    by_side = {
        side: {name: round(float(value), 4) for name, value in zip(names, row, strict=True)}
        for side, row in zip(SIDES, table, strict=True)
    }
    return Fusion(by_side, dict(units))


def first(contests: Sequence[Contest], weights: Array, most: int = 1) -> float:
    """The share of questions with a right candidate among the `most` best."""
    places = [one.right[np.argsort(-(one.rows @ weights), kind="stable")[:most]].any() for one in contests]
    return float(np.mean(places))


def shops_heard(encoder: Encoder, data: Path) -> dict[str, list[Heard]]:
    """Each shop's questions."""
    return {
        name: heard(knowledge_of(entries, encoder, data, asking()), [one for one in asked if one.wanted])
        for name, entries, asked in training_sets()
    }


def asking() -> Fusion:
    """The fixed weights, with every feature of a query asked for."""
    fixed = fusion_for(None)
    nothing = dict.fromkeys(FEATURES, 0.0)
    return Fusion({side: {**slopes, **nothing} for side, slopes in fixed.weights.items()}, fixed.scales)


def learned(shops: Mapping[str, list[Heard]]) -> Fusion:
    everything = [question for questions in shops.values() for question in questions]
    units = scales(everything)
    return as_fusion(fitted([contest(question, units) for question in everything]), units)


def crossed(shops: Mapping[str, list[Heard]]) -> dict[str, tuple[float, float]]:
    """What each shop gets from weights that were learned without it: right first, among the first three."""
    units = scales([q for questions in shops.values() for q in questions])
    made = {name: [contest(q, units) for q in questions] for name, questions in shops.items()}
    found = {}
    for name, own in made.items():
        weights = fitted([one for other, those in made.items() if other != name for one in those])
        found[name] = first(own, weights), first(own, weights, 3)
    return found


def write(fusion: Fusion, encoder: str) -> None:
    raw = json.loads(FILE.read_text("utf-8"))
    units = {side: {"zero": scale.zero, "unit": scale.unit} for side, scale in fusion.scales.items()}
    raw["learned"] = {"encoder": encoder, "weights": dict(fusion.weights), "scales": units}
    FILE.write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var"))
    parser.add_argument("--cross", action="store_true", help="also leave out one shop after the other")
    options = parser.parse_args()
    encoder = open_encoder(options.data)
    shops = shops_heard(encoder, options.data)
    fusion = learned(shops)
    write(fusion, encoder.id)
    for side, slopes in fusion.weights.items():
        print(f"{side:16}", "  ".join(f"{name} {value:+.2f}" for name, value in slopes.items()))
    if options.cross:
        for name, (one, three) in crossed(shops).items():
            print(f"without {name:12} {one:.3f} / {three:.3f} of {len(shops[name])}")


if __name__ == "__main__":
    main()
