"""Vectors of real numbers, which are their own free coordinates."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.parameters._domain import Array, Domain


@final
class Reals(Domain):
    """K finite numbers; the free coordinates are the numbers.

    Examples
    --------
    >>> Reals(2).from_free(np.array([1.0, -2.0])).tolist()
    [1.0, -2.0]
    """

    vector: ClassVar[bool] = True
    identity: ClassVar[bool] = True
    lower = -np.inf
    upper = np.inf

    def __init__(self, size: int) -> None:
        if int(size) != size or size < 1:
            raise ParameterError(
                f"reals({size!r}): how many numbers there are must be a whole number above 0"
            )
        self.size = int(size)
        self.free_size = self.size
        self.arguments = (self.size,)

    def to_free(self, value: Any) -> Any:
        """Return the numbers."""
        return value

    def from_free(self, free: Any) -> Any:
        """Return the numbers."""
        return free

    def derivative(self, free: Array) -> Array:
        """The identity."""
        return np.eye(self.size)

    def second_derivative(self, free: Array) -> Array:
        """0."""
        return np.zeros((self.size,) * 3)

    def contains(self, value: Any) -> bool:
        """Whether the numbers are finite."""
        array = np.asarray(value, dtype=float)
        return array.shape == (self.size,) and bool(np.all(np.isfinite(array)))

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """The number itself."""
        return float(np.asarray(value)[entry]), 1.0

    def from_line(self, at: float, entry: int = 0) -> float:
        """The number itself."""
        return float(at)

    def on_line(self, entry: int = 0) -> bool:
        """True."""
        return True

    def describe(self) -> str:
        """Say what a value must be."""
        return f"{self.size} finite numbers"
