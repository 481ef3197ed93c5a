"""Tweedie's expected information of dispersion and power at mean 1, by quadrature over log y."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat.families._remembered import remembered
from thetahat.families._terms import Array
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.tweedie_series import SMOOTH_PEAK, SMOOTH_SPREAD

if TYPE_CHECKING:
    from thetahat.families._family import Family

_DROP = 48.0
"""Nats below its highest value at which the density of log y is left out."""
_WIDTH, _NODES = 4.0, 20
"""Of a panel, in units in which the density's features have a spread of about 1."""
_FARTHEST = 5e4
_MOST_PANELS = 2000


def series_information(family: Family, log_size: Any, logit: Any) -> tuple[Any, Any, Any]:
    """E u uᵀ in (log dispersion, logit): three numbers by row, from log m = -log dispersion at mean 1."""
    of_one = _by_pair(family)
    sizes, logits = np.broadcast_arrays(np.asarray(log_size, dtype=float), np.asarray(logit, dtype=float))
    pairs, places = np.unique(np.stack([sizes.ravel(), logits.ravel()]), axis=1, return_inverse=True)
    found = np.array([of_one(*pair) for pair in pairs.T.tolist()]).reshape(-1, 3)[np.ravel(places)]
    dispersion, mixed, power = (column.reshape(sizes.shape) for column in found.T)
    return dispersion, mixed, power


@cache
def _by_pair(family: Family) -> Any:
    """The information of one distribution, remembered; of the family only its formulas are used."""
    return remembered(lambda log_size, logit: _information(family, float(log_size), float(logit)))


def _information(family: Family, log_size: float, logit: float) -> tuple[float, float, float]:
    eta = (np.float64(0.0), np.float64(-log_size), np.float64(logit))
    t, weight = _nodes(family, eta, log_size, logit)
    zero = np.zeros(t.size)
    zero[-1] = 1.0
    terms = family.derivatives((zero, t), eta)
    with np.errstate(all="ignore"):
        log_mass = np.where(zero > 0, terms.value, terms.value + t + weight)
        mass = np.exp(log_mass)
        there = mass > 0
        by_dispersion, by_power = (np.where(there, item, 0.0) for item in terms.gradient[1:])
        return (
            float(np.sum(mass * by_dispersion * by_dispersion)),
            float(np.sum(mass * by_dispersion * by_power)),
            float(np.sum(mass * by_power * by_power)),
        )


def _nodes(family: Family, eta: Any, log_size: float, logit: float) -> tuple[Array, Array]:
    """Places of log y with their log weights, and a last one for the atom."""
    ways = np.exp(np.linspace(np.log(1e-3), np.log(_FARTHEST), 400)) / np.sqrt(1.0 + np.exp(log_size))
    grid = np.concatenate([-ways[::-1], [0.0], ways])
    with np.errstate(all="ignore"):
        level = family.log_density(NUMPY, (np.zeros(grid.size), grid), eta) + grid
        level = np.where(np.isnan(level), -np.inf, level)
        kept = np.flatnonzero(level > level.max() - _DROP)
        low, high = grid[max(kept[0] - 1, 0)], grid[min(kept[-1] + 1, grid.size - 1)]
        inside = grid[(grid >= low) & (grid <= high)]
        fine = np.unique(np.concatenate([inside, np.linspace(low, high, 2000)]))
        mesh = _detail(fine, log_size, logit)
        length = np.concatenate([[0.0], np.cumsum(0.5 * (mesh[1:] + mesh[:-1]) * np.diff(fine))])
        n_panels = int(np.clip(np.ceil(length[-1] / _WIDTH), 4, _MOST_PANELS))
        edges = np.interp(np.linspace(0.0, length[-1], n_panels + 1), length, fine)
    nodes, weights = _rule()
    half = 0.5 * np.diff(edges)[:, None]
    t = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel()
    return np.append(t, 0.0), np.append(np.log(half * weights).ravel(), 0.0)


def _detail(t: Array, log_size: float, logit: float) -> Array:
    """One over the width of the density's features at log y: of single numbers of events where they show."""
    q, rest, alpha = np.exp(-np.logaddexp(0.0, logit)), np.exp(-np.logaddexp(0.0, -logit)), np.exp(-logit)
    count = np.exp(np.minimum(q * t + log_size - np.log(q), 600.0))
    wider = 1.0 + alpha
    smooth = (count * wider > SMOOTH_PEAK) & (count / wider > SMOOTH_SPREAD)
    whole = np.exp(log_size) * (np.exp(np.minimum(t, 600.0)) + np.exp(q * t)) / rest
    apart = alpha * (alpha + count + 1.0)
    return np.sqrt(np.where(smooth, whole, whole + apart))


@cache
def _rule() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(_NODES)
