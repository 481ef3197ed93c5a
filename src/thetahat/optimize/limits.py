"""Executing the limits that a family declares: the limiting fit and the slope of the profile in its chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families import Family, limit_named
from thetahat.families._contract import EDGE
from thetahat.families._limit import Limit
from thetahat.families._terms import Coordinates
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.numerics.namespace import NUMPY
from thetahat.optimize._optimizer import Optimizer, Search
from thetahat.optimize.approach import approaches
from thetahat.optimize.climb import climb
from thetahat.optimize.limit_fit import LimitFit
from thetahat.optimize.newton import DECREMENT

if TYPE_CHECKING:
    from thetahat.penalties import Penalty

Vector = NDArray[np.float64]
FAR_OUT = 1e5
"""How far ε is below the order of one where the chart's slope is taken from censored rows."""
STEP = 1e-3
"""In the logarithm of that parameter, by which the others' course is measured."""
ROUNDING = 64 * float(np.finfo(float).eps)
WORTH_A_LIMIT = 5
"""Iterations, after which it is worth asking whether a climb to a limit's maximum leads to a limit of its own."""
NEARLY_AT_EDGE = 1e-6
"""Times the number of rows, the information about a log or logit that is left beside an edge."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope summed over rows, and its error; an associative record."""

    value: float
    noise: float

    def merge(self, other: Slope) -> Slope:
        """That of both."""
        return Slope(self.value + other.value, self.noise + other.noise)


def fit_limits(
    arrangement: Arrangement, engine: Engine, optimizer: Optimizer, penalty: Penalty | None = None
) -> list[LimitFit]:
    """Fit every declared limit whose parameter is free; a penalty is the limit's too, or excludes it."""
    model = arrangement.model
    fixed = model.table.fixed
    free = [
        limit
        for limit in model.family.limits
        if not any(name in fixed for name in (limit.parameter, *limit.moving))
    ]
    found = [_fit(limit, arrangement, engine, optimizer, penalty) for limit in free]
    return [fit for fit in found if fit is not None]


def _fit(
    limit: Limit,
    arrangement: Arrangement,
    engine: Engine,
    optimizer: Optimizer,
    penalty: Penalty | None,
) -> LimitFit | None:
    model = arrangement.model
    family = model.family.limiting(limit_named(limit.family))
    survey, unit = arrangement.survey, model.unit
    ends: Mapping[str, float] = {}
    if family.between_ends and not survey.plain:
        ends = _level_ends(family, arrangement, engine)
        if not ends:
            return None
    if survey.n_exact and not family.support.spans(survey.minimum * unit, survey.maximum * unit):
        return None
    back = {ours: theirs for theirs, ours in limit.names.items()}
    if penalty is not None:
        penalty = penalty.elsewhere(back, limit.parameter)
        if penalty is None:
            return None
    fixed = {back[name]: value for name, value in model.table.fixed.items()}
    if family.edges:
        # Where the support of the limit ends is settled by outermost values, or lies beyond all rows, as it may where
        # some are not known exactly.
        settled = ends or family.edge_values(arrangement.survey)
        if set(settled) == set(family.edges):
            fixed.update({name: value * model.unit for name, value in settled.items()})
        elif arrangement.survey.plain and (fixed or family.solve(arrangement.survey, {}) is None):
            return None

    def limit_model_of(fixed: Mapping[str, Any]) -> IndependentModel:
        return IndependentModel(
            family,
            model.response,
            weight_column=model.weight_column,
            known=model.known,
            fixed=fixed,
            unit=model.unit,
        )

    limit_model = limit_model_of(fixed)
    likelihood, theirs = _rows_of_limit(limit_model, arrangement, engine)
    survey = theirs.survey
    if penalty is not None:
        from thetahat.penalised_likelihood import penalised

        likelihood = penalised(likelihood, penalty)
    point = _maximise(likelihood, theirs, engine, optimizer)
    if point is None:
        return None
    held = _held_edge(limit_model, likelihood, point)
    if held is not None:
        # What is estimated beside an end that rows hold is told for that end, as where outermost values settle it.
        limit_model = limit_model_of({**fixed, family.edges[0]: held[1]})
        likelihood, theirs = _rows_of_limit(limit_model, arrangement, engine)
        survey = theirs.survey
        if penalty is not None:
            likelihood = penalised(likelihood, penalty)
        point = np.delete(point, held[0])
    point, edges = to_edges(likelihood, point, survey.n_obs)
    tally = likelihood.tally(point, DERIVATIVES)
    at_limit = limit_model.table.natural(point)
    natural = limit.beside(at_limit, limit.end)
    scaled = {name: value / limit_model.table.unit(name) for name, value in at_limit.items()}
    scale = limit.scale(scaled)
    ordered = {name: natural[name] for name in model.table.names}
    names = tuple(limit.names.get(name, "") for name in limit_model.table.free_names)

    @cache
    def slope() -> tuple[float, float]:
        if ends:
            from thetahat.optimize.level_limit import slope_beside

            rows = Likelihood(model, arrangement.blocks, packed=True, engine=engine)
            return slope_beside(limit, rows, at_limit, scale, tally.value)
        return _slope(limit, model, arrangement, scaled, scale, engine)

    return LimitFit(
        limit,
        family.title,
        tally.value,
        ordered,
        at_limit,
        names,
        tally,
        scale,
        slope,
        edges=edges,
        breaks_off=bool(family.edges),
    )


def to_edges(likelihood: Likelihood, point: Vector, n_obs: float) -> tuple[Vector, tuple[bool, ...]]:
    """Move coordinates that a climb left beside an edge onto it, where ℓ is as high; tell which they are."""
    table = likelihood.table
    tally = likelihood.tally(point, DERIVATIVES)
    weak = ~table.on_line & (np.abs(tally.information.diagonal()) <= NEARLY_AT_EDGE * n_obs)
    edges = np.zeros(point.size, dtype=bool)
    if not weak.any():
        return point, tuple(edges.tolist())
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if parameter.domain.vector or not weak[span].all():
            continue
        moved = point.copy()
        moved[span] = np.sign(tally.score[span] or point[span]) * EDGE
        value = float(table.natural(moved)[parameter.name])
        there = likelihood.tally(moved, DERIVATIVES)
        if parameter.domain.is_edge(value) and there.finite and there.value >= tally.value - tally.rounding:
            point, edges[span] = moved, True
    return point, tuple(edges.tolist())


def _held_edge(model: IndependentModel, likelihood: Likelihood, point: Vector) -> tuple[int, float] | None:
    """The coordinate and the value of an end of the support at which ℓ breaks off or has a kink; None elsewhere."""
    edges, table = model.family.edges, model.table
    if len(edges) != 1 or edges[0] not in table.free_names:
        return None
    place = table.free_names.index(edges[0])
    tally = likelihood.tally(point, DERIVATIVES)
    slope, curvature = float(tally.score[place]), float(tally.information[place, place])
    # Half a squared slope over the curvature is what a step could still gain, were ℓ smooth there.
    if curvature > 0.0 and 0.5 * slope * slope <= DECREMENT * curvature:
        return None
    return place, float(table.natural(point)[edges[0]])


def _level_ends(family: Family, arrangement: Arrangement, engine: Engine) -> Mapping[str, float]:
    """The ends of a level density for rows that are not all exact; empty where none are found."""
    if arrangement.model.table.fixed:
        return {}
    from thetahat.optimize.level_limit import best_ends

    found = best_ends(family, arrangement, engine)
    return {} if found is None else dict(zip(family.edges, found, strict=True))


def _rows_of_limit(
    limit_model: IndependentModel, arrangement: Arrangement, engine: Engine
) -> tuple[Likelihood, Arrangement]:
    """The same rows as the limit prepares them, surveyed again only where it prepares them otherwise."""
    family = limit_model.family

    def prepared(rows: PackedRows) -> tuple[Any, ...]:
        with np.errstate(all="ignore"):
            return family.prepare(NUMPY, rows.y, rows.known)

    sample = arrangement.sample
    theirs = prepared(sample)
    same = len(theirs) == len(sample.prepared) and all(
        a is b or np.array_equal(a, b) for a, b in zip(theirs, sample.prepared, strict=True)
    )
    blocks: Callable[[], Iterable[Any]] = arrangement.blocks
    if same:
        survey = arrangement.survey
    else:
        if arrangement.packed:
            packs = [replace(block, prepared=prepared(block)) for block in arrangement.blocks()]

            def blocks() -> Iterable[Any]:
                return packs

        survey = engine.reduce(
            lambda block: (block if arrangement.packed else limit_model.pack(block)).survey(spread=True),
            blocks(),
        )
    condensed = limit_model.condensed(survey)
    arranged = Arrangement(
        limit_model, blocks, arrangement.packed, survey, condensed, replace(sample, prepared=theirs)
    )
    likelihood = Likelihood(
        limit_model, blocks, packed=arrangement.packed, engine=engine, condensed=condensed
    )
    return likelihood, arranged


def _maximise(
    likelihood: Likelihood, arrangement: Arrangement, engine: Engine, optimizer: Optimizer
) -> Vector | None:
    """The free coordinates of the limit's own maximum; None where a climb does not come to one."""
    model, survey = arrangement.model, arrangement.survey
    if survey.plain and model.table.all_free and likelihood.unpenalised is likelihood:
        theta = model.family.solve(survey, {})
        if theta is not None and all(
            parameter.domain.contains(value)
            for parameter, value in zip(model.family.declared, theta, strict=True)
        ):
            units = model.table.units
            names = [parameter.name for parameter in model.family.declared]
            natural = {n: np.asarray(v) * units.get(n, 1.0) for n, v in zip(names, theta, strict=True)}
            return model.table.free_from_natural(natural)
    if model.family.edges:
        from thetahat.optimize.limit_edges import maximise_with_edge

        return maximise_with_edge(model, likelihood, survey, arrangement.sample, optimizer)
    beyond: list[LimitFit] | None = None

    def given_up(search: Search) -> bool:
        """Whether the limit has a limit itself, which is none of these rows', and the climb leads there."""
        nonlocal beyond
        if search.iterations < WORTH_A_LIMIT:
            return False
        if beyond is None:
            beyond = fit_limits(arrangement, engine, optimizer)
        return approaches(likelihood, beyond, search)

    search = climb(
        likelihood,
        optimizer,
        model.starting_values(arrangement.sample),
        given_up=given_up if model.family.limits and likelihood.unpenalised is likelihood else None,
    )
    return search.point if search.converged else None


def _slope(
    limit: Limit,
    model: IndependentModel,
    arrangement: Arrangement,
    at_limit: Mapping[str, float],
    scale: float,
    engine: Engine,
) -> tuple[float, float]:
    factor = float(FAR_OUT ** (1.0 / max(abs(limit.order), 1.0)))
    far = limit.size_beyond(scale, factor)
    family: Family = model.family

    def path(log_value: float) -> Coordinates:
        natural = limit.beside(at_limit, limit.placed(float(np.exp(log_value))))
        return family.working(tuple(natural[parameter.name] for parameter in family.declared))

    eta = path(np.log(far))
    ahead, behind = path(np.log(far) + STEP), path(np.log(far) - STEP)
    course = [(after - before) / (2.0 * STEP) for after, before in zip(ahead, behind, strict=True)]

    def total(block: Any) -> Slope:
        packed = block if arrangement.packed else model.pack(block)
        value = noise = 0.0
        if packed.y.shape[0]:
            slopes = limit.slope(packed.prepared, eta)
            slopes = slopes if packed.weight is None else slopes * packed.weight
            value += float(np.add.reduce(slopes))
            noise += ROUNDING * float(np.add.reduce(np.abs(slopes)))
        if packed.low.shape[0]:
            # With the parameter at 1/ε, ∂ℓ/∂ε is minus the parameter times the score along its logarithm.
            terms = family.log_mass(packed.low, packed.high, packed.interval_known, eta, 2)
            along: Any = sum(part * slope for part, slope in zip(course, terms.gradient, strict=True))
            scores = -(far**limit.order) / limit.order * np.broadcast_to(along, packed.low.shape)
            scores = scores if packed.interval_weight is None else scores * packed.interval_weight
            value += float(np.add.reduce(scores))
            noise += 10.0 / factor * float(np.add.reduce(np.abs(scores)))
        if packed.truncation is not None:
            limits = packed.truncation
            terms = limits.log_mass(family, slice(None), eta, 2)
            along = sum(part * slope for part, slope in zip(course, terms.gradient, strict=True))
            scores = far**limit.order / limit.order * np.broadcast_to(along, limits.low.shape)
            scores = scores if limits.weight is None else scores * limits.weight
            value += float(np.add.reduce(scores))
            noise += 10.0 / factor * float(np.add.reduce(np.abs(scores)))
        return Slope(value, noise)

    found = engine.reduce(total, arrangement.blocks())
    return found.value, found.noise
