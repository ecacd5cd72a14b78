"""A run's state on disk, so that one that was broken off, in whatever way, goes on where it was."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[np.float32]]
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    AttributeError,
    TypeError,
    zipfile.BadZipFile,
    zlib.error,
)


class TrainRefused(Exception):
    """Training cannot begin or go on; nothing that was there is changed. The message says how to mend it."""


@dataclass(frozen=True, slots=True)
class State:
    """`step` steps are done, in `seconds`. `learnt`, `best` (of the exams so far): name → array; `moments`:
    name → the optimiser's two means. `exams`: (step, share of first places)."""

    step: int
    seconds: float
    loss: float
    learnt: Arrays
    best: Arrays
    moments: Mapping[str, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]
    exams: tuple[tuple[int, float], ...]


def keep(file: Path, settings: str, state: State) -> None:
    """Replaces `file` in one step. Raises `TrainRefused` on a full disk; what was kept before stays."""
    arrays: dict[str, npt.NDArray[Any]] = {f"learnt {name}": array for name, array in state.learnt.items()}
    arrays |= {f"best {name}": array for name, array in state.best.items()}
    for name, (first, second) in state.moments.items():
        arrays |= {f"first {name}": first, f"second {name}": second}
    facts = {
        "settings": settings,
        "step": state.step,
        "seconds": state.seconds,
        "loss": state.loss,
        "exams": state.exams,
    }
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    begun = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with begun.open("wb") as out:
            np.savez(out, allow_pickle=False, **arrays)
            out.flush()
            os.fsync(out.fileno())
        begun.replace(file)
    except OSError as error:
        raise TrainRefused(
            f"{file}: cannot be written ({error.strerror}): make room and give the same command again; "
            "it goes on from the last state that could be kept"
        ) from error
    finally:
        begun.unlink(missing_ok=True)


def kept(file: Path, settings: str) -> State | None:
    """What a run of the same settings left; None where there is none, or what is there cannot be used."""
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["settings"] != settings:
            return None
        parts: dict[str, Arrays] = {"learnt": {}, "best": {}, "first": {}, "second": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition(" ")
            parts[part][rest] = array
        moments = {name: (first, parts["second"][name]) for name, first in parts["first"].items()}
        exams = tuple((int(step), float(share)) for step, share in facts["exams"])
        return State(
            int(facts["step"]), float(facts["seconds"]), float(facts["loss"]),
            parts["learnt"], parts["best"], moments, exams,
        )  # fmt: skip
    except _UNREADABLE:
        return None
