"""Maximising a density of one's own: from the middle of every domain, and where that fails from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models._columns_model import CheckedColumns, ColumnsArrangement
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.bend import Bend
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import answered, climb
from thetahat.optimize.newton import Newton, NewtonSearch
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.rough import by_trust, height_of, rough_maximum
from thetahat.optimize.verdict import Declared, judge
from thetahat.parameters import ParameterTable, Real

Vector = NDArray[np.float64]
Points = list[Vector]

MOST_COLUMNS = 4
"""Columns whose location and scale give starting points."""
MOST_CLIMBS = 4
SETTLED = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY, Verdict.FLAT})
CREDIBLE = SETTLED | {Verdict.AT_INFINITY}


def maximise_custom(
    arrangement: ColumnsArrangement,
    likelihood: Likelihood,
    optimizer: Optimizer,
    start: Mapping[str, Any],
    *,
    tries: bool,
) -> Outcome:
    """Find the maximum and say what it is.

    Parameters
    ----------
    arrangement, likelihood
        The rows.
    optimizer
        Climbs.
    start
        Natural start values of some parameters.
    tries
        Whether a start that ends badly is followed by others, as one without finite likelihood always is.
    """
    table = likelihood.table
    begin, movable = _begin(table, start)
    declared = Declared(n_obs=arrangement.n_obs, attained=partial(height_of, likelihood, begin))
    sample = likelihood
    bend = None
    if arrangement.thinned:
        packed = arrangement.model.packed(arrangement.sample)
        sample = Likelihood(arrangement.model, lambda: [packed], packed=True, engine=likelihood.engine)
        if isinstance(optimizer, Newton):
            rough = rough_maximum([sample], begin, partial(by_trust, optimizer=optimizer))
            share = arrangement.n_obs / float(arrangement.sample.weight.sum())
            if rough is not None and _is_higher(likelihood, sample, share, rough[0], begin):
                begin = rough[0]
                bend = Bend(sample, share)
    if bend is not None and isinstance(optimizer, Newton):
        search = answered(likelihood, NewtonSearch(begin, optimizer.max_iterations, None, bend))
    else:
        search = climb(likelihood, optimizer, begin)
    reached = search.tally is not None and search.tally.finite
    outcome = judge(likelihood, search, declared)
    if not movable.any() or outcome.certificate.verdict in SETTLED or (reached and not tries):
        return outcome
    others = _others(sample, begin, movable, arrangement.sample)
    if not tries:
        return outcome if not others else judge(likelihood, climb(likelihood, optimizer, others[0]), declared)
    return _best(likelihood, sample, optimizer, declared, outcome, others)


def _is_higher(
    likelihood: Likelihood, sample: Likelihood, share: float, there: Vector, begin: Vector
) -> bool:
    """Whether a point that a sample leads to is no lower than where it began: rows that it misses may put it far lower.

    Where it began is asked of all rows only if the point is lower than there as the sample has it.
    """
    # Derivatives and not the value alone: the search asks for them at this very point.
    tally = likelihood.tally(there, DERIVATIVES)
    if not tally.finite:
        return False
    as_sampled = share * sample.tally(begin, DERIVATIVES).value
    return bool(tally.value >= as_sampled or tally.value >= height_of(likelihood, begin))


def _begin(table: ParameterTable, start: Mapping[str, Any]) -> tuple[Vector, NDArray[np.bool_]]:
    """Return the middle of every domain, or what the user gave, and which coordinates were not given."""
    point = np.zeros(table.n_free)
    movable = np.ones(table.n_free, dtype=bool)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if parameter.name in start:
            point[span] = parameter.domain.to_free(np.asarray(start[parameter.name], dtype=float))
            movable[span] = False
    return point, movable


def _best(
    likelihood: Likelihood,
    sample: Likelihood,
    optimizer: Optimizer,
    declared: Declared,
    outcome: Outcome,
    others: Points,
) -> Outcome:
    """Climb from the other points, and judge from the highest on until one ends well."""
    climbed = [climb(sample, optimizer, point) for point in others[:MOST_CLIMBS]]
    if sample is not likelihood:
        climbed = [climb(likelihood, optimizer, search.point) for search in climbed]
    reached = [search for search in climbed if search.tally is not None and search.tally.finite]
    for search in sorted(reached, key=lambda search: -(search.tally.value if search.tally else -np.inf)):
        found = judge(likelihood, search, declared)
        if _better(found, outcome):
            outcome = found
        if outcome.certificate.verdict in SETTLED:
            break
    return outcome


def _better(found: Outcome, held: Outcome) -> bool:
    """Whether a point is to be reported instead: its verdict settles more, or it is higher."""
    worth = [_worth(outcome.certificate.verdict) for outcome in (found, held)]
    if worth[0] != worth[1]:
        return worth[0] > worth[1]
    return bool(found.value > held.value) or not np.isfinite(held.value)


def _worth(verdict: Verdict) -> int:
    if verdict in CREDIBLE:
        return 3
    return {Verdict.UNBOUNDED: 2, Verdict.SADDLE: 1}.get(verdict, 0)


# ---- Other starting points -------------------------------------------------------------------------------


def _others(
    likelihood: Likelihood, begin: Vector, movable: NDArray[np.bool_], rows: CheckedColumns
) -> Points:
    """Return points of finite likelihood: the best of the grid refined, then the grid's own."""

    def value(point: Vector) -> float:
        tally = likelihood.tally(point, VALUE)
        return tally.value if np.isfinite(tally.value) else -np.inf

    spreads = _spreads(rows)
    grid = [
        (value(point), index, point)
        for index, point in enumerate(_grid(likelihood.table, begin, movable, spreads))
    ]
    finite = sorted((entry for entry in grid if entry[0] > -np.inf), key=lambda entry: (-entry[0], entry[1]))
    if not finite:
        return []
    refined = _refined(likelihood.table, finite[0][2], movable, spreads, value)
    return [refined, *(point for _, _, point in finite)]


def _spreads(rows: CheckedColumns) -> list[tuple[float, float]]:
    """Location and scale of the columns that are neither flags nor constant."""
    found = []
    for column in rows.columns:
        used = column[np.isfinite(column)].astype(float)
        if column.dtype.kind == "b" or not used.size:
            continue
        scale = float(used.std())
        if scale > 0 and not np.isin(used, (0.0, 1.0)).all():
            found.append((float(used.mean()), scale))
    return found[:MOST_COLUMNS] or [(0.0, 1.0)]


def _lines(table: ParameterTable) -> NDArray[np.bool_]:
    """Which free coordinates are numbers of the real line; the others are logs and logits."""
    lines = np.zeros(table.n_free, dtype=bool)
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        lines[span] = isinstance(parameter.domain, Real)
    return lines


def _grid(
    table: ParameterTable, begin: Vector, movable: NDArray[np.bool_], spreads: list[tuple[float, float]]
) -> Points:
    lines = _lines(table)
    points: Points = []

    def put(candidate: Vector) -> None:
        points.append(np.where(movable, candidate, begin))

    for location, scale in spreads:
        for line in (0.0, location):
            for free in (0.0, np.log(scale), -np.log(scale)):
                put(np.where(lines, line, free))
    rng = np.random.default_rng(0)
    location, scale = spreads[0]
    for width in (0.5, 1.0, 2.0):
        for _ in range(2):
            draw = width * rng.standard_normal(begin.size)
            put(np.where(lines, location + scale * draw, draw))
            put(draw)
    return points


def _refined(
    table: ParameterTable,
    point: Vector,
    movable: NDArray[np.bool_],
    spreads: list[tuple[float, float]],
    value: Callable[[Vector], float],
) -> Vector:
    """Go through the coordinates once, each to the best of a few values."""
    lines = _lines(table)
    best, highest = point, value(point)
    for j in np.flatnonzero(movable):
        choices = [0.0, 1.0, -1.0, 3.0, -3.0]
        for location, scale in spreads:
            if lines[j]:
                choices += [location, location - scale, location + scale, 1 / scale, -1 / scale]
            else:
                choices += [np.log(scale), -np.log(scale), *([np.log(abs(location))] if location else [])]
        for choice in choices:
            trial = best.copy()
            trial[j] = choice
            there = value(trial)
            if there > highest:
                best, highest = trial, there
    return best
