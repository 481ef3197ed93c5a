"""The real line."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat.parameters._domain import Array, Domain


@final
class Real(Domain):
    """Any finite number; the bijection is the identity.

    Examples
    --------
    >>> Real().from_free(-1.5)
    -1.5
    """

    lower = -np.inf
    upper = np.inf
    identity: ClassVar[bool] = True

    def to_free(self, value: Any) -> Any:
        """Return the value."""
        return value

    def from_free(self, free: Any) -> Any:
        """Return the value."""
        return free

    def derivative(self, free: Array) -> Array:
        """1 everywhere."""
        return np.ones(np.shape(free))

    def second_derivative(self, free: Array) -> Array:
        """0 everywhere."""
        return np.zeros_like(free)

    def contains(self, value: Any) -> bool:
        """Whether every number is finite."""
        return bool(np.all(np.isfinite(value)))

    def describe(self) -> str:
        """Say what a value must be."""
        return "a finite number"
