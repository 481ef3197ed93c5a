"""The information of a regression at one point, held row by row: products with vectors instead of a (k, k) matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families import Family
from thetahat.models._model import DERIVATIVES
from thetahat.models._predictors import Group, Predictors
from thetahat.models._regression_rows import Part, Sums, on_predictors

Array = NDArray[Any]
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summed:
    """A vector that is summed over rows."""

    value: Vector

    def merge(self, other: Summed) -> Summed:
        """Add that of the rows that follow."""
        return Summed(self.value + other.value)


@dataclass(frozen=True, slots=True)
class HeldCurvature:
    """A = -Σ w Xᵀ H X of some rows: H by row, the lower triangle over the predictors."""

    groups: tuple[Group, ...]
    size: int
    parts: tuple[tuple[Part, tuple[Any, ...]], ...]

    def product(self, vector: Vector) -> Summed:
        """A v over the working coordinates."""
        total = np.zeros(self.size)
        for part, hessian in self.parts:
            along = self._along(part, vector)
            moved = []
            for i in range(len(along)):
                terms = (_entry(hessian, i, j) * along[j] for j in range(len(along)))
                moved.append(-sum(terms))
            total += Sums(self.groups, part, self.size).score(tuple(moved))
        return Summed(total)

    def _along(self, part: Part, vector: Vector) -> list[Any]:
        """How the predictors of each row move along a vector."""
        along: list[Any] = []
        for group in self.groups:
            if group.design is None:
                along.append(vector[group.span.start])
            elif group.size == 1:
                along.append(part.designs[group.design].matvec(vector[group.span]))
            else:
                coefficients = vector[group.span].reshape(group.size, -1)
                along.extend(part.designs[group.design].matvec(coefficients))
        return along

    def diagonal(self) -> Summed:
        """The diagonal of A."""
        total = np.zeros(self.size)
        for part, hessian in self.parts:
            at = 0
            for group in self.groups:
                width = (group.span.stop - group.span.start) // group.size
                for index in range(group.size):
                    item = -_entry(hessian, at, at)
                    column = np.broadcast_to(item, (part.n_rows,))
                    column = column if part.weight is None else column * part.weight
                    start = group.span.start + index * width
                    total[start : start + width] += (
                        column.sum()
                        if group.design is None
                        else part.designs[group.design].column_squares(column)
                    )
                    at += 1
        return Summed(total)


def held_curvature(
    family: Family, predictors: Predictors, parts: tuple[Part, ...], working: Vector
) -> HeldCurvature:
    """Evaluate the second derivatives of packed rows once, for many products."""
    held = []
    for part in parts:
        eta, bends = predictors.coordinates(part.designs, part.offsets, working)
        _, hessian = on_predictors(part.terms(family, eta, DERIVATIVES), bends)
        held.append((part, hessian))
    return HeldCurvature(predictors.groups, working.size, tuple(held))


def _entry(triangle: tuple[Any, ...], i: int, j: int) -> Any:
    row, column = max(i, j), min(i, j)
    return triangle[row * (row + 1) // 2 + column]
