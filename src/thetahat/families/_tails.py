"""log F and log(1 - F) of rows, with two derivatives in working coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat.families._contract import FamilyContract, Known
from thetahat.families._support import Support
from thetahat.families._terms import Array, Coordinates, Terms


def inner_point(support: Support) -> float:
    """Return a value inside the support, to stand where a row's own is not."""
    low, high = support.lower, support.upper
    if np.isfinite(low) and np.isfinite(high):
        return float(low) if support.discrete else (low + high) / 2
    return float(low) + 1.0 if np.isfinite(low) else 0.0


def tail_terms(
    family: FamilyContract, y: Array, known: Known, eta: Coordinates, *, upper: bool, order: int
) -> Terms:
    """Return log P(Y > y) or log P(Y <= y) by row; without slope beyond the support, NaN where y is."""
    support = family.support
    points = np.floor(y) if support.discrete else y
    # The lower end of a density's support is no more than any other value.
    counts = support.includes_lower and (support.discrete or support.lower in family.atoms())
    below = points < support.lower if counts else points <= support.lower
    below = below | np.isneginf(points)
    above = points >= support.upper
    inside = ~(below | above) & ~np.isnan(y)
    safe = np.where(inside, points, inner_point(support))
    edge = np.full_like(safe, np.inf if upper else -np.inf)
    low, high = (safe, edge) if upper else (edge, safe)
    with np.errstate(all="ignore"):
        terms = family.log_mass(low, high, known, eta, order)
    value = np.where(
        below, 0.0 if upper else -np.inf, np.where(above, -np.inf if upper else 0.0, terms.value)
    )

    def only_inside(item: Any) -> Array:
        return np.where(inside, item, 0.0)

    return Terms(
        np.where(np.isnan(y), np.nan, value),
        tuple(only_inside(item) for item in terms.gradient),
        tuple(only_inside(item) for item in terms.hessian),
    )
