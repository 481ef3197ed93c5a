"""Climbs of the likelihood of independent rows: where they begin, and how limits lead to further ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Information, Optimizer, Search
from thetahat.optimize.approach import approaches
from thetahat.optimize.climb import Region, climb
from thetahat.optimize.limit_fit import LimitFit
from thetahat.optimize.parts import in_order
from thetahat.parameters import Positive

Vector = NDArray[np.float64]
WORTH_THINNING = 4  # times as many rows as are thinned; from there on the thinned ones are fitted first


@dataclass(frozen=True, slots=True)
class Ascent:
    """All that a climb needs but its start."""

    arrangement: Arrangement
    likelihood: Likelihood
    optimizer: Optimizer
    allowed: Region | None

    def climb(self, start: Vector, given_up: Callable[[Search], bool] | None = None) -> Search:
        """Climb from a start, unless it is given up on the way."""
        rows = self.arrangement.condensed or self.arrangement.sample
        expected = expected_information(self.arrangement.model, rows)

        def from_here(point: Vector) -> Search:
            return climb(
                self.likelihood,
                self.optimizer,
                point,
                expected=expected,
                allowed=self.allowed,
                given_up=given_up,
            )

        search = from_here(start)
        ordered = in_order(self.arrangement.model, search)
        return search if ordered is None else from_here(ordered)

    def climb_thinned(self, start: Vector) -> Search:
        """Climb the likelihood of the thinned rows."""
        model, sample = self.arrangement.model, self.arrangement.sample
        thinned = Likelihood(model, lambda: [sample], packed=True, engine=self.likelihood.engine)
        expected = expected_information(model, sample)
        return climb(thinned, self.optimizer, start, expected=expected, allowed=self.allowed)

    def inside(self, start: Vector, limits: Sequence[LimitFit]) -> Vector:
        """The start, or where it lies outside the regular region a point inside it on the way to a limit."""
        if self.allowed is None or self.allowed(start):
            return start
        table = self.arrangement.model.table
        for limit in limits:
            for power in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0):
                point = table.free_from_natural(limit.beside(10.0**power))
                if self.allowed(point):
                    return point
        return start

    def wider(self, start: Vector) -> Vector:
        """The start, or the same with larger or smaller positive parameters where ℓ is higher there."""
        table = self.arrangement.model.table
        positive = np.zeros(start.size)
        for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
            positive[span] = isinstance(parameter.domain, Positive)
        best, highest = start, -np.inf
        for shift in (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, -1.0, -2.0, -4.0, -8.0, -16.0):
            point = start + shift * positive
            if self.allowed is not None and not self.allowed(point):
                continue
            value = self.likelihood.tally(point, VALUE).value
            if np.isfinite(value) and value > highest:
                best, highest = point, value
        return best

    def by_way_of(self, limits: Sequence[LimitFit], start: Vector) -> Search:
        """Climb from a start, not all the way to a limit, and again from beside each limit that ℓ rises from."""
        on_its_way = False

        def given_up(search: Search) -> bool:
            nonlocal on_its_way
            on_its_way = approaches(self.likelihood, limits, search)
            return on_its_way

        search = self.climb(start, given_up if limits else None)
        for limit in limits:
            search = self._from_chart(search, limit, settled=search.converged or on_its_way)
        return search

    def _from_chart(self, search: Search, limit: LimitFit, *, settled: bool) -> Search:
        """Where ℓ rises on leaving the limit and the search did not profit from it, start again near it."""
        reached = -np.inf if search.tally is None else search.tally.value
        if search.exhausted or (settled and reached > limit.value) or limit.slope <= limit.slope_noise:
            return search
        table = self.arrangement.model.table
        powers = np.arange(0.0, 12.5, 0.5)
        points = [table.free_from_natural(limit.beside(10.0**power)) for power in powers]
        values = [self.likelihood.tally(point, VALUE).value for point in points]
        again = self.climb(points[int(np.argmax(values))])
        better = (
            again.tally is not None
            and again.converged
            and again.tally.value >= reached - again.tally.rounding
        )
        return again if better else search


def first_point(ascent: Ascent, start: Mapping[str, Any] | None) -> Vector:
    """Where to begin: what the user gave, what few of the rows lead to, or the family's recipe."""
    arrangement, likelihood = ascent.arrangement, ascent.likelihood
    model, sample, survey = arrangement.model, arrangement.sample, arrangement.survey
    guess = model.starting_values(sample)
    if start:
        natural = {**_natural_by_parameter(model, guess), **start}
        return model.table.free_from_natural(natural)
    n_packed = sum(rows.size for rows in arrangement.blocks()) if arrangement.packed else survey.n_positive
    if arrangement.condensed is None and n_packed >= WORTH_THINNING * sample.size:
        search = ascent.climb_thinned(guess)
        # Derivatives and not the value alone: the search asks for them at this very point.
        if (
            search.tally is not None
            and search.converged
            and likelihood.tally(search.point, DERIVATIVES).finite
        ):
            return search.point
    # Start recipes do not know of fixed parameters.
    return guess if model.table.all_free else ascent.wider(guess)


def _natural_by_parameter(model: IndependentModel, free: Vector) -> dict[str, Any]:
    values = {}
    for parameter, span in zip(model.table.free_parameters, model.table.free_slices, strict=True):
        part = free[span]
        value = parameter.domain.from_free(part if parameter.domain.vector else part[0])
        values[parameter.name] = np.asarray(value) * model.table.unit(parameter.name)
    return values


def expected_information(model: IndependentModel, like: PackedRows) -> Information:
    """Expected information as if every row were exact: a metric for a step, not an inference."""

    def information(free: Vector) -> NDArray[np.float64] | None:
        matrix = model.expected_information(like, model.table.working(free))
        index = model.table.free_index
        return np.asarray(matrix[np.ix_(index, index)])

    return information
