"""Positive numbers by their sum and their shares, freed by the logarithm of the one and logits of the others."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain


@final
class Concentration(Domain):
    """K numbers above zero; free coordinates log of their sum, and log(value_k/value_0) for k = 1, ..., K - 1.

    A large sum says that shares hardly vary, whatever they are: each number's own logarithm would tell that only by
    differences that lose all digits.

    Examples
    --------
    >>> Concentration(2).to_free([1.0, 1.0]).round(6).tolist()
    [0.693147, 0.0]
    """

    vector: ClassVar[bool] = True
    lower = 0.0
    upper = np.inf

    def __init__(self, size: int) -> None:
        if int(size) != size or size < 1:
            raise ParameterError(
                f"concentration({size!r}): how many numbers there are must be a whole number above 0"
            )
        self.size = int(size)
        self.free_size = self.size
        self.arguments = (self.size,)

    def to_free(self, value: Any) -> Any:
        """Return the log of the sum and the log ratios; infinities at the edge 0."""
        xp = namespace(value)
        if not xp.is_jax:
            value = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = xp.log(value)
            return xp.concatenate([xp.log(value.sum())[None], logs[1:] - logs[0]])

    def from_free(self, free: Any) -> Any:
        """Return exp(free_0) times the softmax of (0, free_1, ...)."""
        xp = namespace(free)
        logits = xp.concatenate([xp.zeros_like(free[:1]), free[1:]])
        weights = xp.exp(logits - logits.max())
        return xp.exp(free[0]) * (weights / weights.sum())

    def derivative(self, free: Array) -> Array:
        """value_k in the first coordinate, value_k (1{j = k} - share_j) in the others."""
        value = np.asarray(self.from_free(np.asarray(free, dtype=float)))
        slopes = value[:, np.newaxis] * (np.eye(self.size) - value / value.sum())
        slopes[:, 0] = value
        return np.asarray(slopes)

    def second_derivative(self, free: Array) -> Array:
        """d/d free_l of ``derivative``."""
        value = np.asarray(self.from_free(np.asarray(free, dtype=float)))
        share = value / value.sum()
        factors = np.eye(self.size) - share
        factors[:, 0] = 1.0
        bends = value[:, np.newaxis, np.newaxis] * factors[:, :, np.newaxis] * factors[:, np.newaxis, :]
        # Shares move too: d share_j/d free_l = share_j (1{j = l} - share_l).
        moved = share[:, np.newaxis] * (np.eye(self.size) - share)
        moved[0], moved[:, 0] = 0.0, 0.0
        return np.asarray(bends - value[:, np.newaxis, np.newaxis] * moved)

    def contains(self, value: Any) -> bool:
        """Whether every number is finite and above zero."""
        array = np.asarray(value, dtype=float)
        return array.shape == (self.size,) and bool(np.all((array > 0) & (array < np.inf)))

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """The logarithm of the number."""
        number = np.float64(np.asarray(value, dtype=float)[entry])
        with np.errstate(divide="ignore"):
            return float(np.log(number)), float(1.0 / number)

    def from_line(self, at: float, entry: int = 0) -> float:
        """The number that has this logarithm."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(np.float64(at)))

    def beside_edge(self, value: Any, far: float) -> Array:
        """Far out; without its first entry the others keep their proportions."""
        array = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(array)
            reference = logs[0] if array[0] != 0 else logs[int(np.argmax(array))] - far
            return np.append(np.log(array.sum()), np.clip(logs[1:] - reference, -far, 2.0 * far))

    def inside_edge(self, edges: Array) -> Array:
        """The sum, and the logits inside; where the first entry is not, one that is holds the others."""
        inside = np.append(True, ~edges[1:])
        if edges.all():
            return np.zeros_like(inside)
        if edges[0]:
            inside[int(np.argmin(edges))] = False
        return inside

    def describe(self) -> str:
        """Say what a value must be."""
        return f"{self.size} positive finite numbers"
