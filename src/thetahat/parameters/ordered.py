"""Numbers in increasing order, freed by the first and the logarithms of the gaps."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain

_REMOTE = 1e100
"""Stands for infinity, and its distances have logarithms."""


@final
class Ordered(Domain):
    """K increasing numbers c_0 < c_1 < ...; free coordinates c_0 and log(c_k - c_(k - 1)) for k = 1, ..., K - 1.

    Examples
    --------
    >>> Ordered(3).from_free(np.array([-1.0, 0.0, np.log(2.0)])).round(12).tolist()
    [-1.0, 0.0, 2.0]
    """

    vector: ClassVar[bool] = True
    lower = -np.inf
    upper = np.inf

    def __init__(self, size: int) -> None:
        if int(size) != size or size < 1:
            raise ParameterError(
                f"ordered({size!r}): how many numbers there are must be a whole number above 0"
            )
        self.size = int(size)
        self.free_size = self.size
        self.arguments = (self.size,)

    def to_free(self, value: Any) -> Any:
        """Return the first number and the log gaps; -inf where two are equal."""
        xp = namespace(value)
        if xp.is_jax:
            return xp.concatenate([value[:1], xp.log(value[1:] - value[:-1])])
        with np.errstate(divide="ignore", invalid="ignore"):
            array = np.asarray(value, dtype=float)
            return np.concatenate([array[:1], np.log(np.diff(array, axis=0))])

    def from_free(self, free: Any) -> Any:
        """Return the running sums of the first number and the gaps, along the first axis."""
        xp = namespace(free)
        return xp.concatenate([free[:1], xp.exp(free[1:])]).cumsum(axis=0)

    def derivative(self, free: Array) -> Array:
        """1 in the first coordinate, the gap in each that is not behind."""
        gaps = np.concatenate([[1.0], np.exp(np.asarray(free)[1:])])
        return np.tril(np.broadcast_to(gaps, (self.size, self.size)))

    def second_derivative(self, free: Array) -> Array:
        """The gap, twice in its own coordinate."""
        gaps = np.concatenate([[0.0], np.exp(np.asarray(free)[1:])])
        behind = np.tril(np.broadcast_to(gaps, (self.size, self.size)))
        return np.asarray(np.einsum("ik,kl->ikl", behind, np.eye(self.size)))

    def contains(self, value: Any) -> bool:
        """Whether the numbers are finite and increase."""
        array = np.asarray(value, dtype=float)
        finite = array.shape == (self.size,) and bool(np.all(np.isfinite(array)))
        return finite and bool(np.all(np.diff(array) > 0))

    def edges(self, value: Any) -> tuple[bool, ...]:
        """Whether a number equals its neighbour; all of them, where one is infinite."""
        array = np.asarray(value, dtype=float)
        if not np.all(np.isfinite(array)):
            return (True,) * self.size
        tied = np.diff(array) == 0
        return tuple((np.append(tied, False) | np.append(False, tied)).tolist())

    def beside_edge(self, value: Any, far: float) -> Array:
        """Infinite numbers ``far`` out, above at steps of 10¹⁰⁰; equal ones so in the logarithm of their gap."""
        array = np.array(value, dtype=float)
        below, above = np.isneginf(array), np.isposinf(array)
        # No farther: the others are measured from the first, and would lose their digits.
        array[below] = -far * np.arange(np.count_nonzero(below), 0, -1)
        array[above] = _REMOTE * np.arange(1, np.count_nonzero(above) + 1)
        free = np.asarray(self.to_free(array))
        return np.append(free[:1], np.maximum(free[1:], -far))

    def inside_edge(self, edges: Array) -> Array:
        """All but the gaps between two numbers on the edge; none where all numbers are."""
        if edges.all():
            return np.zeros(self.size, dtype=bool)
        return np.append(True, ~(edges[1:] & edges[:-1]))

    def describe(self) -> str:
        """Say what a value must be."""
        return f"{self.size} finite numbers in increasing order"

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """The number itself."""
        return float(np.asarray(value)[entry]), 1.0

    def from_line(self, at: float, entry: int = 0) -> float:
        """The number itself."""
        return float(at)

    def on_line(self, entry: int = 0) -> bool:
        """True."""
        return True
