"""The numbers above a bound, freed by the logarithm of the distance from it."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain


@final
class Above(Domain):
    """A number above ``lower``; free coordinate log(value - lower).

    Examples
    --------
    >>> float(Above(1.0).from_free(0.0))
    2.0
    """

    upper = np.inf

    def __init__(self, lower: float) -> None:
        if not np.isfinite(lower):
            raise ParameterError(f"above({lower!r}): give a finite number")
        self.lower = float(lower)
        self.arguments = (self.lower,)

    def to_free(self, value: Any) -> Any:
        """Return log(value - lower); -inf at the edge."""
        xp = namespace(value)
        if xp.is_jax:
            return xp.log(value - self.lower)
        with np.errstate(divide="ignore"):
            return np.log(np.asarray(value, dtype=float) - self.lower)

    def from_free(self, free: Any) -> Any:
        """Return lower + exp(free)."""
        return self.lower + namespace(free).exp(free)

    def derivative(self, free: Array) -> Array:
        """exp(free)."""
        return np.exp(free)

    def second_derivative(self, free: Array) -> Array:
        """exp(free)."""
        return np.exp(free)

    def contains(self, value: Any) -> bool:
        """Whether every number is finite and above the bound."""
        array = np.asarray(value)
        return bool(np.all((array > self.lower) & (array < np.inf)))

    def describe(self) -> str:
        """Say what a value must be."""
        return f"a finite number above {self.lower:g}"
