"""Masses of intervals of whole numbers, by Gaussian quadrature over their points.

A sum over very many points is split into blocks of 32 · 2^k that grow away from its ends (and from the
mode, which is made an end), and in each block 32 nodes of the Gauss rule of the block's own counting measure
stand for its points. Derivatives follow as moments conditional on the interval, so that nothing cancels,
however narrow or far out it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from thetahat.families._terms import Array, Terms, complement, pairs

_NODES = 32
_HIGHEST_LEVEL = 1_018
"""The level whose blocks end just inside double precision: tails reach as far as mean/size, however large."""
_CONTINUOUS = 30
"""The level from which the points of a block lie so densely that the rule is Gauss and Legendre's."""
_NEGLIGIBLE = 45.0
"""Nats below the largest term at which the rest of a tail no longer counts."""
_FAR = 30.0
"""Nats below one from which a tail's second derivative is summed rather than closed."""
_ROWS_AT_ONCE = 256

PointTerms = Callable[..., Terms]
Tail = Callable[..., tuple[Array, Array, Array]]


class Points(NamedTuple):
    """Nodes of the quadrature: the row that each belongs to, where it is, and the log of the points it stands for."""

    row: Array
    y: Array
    log_weight: Array


@cache
def _rule(level: int) -> tuple[Array, Array]:
    """Nodes in 0 ... m - 1 and log weights of the Gauss rule for the sum over m = 32 · 2^level points."""
    if level == 0:
        return np.arange(float(_NODES)), np.zeros(_NODES)
    size = _NODES * 2.0**level
    nodes, log_weights = _shares(min(level, _CONTINUOUS))
    return size * nodes + 0.5 * (size - 1.0), np.log(size) + log_weights


@cache
def _shares(level: int) -> tuple[Array, Array]:
    """Nodes as shares of m from the middle, and the logs of the shares of m that they stand for."""
    size = _NODES * 2.0**level
    # Recurrence of the discrete Chebyshev polynomials (Gautschi, 2004, table 1.2), on points divided by m.
    k = np.arange(1.0, _NODES)
    beta = k * k * (1.0 - np.square(k / size)) / (4.0 * (4.0 * k * k - 1.0))
    nodes, vectors = np.linalg.eigh(np.diag(np.sqrt(beta), 1) + np.diag(np.sqrt(beta), -1))
    return nodes, 2.0 * np.log(np.abs(vectors[0]))


def _level(offset: float) -> int:
    return round(float(np.log2(max(offset, _NODES) / _NODES)))


def _finite_blocks(row: Array, first: Array, last: Array) -> list[Points]:
    """Blocks that grow away from both ends, and in the middle none larger than those beside them."""
    found: list[Points] = []
    left, right = first.copy(), last + 1.0
    offset = 0.0
    while True:
        size = max(offset, float(_NODES))
        both = np.flatnonzero(right - left >= 2.0 * size)
        if not both.size:
            break
        found.append(_expanded(row[both], left[both], _level(size)))
        found.append(_expanded(row[both], right[both] - size, _level(size)))
        left[both] += size
        right[both] -= size
        offset += size
    for level in range(_level(offset), -1, -1):
        size = _NODES * 2.0**level
        one = np.flatnonzero(right - left >= size)
        if one.size:
            found.append(_expanded(row[one], left[one], level))
            left[one] += size
    rest = np.maximum(right - left, 0.0).astype(np.intp)
    index = np.repeat(np.arange(rest.size), rest)
    step = np.arange(index.size) - np.repeat(np.cumsum(rest) - rest, rest)
    found.append(Points(row[index], left[index] + step, np.zeros(index.size)))
    return found


def _tail_blocks(row: Array, first: Array, log_mass: Callable[[Array, Array], Array]) -> list[Points]:
    """Blocks that grow from ``first``, where the mass must fall, until what follows is negligible."""
    found: list[Points] = []
    least = log_mass(first, row) - _NEGLIGIBLE
    offset = 0.0
    while row.size and _level(offset) <= _HIGHEST_LEVEL:
        found.append(_expanded(row, first + offset, _level(offset)))
        offset = 2.0 * offset or float(_NODES)
        keep = log_mass(first + offset, row) + np.log(offset) > least
        row, first, least = row[keep], first[keep], least[keep]
    return found


def _expanded(row: Array, start: Array, level: int) -> Points:
    nodes, log_weights = _rule(level)
    return Points(
        np.repeat(row, _NODES), (start[:, None] + nodes).ravel(), np.tile(log_weights, start.shape[0])
    )


def lattice_points(
    first: Array, last: Array, mode: Array, log_mass: Callable[[Array, Array], Array]
) -> Points:
    """Points and log weights for sums from ``first`` to ``last``, which may be infinite, by row."""
    rows = np.arange(first.shape[0])
    falling = np.maximum(first, mode + 1.0)
    finite = np.isfinite(last)
    parts: list[Points] = []
    for start, stop in ((first, np.minimum(last, mode)), (falling, last)):
        some = np.flatnonzero(finite & (stop >= start)) if stop is last else np.flatnonzero(stop >= start)
        parts += _finite_blocks(rows[some], start[some], stop[some])
    tail = np.flatnonzero(~finite)
    if tail.size:
        parts += _tail_blocks(rows[tail], falling[tail], log_mass)
    return Points(*(np.concatenate([part[item] for part in parts]) for item in range(3)))


def _summed(
    first: Array, last: Array, mode: Array, terms: Callable[[Array, Array, int], Terms], order: int
) -> Terms:
    points = lattice_points(first, last, mode, lambda y, row: np.asarray(terms(y, row, 0).value))
    return conditional(points, terms(points.y, points.row, order), first.shape[0], order)


def conditional(points: Points, terms: Terms, n: int, order: int) -> Terms:
    """Log of the sum of masses; its derivatives are moments of the points' derivatives given the interval."""
    row = points.row
    value = terms.value + points.log_weight
    top = np.full(n, -np.inf)
    np.maximum.at(top, row, value)
    weight = np.exp(value - top[row])
    total = np.bincount(row, weight, n)
    log_mass = top + np.log(total)
    if order == 0:
        return Terms(log_mass)
    share = weight / total[row]
    gradient = tuple(np.bincount(row, share * first, n) for first in terms.gradient)
    centred = [first - mean[row] for first, mean in zip(terms.gradient, gradient, strict=True)]
    hessian = tuple(
        np.bincount(row, share * (second + centred[i] * centred[j]), n)
        for second, (i, j) in zip(terms.hessian, pairs(len(centred)), strict=True)
    )
    return Terms(log_mass, gradient, hessian)


def lattice_mass(
    low: Any,
    high: Any,
    parameters: tuple[Any, ...],
    shape: tuple[Any, Any, Any],
    terms: PointTerms,
    order: int,
    n_coordinates: int = 1,
    tail: Tail | None = None,
) -> Terms:
    """log P(floor(low) < Y <= floor(high)) of a unimodal count from 0 up.

    Parameters
    ----------
    low, high
        Ends; -inf and inf allowed.
    parameters
        Numbers or arrays by row that ``terms`` takes after y and order.
    shape
        Mode, mean and largest value, numbers or arrays by row.
    terms
        ``terms(y, order, *parameters)``: log mass, smooth between the lattice points too, with derivatives
        when ``order`` is 2.
    order
        0 or 2.
    n_coordinates
        How many working coordinates there are.
    tail
        For families of one coordinate, ``tail(k, upper, *parameters)``: log P(Y > k) where ``upper``, else
        log P(Y <= k); the log of its absolute slope in the coordinate; the slope of that log.
    """
    if all(np.ndim(item) == 0 for item in (*shape, *parameters)):
        return of_distinct_ends(
            low,
            high,
            lambda low, high: _mass_by_row(low, high, parameters, shape, terms, order, n_coordinates, tail),
        )
    return _mass_by_row(low, high, parameters, shape, terms, order, n_coordinates, tail)


def of_distinct_ends(low: Any, high: Any, mass: Callable[[Array, Array], Terms]) -> Terms:
    """Terms of rows that differ in nothing but their ends, each pair of which is computed once."""
    ends = np.stack([np.floor(end) for end in np.broadcast_arrays(low, high)])
    both, index = np.unique(ends.reshape(2, -1), axis=1, return_inverse=True)
    distinct = mass(both[0], both[1])
    index = index.reshape(ends.shape[1:])
    return Terms(
        distinct.value[index],
        tuple(item[index] for item in distinct.gradient),
        tuple(item[index] for item in distinct.hessian),
    )


def _mass_by_row(
    low: Any,
    high: Any,
    parameters: tuple[Any, ...],
    shape: tuple[Any, Any, Any],
    terms: PointTerms,
    order: int,
    n_coordinates: int,
    tail: Tail | None,
) -> Terms:
    arrays = np.broadcast_arrays(
        *(np.asarray(item, dtype=float) for item in (low, high, *shape, *parameters))
    )
    dimensions = arrays[0].shape
    flat = [np.ravel(array) for array in arrays]
    below, above, mode, mean, largest = flat[:5]
    values = flat[5:]
    first = np.maximum(np.floor(below) + 1.0, 0.0)
    last = np.minimum(np.floor(above), largest)
    n_items = n_coordinates * (n_coordinates + 1) // 2 if order else 0
    value = np.where(last >= first, 0.0, -np.inf)
    value[np.isnan(below) | np.isnan(above)] = np.nan
    gradient = np.zeros((n_coordinates if order else 0, value.size))
    hessian = np.zeros((n_items, value.size))
    proper = (last >= first) & ((first > 0.0) | (last < largest))
    # A tail that holds the bulk is one less the other tail.
    lower = proper & (first <= 0.0) & (last >= mean)
    upper = proper & (last >= largest) & (first <= mean)
    narrow = last - first < _NODES
    if tail is not None:
        ends = np.flatnonzero(proper & ((first <= 0.0) | (last >= largest)) & (lower | upper | ~narrow))
        if ends.size:
            is_upper = first[ends] > 0.0
            k = np.where(is_upper, first[ends] - 1.0, last[ends])
            value[ends], edge, slope = tail(k, is_upper, *(item[ends] for item in values))
            if order:
                gradient[0, ends] = np.where(is_upper, 1.0, -1.0) * np.exp(edge - value[ends])
                hessian[0, ends] = gradient[0, ends] * (slope - gradient[0, ends])
            # Far out the slope of the log density all but cancels the ratio; there points are summed.
            done = ends[(value[ends] > -_FAR) | (order == 0)]
            proper[done] = lower[done] = upper[done] = False
    # Between mode and mean, which may be far apart, either tail may be the bulk: the other one tells.
    undecided = upper & (first > mode)
    for through_other in (True, False):
        upper &= through_other | ~(undecided & (value < -np.log(2.0)))
        group = lower | upper if through_other else proper & ~lower & ~upper
        start = np.where(lower, last + 1.0, 0.0) if through_other else first
        stop = np.where(lower, largest, first - 1.0) if through_other else last
        for chunk in _chunks(group, narrow & (not through_other)):
            here = [item[chunk] for item in values]

            def at(y: Array, row: Array, order: int, here: list[Array] = here) -> Terms:
                return terms(y, order, *(item[row] for item in here))

            part = _summed(start[chunk], stop[chunk], mode[chunk], at, order)
            part = complement(part) if through_other else part
            value[chunk] = part.value
            for item, found in zip((*gradient, *hessian), (*part.gradient, *part.hessian), strict=True):
                item[chunk] = found
    return Terms(
        value.reshape(dimensions),
        tuple(item.reshape(dimensions) for item in gradient),
        tuple(item.reshape(dimensions) for item in hessian),
    )


def _chunks(group: Array, narrow: Array) -> list[Array]:
    chunks = []
    for rows, most in ((group & narrow, _ROWS_AT_ONCE * _NODES), (group & ~narrow, _ROWS_AT_ONCE)):
        index = np.flatnonzero(rows)
        chunks += [index[start : start + most] for start in range(0, index.size, most)]
    return chunks


def lattice_mean(
    parameters: tuple[Any, ...],
    shape: tuple[Any, Any, Any],
    integrand: Callable[..., tuple[Array, Array]],
) -> Any:
    """Mean of a smooth function of a unimodal count from 0 up.

    ``integrand(y, *parameters)`` returns the log mass and the function; the rest is as in ``lattice_mass``.
    """
    arrays = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (*shape, *parameters)))
    dimensions = arrays[0].shape
    mode, _, largest, *values = (np.ravel(array) for array in arrays)
    result = np.empty(mode.size)
    for start in range(0, mode.size, _ROWS_AT_ONCE):
        chunk = slice(start, start + _ROWS_AT_ONCE)
        here = [item[chunk] for item in values]

        def log_mass(y: Array, row: Array, here: list[Array] = here) -> Array:
            return integrand(y, *(item[row] for item in here))[0]

        points = lattice_points(np.zeros(here[0].size), largest[chunk], mode[chunk], log_mass)
        log_masses, function = integrand(points.y, *(item[points.row] for item in here))
        weight = np.exp(log_masses + points.log_weight)
        result[chunk] = np.bincount(points.row, weight * function, here[0].size)
    return result.reshape(dimensions)[()]


class Moments(NamedTuple):
    """Log of a sum over the lattice, with means and covariances (lower triangle) of statistics under its weights."""

    log_total: Any
    means: tuple[Any, ...]
    covariances: tuple[Any, ...]


def lattice_moments(
    parameters: tuple[Any, ...],
    shape: tuple[Any, Any],
    integrand: Callable[..., tuple[Array, tuple[Array, ...]]],
) -> Moments:
    """Log of the sum of unimodal weights over whole numbers from 0 up, with moments of statistics.

    Parameters
    ----------
    parameters
        Numbers or arrays by row that ``integrand`` takes after y.
    shape
        Mode and largest value, numbers or arrays by row.
    integrand
        ``integrand(y, *parameters)``: log weights, smooth between the lattice points too, and statistics.
    """
    arrays = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (*shape, *parameters)))
    dimensions = arrays[0].shape
    mode, largest, *values = (np.ravel(array) for array in arrays)
    parts: list[tuple[Array, ...]] = []
    for start in range(0, max(mode.size, 1), _ROWS_AT_ONCE):
        chunk = slice(start, start + _ROWS_AT_ONCE)
        here = [item[chunk] for item in values]
        n = here[0].size

        def log_weight(y: Array, row: Array, here: list[Array] = here) -> Array:
            return integrand(y, *(item[row] for item in here))[0]

        points = lattice_points(np.zeros(n), largest[chunk], mode[chunk], log_weight)
        log_weights, statistics = integrand(points.y, *(item[points.row] for item in here))
        empty = tuple(np.zeros(log_weights.shape) for _ in pairs(len(statistics)))
        terms = conditional(points, Terms(log_weights, statistics, empty), n, 2)
        parts.append((terms.value, *terms.gradient, *terms.hessian))
    columns = [np.concatenate(column).reshape(dimensions)[()] for column in zip(*parts, strict=True)]
    size = 1 + int(np.sqrt(0.25 + 2.0 * (len(columns) - 1)) - 1.5) if len(columns) > 1 else 0
    return Moments(columns[0], tuple(columns[1 : 1 + size]), tuple(columns[1 + size :]))
