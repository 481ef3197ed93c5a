"""Probabilities that sum to one, freed by logits against the first."""

from __future__ import annotations

from math import exp
from typing import Any, ClassVar, final

import numpy as np
from scipy import special

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain

FEW = 32
"""Probabilities up to which plain floats are faster than arrays."""


@final
class Simplex(Domain):
    """K positive numbers that sum to 1; free coordinates log(p_k / p_0) for k = 1, ..., K - 1.

    Examples
    --------
    >>> Simplex(2).from_free(np.zeros(1)).tolist()
    [0.5, 0.5]
    """

    vector: ClassVar[bool] = True
    lower = 0.0
    upper = 1.0

    def __init__(self, size: int) -> None:
        if int(size) != size or size < 1:
            raise ParameterError(
                f"simplex({size!r}): the number of probabilities must be a whole number above 0"
            )
        self.size = int(size)
        self.free_size = self.size - 1
        self.arguments = (self.size,)

    def to_free(self, value: Any) -> Any:
        """Return log(p_k / p_0); infinities where a probability is 0."""
        xp = namespace(value)
        if xp.is_jax:
            return xp.log(value[1:]) - xp.log(value[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.asarray(value, dtype=float))
            return logs[1:] - logs[0]

    def from_free(self, free: Any) -> Any:
        """Return the softmax of (0, free) along the first axis, shifted by its largest entry."""
        xp = namespace(free)
        if not xp.is_jax and free.ndim == 1 and self.size <= FEW:
            # In plain floats: NumPy's overhead would be most of the cost.
            plain = [0.0, *free.tolist()]
            top = max(plain)
            steps = [exp(logit - top) for logit in plain]
            total = sum(steps)
            return np.array([step / total for step in steps])
        logits = xp.concatenate([xp.zeros_like(free[:1]) if self.size > 1 else np.zeros(1), free])
        weights = xp.exp(logits - logits.max(axis=0))
        return weights / weights.sum(axis=0)

    def derivative(self, free: Array) -> Array:
        """p_i (1{i = k} - p_k) for k = 1, ..., K - 1."""
        p = np.asarray(self.from_free(free))
        return np.asarray(p[:, np.newaxis] * (np.eye(self.size)[:, 1:] - p[1:]))

    def second_derivative(self, free: Array) -> Array:
        """d/d free_l of ``derivative``."""
        p = np.asarray(self.from_free(free))
        identity = np.eye(self.size)
        centred = identity - p
        first = np.einsum("i,ik,il->ikl", p, centred, centred)
        second = np.einsum("i,k,kl->ikl", p, p, centred)
        return np.asarray((first - second)[:, 1:, 1:])

    def contains(self, value: Any) -> bool:
        """Whether the numbers are positive and sum to 1 (to rounding)."""
        array = np.asarray(value, dtype=float)
        return array.shape == (self.size,) and bool(np.all(array > 0)) and abs(float(array.sum()) - 1) < 1e-9

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """The logit of a probability, its complement summed from the others."""
        array = np.asarray(value, dtype=float)
        p, rest = float(array[entry]), float(np.sum(np.delete(array, entry)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.log(p) - np.log(rest)), float(1.0 / (np.float64(p) * rest))

    def from_line(self, at: float, entry: int = 0) -> float:
        """The probability that has this logit."""
        return float(special.expit(at))

    def beside_edge(self, value: Any, far: float) -> Array:
        """Far out; without its first entry the others keep their proportions."""
        array = np.asarray(value, dtype=float)
        if array[0] != 0:
            return super().beside_edge(array, far)
        with np.errstate(divide="ignore"):
            return np.where(array[1:] > 0, far + np.log(array[1:]), 0.0)

    def inside_edge(self, edges: Array) -> Array:
        """Those of the entries inside; where the first is not, one that is holds the others; one alone is 1."""
        inside = ~edges[1:]
        if np.count_nonzero(edges) >= self.size - 1 > 1:
            return np.zeros_like(inside)
        if edges[0] and not edges.all():
            inside[int(np.argmin(edges)) - 1] = False
        return inside

    def describe(self) -> str:
        """Say what a value must be."""
        return f"{self.size} positive numbers that sum to 1"
