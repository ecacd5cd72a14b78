"""The shop's rules for the gate: thresholds and ways, a small versioned file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

Way = Literal["escalate", "decline", "ignore"]
TOPICS = ("self-harm", "injury", "threat", "abuse", "fraud", "privacy", "legal", "attack")


class PolicyError(ValueError):
    """A policy file that cannot be used; the message names the field and what is allowed."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`answer` and `offer` are confidences in [0, 1]: from `answer` up the bot answers, from `offer` up
    it offers a choice of at most `offers` questions, each at least `offer_within` times as probable as
    the first. `max_misses`: the miss in a row with which a person takes over. `furious` and `wish`:
    escalate or ignore. `upset`: `door` puts the way to a person first, `escalate`, or `ignore`.
    `topics`: the way for each delicate topic.
    """

    answer: float
    offer: float
    offers: int
    offer_within: float
    max_misses: int
    furious: Way
    upset: Literal["door", "escalate", "ignore"]
    wish: Way
    topics: Mapping[str, Way]
    id: str = field(init=False, compare=False)
    """Twelve hex digits of the content's hash: decisions name the policy they were made by."""

    def __post_init__(self) -> None:
        body = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        object.__setattr__(self, "id", hashlib.sha256(body.encode()).hexdigest()[:12])

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS} | {"topics": dict(self.topics)}


FIELDS = tuple(each.name for each in fields(Policy) if each.init)


def parse_policy(raw: Mapping[str, Any]) -> Policy:
    """A policy from its JSON form. Raises PolicyError naming the field that is wrong."""
    if unknown := set(raw) - set(FIELDS):
        raise PolicyError(f"unknown field {sorted(unknown)[0]!r}; known are {', '.join(sorted(FIELDS))}")
    if missing := set(FIELDS) - set(raw):
        raise PolicyError(f"field {sorted(missing)[0]!r} is missing")
    for name in ("answer", "offer", "offer_within"):
        if not isinstance(raw[name], int | float) or not 0 <= raw[name] <= 1:
            raise PolicyError(f"{name!r} must be a number from 0 to 1, not {raw[name]!r}")
    if raw["offer"] > raw["answer"]:
        raise PolicyError("'offer' must not be above 'answer': what is worth an answer is worth an offer")
    if raw["offers"] not in range(1, 5):
        raise PolicyError(f"'offers' must be 1 to 4, not {raw['offers']!r}")
    if raw["max_misses"] not in range(1, 10):
        raise PolicyError(f"'max_misses' must be 1 to 9, not {raw['max_misses']!r}")
    ways: dict[str, tuple[str, ...]] = {"furious": ("escalate", "ignore"), "wish": ("escalate", "ignore")}
    ways["upset"] = ("door", "escalate", "ignore")
    for name, allowed in ways.items():
        if raw[name] not in allowed:
            raise PolicyError(f"{name!r} must be one of {', '.join(allowed)}, not {raw[name]!r}")
    for topic in TOPICS:
        if raw["topics"].get(topic) not in ("escalate", "decline", "ignore"):
            raise PolicyError(f"'topics.{topic}' must be escalate, decline or ignore")
    return Policy(**raw)


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    return parse_policy(json.loads(files("bot").joinpath("policy.json").read_text("utf-8")))


def read_policy(path: Path | None = None) -> Policy:
    """The policy in `path`, or the one that ships with the bot. Raises PolicyError."""
    if path is None:
        return default_policy()
    try:
        raw = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise PolicyError(f"{path}: not JSON ({error})") from error
    return parse_policy(raw)
