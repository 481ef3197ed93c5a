"""Families whose location, log scale and shapes are affine functions of their working coordinates."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

import numpy as np

from thetahat.families._contract import Known
from thetahat.families._location_scale import logged_ends
from thetahat.families._standard import StandardFamily
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY


class ChartedFamily(StandardFamily):
    """z = (log y - location)/scale, or (y - location)/scale unless ``logged``.

    Location, log scale and shape coordinates follow from the ``chart``, which has a row for each: a constant, then
    the coefficient of each working coordinate.
    """

    chart: ClassVar[tuple[tuple[float, ...], ...]]
    logged: ClassVar[bool] = True

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return log y, or y."""
        return (xp.log(y),) if self.logged else (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """g(z) - log scale, less log y where logged."""
        location, log_scale, *shapes = self.charted(eta)
        z = (rows[0] - location) / xp.exp(xp.asarray(log_scale))
        value = self.standard_log_density(xp, z, tuple(shapes)) - log_scale
        return value - rows[0] if self.logged else value

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Chain rule through z and the chart."""
        location, log_scale, *shapes = self.charted(eta)
        terms = self.charted_back(self.point_terms(rows[0], location, log_scale, tuple(shapes)))
        return terms._replace(value=terms.value - rows[0]) if self.logged else terms

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Log mass of the interval of z."""
        location, log_scale, *shapes = self.charted(eta)
        ends = logged_ends(low, high) if self.logged else (low, high, high - low)
        terms = self.interval_terms(ends, location, np.asarray(log_scale), tuple(shapes), order)
        return self.charted_back(terms) if order else terms

    def charted(self, eta: Coordinates) -> Coordinates:
        """Location, log scale and shapes at working coordinates."""
        return tuple(_affine(constant, coefficients, eta) for constant, *coefficients in self.chart)

    def charted_back(self, terms: Terms) -> Terms:
        """From derivatives in (location, log scale, shapes) to those in working coordinates."""
        columns = [
            [(row, entries[1 + k]) for row, entries in enumerate(self.chart) if entries[1 + k] != 0]
            for k in range(len(self.chart[0]) - 1)
        ]
        gradient = tuple(
            _total([(weight, terms.gradient[row]) for row, weight in column]) for column in columns
        )
        hessian = tuple(
            _total(
                [
                    (a * b, terms.hessian[max(i, j) * (max(i, j) + 1) // 2 + min(i, j)])
                    for (i, a), (j, b) in product(columns[row], columns[column])
                ]
            )
            for row in range(len(columns))
            for column in range(row + 1)
        )
        return Terms(terms.value, gradient, hessian)


class ChartedFromZero(ChartedFamily):
    """The same for densities that are finite at 0, which is part of the support; rows are y and log y.

    A leaf writes ``log_density`` in y itself, where log y has no place.
    """

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and log y."""
        if xp.is_jax:
            return y, xp.log(y)
        with np.errstate(divide="ignore"):
            return y, np.log(y)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Chain rule through log y, whose derivatives are finite at 0, beside the value in y."""
        location, log_scale, *shapes = self.charted(eta)
        with np.errstate(all="ignore"):
            terms = self.charted_back(self.point_terms(rows[1], location, log_scale, tuple(shapes)))
            return terms._replace(value=self.log_density(NUMPY, rows, eta))


def _affine(constant: float, coefficients: list[float], eta: Coordinates) -> Any:
    total: Any = constant
    for coefficient, coordinate in zip(coefficients, eta, strict=True):
        if coefficient != 0:
            total = total + coefficient * coordinate
    return total


def _total(parts: list[tuple[float, Any]]) -> Any:
    total: Any = 0.0
    for weight, item in parts:
        total = total + weight * item
    return total
