"""Executing the limits that a family of vectors declares: the limiting fit, and the slope in its chart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families import multivariate_named
from thetahat.families._contract import EDGE
from thetahat.families._limit import Limit
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models._multivariate_model import MultivariateModel, PackedVectors, VectorArrangement
from thetahat.optimize.limit_fit import LimitFit
from thetahat.optimize.limits import ROUNDING, Slope

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VectorLimit:
    """A limit that was fitted, and whole natural parameters of the family on the way there."""

    fit: LimitFit
    at_limit: Mapping[str, Any]

    def beside(self, value: float) -> dict[str, Any]:
        """The family's parameters where the one that runs away has this value."""
        return beside(self.fit.limit, self.at_limit, value)


def fit_vector_limits(arrangement: VectorArrangement, engine: Engine) -> list[VectorLimit]:
    """Fit every declared limit whose parameter is free, from the moments that both families gather alike."""
    model = arrangement.model
    free = [limit for limit in model.family.limits if limit.parameter not in model.table.fixed]
    found = [_fit(limit, arrangement, engine) for limit in free]
    return [fit for fit in found if fit is not None]


def beside(limit: Limit, at_limit: Mapping[str, Any], value: float) -> dict[str, Any]:
    """The family's parameters where ``parameter`` has this value, from the limit's; vectors and matrices whole."""
    named = {ours: at_limit[theirs] for theirs, ours in limit.names.items()}
    moved: dict[str, Any] = {name: place(at_limit, value) for name, place in limit.moving.items()}
    return {limit.parameter: value, **named, **moved}


def _fit(limit: Limit, arrangement: VectorArrangement, engine: Engine) -> VectorLimit | None:
    model, moments = arrangement.model, arrangement.moments
    kind = multivariate_named(limit.family)
    if kind is None:
        raise LookupError(f"{limit.family!r} is declared as a limit, and is no family of vectors")
    family = kind().sized(len(model.response))
    back = {ours: theirs for theirs, ours in limit.names.items()}
    fixed = {back[name]: value for name, value in model.table.fixed.items()}
    limit_model = MultivariateModel(
        family, model.response, weight_column=model.weight_column, known=model.known, fixed=fixed
    )
    held = limit_model.table.fixed
    solution, condensed = family.solve(moments, held), family.condensed(moments)
    if solution is None or condensed is None or family.degenerate(moments, model.response, held) is not None:
        return None
    pseudo = PackedVectors(moments.n_rows, condensed.rows, condensed.weight, None)
    likelihood = Likelihood(limit_model, lambda: [pseudo], packed=True, engine=engine)
    point = np.concatenate(
        [
            np.atleast_1d(parameter.domain.beside_edge(solution[parameter.name], EDGE))
            for parameter in limit_model.table.free_parameters
        ]
        or [np.zeros(0)]
    )
    tally = likelihood.tally(point, DERIVATIVES)
    ours = beside(limit, solution, limit.end)
    table = model.table
    natural = {
        name: float(entry)
        for parameter in table.parameters
        for name, entry in zip(
            parameter.names, parameter.domain.entries(ours[parameter.name]).tolist(), strict=True
        )
    }
    names = tuple(
        name
        for parameter in limit_model.table.free_parameters
        for name in _renamed(limit, parameter.name, parameter.names, parameter.domain.free_size)
    )
    # The coordinates that differ between two points on the way are those that run away.
    near, far = (table.free_from_natural(beside(limit, solution, value)) for value in (1.0, np.e))
    away = np.abs(far - near) > 0.5

    @cache
    def slope() -> tuple[float, float]:
        eta = model.family.working(beside(limit, solution, 1.0))

        def total(block: Any) -> Slope:
            packed = block if arrangement.packed else model.pack(block)
            value = noise = 0.0
            for _, rows, weight in packed.tiles():
                slopes = limit.slope(rows, eta) * weight
                value += float(np.add.reduce(slopes))
                noise += ROUNDING * float(np.add.reduce(np.abs(slopes)))
            return Slope(value, noise)

        found = engine.reduce(total, arrangement.blocks())
        return found.value, found.noise

    fit = LimitFit(
        limit, family.title, tally.value, natural, {}, names, tally, 1.0, slope, np.where(away, np.inf, near)
    )
    return VectorLimit(fit, solution)


def _renamed(limit: Limit, theirs: str, names: tuple[str, ...], size: int) -> tuple[str, ...]:
    """What the family calls the coordinates of a parameter of the limit; empty where it has no name for them."""
    ours = limit.names.get(theirs)
    if ours is None:
        return ("",) * size
    return tuple(ours + name.removeprefix(theirs) for name in names)
