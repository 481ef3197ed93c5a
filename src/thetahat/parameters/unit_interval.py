"""The open unit interval, freed by the logit."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain


@final
class UnitInterval(Domain):
    """A number between 0 and 1; free coordinate log(p / (1 - p)).

    Examples
    --------
    >>> float(UnitInterval().from_free(0.0))
    0.5
    """

    lower = 0.0
    upper = 1.0

    def to_free(self, value: Any) -> Any:
        """Return the logit; an infinity at 0 and at 1."""
        return namespace(value).logit(value)

    def from_free(self, free: Any) -> Any:
        """Return 1 / (1 + exp(-free))."""
        return namespace(free).expit(free)

    def derivative(self, free: Array) -> Array:
        """p (1 - p), from both tails so that neither loses digits."""
        return np.asarray(namespace().expit(free) * namespace().expit(-free))

    def second_derivative(self, free: Array) -> Array:
        """p (1 - p)(1 - 2p)."""
        return self.derivative(free) * -np.tanh(np.asarray(free) / 2)

    def contains(self, value: Any) -> bool:
        """Whether every number lies strictly between 0 and 1."""
        array = np.asarray(value)
        return bool(np.all((array > 0) & (array < 1)))

    def describe(self) -> str:
        """Say what a value must be."""
        return "a number between 0 and 1"
