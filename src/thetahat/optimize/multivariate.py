"""Maximising the likelihood of rows of vectors: witnesses, closed forms, limits, Newton, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.families._contract import EDGE
from thetahat.families.multivariate._records import Extreme, Unseen
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, SCORES, VALUE
from thetahat.models._multivariate_model import PackedVectors, VectorArrangement
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize import evidence as evidences
from thetahat.optimize._optimizer import Information, Optimizer, Search, Settled
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Conditions, Region, climb
from thetahat.optimize.constrained import maximise_pinned
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_edge, neared
from thetahat.optimize.findings import flat, unbounded, unidentified
from thetahat.optimize.hills import SAME_HILL
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.vector_limits import VectorLimit, fit_vector_limits
from thetahat.optimize.verdict import judge
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
EXACT = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY, Verdict.AT_INFINITY})
"""Verdicts of a closed form after which there is nothing to search for."""
FAR = 250.0
"""A logit at which a share is next to nothing, and its own trigamma function still a number."""
MOST = 3
"""Climbs from further starts."""
TO_GAIN = 3.0
"""In nats, what a climb may add to a rough start."""
REMEDY = "leave out or add up columns, add rows, or fix a parameter"
"""What to do where the density piles up."""


def maximise_vectors(
    arrangement: VectorArrangement,
    likelihood: Likelihood,
    engine: Engine,
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
    engine, optimizer
        Sum and climb.
    start
        Natural start values of some parameters; with any, no closed form is taken.
    penalised
        Whether the likelihood has a penalty, of which closed forms, limits and theorems know nothing.
    """
    with np.errstate(all="ignore"):
        model, moments = arrangement.model, arrangement.moments
        family, fixed = model.family, model.table.fixed
        declared = declare(arrangement, penalised=penalised)
        solution = None
        if not penalised:
            reason = family.degenerate(moments, model.response, fixed)
            if reason is not None:
                return unbounded(model.table, None, declared, reason)
            extreme = family.extreme(moments, fixed)
            if extreme is not None:
                return _at_extreme(likelihood, extreme, declared)
            solution = family.solve(moments, fixed)
            if solution is not None and not start:
                lost = family.lost_at(solution, fixed)
                outcome = _closed(model.table, likelihood, solution, declared, lost)
                if outcome.certificate.verdict in EXACT:
                    return outcome
                # Of nearly collinear columns a covariance has not the digits of its factor: from there Newton has.
                start = {name: solution[name] for name in (p.name for p in model.table.free_parameters)}
            level = family.level(moments, fixed)
            if level is not None:
                return _level(arrangement, likelihood, level, declared)
        how = conditions(arrangement, optimizer)
        begin = {**model.starting_values(moments, arrangement.sample), **start}
        point = model.table.free_from_natural(begin)
        unseen = None if penalised else family.unseen(moments, fixed)
        if unseen is not None:
            found = _apart_from(likelihood, point, unseen, how, declared)
            if found is not None:
                return found
        limits = [] if penalised else fit_vector_limits(arrangement, engine)
        declared = replace(declared, limits=[limit.fit for limit in limits])
        search = climb(likelihood, optimizer, point, expected=how.expected, allowed=how.allowed)
        if not start and declared.theorem is None:
            search = _from_elsewhere(arrangement, likelihood, search, how)
        for limit in limits:
            search = _from_limit(likelihood, optimizer, search, limit, how)
        outcome = judge(likelihood, search, declared)
        if not penalised and solution is not None and outcome.certificate.verdict is not Verdict.MAXIMUM:
            # From a start that led astray the closed form is still there.
            lost = family.lost_at(solution, fixed)
            closed = _closed(model.table, likelihood, solution, declared, lost)
            if closed.certificate.verdict in EXACT and not closed.value < outcome.value:
                return closed
        empty = family.empty(moments)
        if empty.any() and model.table.n_free and outcome.certificate.limit is None and not penalised:
            return _without(likelihood, search, empty, how, declared) or outcome
        return outcome


def _at_extreme(likelihood: Likelihood, extreme: Extreme, declared: Declared) -> Outcome:
    """A supremum on the edge, attained there or neared on the way."""
    table = likelihood.table
    point = table.free_from_natural(extreme.beside)
    tally = replace(likelihood.tally(point, DERIVATIVES), value=extreme.supremum)
    natural, edges, lost = dict(table.natural(point)), [], []
    for parameter in table.free_parameters:
        entries = parameter.domain.entries(extreme.values[parameter.name])
        natural.update(zip(parameter.names, entries.tolist(), strict=True))
        edges += [n for n, on in zip(parameter.names, parameter.domain.edges(entries), strict=True) if on]
        lost += [n for n, value in zip(parameter.names, entries.tolist(), strict=True) if np.isnan(value)]
    if extreme.place is None:
        return at_edge(table, natural, point, tally, tuple(edges), declared, tuple(lost))
    return neared(table, natural, point, tally, tuple(edges), extreme.place, declared)


def _level(
    arrangement: VectorArrangement, likelihood: Likelihood, direction: Vector, declared: Declared
) -> Outcome:
    """Nothing to search for along a direction that the rows say nothing of."""
    table = likelihood.table
    begin = arrangement.model.starting_values(arrangement.moments, arrangement.sample)
    point = table.free_from_natural(begin)
    search = Settled(point, likelihood.tally(point, SCORES))
    found = evidences.gather(likelihood, point, likelihood.tally(point, SCORES), None)
    return flat(table, found, search, direction[table.free_index], declared, structural=False)


def _without(
    likelihood: Likelihood, search: Search, empty: NDArray[np.bool_], how: Conditions, declared: Declared
) -> Outcome | None:
    """The maximum with the parameters of these columns on their edge; None where the others have none."""
    table = likelihood.table
    parameter, span = table.free_parameters[0], table.free_slices[0]
    value = np.where(empty, 0.0, parameter.domain.from_free(search.point[span]))
    begin = search.point.copy()
    begin[span] = parameter.domain.beside_edge(value, FAR)
    pinned = span.start + np.flatnonzero(~parameter.domain.inside_edge(empty))
    found = maximise_pinned(likelihood, pinned, begin, how)
    if not found.converged:
        return None
    concerned = tuple(name for name, gone in zip(parameter.names, empty, strict=True) if gone)
    natural = {**table.natural(found.point), **dict.fromkeys(concerned, 0.0)}
    tally = likelihood.tally(found.point, DERIVATIVES)
    return at_edge(table, natural, found.point, tally, concerned, declared)


def _apart_from(
    likelihood: Likelihood, begin: Vector, unseen: Unseen, how: Conditions, declared: Declared
) -> Outcome | None:
    """The maximum with what the rows say nothing of held where it is; None where the others have none."""
    table = likelihood.table
    parameter, span, _ = table.entry(table.by_name[unseen.parameter].names[0])
    pinned = span.start + np.array(unseen.entries)
    found = maximise_pinned(likelihood, pinned, begin, how)
    mask = np.ones(table.n_free, dtype=bool)
    mask[pinned] = False
    tally = likelihood.tally(found.point, DERIVATIVES)
    factor = analyse(tally.information[np.ix_(mask, mask)])
    if not (found.converged and factor.smallest > factor.error_bound):
        return None
    names = tuple(parameter.names[entry] for entry in unseen.entries)
    return unidentified(table, found.point, tally, names, mask, (unseen.why, unseen.remedy), declared)


def _from_elsewhere(
    arrangement: VectorArrangement, likelihood: Likelihood, search: Search, how: Conditions
) -> Search:
    """The highest that is found from the family's further starts too, those left out that lie on the hill climbed."""
    model, table = arrangement.model, likelihood.table
    starts = model.family.further_starts(arrangement.sample.rows, arrangement.sample.weight)
    points = [table.free_from_natural({**begin, **table.fixed}) for begin in starts]
    if how.allowed is not None:
        points = [point for point in points if how.allowed(point)]
    heights = [likelihood.tally(point, VALUE).value for point in points]
    for at in np.argsort(heights)[::-1][:MOST].tolist():
        reached = search.tally.value if search.converged and search.tally is not None else -np.inf
        if not heights[at] > reached - TO_GAIN or _on_same_hill(search, points[at]):
            continue
        other = climb(likelihood, how.optimizer, points[at], expected=how.expected, allowed=how.allowed)
        if other.converged and other.tally is not None and other.tally.value > reached:
            search = other
    return search


def _on_same_hill(search: Search, point: Vector) -> bool:
    """Whether the curvature at a maximum found puts a point only a little lower."""
    if not search.converged or search.tally is None:
        return False
    step = point - search.point
    return bool(0.5 * step @ search.tally.information @ step < SAME_HILL)


def _from_limit(
    likelihood: Likelihood, optimizer: Optimizer, search: Search, limit: VectorLimit, how: Conditions
) -> Search:
    """Where ℓ rises on leaving the limit and the search did not profit from it, start again near it."""
    reached = -np.inf if search.tally is None else search.tally.value
    if (search.converged and reached > limit.fit.value) or limit.fit.slope <= limit.fit.slope_noise:
        return search
    table = likelihood.table
    points = [table.free_from_natural(limit.beside(10.0**power)) for power in range(13)]
    values = [likelihood.tally(point, VALUE).value for point in points]
    again = climb(
        likelihood,
        optimizer,
        points[int(np.nanargmax(values))],
        expected=how.expected,
        allowed=how.allowed,
    )
    better = again.tally is not None and again.converged and again.tally.value >= reached
    return again if better else search


def conditions(arrangement: VectorArrangement, optimizer: Optimizer) -> Conditions:
    """Say how these rows are climbed, for those who climb them again."""
    rows = arrangement.condensed or arrangement.sample
    return Conditions(optimizer, _expected(arrangement, rows), _region(arrangement))


def declare(arrangement: VectorArrangement, *, penalised: bool) -> Declared:
    """What theory says of these rows."""
    model, moments = arrangement.model, arrangement.moments
    family, fixed = model.family, model.table.fixed
    unbounded_in_theory, theorem = family.unbounded_in_theory(fixed), family.uniqueness_given(fixed)
    if _fixed_outside(arrangement):
        unbounded_in_theory, theorem = family.unbounded_in_theory({}), None
    return Declared(
        n_obs=moments.n_obs,
        theorem=None if penalised else theorem,
        region=None if unbounded_in_theory is None else family.region(),
        unbounded_in_theory=unbounded_in_theory,
        n_rows=moments.n_rows,
        remedy=REMEDY,
    )


def _fixed_outside(arrangement: VectorArrangement) -> bool:
    """Whether a parameter is fixed outside the regular region."""
    table, sample = arrangement.model.table, arrangement.sample
    if table.all_free:
        return False
    lowest = arrangement.model.family.lowest(sample.rows, sample.weight)
    held = np.setdiff1d(np.arange(table.n_working), table.free_index)
    return lowest is not None and bool((table.working(np.zeros(table.n_free))[held] <= lowest[held]).any())


def _region(arrangement: VectorArrangement) -> Region | None:
    model = arrangement.model
    family = model.family
    if family.region() is None or family.unbounded_in_theory(model.table.fixed) is None:
        return None
    lowest = family.lowest(arrangement.sample.rows, arrangement.sample.weight)
    if lowest is None:
        return None
    return lambda free: bool((model.table.working(free) > lowest).all())


def _expected(arrangement: VectorArrangement, rows: PackedVectors) -> Information:
    """Expected information of some of the rows: a metric for a step, not an inference."""
    model = arrangement.model

    def information(free: Vector) -> NDArray[np.float64] | None:
        matrix = model.expected_information(rows, model.table.working(free))
        index = model.table.free_index
        return np.asarray(matrix[np.ix_(index, index)])

    return information


def _closed(
    table: ParameterTable,
    likelihood: Likelihood,
    solution: Mapping[str, Any],
    declared: Declared,
    lost: tuple[str, ...],
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
        free = domain.beside_edge(value, EDGE) if any(on_edge) else np.atleast_1d(domain.to_free(value))
        point.extend(np.asarray(free, dtype=float).tolist())
    at = np.array(point, dtype=float)
    if edges:
        names = tuple(name for parameter in lost for name in table.by_name[parameter].names)
        tally = likelihood.tally(at, DERIVATIVES)
        return at_edge(table, natural, at, tally, tuple(edges), declared, names)
    outcome = judge(likelihood, Settled(at, likelihood.tally(at, DERIVATIVES)), declared)
    if outcome.certificate.verdict is not Verdict.MAXIMUM:
        return outcome
    # The very numbers, which lose their last digit on the way through the coordinates.
    return replace(outcome, natural=natural)
