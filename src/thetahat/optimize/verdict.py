"""Which verdict a search has earned: the first in the documented order whose criteria hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.optimize import edges, findings
from thetahat.optimize import evidence as evidences
from thetahat.optimize._optimizer import Search
from thetahat.optimize.declared import Declared, smooth
from thetahat.optimize.evidence import DENSE, Evidence
from thetahat.optimize.limit_fit import FAR_OUT, LimitFit
from thetahat.optimize.outcome import Outcome
from thetahat.parameters import ParameterTable

__all__ = ["Declared", "judge"]

Vector = NDArray[np.float64]
NEARLY_THERE = 1.0
"""In nats, what is left to gain of a way that is nearly gone."""
SAME = 1e-9
"""Relatively, by how much values of ℓ may differ that were summed at different places."""
LOST = 28.0
"""On a log scale, where next to nothing of a shape's curvature is left but rounding."""
NO_CURVATURE = 1e-6
"""Times the number of rows, the information about such a coordinate that may be rounding alone."""


def judge(likelihood: Likelihood, search: Search, declared: Declared) -> Outcome:
    """Examine where a search ended and say what it is."""
    table = likelihood.table
    if search.tally is None or not search.tally.finite:
        return findings.lost(table, search, declared)
    found = evidences.gather(likelihood, search.point, search.tally, search.previous, declared.sizes)
    limit = _limit_reached(table, found, search, declared)
    theory = declared.unbounded_in_theory
    if limit is not None and theory is not None and declared.region is None:
        return findings.unbounded(table, search, declared, theory, found)
    if limit is not None:
        return findings.at_limit(table, found, search, limit, declared)
    lost = _lost(table, found, declared)
    if found.is_maximum and lost is None and not _is_singular(table, found, declared):
        return findings.maximum(table, found, search, declared)
    from thetahat.optimize import directions

    if found.tally.densest > DENSE and not found.stationary:
        return findings.unbounded(table, search, declared, "the density piles up on single values", found)
    ray = directions.rising(likelihood, found)
    if ray is not None:
        if declared.bounded and not ray.levels_off:
            return findings.not_converged(table, found, search, declared)
        if _belied(ray.supremum, declared):
            return findings.not_converged(table, found, search, declared)
        if np.isposinf(ray.supremum) or not ray.levels_off:
            reason = "it still rises as far as it was followed"
            return findings.unbounded(table, search, declared, reason, found)
        there = likelihood.tally(ray.end, DERIVATIVES)
        return edges.recession(table, found, search, ray, there, declared)
    if found.stationary:
        ascent = directions.ascent_direction(likelihood, found)
        if ascent is not None:
            return findings.saddle(table, found, search, ascent, declared)
        null = None
        if declared.n_rows > table.n_free:
            null = directions.structural_null(likelihood, found, np.random.default_rng(declared.seed))
        if null is not None and not directions.is_level(likelihood, found, null, declared.n_obs):
            null = None
        structural = null is not None
        if null is None:
            null = directions.level_direction(likelihood, found)
        if null is not None:
            return findings.flat(table, found, search, null, declared, structural=structural)
    away = directions.receding(likelihood, found)
    if away is None and lost is not None:
        found = _brought_back(likelihood, found, lost, declared)
        away = directions.receding(likelihood, found)
    if away is not None and not _belied(found.tally.value, declared):
        return edges.receding(table, found, search, away, declared)
    if theory is not None and (search.blocked or found.tally.densest > DENSE):
        return findings.unbounded(table, search, declared, theory, found)
    return findings.not_converged(table, found, search, declared)


def _limit_reached(
    table: ParameterTable, found: Evidence, search: Search, declared: Declared
) -> LimitFit | None:
    """The declared limit that is the supremum: nothing found is higher, no other limit, and ℓ falls on leaving it.

    Where ℓ rises on leaving it, however little, the limit is no supremum, even though rounding hides the
    gain.
    """
    for limit in sorted(declared.limits, key=lambda limit: -limit.value):
        noise = max(found.tally.rounding, limit.tally.rounding)
        if found.tally.value - limit.value > (noise if found.is_maximum else noise + evidences.DECREMENT):
            continue
        wandering = search.exhausted and not found.stationary and declared.theorem is None
        if wandering and not _creeps(table, found, limit):
            continue
        if limit.slope <= limit.slope_noise:
            return limit
    return None


def _lost(table: ParameterTable, found: Evidence, declared: Declared) -> NDArray[np.bool_] | None:
    """Coordinates on a log scale that are so far out, with so little curvature, that it may be rounding, if any."""
    if table.straight:
        return None
    far = (np.abs(found.point) > LOST) & ~table.on_line
    if not far.any():
        return None
    weak = np.abs(found.tally.information.diagonal()) <= NO_CURVATURE * declared.n_obs
    lost = far & weak
    return lost if lost.any() else None


def _brought_back(
    likelihood: Likelihood, found: Evidence, lost: NDArray[np.bool_], declared: Declared
) -> Evidence:
    """The evidence with coordinates brought back to where rounding leaves more of them, if ℓ is as high there."""
    from thetahat.optimize import directions

    point = np.where(lost, np.sign(found.point) * LOST, found.point)
    there = likelihood.tally(point, DERIVATIVES)
    if not (there.finite and there.value >= found.tally.value - directions.LEVELLED):
        return found
    return evidences.gather(likelihood, point, there, None, declared.sizes)


def _is_singular(table: ParameterTable, found: Evidence, declared: Declared) -> bool:
    """Whether the information is singular whatever the data, so that what it has of curvature is rounding."""
    if declared.regularity is smooth or not np.isfinite(found.point).all():
        return False
    return declared.regularity(table.natural(found.point)) == "singular"


def _creeps(table: ParameterTable, found: Evidence, limit: LimitFit) -> bool:
    """Whether a search that was not ended is far out on the way to a limit that is a little higher."""
    passed = limit.passed(table, table.natural(found.point))
    return passed > FAR_OUT and limit.value - found.tally.value < NEARLY_THERE


def _belied(supremum: float, declared: Declared) -> bool:
    """Whether ℓ is higher somewhere than this, by more than rounding."""
    attained = -np.inf if declared.attained is None else declared.attained()
    return supremum < attained - SAME * max(abs(attained), 1.0)
