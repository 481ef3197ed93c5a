"""Rows that have one predictor and nothing else, whose sums cost less than asking what there is to sum."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families import Family
from thetahat.links import Link
from thetahat.models._model import DERIVATIVES, Tally
from thetahat.models._predictors import Predictors
from thetahat.models._regression_rows import Part

Vector = NDArray[np.float64]


class RowsOfOnePredictor:
    """Rows of one part and one tile, whose single working coordinate is a link of a single predictor."""

    __slots__ = ("family", "link", "part")

    def __init__(self, family: Family, link: Link | None, part: Part) -> None:
        self.family = family
        self.link = link
        self.part = part

    @classmethod
    def of(cls, family: Family, predictors: Predictors, part: Part) -> RowsOfOnePredictor | None:
        """These rows, if they are such; else None."""
        group = predictors.groups[0]
        if (
            len(predictors.groups) > 1
            or group.design is None
            or group.size > 1
            or part.n_rows > part.tile_rows
        ):
            return None
        return cls(family, group.link, part)

    def terms(self, predictor: Vector) -> tuple[Vector, Vector, Vector]:
        """Log-likelihood of each row, and its two derivatives in the predictor."""
        link = self.link
        if link is None or link.trivial:
            terms = self.part.terms(self.family, (predictor,), DERIVATIVES)
            gradient, hessian = terms.gradient[0], terms.hessian[0]
        else:
            coordinate, slope, bend = link.working(predictor)
            terms = self.part.terms(self.family, (coordinate,), DERIVATIVES)
            hessian = terms.hessian[0] * slope * slope + terms.gradient[0] * bend
            gradient = terms.gradient[0] * slope
        shape = predictor.shape
        return _by_row(terms.value, shape), _by_row(gradient, shape), _by_row(hessian, shape)

    def tally(self, working: Vector) -> Tally | None:
        """Sum the terms with their derivatives; None where their sum is not finite."""
        part = self.part
        design, offset, weight = part.designs[0], part.offsets[0], part.weight
        predictor = design.matvec(working)
        if offset is not None:
            predictor = predictor + offset
        values, gradient, hessian = self.terms(predictor)
        densest = -np.inf
        if part.log_unit > -np.inf:
            densest = float(np.maximum.reduce(values)) + part.log_unit
        if weight is not None:
            values, gradient, hessian = values * weight, gradient * weight, hessian * weight
        value = float(np.add.reduce(values))
        if not isfinite(value):
            return None
        # The log of a probability is nowhere above 0.
        probabilities = part.kind != "exact" or self.family.support.discrete
        absolute = abs(value) if probabilities else float(np.add.reduce(np.abs(values)))
        information = design.gram(hessian)
        np.negative(information, out=information)
        # As in ``tally_part``: Σ w |u_j| would cost a pass over the design of its own.
        size = np.sqrt(np.abs(part.total_weight * information.diagonal()))
        return Tally(value, absolute, design.transpose(gradient), information, size, None, densest)


def _by_row(column: Any, shape: tuple[int, ...]) -> Vector:
    """One number a row, also where it is the same for all."""
    return column if getattr(column, "shape", ()) == shape else np.full(shape, column)
