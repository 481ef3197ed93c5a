"""Where to begin with families that have the normal one for a far limit: in coordinates in which that is near.

The normal score w of y satisfies dw/dy = 1/(s √(1 + 2au + (a² + r²) u²)), u = (y - m)/s, in Johnson's SU family. The
median m, the spread s about it, the skewness a and the weight r of the tails are as good as orthogonal; r = 0 is the
log-normal family with a threshold, and a = r = 0 the normal one. What are curved ridges in thresholds, scales and
shapes are none here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Theta
from thetahat.families._hill_climbs import hills
from thetahat.families._starts import clipped, robust_centre_and_spread
from thetahat.families._terms import Array

_MANY_POINTS, _MOST_POINTS, _MOST_HILLS = 200, 100, 4
"""From how many points on hills are looked for on quantiles, on how many, and how many are climbed on all points."""
_BROAD = np.array([[0.0, 0.4, 0.0, 0.4], [0.0, 0.4, -0.4, 0.4], [0.0, 0.4, 0.4, 0.4], [0.0, 0.0, 0.0, 1.5]])
_LOG_NORMAL = np.array([[0.0, 0.4, 0.2], [0.0, 0.4, -0.2], [0.0, 0.4, 1.0], [0.0, 0.4, -1.0]])
_CLUSTERS = (0.1, 0.2, 0.35)
"""Shares of the points in the densest clusters at which peaked maxima are looked for."""
_PEAKED = np.array([[0.0, 2.0], [-1.0, 1.5], [1.0, 1.5]])
"""Skewness and weight of the tails there."""
_LEAST_TAIL, _LEAST_BEND, _MOST_BEND = 1e-4, 1e-6, 4.5
_LEAST_SKEW, _NO_TAIL, _SOME_TAIL = 1e-7, 0.01, 0.25


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
    at, height = _inside(x)
    # At the edge itself three coordinates are left.
    edge, edge_height = _searched(_log_normal, x, _LOG_NORMAL)
    if not len(at) or edge_height[0] > height[0]:
        at = np.append(edge, np.zeros((len(edge), 1)), axis=1)
    return _natural(at[0], centre, spread)


def johnson_hills(points: NDArray[np.float64]) -> list[Theta]:
    """The same near all maxima found away from the limits, the highest first; where to look if there are none.

    Examples
    --------
    >>> y = [-5.0, -1.1, -1.0, -0.9, -0.3, 0.0, 0.4, 0.9, 1.0, 1.1, 6.0]
    >>> [round(delta, 1) for _, delta, _, _ in johnson_hills(y)]
    [0.8]
    """
    x, centre, spread = _standardised(np.asarray(points))
    at, _ = _inside(x)
    return [_natural(item, centre, spread) for item in (at if len(at) else _BROAD[:1])]


def _inside(x: Array) -> tuple[Array, Array]:
    """Hills away from the edge, where the tails have next to no weight beside the skewness, and from the bounds."""
    at, height = _searched(_johnson, x, np.concatenate([_BROAD, _at_clusters(x)]))
    skew, tail = np.square(at[:, 2]), np.square(at[:, 3])
    inside = (tail > _NO_TAIL**2 * np.maximum(skew, _NO_TAIL)) & (skew + tail < _MOST_BEND**2)
    return _bounded(at[inside]), height[inside]


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
    at, height = _searched(_log_normal, x, _LOG_NORMAL[:1])
    median, log_spread, skew = at[0]
    if not (np.isfinite(height[0]) and skew > 0 and skew * skew > _LEAST_BEND):
        return None
    unit = float(np.exp(log_spread)) * spread / skew
    return float(centre + spread * median - unit), float(np.log(unit)), float(skew)


def _natural(at: Array, centre: float, spread: float) -> Theta:
    median, log_spread, skew, tail = at
    bend = max(skew * skew + tail * tail, _LEAST_BEND)
    tail = np.sqrt(bend - min(skew * skew, bend * (1.0 - _LEAST_TAIL * _LEAST_TAIL)))
    delta, unit = 1.0 / np.sqrt(bend), float(np.exp(log_spread)) * spread
    return (
        float(-delta * np.arcsinh(skew / tail)),
        float(delta),
        float(centre + spread * median - unit * skew / bend),
        clipped(float(unit * tail / bend)),
    )


def _standardised(points: NDArray[np.float64]) -> tuple[Array, float, float]:
    """Points in their median distance from the median, with both."""
    centre, spread = robust_centre_and_spread(points)
    spread = clipped(spread)
    with np.errstate(all="ignore"):
        return np.clip((points - centre) / spread, -1e8, 1e8), float(centre), float(spread)


def _at_clusters(x: Array) -> Array:
    """Peaked starts at the densest clusters of several sizes."""
    ordered, found = np.sort(x), []
    for size in sorted({max(3, int(np.ceil(share * x.size))) for share in _CLUSTERS}):
        widths = ordered[size - 1 :] - ordered[: x.size - size + 1]
        if not widths.size:
            continue
        first = int(np.argmin(widths))
        if widths[first] > 0:
            place = np.array([[ordered[first + size // 2], np.log(0.3 * widths[first])]])
            found.append(np.append(np.repeat(place, len(_PEAKED), axis=0), _PEAKED, axis=1))
    return np.concatenate(found) if found else np.zeros((0, 4))


def _searched(heights: Callable[[Array, Array], Array], x: Array, starts: Array) -> tuple[Array, Array]:
    """Hills from starts, on few quantiles first where there are many points."""
    if x.size > _MANY_POINTS:
        few = np.quantile(x, (np.arange(_MOST_POINTS) + 0.5) / _MOST_POINTS)
        starts = hills(partial(heights, few), starts)[0][:_MOST_HILLS]
        # Quantiles lack the outermost tails, and where there are none ℓ is level in their weight.
        starts[:, 3:] = np.maximum(np.abs(starts[:, 3:]), _SOME_TAIL)
    return hills(partial(heights, x), starts)


def _bounded(at: Array) -> Array:
    """The weight of the tails of either sign counted as above 0, and neither it nor the skewness beyond bounds."""
    skew = np.clip(at[..., 2], -_MOST_BEND, _MOST_BEND)
    least = np.maximum(_LEAST_TAIL * np.abs(skew), 1e-9)
    return np.stack([at[..., 0], at[..., 1], skew, np.clip(np.abs(at[..., 3]), least, _MOST_BEND)], axis=-1)


def _johnson(x: Array, at: Array) -> Array:
    median, log_spread, skew, tail = (column[:, None] for column in _bounded(at).T)
    u = (x - median) * np.exp(-log_spread)
    bend = skew * skew + tail * tail
    w = (np.arcsinh((skew + bend * u) / tail) - np.arcsinh(skew / tail)) / np.sqrt(bend)
    value = -0.5 * w * w - 0.5 * np.log1p((2.0 * skew + bend * u) * u) - log_spread
    return np.asarray(np.where(np.isnan(value), -np.inf, value).sum(axis=1))


def _log_normal(x: Array, at: Array) -> Array:
    median, log_spread, skew = (column[:, None] for column in at.T)
    skew = np.where(np.abs(skew) < _LEAST_SKEW, _LEAST_SKEW, skew)
    u = (x - median) * np.exp(-log_spread)
    log_slope = np.log1p(skew * u)
    value = -0.5 * np.square(log_slope / skew) - log_slope - log_spread
    return np.asarray(np.where(np.isnan(value), -np.inf, value).sum(axis=1))
