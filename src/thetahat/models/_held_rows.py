"""Rows of a regression at one point, held with their predictors: steps and products without another pass for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families import Family
from thetahat.families._terms import entry
from thetahat.models._model import DERIVATIVES, GRADIENT, Tally
from thetahat.models._predictors import Predictors
from thetahat.models._regression_rows import Part
from thetahat.models._regression_sums import Sums, on_predictors, tally_of_terms
from thetahat.numerics.sums import Total

Array = NDArray[Any]
Vector = NDArray[np.float64]
Columns = list[Any]
"""A number a row, or one for all, for each working coordinate of each part."""


@dataclass(frozen=True, slots=True)
class Product:
    """A v, summed over rows, and how the predictors of each block of rows move along v."""

    value: Vector
    along: list[Columns]

    def merge(self, other: Product) -> Product:
        """Add that of the rows that follow."""
        return Product(self.value + other.value, self.along + other.along)


@dataclass(frozen=True, slots=True)
class HeldRows:
    """Packed rows at one point: their predictors, offsets included, and H, the lower triangle over the predictors.

    The information of these rows is A = -Σ w Xᵀ H X, which is multiplied with vectors and never formed.
    """

    family: Family
    predictors: Predictors
    size: int
    parts: tuple[Part, ...]
    linear: Columns
    hessian: tuple[tuple[Any, ...], ...]

    def product(self, vector: Vector) -> Product:
        """A v over the working coordinates."""
        total = np.zeros(self.size)
        everything: Columns = []
        for part, hessian in zip(self.parts, self.hessian, strict=True):
            along = self.predictors.along(part.designs, vector)
            moved = []
            for i in range(len(along)):
                terms = (entry(hessian, i, j) * along[j] for j in range(len(along)))
                moved.append(-sum(terms))
            total += Sums(self.predictors.groups, part, self.size).score(tuple(moved))
            everything += along
        return Product(total, [everything])

    def moved(self, along: Columns, length: float) -> Standing:
        """The same rows at a point further on, whose predictors have moved by ``length`` times ``along``."""
        linear = [here + length * step for here, step in zip(self.linear, along, strict=True)]
        return _standing(self.family, self.predictors, self.size, self.parts, linear)

    def diagonal(self) -> Total[Vector]:
        """The diagonal of A."""
        total = np.zeros(self.size)
        for part, hessian in zip(self.parts, self.hessian, strict=True):
            at = 0
            for group in self.predictors.groups:
                width = (group.span.stop - group.span.start) // group.size
                for index in range(group.size):
                    item = -entry(hessian, at, at)
                    column = np.broadcast_to(item, (part.n_rows,))
                    column = column if part.weight is None else column * part.weight
                    start = group.span.start + index * width
                    total[start : start + width] += (
                        column.sum()
                        if group.design is None
                        else part.designs[group.design].column_squares(column)
                    )
                    at += 1
        return Total(total)


@dataclass(frozen=True, slots=True)
class Standing:
    """Value and score summed over rows, and the rows themselves, block by block."""

    tally: Tally
    held: list[HeldRows]

    def merge(self, other: Standing) -> Standing:
        """Add those of the rows that follow."""
        return Standing(self.tally.merge(other.tally), self.held + other.held)


def standing(family: Family, predictors: Predictors, parts: tuple[Part, ...], working: Vector) -> Standing:
    """Evaluate packed rows at a point, for many products and for points further on."""
    linear: Columns = []
    for part in parts:
        linear += predictors.linear(part.designs, part.offsets, working)
    return _standing(family, predictors, working.size, parts, linear)


def _standing(
    family: Family, predictors: Predictors, size: int, parts: tuple[Part, ...], linear: Columns
) -> Standing:
    total: Tally | None = None
    curvatures = []
    each = len(linear) // max(len(parts), 1)
    for number, part in enumerate(parts):
        eta, bends = predictors.through_links(linear[number * each : (number + 1) * each])
        terms = part.terms(family, eta, DERIVATIVES)
        added = tally_of_terms(family, predictors, part, terms, bends, size, GRADIENT)
        total = added if total is None else total.merge(added)
        curvatures.append(on_predictors(terms, bends)[1])
    if total is None:
        total = Tally(0.0, 0.0, np.zeros(size), np.zeros((0, 0)))
    held = HeldRows(family, predictors, size, parts, linear, tuple(curvatures))
    return Standing(total, [held])
