"""Masses of intervals of all integers, by the quadrature of counts on both sides of the mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thetahat.families._counts import lattice_quantile
from thetahat.families._lattice import Points, PointTerms, conditional, lattice_points, of_distinct_ends
from thetahat.families._terms import Array, Terms, complement, pairs

_ROWS_AT_ONCE = 64
_BULK = float(np.log(0.5))


def integer_mass(
    low: Any,
    high: Any,
    parameters: tuple[Any, ...],
    mode: Any,
    terms: PointTerms,
    order: int,
    n_coordinates: int,
) -> Terms:
    """log P(floor(low) < Y <= floor(high)) of a unimodal integer, most of it as the complement of both tails.

    Parameters
    ----------
    low, high
        Ends; -inf and inf allowed.
    parameters
        Numbers or arrays by row that ``terms`` takes after y and order.
    mode
        Number or array by row.
    terms
        ``terms(y, order, *parameters)``: log mass, smooth between the lattice points too, with derivatives
        when ``order`` is 2.
    order
        0 or 2.
    n_coordinates
        How many working coordinates there are.
    """
    if all(np.ndim(item) == 0 for item in (mode, *parameters)):
        return of_distinct_ends(
            low,
            high,
            lambda low, high: _mass_by_row(low, high, parameters, mode, terms, order, n_coordinates),
        )
    return _mass_by_row(low, high, parameters, mode, terms, order, n_coordinates)


def _mass_by_row(
    low: Any,
    high: Any,
    parameters: tuple[Any, ...],
    mode: Any,
    terms: PointTerms,
    order: int,
    n_coordinates: int,
) -> Terms:
    arrays = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (low, high, mode, *parameters)))
    shape = arrays[0].shape
    below, above, centre, *values = (np.ravel(item) for item in arrays)
    first, last = np.floor(below) + 1.0, np.floor(above)
    whole = np.isneginf(first) & np.isposinf(last)
    # Nothing lies above +inf or at -inf.
    some = (first <= last) & (first < np.inf) & (last > -np.inf)
    value = np.where(whole, 0.0, np.where(some, np.nan, -np.inf))
    value[np.isnan(below) | np.isnan(above)] = np.nan
    items = [np.zeros(value.size) for _ in range(n_coordinates + len(pairs(n_coordinates)))] if order else []
    open_ = np.flatnonzero(some & ~whole)
    for start in range(0, open_.size, _ROWS_AT_ONCE):
        rows = open_[start : start + _ROWS_AT_ONCE]
        here = [item[rows] for item in values]

        def at(y: Array, row: Array, order: int, here: list[Array] = here) -> Terms:
            return terms(y, order, *(item[row] for item in here))

        inner = _sum([(first[rows], last[rows])], centre[rows], at, order)
        wide = np.flatnonzero(inner.value > _BULK)
        for slot, found in zip((value, *items), (inner.value, *inner.gradient, *inner.hessian), strict=True):
            slot[rows] = found
        if not wide.size:
            continue
        beyond = np.full(wide.size, np.inf)
        tails = [(-beyond, first[rows][wide] - 1.0), (last[rows][wide] + 1.0, beyond)]

        def outside(y: Array, row: Array, order: int, wide: Array = wide, at: Any = at) -> Terms:
            return at(y, wide[row], order)

        outer = complement(_sum(tails, centre[rows][wide], outside, order))
        for slot, found in zip((value, *items), (outer.value, *outer.gradient, *outer.hessian), strict=True):
            slot[rows[wide]] = found
    return Terms(
        value.reshape(shape),
        tuple(item.reshape(shape) for item in items[:n_coordinates]),
        tuple(item.reshape(shape) for item in items[n_coordinates:]),
    )


def _sum(
    pieces: list[tuple[Array, Array]],
    mode: Array,
    terms: Callable[[Array, Array, int], Terms],
    order: int,
) -> Terms:
    """Log of the sum over the union of pieces, each side of the mode counted away from it."""
    found: list[Points] = []
    n = mode.size
    for first, last in pieces:
        for side in (1.0, -1.0):
            # Distances from the mode: from 1 up to the right, from 0 up to the left.
            near = np.maximum(first - mode, 1.0) if side > 0 else np.maximum(mode - last, 0.0)
            far = last - mode if side > 0 else mode - first
            rows = np.flatnonzero((far >= near) & np.isfinite(near))
            if not rows.size:
                continue

            def log_mass(away: Array, row: Array, rows: Array = rows, side: float = side) -> Array:
                return np.asarray(terms(mode[rows[row]] + side * away, rows[row], 0).value)

            points = lattice_points(near[rows], far[rows], np.full(rows.size, -1.0), log_mass)
            row = rows[points.row]
            found.append(Points(row, mode[row] + side * points.y, points.log_weight))
    points = Points(*(np.concatenate([part[item] for part in found]) for item in range(3)))
    return conditional(points, terms(points.y, points.row, order), n, order)


def integer_quantile(probability: Array, cdf: Callable[[Array], Array], guess: float, spread: float) -> Array:
    """Smallest integer with cdf at least ``probability``, for one distribution; ±inf for 0 and 1."""
    probability = np.asarray(probability, dtype=float)
    positive = probability[probability > 0.0]
    base, step = np.floor(guess), 1.0 + np.ceil(10.0 * spread)
    while positive.size and cdf(np.array([base - 1.0]))[0] >= positive.min():
        base, step = base - step, 2.0 * step
    found = base + lattice_quantile(
        probability, lambda k: cdf(base + k), np.full(probability.shape, guess - base), np.inf
    )
    return np.where(probability == 0.0, -np.inf, found)
