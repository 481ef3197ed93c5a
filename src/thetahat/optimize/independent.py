"""Maximising the likelihood of independent rows: closed forms, sufficient statistics, Newton, limits, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Information, Optimizer, Search
from thetahat.optimize.climb import climb
from thetahat.optimize.limits import LimitFit, fit_limits
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.verdict import Declared, at_edge, judge, unbounded

Vector = NDArray[np.float64]
BEYOND = 800.0
"""A log or logit this far out is the edge itself in double precision."""
WORTH_THINNING = 4
"""From this many times as many rows as were thinned on, the thinned rows are fitted first."""


def maximise(
    arrangement: Arrangement,
    likelihood: Likelihood,
    engine: Engine,
    optimizer: Optimizer,
    start: Mapping[str, Any] | None,
) -> Outcome:
    """Find the maximum and say what it is."""
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    theorem = family.uniqueness if survey.all_exact else family.uniqueness_censored
    if theorem is not None and not (model.table.all_free or family.affine):
        theorem = None
    declared = Declared(
        n_obs=survey.n_obs,
        theorem=theorem,
        region=family.region(),
        unbounded_in_theory=family.unbounded_in_theory,
        regularity=lambda natural: family.regularity(tuple(natural.values())),
    )
    if _spike(arrangement):
        reason = "all exact values are equal, and the density can be made as high there as one likes"
        return unbounded(model.table, None, declared, reason)
    if start is None and survey.all_exact and model.table.all_free:
        known = {name: value for name, value in model.known.items() if not isinstance(value, str)}
        with np.errstate(all="ignore"):
            theta = family.solve(survey, known)
        if theta is not None:
            return _closed(model, likelihood, optimizer, theta, declared)
    limits = fit_limits(arrangement, engine, optimizer)
    declared = Declared(
        declared.n_obs,
        declared.theorem,
        declared.region,
        declared.unbounded_in_theory,
        limits,
        declared.regularity,
    )
    begin = _start(arrangement, likelihood, optimizer, start)
    search = _climb(arrangement, likelihood, optimizer, begin)
    for limit in limits:
        search = _from_chart(arrangement, likelihood, optimizer, search, limit)
    return judge(likelihood, search, declared)


def _spike(arrangement: Arrangement) -> bool:
    model, survey = arrangement.model, arrangement.survey
    shapes = [parameter.name for parameter in model.family.declared[:2]]
    if not survey.constant or any(name in model.table.fixed for name in shapes):
        return False
    where = model.family.spikes
    return where == "anywhere" or (where == "at zero" and survey.minimum == 0)


def _closed(
    model: IndependentModel,
    likelihood: Likelihood,
    optimizer: Optimizer,
    theta: tuple[Any, ...],
    declared: Declared,
) -> Outcome:
    table = model.table
    natural: dict[str, float] = {}
    point: list[float] = []
    edges: list[str] = []
    for parameter, value in zip(model.family.declared, theta, strict=True):
        free = np.atleast_1d(np.asarray(parameter.domain.to_free(value), dtype=float))
        entries = np.atleast_1d(np.asarray(value, dtype=float)) * table.unit(parameter.name)
        natural.update(zip(parameter.names, entries.tolist(), strict=True))
        on_edge = [
            n
            for n, v in zip(parameter.names, np.atleast_1d(value), strict=True)
            if parameter.domain.is_edge(v)
        ]
        edges.extend(on_edge)
        point.extend(np.clip(np.nan_to_num(free, nan=0.0), -BEYOND, BEYOND) if on_edge else free)
    at = np.array(point, dtype=float)
    if edges:
        return at_edge(table, natural, at, likelihood.tally(at, DERIVATIVES), tuple(edges), declared)
    # The closed form is the answer; one look at the derivatives there is the evidence for it.
    search = optimizer.search(at)
    search.tell(likelihood.tally(at, DERIVATIVES))
    return judge(likelihood, search, declared)


def _start(
    arrangement: Arrangement, likelihood: Likelihood, optimizer: Optimizer, start: Mapping[str, Any] | None
) -> Vector:
    model = arrangement.model
    sample = arrangement.sample
    guess = model.starting_values(sample)
    if start:
        natural = {**_natural_by_parameter(model, guess), **start}
        return model.table.free_from_natural(natural)
    n_sample = sample.y.shape[0] + sample.low.shape[0]
    if arrangement.condensed is None and arrangement.survey.n_positive >= WORTH_THINNING * n_sample:
        thinned = Likelihood(model, lambda: [sample], packed=True, engine=likelihood.engine)
        search = climb(
            thinned, optimizer, guess, expected=_expected(model, sample), allowed=_region(arrangement)
        )
        if (
            search.tally is not None
            and search.converged
            and likelihood.tally(search.point, DERIVATIVES).finite
        ):
            return search.point
    return guess


def _natural_by_parameter(model: IndependentModel, free: Vector) -> dict[str, Any]:
    values = {}
    for parameter, span in zip(model.table.free_parameters, model.table.free_slices, strict=True):
        part = free[span]
        value = parameter.domain.from_free(part if parameter.domain.vector else part[0])
        values[parameter.name] = np.asarray(value) * model.table.unit(parameter.name)
    return values


def _climb(arrangement: Arrangement, likelihood: Likelihood, optimizer: Optimizer, start: Vector) -> Search:
    expected = _expected(arrangement.model, arrangement.condensed or arrangement.sample)
    return climb(likelihood, optimizer, start, expected=expected, allowed=_region(arrangement))


def _region(arrangement: Arrangement) -> Any:  # noqa: ANN401 - a predicate, or None
    model = arrangement.model
    if model.family.region() is None:
        return None
    return lambda free: model.family.in_region(tuple(model.table.working(free)), arrangement.survey)


def _expected(model: IndependentModel, like: PackedRows) -> Information:
    """Expected information as if every row were exact: a metric for a step, not an inference."""

    def information(free: Vector) -> NDArray[np.float64] | None:
        with np.errstate(all="ignore"):
            matrix = model.expected_information(like, model.table.working(free))
        index = model.table.free_index
        return np.asarray(matrix[np.ix_(index, index)])

    return information


def _from_chart(
    arrangement: Arrangement, likelihood: Likelihood, optimizer: Optimizer, search: Search, limit: LimitFit
) -> Search:
    """Where the profile rises on leaving the limit but the search did not profit from it, start again near the limit."""
    reached = -np.inf if search.tally is None else search.tally.value
    if limit.slope <= 0 or (search.converged and reached >= limit.value):
        return search
    table = arrangement.model.table
    best, best_value = None, -np.inf
    for power in np.arange(0.0, 12.5, 0.5):
        natural = {**limit.natural, limit.limit.parameter: limit.scale * 10.0**power}
        point = table.free_from_natural(natural)
        value = likelihood.tally(point, DERIVATIVES).value
        if value > best_value:
            best, best_value = point, value
    if best is None:
        return search
    again = _climb(arrangement, likelihood, optimizer, best)
    better = again.tally is not None and again.tally.value >= reached
    return again if better else search
