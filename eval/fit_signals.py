"""Labels → `bot/signals/heads.json`: the second readers of mood, wish and topic.

`python -m eval.fit_signals --data DIR` fits on the training utterances and the `dev` halves, with the demo
shop's `dev` questions as ordinary messages; no line of a `test` half is read. Printed: cross-validation.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.decision import Said
from bot.fit import Logistic, fit_logistic
from bot.signals import heads
from bot.signals.cues import load, read
from bot.signals.manner import NAMES as MANNER
from bot.signals.wish import accepts
from eval.data import HERE, lines, rows
from eval.fit_gate import TRAINING
from eval.signals import said
from kb.encoder import Encoder, open_encoder

OUT = Path(heads.__file__).with_name("heads.json")
DATE = "2026-11-22"  # of the training data
FOLDS = 8
TELLING = 0.45  # weight of cues
ORDINARY_WEIGHT = 0.5  # of a message taken as ordinary without having been labelled so
VECTOR_L2 = {"mood": 150.0, "wish": 50.0, "topic": 40.0}  # of those tried (15 to 240) the least held-out loss
OTHER_L2 = 30.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    history: tuple[Said, ...]
    label: str
    weight: float = 1.0


SETS = {
    "mood": ("moods", "label", "calm"),
    "wish": ("wishes", "human", "False"),
    "topic": ("topics", "topic", "none"),
}


def examples(signal: str) -> list[Example]:
    """What a signal's head is fitted on."""
    name, key, ordinary = SETS[signal]
    labelled = [*lines(f"train-{name}"), *lines(name, "dev")]
    made = [Example(r["text"], said(r), str(r[key]) if r[key] is not None else "none") for r in labelled]
    if signal == "wish":  # a yes to the bot's proposal is settled before the head is asked
        made = [each for each in made if not accepts(each.text, each.history)]
    return made + [
        Example(text, (), ordinary, ORDINARY_WEIGHT)
        for text in ordinary_messages(signal)
        if not _telling(signal, text)
    ]


def ordinary_messages(signal: str) -> list[str]:
    """Texts of the other sets that say nothing of this signal: calm messages, ordinary questions of many
    shops, courtesy; and for the mood also plain wishes for a person."""
    asked = [r["text"] for name in ("queries", "unanswerable", "social") for r in lines(name, "dev")]
    asked += [r["text"] for r in lines("train-social")]
    asked += [r["text"] for shop in TRAINING for r in rows(HERE / shop / "queries.jsonl")][::4]
    if signal == "mood":
        asked += [r["text"] for r in lines("train-wishes") if r["human"] and not r.get("history")]
    for other, (name, key, ordinary) in SETS.items():
        if other != signal:
            alone = [r for r in lines(f"train-{name}") if not r.get("history")]
            asked += [r["text"] for r in alone if str(r[key] if r[key] is not None else "none") == ordinary]
    return sorted(set(asked))


def _telling(signal: str, text: str) -> bool:
    """A demo question that may well show the signal (「違う色のが届きました😢」) teaches nothing ordinary."""
    reading = read(text, load(signal))
    return any(weight > TELLING for label, weight in reading.scores.items() if label != "calm")


def features(signal: str, made: Sequence[Example], encoder: Encoder) -> Floats:
    vectors = encoder.encode([e.text for e in made], "query")
    cues = load(signal)
    numbers = [heads.numbers(signal, read(e.text, cues), e.text, e.history) for e in made]
    return np.hstack([vectors, np.array(numbers)])


def fitted(signal: str, x: Floats, made: Sequence[Example], dim: int) -> Logistic:
    """Each example counts twice, once as if no cue had matched: the cues were written by someone who knew
    these very examples, and a head that trusted them as much elsewhere would be deaf to new wording."""
    blind = x.copy()
    blind[:, dim : x.shape[1] - len(MANNER)] = 0
    penalty = np.where(np.arange(x.shape[1]) < dim, VECTOR_L2[signal], OTHER_L2)
    return fit_logistic(
        np.vstack([x, blind]),
        [e.label for e in made] * 2,
        1.0,
        sample_weight=[e.weight for e in made] * 2,
        penalty=penalty,
    )


def held_out(signal: str, x: Floats, made: Sequence[Example], dim: int) -> Floats:
    """Probabilities of each example by a model that did not see it."""
    fold = np.random.default_rng(20261122).integers(0, FOLDS, len(made))
    classes = len({e.label for e in made})
    out = np.zeros((len(made), classes))
    for k in range(FOLDS):
        kept = np.flatnonzero(fold != k).tolist()
        out[fold == k] = fitted(signal, x[kept], [made[i] for i in kept], dim).predict_proba(x[fold == k])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    encoder = open_encoder(options.data)
    written, about = {}, {}
    for signal in SETS:
        made = examples(signal)
        x = features(signal, made, encoder)
        model = fitted(signal, x, made, encoder.dim)
        chances = held_out(signal, x, made, encoder.dim)
        right = float(
            np.mean([model.classes[p.argmax()] == e.label for p, e in zip(chances, made, strict=True)])
        )
        loss = float(
            np.mean([-np.log(p[model.classes.index(e.label)]) for p, e in zip(chances, made, strict=True)])
        )
        print(f"{signal}: {len(made)} examples, cross-validated accuracy {right:.3f}, log loss {loss:.3f}")
        written[signal] = {"cues": load(signal).digest, **model.as_json(3)}
        about[signal] = {
            "examples": len(made),
            "data": hashlib.sha256(repr(made).encode()).hexdigest()[:16],
            "held_out": {"folds": FOLDS, "accuracy": round(right, 3), "log_loss": round(loss, 3)},
        }
    options.out.write_text(
        _readable({"encoder": encoder.id, "about": {"date": DATE, **about}, "heads": written}), "utf-8"
    )


def _readable(whole: dict[str, Any]) -> str:
    """JSON with one line a class of weights."""
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    parts: list[str] = []
    depth = 0
    for line in text.splitlines():
        bare = line.strip()
        depth += bare.endswith("[") - bare.startswith("]")
        inside = depth > 0 and not bare.endswith("[")
        parts.append(bare if inside or bare.startswith("]") else ("\n" + line))
    return "".join(parts).lstrip("\n") + "\n"


if __name__ == "__main__":
    main()
