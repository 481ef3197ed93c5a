"""Log masses of a standardised variable beyond one end or between two, in few operations a row.

A kernel is for many rows at one point of the parameters, whose sums alone are wanted. It is exact to rounding within
the bounds that it declares; rows farther out, or in an interval so narrow that its ends' terms cancel, go the careful
way of ``StandardFamily.interval_terms``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

NARROW = 0.005
"""Width of an interval of z, below which differences between its ends lose too many digits."""


class Slopes(NamedTuple):
    """M = log mass by row, and how it changes as its ends z_i are moved alike, or each by z_i times as much.

    ``total`` = Σ M_i, ``radial`` = Σ z_i M_i, ``curvature`` = Σ M_ij, ``radial_first`` = Σ z_i M_ij and
    ``radial_second`` = Σ z_i z_j M_ij. All but the value are empty at order 0.
    """

    value: Vector
    total: Vector
    radial: Vector
    curvature: Vector
    radial_first: Vector
    radial_second: Vector


EMPTY = np.empty(0)


class EndKernel(ABC):
    """Log masses of one standardised distribution."""

    rounding: ClassVar[float] = 0.0
    """What the rounding of a value is relative to, beside the value."""
    lower: ClassVar[tuple[float, float]]
    """The ends z between which ``above`` is exact."""
    upper: ClassVar[tuple[float, float]]
    """Those between which ``below`` is."""
    lower_of_two: ClassVar[tuple[float, float]]
    upper_of_two: ClassVar[tuple[float, float]]
    """Those between which ``between`` is, if they are ``NARROW`` apart or farther."""

    @abstractmethod
    def above(self, z: Vector, order: int) -> Slopes:
        """Of (z, ∞)."""

    @abstractmethod
    def below(self, z: Vector, order: int) -> Slopes:
        """Of (-∞, z]."""

    @abstractmethod
    def between(self, low: Vector, high: Vector, gap: Vector, order: int) -> Slopes:
        """Of (low, high], ``gap`` apart."""


def value_only(value: Vector) -> Slopes:
    """Slopes at order 0."""
    return Slopes(value, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)


def at_one_end(z: Vector, value: Vector, first: Vector, second: Vector) -> Slopes:
    """Slopes of a mass with one finite end, from its two derivatives there."""
    radial_first = z * second
    return Slopes(value, first, z * first, second, radial_first, z * radial_first)


def at_two_ends(
    low: Vector, gap: Vector, value: Vector, total: Vector, curvature: Vector, by_high: Vector, slope: Vector
) -> Slopes:
    """Slopes of a mass between ends, written from the lower end and the gap, so that a small gap cancels nothing.

    ``by_high`` is M_high = b, and ``slope`` that of the log density at the upper end: M_high,high = b (slope - b) and
    Σ_j M_high,j = b (slope - total).
    """
    stretch = gap * by_high
    row = stretch * (slope - total)
    radial_first = low * curvature
    radial_second = low * (radial_first + 2.0 * row) + stretch * (gap * (slope - by_high))
    return Slopes(value, total, low * total + stretch, curvature, radial_first + row, radial_second)


def outside(z: Vector, bounds: tuple[float, float]) -> Mask | None:
    """Which values are not between bounds; None where all are."""
    if bounds[0] <= z.min() and z.max() <= bounds[1]:
        return None
    return ~((bounds[0] <= z) & (z <= bounds[1]))
