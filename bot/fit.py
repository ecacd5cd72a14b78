"""Labels and features → a logistic model small enough to read: what the gate and the signals learn.

Regularised maximum likelihood by L-BFGS on numpy alone, so that fitting and serving need nothing
else. The problem is convex: the same data gives the same model, whatever the order of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MEMORY = 12  # pairs of steps that L-BFGS remembers
ROUNDS = 500
TOLERANCE = 1e-6  # of the largest gradient component, per weighted row


@dataclass(frozen=True, slots=True)
class Logistic:
    """P(class | features). `weights` is [classes, features] and `bias` [classes], for features as
    they come: the standardisation of the fit is folded in.

    With two classes the first row is zero, so that the second row is the log odds of `classes[1]`.
    """

    classes: tuple[str, ...]
    weights: Floats
    bias: Floats

    def predict_proba(self, x: ArrayLike) -> Floats:
        """Probabilities in the order of `classes`: [n, classes] for a matrix, [classes] for one row."""
        return softmax(np.asarray(x, dtype=np.float64) @ self.weights.T + self.bias)

    def as_json(self, digits: int = 5) -> dict[str, Any]:
        return {
            "classes": list(self.classes),
            "weights": [[_short(value, digits) for value in row] for row in self.weights],
            "bias": [_short(value, digits) for value in self.bias],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Logistic:
        """Raises ValueError when the shapes do not fit together."""
        classes = tuple(str(name) for name in raw["classes"])
        weights = np.asarray(raw["weights"], dtype=np.float64)
        bias = np.asarray(raw["bias"], dtype=np.float64)
        if weights.ndim != 2 or weights.shape[0] != len(classes) or bias.shape != (len(classes),):
            raise ValueError(
                f"logistic model: {len(classes)} classes, weights {weights.shape}, bias {bias.shape}"
            )
        return cls(classes, weights, bias)


def fit_logistic(
    x: ArrayLike,
    y: Sequence[object],
    l2: float = 1.0,
    *,
    sample_weight: ArrayLike | None = None,
    penalty: ArrayLike | None = None,
) -> Logistic:
    """The model that minimises Σ weight · log loss + l2/2 · Σ penalty · w², on standardised columns.

    `y` holds the class of each row (any values with a sensible `str`; classes are ordered by their
    value, so False comes before True). `penalty` has one factor a column (default 1; the bias is
    never penalised). A column that never varies gets weight 0. Two classes give binary logistic
    regression, more the multinomial. Raises ValueError for fewer than two classes, unequal lengths or
    values that are not finite.
    """
    rows = np.asarray(x, dtype=np.float64)
    values = sorted(set(y))  # type: ignore[type-var]
    if rows.ndim != 2 or len(rows) != len(y):
        raise ValueError(f"cannot fit: {rows.shape} features for {len(y)} labels")
    if len(values) < 2:
        raise ValueError(f"cannot fit: labels hold only {values}; at least two classes are needed")
    if not np.isfinite(rows).all():
        raise ValueError("cannot fit: a feature is not a finite number")
    mass = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if mass.shape != (len(rows),) or not (mass >= 0).all() or mass.sum() <= 0:
        raise ValueError("cannot fit: sample weights must be one non-negative number a row, not all zero")
    mean = np.average(rows, axis=0, weights=mass)
    spread = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=mass))
    alive = spread > 1e-9
    spread = np.where(alive, spread, 1.0)
    standard = (rows - mean) / spread * alive
    ridge = l2 * (np.ones(rows.shape[1]) if penalty is None else np.asarray(penalty, dtype=np.float64))
    place = {value: index for index, value in enumerate(values)}
    target = np.eye(len(values))[[place[value] for value in y]]
    binary = len(values) == 2
    free = _minimise(standard, target, mass, ridge, binary)
    weights = free[:, :-1] * alive / spread
    bias = free[:, -1] - weights @ mean
    if binary:
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.append(0.0, bias)
    return Logistic(tuple(str(value) for value in values), weights, bias)


def softmax(scores: Floats) -> Floats:
    """Along the last axis, safe for large scores."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    out: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return out


def _minimise(x: Floats, target: Floats, mass: Floats, ridge: Floats, binary: bool) -> Floats:
    """Weights with the bias as last column: [1, d + 1] for the log odds of two classes, else [k, d + 1]."""
    inner = np.column_stack([x, np.ones(len(x))])
    punish = np.append(ridge, 0.0)
    rows = 1 if binary else target.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(rows, -1)
        scores = inner @ weights.T
        if binary:
            scores = np.column_stack([np.zeros(len(x)), scores])
        top = scores.max(axis=1, keepdims=True)
        logs = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        error = (np.exp(logs) - target) * mass[:, None]
        slope = (error[:, 1:] if binary else error).T @ inner + punish * weights
        value = -float((mass[:, None] * target * logs).sum()) + 0.5 * float((punish * weights**2).sum())
        return value, slope.ravel()

    return _lbfgs(loss, rows * inner.shape[1], TOLERANCE * float(mass.sum())).reshape(rows, -1)


def _lbfgs(loss: Any, size: int, tolerance: float) -> Floats:
    """Nocedal & Wright, Numerical Optimization, algorithm 7.4 with backtracking (Armijo)."""
    point: Floats = np.zeros(size)
    value, slope = loss(point)
    steps: list[tuple[Floats, Floats, float]] = []
    for _ in range(ROUNDS):
        if np.abs(slope).max() <= tolerance:
            break
        way = -_scaled(slope, steps)
        fall = float(slope @ way)
        stride = 1.0 if steps else 1.0 / max(1.0, float(np.linalg.norm(slope)))
        while True:
            after, new_slope = loss(point + stride * way)
            if after <= value + 1e-4 * stride * fall:
                break
            stride /= 2
            if stride < 1e-12:  # no descent left within rounding
                return point
        moved, turned = stride * way, new_slope - slope
        curve = float(moved @ turned)
        if curve > 1e-12:
            steps = [*steps[-MEMORY + 1 :], (moved, turned, 1.0 / curve)]
        point, value, slope = point + moved, after, new_slope
    return point


def _scaled(slope: Floats, steps: list[tuple[Floats, Floats, float]]) -> Floats:
    """The two-loop recursion: (approximate inverse Hessian) · slope."""
    way = slope.copy()
    kept = []
    for moved, turned, rho in reversed(steps):
        share = rho * float(moved @ way)
        way -= share * turned
        kept.append(share)
    if steps:
        moved, turned, rho = steps[-1]
        way /= rho * float(turned @ turned)
    for (moved, turned, rho), share in zip(steps, reversed(kept), strict=True):
        way += moved * (share - rho * float(turned @ way))
    return way


def _short(value: float, digits: int) -> float:
    """Rounded to significant digits, so that a model file stays readable."""
    return float(f"{value:.{digits}g}")
