"""Whether a climb is on its way to a limit that was fitted already, so that the rest of the way tells nothing new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize._optimizer import Search
from thetahat.optimize.limit_fit import FAR_OUT, LimitFit

FARTHER_OUT = 1e4
"""What 1/ε is beside a limit whose density breaks off."""
BESIDE = 0.03
"""On the free scale, how far from the path to such a limit a climb on its way may be."""
LOWER, NEAR = 10.0, 0.05
"""In nats, how far below the limit, and how far across the path to it, a climb on its way may be."""
CURVED = 0.5
"""Of what ε times the slope at the limit says of the path's height, what may be curvature."""


def approaches(likelihood: Likelihood, limits: Sequence[LimitFit], search: Search) -> bool:
    """Whether a climb can only end at one of the limits, from which ℓ falls.

    With ε the limit's chart, that is said where the parameter that runs away is far beyond the order of one, the
    point is next to the limit's maximum carried to that ε, by the curvature across the path, and ℓ falls along the path
    as the slope at the limit says.
    """
    tally = search.tally
    if tally is None or not tally.finite:
        return False
    return any(
        -(tally.rounding + limit.tally.rounding) <= limit.value - tally.value <= LOWER
        and _on_its_path(likelihood, limit, search, tally)
        for limit in limits
    )


def _on_its_path(likelihood: Likelihood, limit: LimitFit, search: Search, tally: Tally) -> bool:
    table, name = likelihood.table, limit.limit.parameter
    if name not in table.free_names or limit.edges.count(True):
        return False
    natural = table.natural(search.point)
    passed = limit.passed(table, natural)
    if not FAR_OUT < passed < np.inf:
        return False
    value = natural[name]
    path = table.free_from_natural({**limit.natural, **limit.limit.beside(limit.at_limit, value)})
    across = np.array([other != name for other in table.free_names])
    step = (search.point - path)[across]
    if not np.isfinite(step).all():
        return False
    if limit.breaks_off:
        # Beside a density that breaks off no curvature lasts; what is left is to be there, and all but as high.
        there = passed ** abs(limit.limit.order) > FARTHER_OUT and bool((np.abs(step) < BESIDE).all())
        return there and limit.value - tally.value <= NEAR and _falls(limit)
    beside = likelihood.tally(path, DERIVATIVES)
    if not beside.finite or not np.isfinite(beside.information).all():
        return False
    factor = analyse(beside.information[np.ix_(across, across)])
    if not factor.smallest > factor.error_bound:
        return False
    if not 0.5 * step @ beside.information[np.ix_(across, across)] @ step <= NEAR:
        return False
    size = limit.limit.size_of(value) / table.unit(name)
    fall = -limit.slope * size ** (-limit.limit.order)
    rounding = beside.rounding + limit.tally.rounding
    return _falls(limit) and abs(limit.value - beside.value - fall) <= CURVED * fall + rounding


def _falls(limit: LimitFit) -> bool:
    """Whether ℓ falls on leaving the limit, and rounding does not leave that open."""
    slope, noise = limit.slope_and_noise()
    return slope < -noise or slope == -np.inf
