"""Where to begin with families that have the normal one for a far limit: in coordinates in which that is near.

The normal score w of y satisfies dw/dy = 1/(s √(1 + 2au + (a² + r²) u²)), u = (y - m)/s, in Johnson's SU family. The
median m, the spread s about it, the skewness a and the weight r of the tails are as good as orthogonal; r = 0 is the
log-normal family with a threshold, and a = r = 0 the normal one. What are curved ridges in thresholds, scales and
shapes are none here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Theta
from thetahat.families._starts import clipped, robust_centre_and_spread
from thetahat.families._terms import Array

Heights = Callable[[Array], Array]
"""ℓ less a constant, (k,), of points (k, d)."""
_STEPS = (0.3, 0.3, 0.25, 0.25)
_SKEWS = (0.0, -0.4, 0.4)
_MOST_POINTS = 500
_MOST_ROUNDS, _CLOSE = 200, 0.02
_POLISHINGS, _DIFFERENCE = 5, 1e-3
_LEAST_TAIL, _LEAST_BEND, _MOST_BEND = 1e-4, 1e-6, 3.0


def johnson_start(points: NDArray[np.float64]) -> Theta:
    """Gamma, delta, location and scale near the maximum of the likelihood, or of that of its limits.

    Examples
    --------
    Quantiles of a distribution, which lack its outermost tails:

    >>> from scipy.special import ndtri
    >>> y = 3.0 + 2.0 * np.sinh((ndtri(np.arange(1, 200) / 200) + 1.0) / 1.5)
    >>> [round(item, 1) for item in johnson_start(y)]
    [-1.3, 1.8, 2.6, 2.3]
    """
    x, centre, spread = _standardised(points)

    def heights(at: Array) -> Array:
        return _johnson(x, _bounded(at))

    found = [_searched(heights, np.array([0.0, 0.4, skew, 0.4])) for skew in _SKEWS]
    for sign in (1.0, -1.0):
        # At the edge itself, where three coordinates are left.
        (median, log_spread, skew), height = _log_normal_search(sign * x)
        found.append((np.array([sign * median, log_spread, sign * skew, 0.0]), height))
    median, log_spread, skew, tail = _bounded(max(found, key=lambda item: item[1])[0])
    bend = max(skew * skew + tail * tail, _LEAST_BEND)
    tail = np.sqrt(bend - min(skew * skew, bend * (1.0 - _LEAST_TAIL * _LEAST_TAIL)))
    delta, unit = 1.0 / np.sqrt(bend), float(np.exp(log_spread)) * spread
    return (
        float(-delta * np.arcsinh(skew / tail)),
        float(delta),
        float(centre + spread * median - unit * skew / bend),
        clipped(float(unit * tail / bend)),
    )


def log_normal_start(points: NDArray[np.float64]) -> Theta | None:
    """Threshold, mean and standard deviation of the logarithm near a maximum; None where the normal family is nearer.

    Examples
    --------
    >>> from scipy.special import ndtri
    >>> y = 3.0 + np.exp(1.0 + 0.5 * ndtri(np.arange(1, 200) / 200))
    >>> bool(np.allclose(log_normal_start(y), [3.0, 1.0, 0.5], atol=0.1))
    True
    """
    x, centre, spread = _standardised(points)
    (median, log_spread, skew), height = _log_normal_search(x)
    if not (np.isfinite(height) and skew * skew > _LEAST_BEND):
        return None
    unit = float(np.exp(log_spread)) * spread / skew
    if unit <= 0:
        return None
    return float(centre + spread * median - unit), float(np.log(unit)), float(skew)


def _standardised(points: NDArray[np.float64]) -> tuple[Array, float, float]:
    """Points in their median distance from the median, or quantiles of many, with both."""
    centre, spread = robust_centre_and_spread(points)
    spread = clipped(spread)
    if points.size > _MOST_POINTS:
        points = np.quantile(points, (np.arange(_MOST_POINTS) + 0.5) / _MOST_POINTS)
    with np.errstate(all="ignore"):
        return np.clip((points - centre) / spread, -1e8, 1e8), float(centre), float(spread)


def _log_normal_search(x: Array) -> tuple[Array, float]:
    return _searched(lambda at: _log_normal(x, at), np.array([0.0, 0.4, 0.2]))


def _searched(heights: Heights, at: Array) -> tuple[Array, float]:
    """Steps to the best of all neighbours, halved where there is none better; then Newton's, by differences."""
    size = at.size
    stencil, steps = np.array(list(product((0.0, -1.0, 1.0), repeat=size))), np.array(_STEPS[:size])
    with np.errstate(all="ignore"):
        height = float(heights(at[None])[0])
        for _ in range(_MOST_ROUNDS):
            around = at + stencil * steps
            found = heights(around)
            best = int(np.argmax(found))
            if found[best] > height:
                at, height = around[best], float(found[best])
                continue
            steps = 0.5 * steps
            if steps[0] < _CLOSE:
                break
        for _ in range(_POLISHINGS):
            moved = at + _newton_step(heights, at, height)
            better = float(heights(moved[None])[0])
            if not better > height:
                break
            at, height = moved, better
    return at, height


def _newton_step(heights: Heights, at: Array, height: float) -> Array:
    """By central differences; none where the curvature is not that of a maximum."""
    size = at.size
    unit = _DIFFERENCE * np.eye(size)
    i, j = np.triu_indices(size, 1)
    up, down = heights(at + unit), heights(at - unit)
    both = heights(at + unit[i] + unit[j]) + heights(at - unit[i] - unit[j])
    matrix = np.diag((up + down - 2.0 * height) / _DIFFERENCE**2)
    matrix[i, j] = (both - (up + down)[i] - (up + down)[j] + 2.0 * height) / (2.0 * _DIFFERENCE**2)
    matrix[j, i] = matrix[i, j]
    if not np.isfinite(matrix).all() or np.linalg.eigvalsh(matrix)[-1] >= 0:
        return np.zeros(size)
    return np.asarray(-np.linalg.solve(matrix, (up - down) / (2.0 * _DIFFERENCE)))


def _bounded(at: Array) -> Array:
    """The weight of the tails of either sign counted as above 0, and neither it nor the skewness beyond bounds."""
    skew = np.clip(at[..., 2], -_MOST_BEND, _MOST_BEND)
    least = np.maximum(_LEAST_TAIL * np.abs(skew), 1e-9)
    return np.stack([at[..., 0], at[..., 1], skew, np.clip(np.abs(at[..., 3]), least, _MOST_BEND)], axis=-1)


def _johnson(x: Array, at: Array) -> Array:
    median, log_spread, skew, tail = (column[:, None] for column in at.T)
    u = (x - median) * np.exp(-log_spread)
    bend = skew * skew + tail * tail
    w = (np.arcsinh((skew + bend * u) / tail) - np.arcsinh(skew / tail)) / np.sqrt(bend)
    value = -0.5 * w * w - 0.5 * np.log1p((2.0 * skew + bend * u) * u) - log_spread
    return np.asarray(np.where(np.isnan(value), -np.inf, value).sum(axis=1))


def _log_normal(x: Array, at: Array) -> Array:
    median, log_spread, skew = (column[:, None] for column in at.T)
    skew = np.where(np.abs(skew) < _LEAST_TAIL * _DIFFERENCE, _LEAST_TAIL * _DIFFERENCE, skew)
    u = (x - median) * np.exp(-log_spread)
    log_slope = np.log1p(skew * u)
    value = -0.5 * np.square(log_slope / skew) - log_slope - log_spread
    return np.asarray(np.where(np.isnan(value), -np.inf, value).sum(axis=1))
