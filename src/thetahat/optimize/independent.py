"""Maximising the likelihood of independent rows: witnesses, closed forms, limits, Newton, verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Information, Optimizer, Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions, Region, climb
from thetahat.optimize.closed_form import at_closed_form
from thetahat.optimize.declared import Declared, always_smooth, smooth, theorem_of
from thetahat.optimize.edges import gathered
from thetahat.optimize.elsewhere import (
    drawn,
    has_heights,
    has_too_few_values,
    leads_back,
    offered,
    promising,
)
from thetahat.optimize.existence import parted
from thetahat.optimize.findings import unbounded
from thetahat.optimize.kinks.kinked import first_with_kinks, from_sides, maximise_kinked
from thetahat.optimize.kinks.kinks import held_elsewhere, kinked_coordinate
from thetahat.optimize.limits import LimitFit, fit_limits
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.own_start import from_elsewhere_too
from thetahat.optimize.parts import in_order, regularity_of, unless_fewer_do
from thetahat.optimize.settled import safe_guess, settled
from thetahat.optimize.ties import with_ties, with_ties_given
from thetahat.optimize.verdict import judge
from thetahat.parameters import Positive

Vector = NDArray[np.float64]
ROUNDING = 1e-9  # in nats a row, what a search may be above a supremum that it only nears
ENOUGH = 100  # iterations, after which a maximum may be said to have been looked for
SEARCHED = frozenset({Verdict.MAXIMUM, Verdict.AT_INFINITY})
"""Verdicts that only a search supports where no theorem does."""
DOUBTFUL = frozenset({Verdict.UNBOUNDED, Verdict.NOT_CONVERGED, Verdict.SADDLE, Verdict.FLAT})
UNSETTLED = frozenset({Verdict.NOT_CONVERGED, Verdict.SADDLE})
ELSEWHERE = frozenset({Verdict.AT_INFINITY, Verdict.BOUNDARY})
"""What is told instead of those where another search ended higher."""
WORTH_THINNING = 4  # times as many rows as are thinned; from there on the thinned ones are fitted first


def maximise(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
) -> Outcome:
    """Find the maximum and say what it is."""
    with np.errstate(all="ignore"):
        outcome = _maximise(arrangement, likelihood, engine, optimizer, start)
        outcome = unless_fewer_do(arrangement.model, likelihood, outcome)
        if has_too_few_values(arrangement, likelihood, outcome):
            declared = declare(arrangement, engine)
            if declared.unbounded_in_theory is not None:
                return unbounded(arrangement.model.table, None, declared, declared.unbounded_in_theory)
        return outcome


def conditions(arrangement: Arrangement, engine: Engine, optimizer: Optimizer) -> Conditions:
    """Say how these rows are climbed, for those who climb them again."""
    rows = arrangement.condensed or arrangement.sample
    expected = _expected(arrangement.model, rows)
    return Conditions(optimizer, expected, _region(arrangement, engine), held_elsewhere(arrangement, engine))


def _maximise(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
) -> Outcome:
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    if not survey.all_exact:
        from thetahat.optimize.outermost import refuse_unfit

        refuse_unfit(family, survey)
    declared = declare(arrangement, engine)
    without = settled(arrangement, engine, likelihood, declared)
    if without is not None:
        return without
    if (start is None or family.edges) and survey.plain:
        known = {name: value for name, value in model.known.items() if not isinstance(value, str)}
        theta = family.solve_given(survey, known, _fixed(model))
        if theta is not None:
            return at_closed_form(model, likelihood, theta, declared)
    if kinked_coordinate(model) is not None and survey.n_exact > 0:
        return _with_kinks(arrangement, likelihood, engine, optimizer, start, declared)
    if family.edges:
        from thetahat.optimize.outermost import where_it_breaks_off

        guess, how = safe_guess(arrangement), conditions(arrangement, engine, optimizer)
        broken = where_it_breaks_off(arrangement, likelihood, engine, guess, how, declared)
        if broken is not None:
            return broken
    allowed = _region(arrangement, engine)
    limits = fit_limits(arrangement, engine, optimizer)
    declared = replace(declared, limits=limits)
    ascent = Ascent(arrangement, likelihood, optimizer, allowed)
    begin = ascent.inside(first_point(ascent, start), limits)
    search = ascent.by_way_of(limits, begin)
    if start is None and (search.tally is None or not search.tally.finite):
        begin = ascent.wider(begin)
        search = ascent.by_way_of(limits, begin)
    outcome = judge(likelihood, search, declared)
    if outcome.certificate.verdict in DOUBTFUL:
        apart = parted(arrangement, engine)
        if apart is not None and not outcome.value > apart.supremum + ROUNDING * survey.n_obs:
            return gathered(model.table, safe_guess(arrangement), apart, declared)
    verdict = outcome.certificate.verdict
    looked = not search.exhausted or search.iterations >= ENOUGH
    doubtful = verdict in DOUBTFUL if declared.theorem is None else verdict is Verdict.NOT_CONVERGED
    if start is None and doubtful:
        # No claim that there is no maximum before it was looked for from elsewhere.
        higher = outcome
        for again in chain(offered(arrangement, allowed), drawn(begin, model, declared)):
            other = judge(likelihood, ascent.by_way_of(limits, again), declared)
            if other.certificate.verdict is Verdict.MAXIMUM:
                return other
            if (
                other.certificate.verdict in ELSEWHERE
                and other.value > higher.value + ROUNDING * survey.n_obs
            ):
                higher = other
        if verdict is Verdict.NOT_CONVERGED and looked and has_heights(arrangement, likelihood, outcome):
            reason = declared.unbounded_in_theory or "it rises along a known path"
            return unbounded(model.table, search, declared, reason)
        if verdict in UNSETTLED:
            return higher
    if start is None and declared.theorem is None:
        return _best_of_further(ascent, search, outcome, declared, begin)
    if start is not None:
        usual = partial(_maximise, arrangement, likelihood, engine, optimizer, None)
        return from_elsewhere_too(outcome, usual, survey.n_obs)
    return outcome


def _with_kinks(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
    declared: Declared,
) -> Outcome:
    """The maximum of a likelihood with kinks: by counting where exact rows allow it, else from place to place."""
    model, survey = arrangement.model, arrangement.survey
    how, fixed = conditions(arrangement, engine, optimizer), _fixed(model)
    if survey.plain and model.family.sided(1.0, 1.0, fixed) is not None:
        outcome = from_sides(arrangement, likelihood, engine, how, declared, fixed)
        if outcome is not None:
            return outcome
    declared = replace(declared, limits=fit_limits(arrangement, engine, optimizer))
    ascent = Ascent(arrangement, likelihood, optimizer, how.allowed)
    begin = first_point(ascent, start) if start else None
    if begin is None:
        begin = first_with_kinks(arrangement, engine, how, declared, ascent.wider)
    return maximise_kinked(arrangement, likelihood, engine, how, declared, begin, further=start is None)


def _best_of_further(
    ascent: Ascent, search: Search, outcome: Outcome, declared: Declared, begin: Vector
) -> Outcome:
    """The highest of what other starts lead to, where only a search says that there is nothing higher."""
    verdict = outcome.certificate.verdict
    if verdict not in SEARCHED and not (verdict is Verdict.BOUNDARY and outcome.certificate.limit):
        return outcome
    model = ascent.arrangement.model
    starts = promising(ascent.arrangement, search.point, outcome, ascent.allowed)
    if starts is None:
        starts = [] if verdict is Verdict.MAXIMUM else list(drawn(begin, model, declared))
    for again in starts:
        known = partial(leads_back, outcome)
        search = ascent.climb(again, known)
        if known(search):
            continue
        other = judge(ascent.likelihood, search, declared)
        higher = other.value > outcome.value + ROUNDING * declared.n_obs
        if higher and other.certificate.verdict is Verdict.MAXIMUM:
            outcome = other
    return outcome


def declare(arrangement: Arrangement, engine: Engine) -> Declared:
    """What theory says of these rows."""
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    unbounded_in_theory = _unbounded_in_theory(arrangement, engine)
    theorem = theorem_of(family, survey)
    if not (model.table.all_free or family.affine or family.uniqueness_censored):
        # Concavity outlives the fixing of a parameter; other reasons for uniqueness need not.
        theorem = None
    if theorem is None and not model.table.all_free and not survey.truncated:
        fixed = _fixed(model)
        theorem = family.uniqueness_given(fixed, with_ties_given(arrangement, engine, fixed))
    ends = (survey.minimum, survey.maximum, survey.highest_low, survey.lowest_high)
    size = max((abs(end) for end in ends if np.isfinite(end)), default=1.0) or 1.0
    return Declared(
        n_obs=survey.n_obs,
        theorem=theorem,
        region=None if unbounded_in_theory is None or _region_is_fixed(model) else family.region(),
        unbounded_in_theory=unbounded_in_theory,
        regularity=smooth if always_smooth(family) else partial(regularity_of, family, model.table),
        n_rows=survey.n_rows,
        sizes=dict.fromkeys(family.scales, size),
    )


def _fixed(model: IndependentModel) -> dict[str, Any]:
    """What is fixed, in the units in which the rows are packed."""
    table = model.table
    return {name: np.asarray(value) / table.unit(name) for name, value in table.fixed.items()}


def _region_is_fixed(model: IndependentModel) -> bool:
    return any(name in model.table.fixed for name in model.family.region_of)


def _unbounded_in_theory(arrangement: Arrangement, engine: Engine) -> str | None:
    """The family's sentence, unless every factor is a probability or what is fixed bounds the likelihood."""
    model, family = arrangement.model, arrangement.model.family
    if arrangement.survey.n_exact == 0:
        return None
    if family.unbounded_in_theory is not None and model.table.all_free:
        return family.unbounded_in_theory
    fixed = _fixed(model)
    if family.unbounded_in_theory is None:
        return family.unbounded_by(fixed, arrangement.survey)
    return family.unbounded_given(fixed, with_ties_given(arrangement, engine, fixed))


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
        expected = _expected(self.arrangement.model, rows)

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
        expected = _expected(model, sample)
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
        """Climb from a start, and again from beside each limit that ℓ rises from."""
        search = self.climb(start)
        for limit in limits:
            search = self._from_chart(search, limit)
        return search

    def _from_chart(self, search: Search, limit: LimitFit) -> Search:
        """Where ℓ rises on leaving the limit and the search did not profit from it, start again near it."""
        reached = -np.inf if search.tally is None else search.tally.value
        if (
            search.exhausted
            or (search.converged and reached > limit.value)
            or limit.slope <= limit.slope_noise
        ):
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


def _region(arrangement: Arrangement, engine: Engine) -> Region | None:
    model = arrangement.model
    family = model.family
    if family.region() is None or _region_is_fixed(model):
        return None
    if _unbounded_in_theory(arrangement, engine) is None:
        return None
    surveyed: list[Survey] = []

    def inside(free: Vector) -> bool:
        if not surveyed:
            surveyed.append(with_ties(arrangement, engine))
        return family.in_region(tuple(model.table.working(free)), surveyed[0])

    return inside


def _expected(model: IndependentModel, like: PackedRows) -> Information:
    """Expected information as if every row were exact: a metric for a step, not an inference."""

    def information(free: Vector) -> NDArray[np.float64] | None:
        matrix = model.expected_information(like, model.table.working(free))
        index = model.table.free_index
        return np.asarray(matrix[np.ix_(index, index)])

    return information
