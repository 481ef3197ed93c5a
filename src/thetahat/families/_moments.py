"""Expectations under a distribution by quadrature, where no formula is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special

from thetahat.families._support import Support
from thetahat.families._terms import Array

_TAILS = np.array([1e-15, 1e-13, 1e-11, 1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.08, 0.16, 0.25, 0.37])
EDGES = np.concatenate([_TAILS, [0.5], 1.0 - _TAILS[::-1]])
"""Probabilities between whose quantiles a density is integrated."""
_BEYOND = np.cumsum(2.0 ** np.arange(9))
"""Where panels end beyond the outermost quantiles, on the logarithmic scale."""
_NODES = 16
_MOST_POINTS = 4_096
"""Whole numbers that are summed one by one."""


@cache
def _rule() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def points_of(
    support: Support, quantiles: Array, log_density: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """Points of a distribution and their probabilities, for expectations of smooth functions.

    Parameters
    ----------
    support
        Where it lives.
    quantiles
        At the probabilities ``EDGES`` along the last axis; in front of it, rows.
    log_density
        Log density or mass at points of that shape; of counts, smooth between them too.
    """
    if support.discrete:
        y, log_weight = _lattice(support, quantiles)
    else:
        y, log_weight = _panels(support, quantiles)
    with np.errstate(all="ignore"):
        log_mass = log_density(y) + log_weight
    log_mass = np.where(np.isnan(log_mass), -np.inf, log_mass)
    mass = np.exp(log_mass - log_mass.max(axis=-1, keepdims=True))
    return y, mass / mass.sum(axis=-1, keepdims=True)


def _panels(support: Support, quantiles: Array) -> tuple[Array, Array]:
    """Gauss-Legendre panels between quantiles, on the scale of the logs of the distances to ends or to the middle."""
    low, high = support.lower, support.upper
    below, above = np.isfinite(low), np.isfinite(high)
    last = quantiles.shape[-1] - 1
    middle = quantiles[..., [last // 2]]
    # Of two quantiles that are equal there is no width to measure by.
    width = quantiles[..., [3 * last // 4]] - quantiles[..., [last // 4]]
    width = np.where(width > 0, width, np.maximum(quantiles[..., [-1]] - quantiles[..., [0]], 1e-300))
    with np.errstate(all="ignore"):
        if not (below or above):
            edges = np.arcsinh((quantiles - middle) / width)
        elif below and above:
            edges = np.log(quantiles - low) - np.log(high - quantiles)
        elif below:
            edges = np.log(quantiles - low)
        else:
            edges = -np.log(high - quantiles)
    edges = np.clip(edges, -700.0, 700.0)
    if not above:
        edges = np.concatenate([edges, edges[..., -1:] + _BEYOND], axis=-1)
    if not below:
        edges = np.concatenate([edges[..., :1] - _BEYOND[::-1], edges], axis=-1)
    t, log_weight = _between(np.clip(edges, -700.0, 700.0))
    with np.errstate(over="ignore"):
        if not (below or above):
            return middle + width * np.sinh(t), log_weight + np.logaddexp(t, -t) + np.log(width / 2.0)
        if below and above:
            inside = -np.logaddexp(0.0, t) - np.logaddexp(0.0, -t)
            return low + (high - low) * special.expit(t), log_weight + inside + np.log(high - low)
        if below:
            return low + np.exp(t), log_weight + t
        return high - np.exp(-t), log_weight - t


def _between(edges: Array) -> tuple[Array, Array]:
    nodes, weights = _rule()
    half = 0.5 * np.diff(edges, axis=-1)[..., None]
    middle = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None]
    shape = (*edges.shape[:-1], -1)
    with np.errstate(divide="ignore"):
        return (middle + half * nodes).reshape(shape), np.log(half * weights).reshape(shape)


def _lattice(support: Support, quantiles: Array) -> tuple[Array, Array]:
    """Whole numbers between the outermost quantiles; panels for the rest where they are many, and beyond the last."""
    first, last = quantiles[..., :1], quantiles[..., -1:]
    if float((last - first).max()) <= _MOST_POINTS:
        y = first + np.arange(float((last - first).max()) + 1.0)
        log_weight = np.where(y <= last, 0.0, -np.inf)
    else:
        # The first ones singly all the same: there masses need not be smooth.
        y = first + np.arange(float(_MOST_POINTS))
        begin = first + (_MOST_POINTS - 0.5)
        ends = np.maximum(np.concatenate([begin, quantiles[..., 1:-1], last + 0.5], axis=-1), begin)
        further, log_weight = _between(ends)
        y = np.concatenate([y, further], axis=-1)
        log_weight = np.concatenate([np.zeros((*first.shape[:-1], _MOST_POINTS)), log_weight], axis=-1)
    if np.isfinite(support.upper):
        return y, log_weight
    edges = np.log(last - first + 1.5) + np.concatenate([[0.0], _BEYOND])
    t, beyond = _between(np.minimum(edges, 700.0))
    y = np.concatenate([y, first - 1.0 + np.exp(t)], axis=-1)
    return y, np.concatenate([log_weight, beyond + t], axis=-1)
