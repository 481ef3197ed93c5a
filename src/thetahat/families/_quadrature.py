"""Masses of intervals by Gauss-Legendre quadrature of the density, for families without a distribution function.

Derivatives follow as moments conditional on the interval, M_a = E ℓ_a and M_ab = E ℓ_ab + cov(ℓ_a, ℓ_b), so that
nothing is a difference of two distribution functions, however narrow or far out the interval is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from thetahat.families._terms import Array, Terms, pairs

_ROWS_AT_ONCE = 512
NARROW = 0.3
"""Nats that a log density varies by over an interval which ten nodes integrate to rounding."""
PointTerms = Callable[[Array, Array, int], Terms]
"""``terms(y, rows, order)``: log density at y, (rows, nodes), for these row numbers."""


@cache
def _unit_rule(n_nodes: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return 0.5 * (nodes + 1.0), np.log(0.5 * weights)


def integrated(starts: Array, widths: Array, terms: PointTerms, order: int, n_nodes: int = 20) -> Terms:
    """Log of the integral over panels, summed by row; derivatives when ``order`` is 2.

    Parameters
    ----------
    starts, widths
        Where each row's panels begin and how wide they are, (rows, panels); a width of 0 leaves a panel out.
    terms
        The log density with its derivatives, smooth inside each panel.
    order
        0 or 2.
    n_nodes
        Nodes in each panel.

    Examples
    --------
    >>> line = lambda y, rows, order: Terms(np.log(y))
    >>> found = integrated(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]]), line, 0)
    >>> bool(abs(found.value[0] - np.log(2.0)) < 1e-15)
    True
    """
    parts = [
        _chunk(
            np.arange(first, min(first + _ROWS_AT_ONCE, starts.shape[0])),
            starts,
            widths,
            terms,
            order,
            n_nodes,
        )
        for first in range(0, max(starts.shape[0], 1), _ROWS_AT_ONCE)
    ]
    return Terms(
        np.concatenate([part.value for part in parts]),
        tuple(np.concatenate(items) for items in zip(*(part.gradient for part in parts), strict=True)),
        tuple(np.concatenate(items) for items in zip(*(part.hessian for part in parts), strict=True)),
    )


def _chunk(rows: Array, starts: Array, widths: Array, terms: PointTerms, order: int, n_nodes: int) -> Terms:
    fractions, log_weights = _unit_rule(n_nodes)
    begin, width = starts[rows][..., None], widths[rows][..., None]
    y = (begin + width * fractions).reshape(rows.size, -1)
    with np.errstate(all="ignore"):
        inner = terms(y, rows, order)
        value = inner.value + (np.log(width) + log_weights).reshape(rows.size, -1)
        top = np.max(value, axis=1, keepdims=True, initial=-np.inf)
        share = np.where(value > -np.inf, np.exp(value - top), 0.0)
        total = share.sum(axis=1)
        mass = top[:, 0] + np.log(total)
    if not order:
        return Terms(mass)
    share /= np.where(total > 0, total, 1.0)[:, None]
    alive = share > 0

    def mean(item: Array) -> Array:
        return np.asarray(np.sum(share * np.where(alive, item, 0.0), axis=1))

    gradient = [mean(item) for item in inner.gradient]
    centred = [
        np.where(alive, item - at[:, None], 0.0) for item, at in zip(inner.gradient, gradient, strict=True)
    ]
    return Terms(
        mass,
        tuple(gradient),
        tuple(
            mean(item + centred[i] * centred[j])
            for item, (i, j) in zip(inner.hessian, pairs(len(gradient)), strict=True)
        ),
    )


def narrow_refined(
    terms: Terms, low: Array, high: Array, clear: Array, point_terms: PointTerms, order: int
) -> Terms:
    """``terms`` of intervals, those over which the log density hardly varies by quadrature instead.

    Three points tell how much it varies; ``clear`` says which intervals are so far from the density's singularities,
    measured in their width, that it is smooth there.
    """
    with np.errstate(all="ignore"):
        low, high = np.broadcast_arrays(low, high)
        some = np.flatnonzero(clear & (high > low))
        if not some.size:
            return terms
        width = (high - low)[some]
        ends = np.stack([low[some], low[some] + 0.5 * width, high[some]], axis=1)
        at = np.asarray(point_terms(ends, some, 0).value)
        size = np.abs(at[:, 2] - at[:, 0]) + np.abs(at[:, 2] + at[:, 0] - 2.0 * at[:, 1])
        narrow = np.isfinite(at).all(axis=1) & (size < NARROW)
        some, width = some[narrow], width[narrow]
        if not some.size:
            return terms
        fine = integrated(
            low[some][:, None],
            width[:, None],
            lambda y, rows, order: point_terms(y, some[rows], order),
            order,
            n_nodes=10,
        )

    def patched(item: Array, better: Array) -> Array:
        result = np.array(np.broadcast_to(item, low.shape))
        result[some] = better
        return result

    return Terms(
        patched(terms.value, fine.value),
        tuple(patched(*pair) for pair in zip(terms.gradient, fine.gradient, strict=True)),
        tuple(patched(*pair) for pair in zip(terms.hessian, fine.hessian, strict=True)),
    )
