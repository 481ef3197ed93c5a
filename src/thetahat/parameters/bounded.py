"""A bounded interval, freed by the logit of the fraction of the way across."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain


@final
class Bounded(Domain):
    """A number between ``lower`` and ``upper``; free coordinate logit((value - lower) / (upper - lower)).

    Examples
    --------
    >>> float(Bounded(-1.0, 1.0).from_free(0.0))
    0.0
    """

    def __init__(self, lower: float, upper: float) -> None:
        if not (np.isfinite(lower) and np.isfinite(upper) and lower < upper):
            raise ParameterError(
                f"bounded({lower!r}, {upper!r}): give two finite numbers, the lower one first"
            )
        self.lower = float(lower)
        self.upper = float(upper)
        self.arguments = (self.lower, self.upper)

    def to_free(self, value: Any) -> Any:
        """Return log((value - lower) / (upper - value))."""
        xp = namespace(value)
        if xp.is_jax:
            return xp.log(value - self.lower) - xp.log(self.upper - value)
        with np.errstate(divide="ignore"):
            return np.log(np.asarray(value) - self.lower) - np.log(self.upper - np.asarray(value))

    def from_free(self, free: Any) -> Any:
        """Return lower + (upper - lower) expit(free), measured from the nearer edge."""
        xp = namespace(free)
        width = self.upper - self.lower
        return xp.where(free < 0, self.lower + width * xp.expit(free), self.upper - width * xp.expit(-free))

    def derivative(self, free: Array) -> Array:
        """(upper - lower) p (1 - p)."""
        xp = namespace()
        return np.asarray((self.upper - self.lower) * xp.expit(free) * xp.expit(-np.asarray(free)))

    def second_derivative(self, free: Array) -> Array:
        """(upper - lower) p (1 - p)(1 - 2p)."""
        return self.derivative(free) * -np.tanh(np.asarray(free) / 2)

    def contains(self, value: Any) -> bool:
        """Whether every number lies strictly inside."""
        array = np.asarray(value)
        return bool(np.all((array > self.lower) & (array < self.upper)))

    def describe(self) -> str:
        """Say what a value must be."""
        return f"a number between {self.lower:g} and {self.upper:g}"
