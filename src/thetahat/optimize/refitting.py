"""A family fitted again and again to other rows, without certificates: what bootstraps and cross-validation need."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.data import Block
from thetahat.engines import Engine
from thetahat.families import Family
from thetahat.first_pass import arrange_packed
from thetahat.likelihood import Likelihood
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.climb import climb
from thetahat.optimize.independent import maximise
from thetahat.optimize.kinks.kinks import kinked_coordinate
from thetahat.optimize.newton import Newton

Vector = NDArray[np.float64]
AT_INFINITY = 40.0
"""A free coordinate at which a parameter that runs to infinity cannot be told from its limit."""
_STEPS = 60
_FOUND = frozenset({Verdict.MAXIMUM, Verdict.BOUNDARY, Verdict.AT_INFINITY, Verdict.FLAT})


@final
class Refitting:
    """Maximum-likelihood estimates of one model on rows like those of a fit, exact and without examination.

    The closed form where there is one, else Newton's method from the fit's own point. Where that does not converge
    the rows are fitted from the beginning, with all that a fit tries.

    Parameters
    ----------
    model
        As it was arranged for the fit.
    point
        The fit's, on the free scale; infinite entries are brought near.
    engine
        Who sums.
    """

    def __init__(self, model: IndependentModel, point: Vector, engine: Engine) -> None:
        self._model = model
        self._point = np.nan_to_num(point, posinf=AT_INFINITY, neginf=-AT_INFINITY)
        self._engine = engine
        self._newton = Newton(max_iterations=_STEPS)
        table = model.table
        self._fixed = {name: np.asarray(value) / table.unit(name) for name, value in table.fixed.items()}
        self._known = {name: value for name, value in model.known.items() if not isinstance(value, str)}

    def of(self, block: Block) -> Family | None:
        """The fitted distribution of the rows of a block, in the model's unit; None where none was found."""
        with np.errstate(all="ignore"):
            return self._of(self._model.pack(block))

    def _of(self, packed: PackedRows) -> Family | None:
        model = self._model
        family = model.family
        survey = packed.survey(spread=model.needs_spread)
        if survey.plain and family.refinement(survey) is None:
            theta = family.solve_given(survey, self._known, self._fixed)
            if theta is not None:
                return self._law(theta)
        if not (survey.constant or family.edges or kinked_coordinate(model) is not None):
            likelihood = Likelihood(
                model,
                lambda: [packed],
                packed=True,
                engine=self._engine,
                condensed=model.condensed(survey),
            )
            search = climb(likelihood, self._newton, self._point)
            if search.converged and search.tally is not None and search.tally.finite:
                return self._law(family.theta(tuple(model.table.working(search.point))))
        return self._from_the_beginning(packed)

    def _from_the_beginning(self, packed: PackedRows) -> Family | None:
        model = self._model
        arrangement = arrange_packed(model, packed, self._engine)
        likelihood = Likelihood(
            model,
            arrangement.blocks,
            packed=True,
            engine=self._engine,
            condensed=arrangement.condensed,
            counted=arrangement.counted,
        )
        outcome = maximise(arrangement, likelihood, self._engine, Newton(), None)
        if outcome.certificate.verdict not in _FOUND:
            return None
        point = np.nan_to_num(outcome.point, posinf=AT_INFINITY, neginf=-AT_INFINITY)
        return self._law(model.family.theta(tuple(model.table.working(point))))

    def _law(self, theta: tuple[Any, ...]) -> Family:
        family = self._model.family
        names = (parameter.name for parameter in family.declared)
        return family.carrying(dict(zip(names, theta, strict=True)), self._known)
