"""Row terms of a likelihood: value, gradient and Hessian in working coordinates, and the calculus of interval ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.elementary import log1mexp

Array = NDArray[Any]
Rows = tuple[Any, ...]
Coordinates = tuple[Any, ...]


class Terms(NamedTuple):
    """Log-likelihood of each row with two derivatives in working coordinates.

    ``gradient`` has one item per coordinate; ``hessian`` the lower triangle row by row: (0,0), (1,0), (1,1), (2,0), ...
    An item is an array over rows, or a number where it does not vary by row. Both are empty at order 0.
    """

    value: Any
    gradient: tuple[Any, ...] = ()
    hessian: tuple[Any, ...] = ()


def less(terms: Terms, mass: Terms) -> Terms:
    """Terms of rows less those of the mass between their limits; a row whose mass vanishes has the density 0."""
    with np.errstate(invalid="ignore"):
        value = np.where(np.isneginf(mass.value), -np.inf, terms.value - mass.value)
        return Terms(
            value,
            tuple(a - b for a, b in zip(terms.gradient, mass.gradient, strict=True)),
            tuple(a - b for a, b in zip(terms.hessian, mass.hessian, strict=True)),
        )


class EndTerms(NamedTuple):
    """log(F(high) - F(low)) with two derivatives in its ends and in further coordinates s (shapes).

    ``low_s`` and ``high_s`` hold the mixed derivatives, one item per s; ``s_s`` the lower triangle.
    """

    value: Any
    low: Any
    high: Any
    low_low: Any
    low_high: Any
    high_high: Any
    s: tuple[Any, ...] = ()
    low_s: tuple[Any, ...] = ()
    high_s: tuple[Any, ...] = ()
    s_s: tuple[Any, ...] = ()


def end_terms(
    mass: Array,
    low: tuple[Array, Array, tuple[Array, ...]],
    high: tuple[Array, Array, tuple[Array, ...]],
    s: tuple[Array, ...] = (),
    s_s: tuple[Array, ...] = (),
) -> EndTerms:
    """Complete the derivatives of a log mass in its ends from the density there.

    With M = log mass and f the density in the coordinate in which the ends are given, M_high = f(high)/mass =: r,
    M_high,high = r((log f)' - r), M_high,s = r((log f)_s - M_s); at the lower end r is -f(low)/mass.

    Parameters
    ----------
    mass
        M, one per row.
    low, high
        At each end: log f, its derivative in the end's coordinate, and its derivatives in s. At an infinite end give
        log f = -inf; the other two are then ignored.
    s, s_s
        M's own derivatives in s: gradient and lower triangle.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        low_ratio, low_slope, low_mixed = _ratio(mass, low, s, -1.0)
        high_ratio, high_slope, high_mixed = _ratio(mass, high, s, 1.0)
    return EndTerms(
        mass,
        low_ratio,
        high_ratio,
        low_slope,
        -low_ratio * high_ratio,
        high_slope,
        s,
        low_mixed,
        high_mixed,
        s_s,
    )


def _ratio(
    mass: Array, end: tuple[Array, Array, tuple[Array, ...]], s: tuple[Array, ...], sign: float
) -> tuple[Array, Array, tuple[Array, ...]]:
    log_density, slope, by_s = end
    absent = np.isneginf(log_density)
    ratio = np.where(absent, 0.0, sign * np.exp(log_density - mass))
    curvature = np.where(absent, 0.0, ratio * (slope - ratio))
    mixed = tuple(np.where(absent, 0.0, ratio * (f_s - m_s)) for f_s, m_s in zip(by_s, s, strict=True))
    return ratio, curvature, mixed


def pairs(n_coordinates: int) -> list[tuple[int, int]]:
    """Indices of the lower triangle, row by row."""
    return [(i, j) for i in range(n_coordinates) for j in range(i + 1)]


def entry(triangle: tuple[Any, ...] | Mapping[int, Any], i: int, j: int) -> Any:
    """Entry (i, j) of a symmetric matrix given by its lower triangle, row by row."""
    row, column = max(i, j), min(i, j)
    return triangle[row * (row + 1) // 2 + column]


def complement(terms: Terms) -> Terms:
    """log(1 - exp(M)) with its derivatives."""
    value = log1mexp(np.minimum(terms.value, 0.0))
    odds = np.exp(terms.value - value)
    return Terms(
        value,
        tuple(-odds * first for first in terms.gradient),
        tuple(
            -odds * (second + (1.0 + odds) * terms.gradient[i] * terms.gradient[j])
            for second, (i, j) in zip(terms.hessian, pairs(len(terms.gradient)), strict=True)
        ),
    )
