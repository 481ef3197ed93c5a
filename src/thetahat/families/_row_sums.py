"""Families that sum their terms over rows in scratch memory, without an array for each derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.families._terms import Array, Coordinates, Rows

Vector = NDArray[np.float64]


class Sums(NamedTuple):
    """Sums over rows of the weighted value, gradient and Hessian (lower triangle).

    ``absolute`` is Σ w |ℓ_i| or a bound a little above it.
    """

    value: float
    absolute: float
    gradient: tuple[float, ...]
    hessian: tuple[float, ...]


class SummedByRows(ABC):
    """A family whose derivatives are sums of a few functions of a row, times functions of the parameters."""

    n_scratch: ClassVar[int]
    """How many arrays of scratch memory the sums need."""

    @abstractmethod
    def row_sums(
        self, rows: Rows, weight: Array | None, eta: Coordinates, scratch: tuple[Vector, ...]
    ) -> Sums | None:
        """The sums of ``derivatives`` over rows; None where the shorter way would lose digits or overflow."""


def total(values: Vector, weight: Array | None, work: Vector) -> float:
    """Σ w x, pairwise; ``work`` is written to where there are weights."""
    if weight is None:
        return float(np.add.reduce(values))
    return float(np.add.reduce(np.multiply(values, weight, out=work)))


def total_of_product(left: Vector, right: Vector, weight: Array | None, work: Vector) -> float:
    """Σ w x y, pairwise; ``work`` is written to."""
    np.multiply(left, right, out=work)
    if weight is not None:
        np.multiply(work, weight, out=work)
    return float(np.add.reduce(work))
