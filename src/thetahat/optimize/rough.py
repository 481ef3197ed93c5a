"""A rough maximum from few rows, where a fit of many begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from thetahat.likelihood import Likelihood
from thetahat.models import VALUE
from thetahat.numerics.cholesky import is_positive, newton_step
from thetahat.optimize._optimizer import Search
from thetahat.optimize.climb import Region, answered, climb
from thetahat.optimize.newton import Newton
from thetahat.optimize.unimodal import UnimodalSearch

Vector = NDArray[np.float64]
ROUGH = 0.05
"""In nats a coefficient, how near to the maximum of a sample it is worth going."""


def rough_maximum(
    stages: Sequence[Likelihood], begin: Vector, search: Callable[[Likelihood, Vector], Search]
) -> tuple[Vector, NDArray[np.float64]] | None:
    """Nearly the maximum of the last of some likelihoods, and its information; None where it is not found.

    The maximum of m of n rows is below that of all by about n/(2m) nats a coefficient, so that nothing is gained by
    finding it to more digits; and most steps towards it can be made with still fewer rows.
    """
    found = None
    for likelihood in stages:
        climbed = search(likelihood, begin)
        found = None
        step = _last_step(climbed)
        if step is not None and climbed.tally is not None:
            begin = climbed.point + step
            found = begin, climbed.tally.information
    return found


def nearly(
    likelihood: Likelihood, begin: Vector, optimizer: Newton, allowed: Region | None, *, one: bool
) -> Search:
    """Newton's steps until a maximum is roughly reached: whole ones where there is ``one``, as long as they pay."""
    if one:
        search = UnimodalSearch(begin, optimizer.max_iterations, negligible=ROUGH * begin.size, roughly=True)
        if answered(likelihood, search).converged:
            return search
        begin = search.point
    return by_trust(likelihood, begin, optimizer, allowed)


def by_trust(
    likelihood: Likelihood, begin: Vector, optimizer: Newton, allowed: Region | None = None
) -> Search:
    """Newton's steps in a trust region until a maximum is roughly reached.

    They do without the expected information, which for some families costs more than all steps without it.
    """
    return climb(
        likelihood,
        optimizer,
        begin,
        allowed=allowed,
        given_up=lambda search: _last_step(search, allowed) is not None,
    )


def _last_step(search: Search, allowed: Region | None = None) -> Vector | None:
    """The step from where a search is to the maximum, where it is near; None elsewhere."""
    tally = search.tally
    if tally is None or not tally.finite or not is_positive(tally.information):
        return None
    step = newton_step(tally.information, tally.score)
    if step is None or not 0.5 * float(tally.score @ step) <= ROUGH * step.size:
        return None
    return step if allowed is None or allowed(search.point + step) else np.zeros(step.size)


def height_of(likelihood: Likelihood, at: Vector) -> float:
    """The log-likelihood at a point, -inf where it has none."""
    there = likelihood.tally(at, VALUE)
    return there.value if there.finite else -np.inf


def highest(likelihood: Likelihood, points: Sequence[Vector], allowed: Region | None = None) -> Vector:
    """The first of the points at which the log-likelihood is highest, among those that are allowed."""
    inside = [point for point in points if allowed is None or allowed(point)] or points
    return max(inside, key=lambda point: height_of(likelihood, point))
