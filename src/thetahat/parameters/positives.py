"""Vectors of positive numbers, freed by the logarithm."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain


@final
class Positives(Domain):
    """K numbers above zero; free coordinates their logarithms.

    Examples
    --------
    >>> Positives(2).to_free([1.0, 1.0]).tolist()
    [0.0, 0.0]
    """

    vector: ClassVar[bool] = True
    lower = 0.0
    upper = np.inf

    def __init__(self, size: int) -> None:
        if int(size) != size or size < 1:
            raise ParameterError(
                f"positives({size!r}): how many numbers there are must be a whole number above 0"
            )
        self.size = int(size)
        self.free_size = self.size
        self.arguments = (self.size,)

    def to_free(self, value: Any) -> Any:
        """Return the logarithms; -inf at the edge 0."""
        xp = namespace(value)
        if xp.is_jax:
            return xp.log(value)
        with np.errstate(divide="ignore"):
            return np.log(np.asarray(value, dtype=float))

    def from_free(self, free: Any) -> Any:
        """Return exp(free)."""
        return namespace(free).exp(free)

    def derivative(self, free: Array) -> Array:
        """exp(free), each in its own coordinate."""
        return np.diag(np.exp(np.asarray(free)))

    def second_derivative(self, free: Array) -> Array:
        """exp(free), twice in its own coordinate."""
        identity = np.eye(self.size)
        return np.asarray(np.einsum("i,ij,ik->ijk", np.exp(np.asarray(free)), identity, identity))

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

    def describe(self) -> str:
        """Say what a value must be."""
        return f"{self.size} positive finite numbers"
