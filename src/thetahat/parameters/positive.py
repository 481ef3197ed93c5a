"""The positive numbers, freed by the logarithm."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain


@final
class Positive(Domain):
    """A number above zero; free coordinate log(value).

    Examples
    --------
    >>> float(Positive().to_free(1.0))
    0.0
    """

    lower = 0.0
    upper = np.inf

    def to_free(self, value: Any) -> Any:
        """Return log(value); -inf at the edge 0."""
        if isinstance(value, float) and value > 0.0:
            return np.log(value)
        xp = namespace(value)
        if xp.is_jax:
            return xp.log(value)
        with np.errstate(divide="ignore"):
            return np.log(value)

    def from_free(self, free: Any) -> Any:
        """Return exp(free)."""
        return namespace(free).exp(free)

    def derivative(self, free: Array) -> Array:
        """exp(free)."""
        return np.exp(free)

    def second_derivative(self, free: Array) -> Array:
        """exp(free)."""
        return np.exp(free)

    def contains(self, value: Any) -> bool:
        """Whether every number is finite and above 0."""
        if isinstance(value, float):
            return 0.0 < value < np.inf
        array = np.asarray(value)
        return bool(np.all((array > 0) & (array < np.inf)))

    def describe(self) -> str:
        """Say what a value must be."""
        return "a finite number above 0"
