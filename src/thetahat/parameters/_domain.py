"""The contract of a domain: a set of values and the bijection that frees it are one thing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Domain(ABC):
    """The values that a parameter may take, and its bijection to unconstrained coordinates.

    A scalar domain maps one number to one; a vector domain maps ``size`` numbers to ``free_size``. ``to_free`` and
    ``from_free`` accept NumPy and JAX values alike; derivatives are NumPy's.
    ``arguments`` are those that make the same domain again; ``identity`` tells that a value is its own free coordinate.
    """

    lower: float
    upper: float
    vector: ClassVar[bool] = False
    identity: ClassVar[bool] = False
    size: int = 1
    free_size: int = 1
    arguments: tuple[float, ...] = ()

    @abstractmethod
    def to_free(self, value: Any) -> Any:
        """Map a value of the domain to unconstrained coordinates; an edge maps to an infinity."""

    @abstractmethod
    def from_free(self, free: Any) -> Any:
        """Map unconstrained coordinates to the value."""

    @abstractmethod
    def derivative(self, free: Array) -> Array:
        """First derivative of ``from_free``; for a vector domain the (size, free_size) Jacobian."""

    @abstractmethod
    def second_derivative(self, free: Array) -> Array:
        """Second derivative of ``from_free``; for a vector domain of shape (size, free_size, free_size)."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Whether every number of ``value`` lies inside; the edges do not."""

    @abstractmethod
    def describe(self) -> str:
        """Say what a value must be, in words that follow 'must be'."""

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """An entry of ``value`` on the unbounded scale on which its intervals are made, and the slope of that there.

        For one number that is its free coordinate; a vector domain has a scale of its own.
        """
        at = np.asarray(self.to_free(value), dtype=float)
        return float(at), float(1.0 / self.derivative(at))

    def from_line(self, at: float, entry: int = 0) -> float:
        """Map an entry back from the scale on which its intervals are made."""
        with np.errstate(over="ignore", under="ignore"):
            return float(self.from_free(np.float64(at)))

    def on_line(self, entry: int = 0) -> bool:
        """Whether that scale is the entry's own."""
        return self.identity

    @property
    def labels(self) -> tuple[str, ...]:
        """What the entries of a vector are told apart by, in their names."""
        return tuple(str(index) for index in range(self.size))

    def entries(self, value: Any) -> Array:
        """The entries of a value in one row, however it was given."""
        return np.atleast_1d(np.asarray(value, dtype=float))

    def edges(self, value: Any) -> tuple[bool, ...]:
        """Whether each entry of ``value`` lies on the edge of the domain."""
        return tuple(self.is_edge(entry) for entry in np.atleast_1d(value).tolist())

    def beside_edge(self, value: Any, far: float) -> Array:
        """Free coordinates of a value on the edge, ``far`` out but finite, so that it cannot be told from the edge."""
        return np.clip(np.atleast_1d(np.asarray(self.to_free(value), dtype=float)), -far, far)

    def inside_edge(self, edges: Array) -> Array:
        """Which free coordinates stay regular where these entries lie on the edge."""
        return ~edges

    def is_edge(self, value: float) -> bool:
        """Whether ``value`` is a finite edge of the domain, such as 0 for a rate."""
        return isfinite(value) and value in (self.lower, self.upper)
