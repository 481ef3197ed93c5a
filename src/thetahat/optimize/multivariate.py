"""Maximising the likelihood of rows of vectors: witnesses, closed forms, limits, Newton, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models._multivariate_model import PackedVectors, VectorArrangement
from thetahat.optimize._optimizer import Information, Optimizer, Settled
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions, Region, climb
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import BEYOND, at_edge
from thetahat.optimize.findings import unbounded
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.verdict import judge
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
EXACT = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY, Verdict.AT_INFINITY})
"""Verdicts of a closed form after which there is nothing to search for."""
REMEDY = "leave out or add up columns, add rows, or fix a parameter"
"""What to do where the density piles up."""


def maximise_vectors(
    arrangement: VectorArrangement,
    likelihood: Likelihood,
    optimizer: Optimizer,
    start: Mapping[str, Any],
    *,
    penalised: bool,
) -> Outcome:
    """Find the maximum and say what it is.

    Parameters
    ----------
    arrangement, likelihood
        The rows.
    optimizer
        Climbs.
    start
        Natural start values of some parameters; with any, no closed form is taken.
    penalised
        Whether the likelihood has a penalty, of which closed forms, limits and theorems know nothing.
    """
    with np.errstate(all="ignore"):
        model, moments = arrangement.model, arrangement.moments
        family, fixed = model.family, model.table.fixed
        declared = declare(arrangement)
        if not penalised:
            reason = family.degenerate(moments, model.response, fixed)
            if reason is not None:
                return unbounded(model.table, None, declared, reason)
            solution = None if start else family.solve(moments, fixed)
            if solution is not None:
                outcome = _closed(model.table, likelihood, solution, declared)
                if outcome.certificate.verdict in EXACT:
                    return outcome
                # Of nearly collinear columns a covariance has not the digits of its factor: from there Newton has.
                start = {name: solution[name] for name in (p.name for p in model.table.free_parameters)}
        how = conditions(arrangement, optimizer)
        begin = {**model.starting_values(moments, arrangement.sample), **start}
        point = model.table.free_from_natural(begin)
        search = climb(likelihood, optimizer, point, expected=how.expected, allowed=how.allowed)
        return judge(likelihood, search, declared)


def conditions(arrangement: VectorArrangement, optimizer: Optimizer) -> Conditions:
    """Say how these rows are climbed, for those who climb them again."""
    rows = arrangement.condensed or arrangement.sample
    return Conditions(optimizer, _expected(arrangement, rows), _region(arrangement))


def declare(arrangement: VectorArrangement) -> Declared:
    """What theory says of these rows."""
    model, moments = arrangement.model, arrangement.moments
    family, fixed = model.family, model.table.fixed
    unbounded_in_theory = family.unbounded_in_theory(fixed)
    return Declared(
        n_obs=moments.n_obs,
        theorem=family.uniqueness_given(fixed),
        region=None if unbounded_in_theory is None else family.region(),
        unbounded_in_theory=unbounded_in_theory,
        n_rows=moments.n_rows,
        remedy=REMEDY,
    )


def _region(arrangement: VectorArrangement) -> Region | None:
    model = arrangement.model
    family, n_obs = model.family, arrangement.moments.n_obs
    if family.region() is None or family.unbounded_in_theory(model.table.fixed) is None:
        return None
    return lambda free: family.in_region(model.table.working(free), n_obs)


def _expected(arrangement: VectorArrangement, rows: PackedVectors) -> Information:
    """Expected information of some of the rows: a metric for a step, not an inference."""
    model = arrangement.model

    def information(free: Vector) -> NDArray[np.float64] | None:
        matrix = model.expected_information(rows, model.table.working(free))
        index = model.table.free_index
        return np.asarray(matrix[np.ix_(index, index)])

    return information


def _closed(
    table: ParameterTable, likelihood: Likelihood, solution: Mapping[str, Any], declared: Declared
) -> Outcome:
    """The closed form, with one look at the derivatives there as the evidence for it."""
    natural: dict[str, float] = {}
    point: list[float] = []
    edges: list[str] = []
    for parameter in table.parameters:
        value, domain = solution[parameter.name], parameter.domain
        entries = domain.entries(value)
        natural.update(zip(parameter.names, entries.tolist(), strict=True))
        if parameter.name in table.fixed:
            continue
        on_edge = domain.edges(entries)
        edges.extend(name for name, edge in zip(parameter.names, on_edge, strict=True) if edge)
        free = domain.beside_edge(value, BEYOND) if any(on_edge) else np.atleast_1d(domain.to_free(value))
        point.extend(np.asarray(free, dtype=float).tolist())
    at = np.array(point, dtype=float)
    if edges:
        return at_edge(table, natural, at, likelihood.tally(at, DERIVATIVES), tuple(edges), declared)
    outcome = judge(likelihood, Settled(at, likelihood.tally(at, DERIVATIVES)), declared)
    if outcome.certificate.verdict is not Verdict.MAXIMUM:
        return outcome
    # The very numbers, which lose their last digit on the way through the coordinates.
    return replace(outcome, natural=natural)
