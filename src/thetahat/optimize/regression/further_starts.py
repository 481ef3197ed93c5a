"""Where else to begin a regression: with the responses less what least squares explains, as the family begins there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families._contract import FamilyContract
from thetahat.families._support import REAL_LINE
from thetahat.likelihood import Likelihood
from thetahat.models import VALUE
from thetahat.models._predictors import Group, primary_of
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import Region, climb
from thetahat.optimize.hills import on_same_hill
from thetahat.optimize.newton import Newton
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.own_start import ROUNDING
from thetahat.optimize.regression.numbered_rows import numbered_parts
from thetahat.optimize.regression.start import at_constants, constant_level
from thetahat.penalised_likelihood import penalised
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
MOST_ROWS = 20_000
"""Rows, above which a second maximum is not worth what looking for it costs."""
TRIED_ROWS = 256
"""Rows, or up to twice as many, on which starts are tried."""
MOST_COLUMNS = 64
"""Coefficients, above which a climb costs too much to be tried from several starts."""
TO_GAIN = 10.0
"""In nats, what a climb from a start may add to it."""
STEPS = 50
"""Iterations, after which a climb on few rows is given up."""
DOUBTFUL = frozenset({Verdict.NOT_CONVERGED, Verdict.SADDLE, Verdict.FLAT, Verdict.UNBOUNDED})
"""Verdicts after which a maximum may be elsewhere, even where the family offers no starts for others."""
KNOWN = frozenset(Verdict) - DOUBTFUL


def from_further_starts(
    arrangement: RegressionArrangement,
    engine: Engine,
    optimizer: Optimizer,
    penalty: Penalty | None,
    region: Callable[[], Region | None],
    outcome: Outcome,
    maximise: Callable[[Vector], Outcome],
) -> Outcome:
    """The outcome, or one that is higher or is a maximum where this is none, from starts that the family offers.

    They are tried on few rows; ``maximise`` begins from a point with all of them. Where a theorem tells that there is
    no other maximum nothing is tried.
    """
    model = arrangement.model
    if (
        outcome.certificate.theorem is not None
        or model.table.n_free > MOST_COLUMNS
        or arrangement.n_positive > MOST_ROWS
    ):
        return outcome
    doubtful = outcome.certificate.verdict in DOUBTFUL
    if not doubtful and type(model.family).further_starts is FamilyContract.further_starts:
        return outcome
    allowed = region()
    rows = arrangement.sample.thinned(TRIED_ROWS)
    few = penalised(
        Likelihood(model, lambda: [rows], packed=True, engine=engine),
        penalty,
        rows.n_obs / arrangement.n_obs,
    )
    slack = ROUNDING * rows.n_obs
    if isinstance(optimizer, Newton):
        optimizer = Newton(min(optimizer.max_iterations, STEPS))
    known = not doubtful and bool(np.isfinite(outcome.point).all())
    reached, lowest, climbed = None, -np.inf, False
    for start in _starts(arrangement, few, allowed, doubtful=doubtful):
        if known and (
            on_same_hill(outcome, start, rows.n_obs / arrangement.n_obs)
            or few.tally(start, VALUE).value < few.tally(outcome.point, VALUE).value - TO_GAIN
        ):
            continue
        if known and not climbed:
            lowest, climbed = _reached(few, optimizer, outcome.point, allowed)[1] + slack, True
        point, value = _reached(few, optimizer, start, allowed)
        if value > lowest:
            reached, lowest = point, value + slack
    return outcome if reached is None else _better(outcome, maximise(reached), arrangement.n_obs)


def _reached(
    few: Likelihood, optimizer: Optimizer, start: Vector, allowed: Region | None
) -> tuple[Vector, float]:
    """How far a climb comes, which may be on its way to infinity, and its height."""
    found = climb(few, optimizer, start, allowed=allowed)
    return found.point, -np.inf if found.tally is None else found.tally.value


def _better(one: Outcome, other: Outcome, n_obs: float) -> Outcome:
    """The other one where it is a maximum and this is none, or it is known what it is and it is higher."""
    verdict = other.certificate.verdict
    if one.certificate.verdict in DOUBTFUL and verdict is Verdict.MAXIMUM:
        return other
    if verdict not in KNOWN:
        return one
    return one if other.value <= one.value + ROUNDING * n_obs else other


@dataclass(frozen=True, slots=True)
class _Explained:
    """What least squares explains of the primary predictor.

    ``coefficients`` are over its span, ``level`` the mean of their predictors, and ``rest`` the responses that are
    left at that level.
    """

    group: Group
    coefficients: Vector
    level: float
    rest: Vector


def _starts(
    arrangement: RegressionArrangement, few: Likelihood, allowed: Region | None, *, doubtful: bool
) -> Iterator[Vector]:
    """Of each kind that the family offers for what is left the best one on these rows."""
    model = arrangement.model
    family: Any = model.family
    explained = _explained(arrangement)
    if explained is None:
        return
    further = family.further_starts(explained.rest)
    if not further and not doubtful:
        return
    for kind in [family.start(explained.rest, {}), *further]:
        best, highest = None, -np.inf
        for theta in _columns(kind):
            start = _start(arrangement, theta, explained)
            if allowed is not None and not allowed(start):
                continue
            value = few.tally(start, VALUE).value
            if value > highest:
                best, highest = start, value
        if best is not None:
            yield best


def _columns(kind: Sequence[Any]) -> Iterator[tuple[float, ...]]:
    """The starts of a kind, one by one."""
    items = np.broadcast_arrays(*(np.atleast_1d(np.asarray(item, dtype=float)) for item in kind))
    for column in range(items[0].size):
        yield tuple(float(item[column]) for item in items)


def _start(arrangement: RegressionArrangement, theta: tuple[float, ...], explained: _Explained) -> Vector:
    """The free vector at which rows differ as least squares says and are at these parameters in the middle."""
    model, sample = arrangement.model, arrangement.sample
    declared = model.family.declared
    theta = tuple(
        float(model.family.given.get(parameter.name, value))
        for parameter, value in zip(declared, theta, strict=True)
    )
    working = at_constants(model, sample, theta)
    group = explained.group
    intercept = model.predictors.designers[group.design or 0].intercept
    middle = constant_level(sample, group, intercept, explained.level)
    working[group.span] += explained.coefficients - middle
    return np.asarray(working[model.table.free_index])


def _explained(arrangement: RegressionArrangement) -> _Explained | None:
    """Least squares of the responses, or of their logs, on the primary design; None where neither is its scale."""
    model = arrangement.model
    family, names = model.family, [parameter.name for parameter in model.family.declared]
    primary = names.index(primary_of(family))
    groups = model.predictors.groups
    scalar = all(parameter.domain.free_size == 1 for parameter in family.declared)
    if not scalar or family.known or family.support.discrete or family.atoms():
        return None
    group = groups[primary]
    if group.design is None or group.link is None or not group.link.trivial:
        return None
    if not set(model.table.names[group.span]) <= set(model.table.free_names):
        return None
    rate = family.dilation[primary] if family.dilation else 0.0
    location = family.support == REAL_LINE and names[primary] in family.scales
    if not location and (rate == 0.0 or family.support.lower != 0):
        return None
    design, offset, y, weight = _gathered(arrangement, group.design)
    if not location:
        kept = y > 0
        design, offset, y, weight = design[kept], offset[kept], y[kept], weight[kept]
    target = y if location else rate * np.log(y)
    root = np.sqrt(weight)
    coefficients = np.asarray(
        np.linalg.lstsq(design * root[:, np.newaxis], (target - offset) * root, rcond=None)[0], dtype=float
    )
    predictor = design @ coefficients + offset
    level = float(weight @ predictor / weight.sum())
    rest = y - (predictor - level) if location else y * np.exp(-(predictor - level) / rate)
    if not (np.isfinite(rest).all() and rest.size > design.shape[1]):
        return None
    return _Explained(group, coefficients, level, rest)


def _gathered(arrangement: RegressionArrangement, index: int) -> tuple[Matrix, Vector, Vector, Vector]:
    """Design, offset, a value and a weight of every row; one that is open at a side stands for its other end."""
    pieces = []
    for part, _, exact in numbered_parts(arrangement):
        offset, weight = part.offsets[index], part.weight
        values = exact / arrangement.model.predictors.unit
        if part.kind != "exact":
            low, high = (np.broadcast_to(np.asarray(end, dtype=float), (part.n_rows,)) for end in part.rows)
            values = np.where(np.isinf(low), high, np.where(np.isinf(high), low, 0.5 * low + 0.5 * high))
        pieces.append(
            (
                part.designs[index].dense(),
                np.zeros(part.n_rows) if offset is None else offset,
                values,
                np.ones(part.n_rows) if weight is None else weight,
            )
        )
    design, offset, y, weight = (np.concatenate(column) for column in zip(*pieces, strict=True))
    known = np.isfinite(y)
    return design[known], offset[known], y[known], weight[known]
