"""Executing the limits that a family declares in a regression: the limiting regression, and the slope on leaving it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError
from thetahat.engines import Engine
from thetahat.families import limit_named
from thetahat.families._limit import Limit
from thetahat.likelihood import Likelihood
from thetahat.links import links_of
from thetahat.models import DERIVATIVES
from thetahat.models._predictors import predictors
from thetahat.models._regression_rows import Part
from thetahat.models.regression import RegressionModel
from thetahat.numerics.cholesky import is_positive, newton_step
from thetahat.optimize._optimizer import Optimizer, Search
from thetahat.optimize.climb import climb
from thetahat.optimize.limit_fit import LimitFit
from thetahat.optimize.limits import FAR_OUT, ROUNDING, STEP, Slope, to_edges
from thetahat.penalised_likelihood import penalised
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement, packed_again

Vector = NDArray[np.float64]
MANY_STEPS = 100.0
"""Times what Newton's next step promises: a limit that this would not lift to the height of the model is left."""


def fit_regression_limits(
    arrangement: RegressionArrangement,
    engine: Engine,
    optimizer: Optimizer,
    near: Vector,
    height: float,
    penalty: Penalty | None = None,
) -> list[LimitFit]:
    """Fit every declared limit whose parameter is a free number of its own, beginning near a point of the model.

    Limits that cannot come near ``height``, which the model reached itself, are left out. A penalty is that of the
    limit as well, but where it excludes the limit itself.
    """
    model = arrangement.model
    found = [
        _fit(limit, arrangement, engine, optimizer, near, height, penalty)
        for limit in limits_of_numbers(model)
    ]
    return [fit for fit in found if fit is not None]


def limits_of_numbers(model: RegressionModel) -> list[Limit]:
    """The declared limits whose parameter is a free number of its own."""
    numbers = {
        parameter.name
        for parameter in model.table.free_parameters
        if parameter.name not in model.predictors.owners
    }
    # Limits on the way to which other parameters move have no counterpart where those vary by row.
    return [
        limit
        for limit in model.family.limits
        if {limit.parameter, *limit.moving} <= numbers
        and set(model.predictors.owners) <= set(limit.names.values())
    ]


def _fit(
    limit: Limit,
    arrangement: RegressionArrangement,
    engine: Engine,
    optimizer: Optimizer,
    near: Vector,
    height: float,
    penalty: Penalty | None,
) -> LimitFit | None:
    model = arrangement.model
    limiting = limiting_model(limit, model)
    if limiting is None:
        return None
    theirs = {ours: name for name, ours in limit.names.items()}
    if penalty is not None:
        penalty = penalty.elsewhere(theirs, limit.parameter)
        if penalty is None:
            return None
    if not _admits(limiting, arrangement):
        return None
    packs = packed_again(limiting, arrangement, engine)
    blocks = arrangement.raw_blocks if packs is None else packs.copy
    likelihood = Likelihood(limiting, blocks, packed=arrangement.packed, engine=engine)
    likelihood = penalised(likelihood, penalty)
    here = model.table.natural(near)
    start = limiting.table.free_from_natural(
        {
            **dict.fromkeys(limiting.table.names, 1.0),
            **{theirs.get(name, name): value for name, value in here.items() if name != limit.parameter},
        }
    )
    search = climb(likelihood, optimizer, start, given_up=lambda search: _stays_below(search, height))
    if not search.converged:
        return None
    point, edges = to_edges(likelihood, search.point, arrangement.n_obs)
    tally = likelihood.tally(point, DERIVATIVES)
    at_limit = limiting.table.natural(point)
    natural = {limit.names.get(name, name): value for name, value in at_limit.items()}
    natural |= _moved(limit, at_limit, limit.end)
    scale = limit.scale(typical_values(limiting, point, packs))
    ours = (limit.names.get(name, name) for name in limiting.table.free_names)
    names = tuple(name if name in model.table.names else "" for name in ours)

    @cache
    def slope() -> tuple[float, float]:
        return slope_on_leaving(limit, arrangement, natural, at_limit, scale, engine)

    ordered = {name: natural[name] for name in model.table.names}
    title = limiting.family.title
    there = None
    if model.table.shifts:
        there = _free_point(limit, model, limiting, point, _moved(limit, at_limit, limit.end))
    return LimitFit(limit, title, tally.value, ordered, at_limit, names, tally, scale, slope, there, edges)


def _admits(limiting: RegressionModel, arrangement: RegressionArrangement) -> bool:
    """Whether a limit has a density for the rows, as a gamma distribution has none for zeros."""
    if limiting.family.support == arrangement.model.family.support:
        return True
    try:
        for block in arrangement.raw_blocks():
            limiting.pack(block)
    except DataError:
        # The rows are sound, as the model has read them: they are outside the limit's support.
        return False
    return True


def _moved(limit: Limit, at_limit: Mapping[str, float], value: float) -> dict[str, float]:
    """The limit's parameter at a value, and what moves with it."""
    with np.errstate(over="ignore"):
        others = {name: float(place(at_limit, np.float64(value))) for name, place in limit.moving.items()}
    return {limit.parameter: value, **others}


def _free_point(
    limit: Limit,
    model: RegressionModel,
    limiting: RegressionModel,
    point: Vector,
    running: Mapping[str, float],
) -> Vector:
    """The model's free coordinates at a limit's: from natural values centred columns would lose digits."""
    theirs = {ours: name for name, ours in limit.names.items()}
    parts = []
    for parameter in model.table.free_parameters:
        if parameter.name in running:
            with np.errstate(divide="ignore"):
                free = parameter.domain.to_free(np.float64(running[parameter.name]))
            parts.append(np.atleast_1d(free))
        else:
            parts.append(point[limiting.table.entry(theirs.get(parameter.name, parameter.name))[1]])
    return np.concatenate(parts)


def _stays_below(search: Search, height: float) -> bool:
    """Whether many times what the next step promises would leave a climb below a height."""
    tally = search.tally
    if tally is None or not tally.value < height:
        return False
    step = newton_step(tally.information, tally.score)
    if step is None or not is_positive(tally.information):
        return False
    promised = 0.5 * float(tally.score @ step)
    return 0.0 <= MANY_STEPS * promised + tally.rounding < height - tally.value


def limiting_model(limit: Limit, model: RegressionModel) -> RegressionModel | None:
    """The regression of the limiting family on the same designs; None where a link is not one of its own."""
    groups = [group for group in model.predictors.groups if group.design is not None]
    if any(group.size > 1 and group.link is not None and not group.link.trivial for group in groups):
        return None
    theirs = {ours: name for name, ours in limit.names.items()}
    designers = {
        theirs[owner]: designer
        for owner, designer in zip(model.predictors.owners, model.predictors.designers, strict=True)
    }
    fixed = {theirs.get(name, name): value for name, value in model.table.fixed.items()}
    reader: Any = model.reader
    family = model.family.limiting(limit_named(limit.family))
    links = {
        theirs[model.predictors.owners[group.design]]: group.link.name
        for group in groups
        if group.design is not None and group.link is not None and not group.link.trivial
    }
    domains = {parameter.name: parameter.domain for parameter in family.declared}
    if any(name not in {link.name for link in links_of(domains[owner])} for owner, name in links.items()):
        return None
    laid_out = predictors(family, designers, links, fixed, model.predictors.unit)
    return RegressionModel(reader.changed(family=family), laid_out, model.text, model.selection)


def typical_values(limiting: RegressionModel, point: Vector, packs: list[Any] | None) -> dict[str, float]:
    """Natural parameters of the limit at a row in the middle of the first block, by which a scale is set."""
    values = dict.fromkeys((parameter.name for parameter in limiting.family.declared), 1.0)
    part: Part | None = next((packed.parts[0] for packed in packs or () if packed.parts), None)
    if part is None:
        return values
    eta, _ = limiting.predictors.coordinates(part.designs, part.offsets, limiting.table.working(point))
    middle = tuple(np.median(item) for item in eta)
    theta = limiting.family.theta(middle)
    return {
        parameter.name: float(value) for parameter, value in zip(limiting.family.declared, theta, strict=True)
    }


def slope_on_leaving(
    limit: Limit,
    arrangement: RegressionArrangement,
    natural: Mapping[str, float],
    at_limit: Mapping[str, float],
    scale: float,
    engine: Engine,
) -> tuple[float, float]:
    """∂ℓ/∂ε on leaving a limit at ε = 0, with what rounding may have made of it."""
    model = arrangement.model
    family = model.family
    factor = float(FAR_OUT ** (1.0 / max(abs(limit.order), 1.0)))
    far = limit.size_beyond(scale, factor)

    def running(step: float) -> dict[str, float]:
        return _moved(limit, at_limit, limit.placed(far * float(np.exp(step))))

    working = model.table.working(model.table.free_from_natural({**natural, **running(0.0)}))
    declared = [parameter.name for parameter in family.declared]
    domains = {parameter.name: parameter.domain for parameter in family.declared}
    ahead, behind = running(STEP), running(-STEP)
    course = {
        declared.index(name): (
            float(domains[name].to_free(ahead[name])) - float(domains[name].to_free(behind[name]))
        )
        / (2.0 * STEP)
        for name in ahead
    }

    def total(block: Any) -> Slope:
        packed = block if arrangement.packed else model.pack(block)
        value = noise = 0.0
        for part in packed.parts:
            eta, _ = model.predictors.coordinates(part.designs, part.offsets, working)
            if part.kind == "exact":
                slopes = np.broadcast_to(limit.slope(part.rows, eta), (part.n_rows,))
                error = ROUNDING
            else:
                # With the parameter at 1/ε, ∂ℓ/∂ε is minus the parameter times the score along its logarithm.
                terms = part.terms(family, eta, DERIVATIVES)
                along: Any = sum(step * terms.gradient[position] for position, step in course.items())
                slopes = np.broadcast_to(-(far**limit.order) / limit.order * along, (part.n_rows,))
                error = 10.0 / factor
            slopes = slopes if part.weight is None else slopes * part.weight
            value += float(np.add.reduce(slopes))
            noise += error * float(np.add.reduce(np.abs(slopes)))
        return Slope(value, noise)

    found = engine.reduce(total, arrangement.blocks())
    return found.value, found.noise
