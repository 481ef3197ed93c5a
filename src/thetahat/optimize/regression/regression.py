"""Maximising the likelihood of a regression: a start from few rows, Newton, existence, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.models import Tally
from thetahat.numerics.cholesky import determined
from thetahat.numerics.single_blas import held_for
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions
from thetahat.optimize.declared import Declared, smooth, unless_fixed
from thetahat.optimize.findings import unbounded
from thetahat.optimize.newton import Newton
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.own_start import from_elsewhere_too
from thetahat.optimize.regression.aliases import refuse_aliased
from thetahat.optimize.regression.climbing import (
    MANY_COLUMNS,
    ascend,
    begins_with_few,
    expected_of,
    low_starts,
    regular_region,
    sampled_coordinates,
)
from thetahat.optimize.regression.edge_limits import limit_on_the_edge
from thetahat.optimize.regression.exact_rows import has_spread_formula, spike_of
from thetahat.optimize.regression.existence import receding
from thetahat.optimize.regression.far_columns import ColumnsFarFromZeroError, far_columns
from thetahat.optimize.regression.few_rows import of_few_rows
from thetahat.optimize.regression.inside_ends import well_inside
from thetahat.optimize.regression.limits import fit_regression_limits
from thetahat.optimize.regression.moved_rows import in_words_of_rows
from thetahat.optimize.regression.pinned_edges import held_at_ends
from thetahat.optimize.regression.predictor_edges import end_rows, has_ends, on_the_edge, reaches_an_end
from thetahat.optimize.regression.reweighted import reweighted
from thetahat.optimize.regression.start import starting_point
from thetahat.optimize.regression.theorem import single_maximum
from thetahat.optimize.regression.wide import as_wide, maximise_wide
from thetahat.optimize.rough import height_of, highest
from thetahat.optimize.truncated_newton import approached
from thetahat.optimize.verdict import judge
from thetahat.penalised_likelihood import PenalisedLikelihood, layout_of, with_penalty
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
NEARLY_SINGULAR = 1e-9
WITHOUT_MAXIMUM = frozenset(
    {
        Verdict.AT_INFINITY,
        Verdict.UNBOUNDED,
        Verdict.NOT_CONVERGED,
        Verdict.FLAT,
        Verdict.SADDLE,
        Verdict.BOUNDARY,
    }
)
"""Verdicts after which a direction is looked for along which the likelihood rises for ever."""
MAYBE_UNBOUNDED = WITHOUT_MAXIMUM - {Verdict.BOUNDARY}


def maximise_regression(
    arrangement: RegressionArrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any],
    penalty: Penalty | None = None,
) -> Outcome:
    """Find the maximum and say what it is; ``likelihood`` has the penalty in it."""
    if arrangement.model.family.kinked:
        from thetahat.optimize.regression.kinked import maximise_kinked_regression

        with np.errstate(all="ignore"):
            return maximise_kinked_regression(arrangement, likelihood, engine, penalty)
    if arrangement.model.family.edges:
        from thetahat.optimize.regression.ended_supports import maximise_where_it_ends

        inside = partial(_searched, engine=engine, optimizer=optimizer, start=start, penalty=penalty)
        with np.errstate(all="ignore"):
            return maximise_where_it_ends(arrangement, likelihood, engine, penalty, inside)
    return _searched(arrangement, likelihood, engine, optimizer, start, penalty)


def _searched(
    arrangement: RegressionArrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any],
    penalty: Penalty | None,
) -> Outcome:
    with np.errstate(all="ignore"), held_for(likelihood.table.n_free):
        # A start of what is held at its place meanwhile says nothing.
        start = {name: value for name, value in start.items() if name in likelihood.table.free_names}
        from_start = partial(_maximise, arrangement, likelihood, engine, optimizer, penalty=penalty)
        outcome = from_start(start)
        if start:
            return from_elsewhere_too(outcome, partial(from_start, {}), arrangement.n_obs)
        if outcome.certificate.theorem is not None:
            return outcome
        from thetahat.optimize.regression.further_starts import from_further_starts

        again, region = partial(from_start, {}), partial(regular_region, arrangement)
        return from_further_starts(
            arrangement, engine, optimizer, penalty, region, outcome, lambda at: again(begin=at)
        )


def _maximise(
    arrangement: RegressionArrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any],
    penalty: Penalty | None,
    begin: Vector | None = None,
) -> Outcome:
    declared = _declare(arrangement, likelihood)
    wide = as_wide(likelihood, declared.theorem)
    if declared.theorem is not None and penalty is None and not start and isinstance(optimizer, Newton):
        easily = reweighted(arrangement, optimizer.max_iterations, NEARLY_SINGULAR)
        if easily is not None:
            outcome = judge(likelihood, easily, declared)
            if outcome.certificate.verdict is Verdict.MAXIMUM:
                return outcome
    begin = starting_point(arrangement, start) if begin is None else begin
    if not start and has_ends(arrangement.model) and not likelihood.tally(begin).finite:
        begin = _with_all_inside(arrangement, begin)
    if wide is not None:
        return maximise_wide(wide, begin, declared, optimizer)
    # Far out any columns may look alike: where they are is asked at the usual start.
    usual = starting_point(arrangement, {}) if start else begin
    few = of_few_rows(arrangement, engine, begin.size) if begins_with_few(arrangement, begin) else []
    one = declared.theorem is not None
    climbs = isinstance(optimizer, Newton) and optimizer.max_iterations > 0
    dear = one and climbs and begin.size > MANY_COLUMNS
    nearer = dear and arrangement.packed and not start and not few
    if nearer:
        begin = approached(likelihood, begin)
    if not (nearer and penalty is None and _is_determined(likelihood.tally(begin))):
        _refuse_undetermined(arrangement, likelihood, engine, usual, penalty, few)
    search = ascend(arrangement, likelihood, optimizer, begin, penalty, few, one=one)
    if arrangement.model.family.limits and search.tally is not None and search.tally.finite:
        height = search.tally.value
        limits = fit_regression_limits(arrangement, engine, optimizer, search.point, height, penalty)
        declared = replace(declared, limits=limits)
    exact = penalty is None and has_spread_formula(arrangement.model) and bool(arrangement.n_exact)
    spike = spike_of(arrangement, None) if exact else None
    if spike is not None:
        declared = replace(declared, unbounded_in_theory=spike.reason, remedy=spike.remedy)
    outcome = judge(
        likelihood,
        search,
        replace(declared, attained=lambda: height_of(likelihood, highest(likelihood, low_starts(usual)))),
    )
    if penalty is None and arrangement.n_exact and outcome.certificate.verdict in MAYBE_UNBOUNDED:
        spike = spike or spike_of(arrangement, search.point)
        if spike is not None:
            declared = replace(declared, remedy=spike.remedy)
            return unbounded(likelihood.table, search, declared, spike.reason)
    if has_ends(arrangement.model) and (
        outcome.certificate.verdict in WITHOUT_MAXIMUM or reaches_an_end(arrangement, search.point)
    ):
        starts = (usual, begin, search.point)
        edge = on_the_edge(arrangement, engine, likelihood, starts, search, declared, penalty)
        limit = outcome.certificate.limit
        if edge is not None and (limit is None or edge.value > outcome.value + edge.tally.rounding):
            outcome = edge
        if limit is None:
            best = limit_on_the_edge(arrangement, engine, starts, search, declared, penalty, outcome)
            outcome = outcome if best is None else best
        if edge is not None:
            return outcome
    if outcome.certificate.verdict not in WITHOUT_MAXIMUM:
        return outcome
    region = regular_region(arrangement)
    found = receding(arrangement, engine, search, declared, region) if penalty is None else None
    return found or in_words_of_rows(arrangement, outcome)


def _with_all_inside(arrangement: RegressionArrangement, begin: Vector) -> Vector:
    """A start at which every predictor has a parameter, as where offsets lead out; that given where there is none."""
    rows = end_rows(arrangement, begin)
    inside = None if rows is None else well_inside(rows.ends, begin)
    return begin if inside is None else inside


def conditions(
    arrangement: RegressionArrangement,
    engine: Engine,
    optimizer: Optimizer,
    likelihood: Likelihood,
    penalty: Penalty | None = None,
) -> Conditions:
    """Say how these rows are climbed, for those who climb them again."""
    if arrangement.model.family.kinked:
        from thetahat.optimize.regression.kinked import KinkedRegression

        return Conditions(optimizer, pinned=KinkedRegression(arrangement).pinned)
    expected = expected_of(arrangement.model, arrangement.sample, arrangement.n_obs)
    pinned = None
    if has_ends(arrangement.model):
        pinned = held_at_ends(arrangement, engine, penalty, starting_point(arrangement, {}))
    how = Conditions(optimizer, with_penalty(expected, likelihood), regular_region(arrangement), pinned)
    if arrangement.model.family.edges:
        from thetahat.optimize.regression.ended_supports import held_where_it_ends

        return held_where_it_ends(arrangement, how)
    return how


def _is_determined(tally: Tally) -> bool:
    return tally.finite and determined(tally.information, NEARLY_SINGULAR)


def _refuse_undetermined(
    arrangement: RegressionArrangement,
    likelihood: Likelihood,
    engine: Engine,
    begin: Vector,
    penalty: Penalty | None,
    few: Sequence[Likelihood],
) -> None:
    """Look for aliased columns where the information at the start is singular, or nearly, in few rows as in all."""
    model, sample = arrangement.model, arrangement.sample
    if penalty is not None and not few:
        few = [Likelihood(model, lambda: [sample], packed=True, engine=engine)]
    if any(_is_determined(rows.tally(begin)) for rows in few or [likelihood]):
        return
    held = np.zeros(model.table.n_working, dtype=bool)
    if penalty is not None:
        held[model.table.free_index] = penalty.bind(layout_of(model)).penalised
    centres = far_columns(arrangement, held)
    if centres:
        raise ColumnsFarFromZeroError(centres)
    if penalty is None:
        refuse_aliased(arrangement, engine)
        return
    refuse_aliased(arrangement, engine, held)


def _declare(arrangement: RegressionArrangement, likelihood: Likelihood) -> Declared:
    model = arrangement.model
    family = model.family
    bound, title = None, None
    if isinstance(likelihood, PenalisedLikelihood):
        bound, title = likelihood.bound, likelihood.given.title
    theorem = single_maximum(model, bound)
    return Declared(
        n_obs=arrangement.n_obs,
        theorem=theorem,
        penalty=title,
        region=family.region() if arrangement.n_exact else None,
        regularity=smooth if family.region() is None else partial(_regularity, arrangement),
        n_rows=arrangement.n_positive,
        unbounded_in_theory=family.unbounded_in_theory if arrangement.n_exact else None,
    )


def _regularity(arrangement: RegressionArrangement, natural: Mapping[str, float]) -> str:
    """The first kind that is not smooth among the rows of the sample."""
    model = arrangement.model
    values = {
        parameter.name: np.array([natural[name] for name in parameter.names])
        if parameter.domain.vector
        else natural[parameter.name]
        for parameter in model.table.free_parameters
    }
    working = model.table.working(model.table.free_from_natural(values))
    found = (
        model.family.regularity(model.family.theta(eta)) for eta in sampled_coordinates(arrangement, working)
    )
    kind = next((kind for kind in found if kind != "smooth"), "smooth")
    return unless_fixed(kind, model.family, model.table.fixed)
