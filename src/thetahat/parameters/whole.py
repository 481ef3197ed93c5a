"""The whole numbers."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat.parameters._domain import Array, Domain


@final
class Whole(Domain):
    """A finite whole number; the bijection is the identity, and between whole numbers there is nothing.

    Examples
    --------
    >>> Whole().contains(-3.0), Whole().contains(0.5)
    (True, False)
    """

    lower = -np.inf
    upper = np.inf

    def to_free(self, value: Any) -> Any:
        """Return the value."""
        return value

    def from_free(self, free: Any) -> Any:
        """Return the value."""
        return free

    def derivative(self, free: Array) -> Array:
        """1 everywhere."""
        return np.ones_like(free)

    def second_derivative(self, free: Array) -> Array:
        """0 everywhere."""
        return np.zeros_like(free)

    def contains(self, value: Any) -> bool:
        """Whether every number is whole and finite."""
        array = np.asarray(value, dtype=float)
        return bool(np.all(np.isfinite(array) & (array == np.floor(array))))

    def describe(self) -> str:
        """Say what a value must be."""
        return "a finite whole number"
