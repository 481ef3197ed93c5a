"""Masses of intervals of log-concave standard densities by quadrature, with derivatives as conditional moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thetahat.families._standard import Standard
from thetahat.families._terms import Array, Coordinates, EndTerms, end_terms
from thetahat.numerics.log_concave import LOG_DROP, effective_extent, log_concave_moments
from thetahat.numerics.log_mass import LogMass, interval_log_mass

Density = Callable[[Array, Coordinates], Standard]
_MOST_STEPS = 60
_LONGEST = 2.0
"""Of the distance from the centre, or of 1, the longest step towards a quantile."""


def log_concave_mass(
    density: Density,
    low: Array,
    high: Array,
    shapes: Coordinates,
    centre: Any,
    order: int,
    unit: Any = 1.0,
) -> EndTerms:
    """Log mass of z between two ends, with derivatives in them and in the shapes.

    Parameters
    ----------
    density
        The standard density with its derivatives, log-concave in z and bending over lengths of ``unit`` and more.
    low, high
        Ends, by row.
    shapes
        Shape coordinates, by row or single.
    centre
        A point near the mode.
    order
        0 or 2.
    unit
        By row or single.
    """
    low, high, centre, unit, *rest = np.broadcast_arrays(low, high, centre, unit, *shapes)
    form, size = low.shape, len(shapes)
    low, high, centre, unit, *rest = (
        np.ascontiguousarray(item, dtype=float).ravel() for item in (low, high, centre, unit, *rest)
    )
    engine = _Engine(density, centre, unit, tuple(rest))
    proper = np.flatnonzero(low < high)
    mass = np.full(low.size, -np.inf)
    gradient, hessian = np.zeros((size, low.size)), np.zeros((size, size, low.size))
    with np.errstate(all="ignore"):
        if proper.size:
            found = engine.mass(proper, low[proper], high[proper], order)
            mass[proper] = found.value
            if order:
                gradient[:, proper], hessian[:, :, proper] = found.gradient, found.hessian
        if not order:
            return EndTerms(mass.reshape(form), 0.0, 0.0, 0.0, 0.0, 0.0)
        ends = [engine.at(end) for end in (low, high)]
        end = end_terms(
            mass,
            ends[0],
            ends[1],
            tuple(gradient),
            tuple(hessian[i, j] for i in range(size) for j in range(i + 1)),
        )
    return EndTerms(*(_shaped(item, form) for item in end))


def log_concave_quantile(
    density: Density, probability: Array, shapes: Coordinates, centre: Any, start: Array, unit: Any = 1.0
) -> Array:
    """z with P(Z <= z) = ``probability``, by Newton's method on the log of the smaller tail.

    That log is concave, so that the method converges from one side whatever the ``start``, if with many steps from a
    bad one.
    """
    with np.errstate(all="ignore"):
        probability, *rest = np.broadcast_arrays(probability, centre, start, unit, *shapes)
        form = probability.shape
        p, middle, z, units, *rest = (np.array(item, dtype=float).ravel() for item in (probability, *rest))
        below = p < 0.5
        target = np.where(below, np.log(p), np.log1p(-p))
        found = np.where(p <= 0.0, -np.inf, np.where(p >= 1.0, np.inf, z))
        rows = np.flatnonzero((p > 0.0) & (p < 1.0))
        for _ in range(_MOST_STEPS):
            if not rows.size:
                break
            at, there, lower = found[rows], tuple(item[rows] for item in rest), below[rows]
            low, high = np.where(lower, -np.inf, at), np.where(lower, at, np.inf)
            log_tail = log_concave_mass(density, low, high, there, middle[rows], 0, units[rows]).value
            gap = (target[rows] - log_tail) * np.where(lower, 1.0, -1.0)
            step = gap * np.exp(log_tail - density(at, there).value)
            # On the flat side of the quantile a tangent may lead anywhere.
            most = _LONGEST * (1.0 + np.abs(at - middle[rows]))
            found[rows] = at + np.where(np.isnan(step), 0.0, np.clip(step, -most, most))
            rows = rows[np.abs(step) > 2.0 * np.spacing(1.0 + np.abs(at))]
        return found.reshape(form)


def _shaped(item: Any, form: tuple[int, ...]) -> Any:
    if isinstance(item, tuple):
        return tuple(np.reshape(part, form) for part in item)
    return np.reshape(item, form)


class _Engine:
    """The density by row number."""

    def __init__(self, density: Density, centre: Array, unit: Array, shapes: Coordinates) -> None:
        self.density, self.centre, self.unit, self.shapes = density, centre, unit, shapes

    def of(self, rows: Array, z: Array) -> Standard:
        return self.density(z, tuple(shape[rows] for shape in self.shapes))

    def at(self, z: Array) -> tuple[Array, Array, tuple[Array, ...]]:
        terms = self.of(np.arange(z.size), np.where(np.isfinite(z), z, 0.0))
        return np.where(np.isfinite(z), terms.value, -np.inf), terms.first, terms.shape

    def mass(self, rows: Array, low: Array, high: Array, order: int) -> LogMass:
        found = self.direct(rows, low, high, order)
        # A probability near 1 is known by its complement alone.
        wide = np.flatnonzero(found.value > np.log(0.5))
        if wide.size:

            def direct(some: Array, begin: Array, end: Array) -> LogMass:
                return self.direct(rows[wide[some]], begin, end, order)

            every = np.ones(wide.size, dtype=bool)
            whole = (-np.inf, np.inf)
            n_shapes = len(self.shapes)
            found.put(wide, interval_log_mass(direct, low[wide], high[wide], whole, every, n_shapes, order))
        return found

    def direct(self, rows: Array, low: Array, high: Array, order: int) -> LogMass:
        centre, unit = np.clip(self.centre[rows], low, high), self.unit[rows]
        top = self.of(rows, centre)
        size = len(self.shapes)
        pairs = [(i, j) for i in range(size) for j in range(i + 1)]

        def integrand(some: Array, s: Array, _narrow: bool) -> tuple[Array, tuple[Array, ...]]:
            terms = self.of(rows[some], centre[some] + unit[some] * s)
            statistics = (*terms.shape, *terms.shape_shape) if order else ()
            return terms.value - top.value[some], tuple(np.broadcast_to(item, s.shape) for item in statistics)

        def extent(limit: Array, sign: float) -> Array:
            def drop(some: Array, s: Array) -> tuple[Array, Array]:
                terms = self.of(rows[some], centre[some] + sign * unit[some] * s)
                return top.value[some] - terms.value, -sign * unit[some] * terms.first

            guess = np.minimum(9.0, 1.2 * LOG_DROP / np.maximum(-sign * unit * top.first, 1e-3))
            return effective_extent(drop, limit, guess)

        left, right = extent((centre - low) / unit, -1.0), extent((high - centre) / unit, 1.0)
        count = size + len(pairs) if order else 0
        moments = log_concave_moments(integrand, left, right, count, order)
        value = top.value + moments.log_integral + np.log(unit)
        # Where not even the highest density is a number but 0, no mass is either.
        value = np.where(np.isneginf(top.value), -np.inf, value)
        if not order:
            return LogMass(value, np.zeros((0, rows.size)), np.zeros((0, 0, rows.size)))
        hessian = np.array(moments.covariance[:size, :size])
        for position, (i, j) in enumerate(pairs):
            hessian[i, j] += moments.mean[size + position]
            hessian[j, i] = hessian[i, j]
        return LogMass(value, moments.mean[:size], hessian)
