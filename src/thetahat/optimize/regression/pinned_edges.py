"""Profiles of regressions whose predictors have ends: the best point beside pinned coordinates may be on the edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, Tally
from thetahat.optimize.climb import Conditions
from thetahat.optimize.constrained import Constrained, Tallies, maximise_pinned
from thetahat.optimize.regression.active_rows import Mask, maximise_on_edge
from thetahat.optimize.regression.inside_ends import well_inside
from thetahat.optimize.regression.predictor_edges import EndRows, end_rows, just_inside, likelihood_without
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Index = NDArray[np.intp]


def held_at_ends(
    arrangement: RegressionArrangement, engine: Engine, penalty: Penalty | None, inside: Vector
) -> Callable[..., Constrained | None]:
    """What maximises beside pinned coordinates, inside or on the edge, where predictors have ends."""

    @cache
    def rows() -> EndRows | None:
        return end_rows(arrangement, inside)

    def maximise(
        likelihood: Likelihood, pinned: Index, start: Vector, conditions: Conditions
    ) -> Constrained | None:
        found = rows()
        if found is None:
            return None
        others = np.setdiff1d(np.arange(start.size), pinned)
        begin = well_inside(found.ends.moved(pinned, start), start[others])
        if begin is None:
            return Constrained(start, -np.inf, np.nan, 0.0, converged=False, outside=True)
        point = start.copy()
        if not likelihood.tally(start, DERIVATIVES).finite:
            point[others] = begin
        plain = maximise_pinned(likelihood, pinned, point, replace(conditions, pinned=None))
        if plain.converged:
            return plain
        edge = found.finite_ones()
        if edge is None:
            return plain

        def without(active: Mask) -> _Others:
            return _Others(likelihood_without(edge, active, arrangement, engine, penalty), pinned, point)

        everything = without(np.zeros(edge.ends.signs.size, dtype=bool))
        best = maximise_on_edge(everything, without, edge.ends.moved(pinned, point), begin)
        at = None if best is None else just_inside(everything, best.point, begin)
        if best is None or at is None:
            return plain
        # The slope of the profile is that of the Lagrangian.
        forces = edge.ends.pulls * best.active + best.multipliers * edge.ends.signs
        rest = without(best.active).full(best.point)
        slope = rest.score[pinned[0]] + float(forces @ edge.ends.matrix[:, pinned[0]])
        there = everything.tally(at)
        return Constrained(everything.whole(at), there.value, slope, there.rounding, converged=True)

    return maximise


@final
class _Others:
    """A likelihood in the coordinates that are not pinned."""

    def __init__(self, likelihood: Tallies, pinned: Index, point: Vector) -> None:
        self._likelihood = likelihood
        self._point = point
        self._others = np.setdiff1d(np.arange(point.size), pinned)

    def whole(self, others: Vector) -> Vector:
        """The point with the pinned coordinates in it."""
        point = self._point.copy()
        point[self._others] = others
        return point

    def full(self, others: Vector) -> Tally:
        """The tally in all coordinates."""
        return self._likelihood.tally(self.whole(others), DERIVATIVES)

    def tally(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """The tally in the others."""
        return self._likelihood.tally(self.whole(free), order).restrict(self._others)
