"""Expectations under a distribution, with a bound on their error: where it lives, its tails, its points of mass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np

from thetahat._errors import InferenceError, ParameterError
from thetahat.families._charts import Chart, chart_of, from_start, reached, up_to
from thetahat.families._contract import EDGE, FamilyContract
from thetahat.families._terms import Array
from thetahat.numerics.adaptive import Integrals, integrate
from thetahat.numerics.namespace import NUMPY

Integrand = Callable[[Array, Array, bool], Array]
"""``integrand(y, log_p, mass)``: k functions of y, (k, n); ``mass`` says whether log_p is a mass or a density."""
LogDensity = Callable[[Array], Array]
_TAIL = (1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.15, 0.3)
_LEVELS = np.array([*_TAIL, 0.5, *(1.0 - level for level in reversed(_TAIL))])
_OTHERS = np.array([1e-6, 1e-3, 0.1, 0.5, 0.9, 1.0 - 1e-3, 1.0 - 1e-6])
_LATTICE_LEVELS = np.array([1e-9, 1e-5, 1e-2, 0.25, 0.5, 0.75, 0.99, 1.0 - 1e-5, 1.0 - 1e-9])
_WINDOW = 1 << 14
"""Whole numbers from an end that are summed one by one; beyond them a mass is smooth on the scale of 1."""
_NOTHING = -1500.0
"""A log probability at which no number that is finite in double precision contributes."""
_REFUSED = 1e-8


def ends(family: FamilyContract) -> tuple[float, float]:
    """The least and the largest value that a complete distribution gives some probability."""
    support = family.support
    if support.discrete and not family.edges and not family.known:
        return support.lower, support.upper
    with np.errstate(all="ignore"):
        low, high = family.quantile_at(np.array([0.0, 1.0]), family.distribution_theta(), family.known_values)
    return float(low), float(high)


def log_density_of(family: FamilyContract) -> LogDensity:
    """Log density or mass; of counts, smooth between whole numbers too; -inf beyond the ends."""
    theta, known = family.distribution_theta(), family.known_values
    varying = next((name for name, value in known.items() if np.ndim(value)), None)
    if varying is not None:
        raise ParameterError(
            f"{family!r}: {varying} varies by row, and so does the distribution; give one number for {varying}"
        )
    low, high = ends(family)
    eta = family.working(theta)
    at_edge = any(np.max(np.abs(item)) >= EDGE for item in eta)
    farther = tuple(np.where(np.abs(item) >= EDGE, 2.0 * np.asarray(item), item) for item in eta)

    def at(y: Array) -> Array:
        with np.errstate(all="ignore"):
            rows = family.prepare(NUMPY, y, known)
            value = np.asarray(family.log_density(NUMPY, rows, eta))
            if at_edge:
                # A probability of 0 is worked with as exp(-800): what falls as that edge is put farther out is 0.
                falling = np.asarray(family.log_density(NUMPY, rows, farther)) < value - 0.5 * EDGE
                value = np.where(falling, -np.inf, value)
        return np.where((y >= low) & (y <= high), value, -np.inf)

    return at


def expectation(p: FamilyContract, integrand: Integrand, others: Sequence[FamilyContract] = ()) -> Integrals:
    """E_p of k functions, each with a bound on its error; infinite where the integral is.

    Parameters
    ----------
    p
        A complete distribution of numbers.
    integrand
        The functions.
    others
        Distributions whose densities are in the functions: where they bend is looked at closely.

    Raises
    ------
    InferenceError
        If an integral can be neither computed to 1e-8 nor shown to be infinite.
    """
    part = _Parts(p, integrand, others)
    found = part.whole_numbers() if p.support.discrete else part.line()
    finite = np.isfinite(found.value)
    # What is missing of p itself is missing of every expectation.
    missing = abs(found.value[0] - 1.0)
    error = found.error + missing * np.maximum(np.where(finite, np.abs(found.value), 0.0), 1.0)
    bad = finite & ~(error <= _REFUSED * np.maximum(1.0, np.abs(found.value)))
    if bad.any() or not finite[0]:
        part.give_up(f"the error bound is {np.max(error[bad], initial=missing):.2g}")
    return Integrals(found.value[1:], np.where(finite, error, 0.0)[1:], found.size[1:])


class _Parts:
    def __init__(self, p: FamilyContract, integrand: Integrand, others: Sequence[FamilyContract]) -> None:
        self.p, self.others, self.integrand = p, others, integrand
        self.theta = p.distribution_theta()
        self.log_density = log_density_of(p)
        self.low, self.high = ends(p)

    def give_up(self, why: str) -> NoReturn:
        raise InferenceError(
            f"an expectation under {self.p!r} can be neither computed to 1e-8 nor shown to be infinite: {why}. Its "
            "parameters are near an edge of double precision; rescale them, or bound the distribution: "
            "th.Truncated(...)"
        )

    # ---- Integrands ---------------------------------------------------------------------------------------------

    def _functions(self, y: Array, log_p: Array, *, mass: bool) -> Array:
        with np.errstate(all="ignore"):
            return np.concatenate([np.ones((1, y.size)), self.integrand(y, log_p, mass)])

    def _at_points(self, y: Array) -> Array:
        """Probabilities times functions, which may be infinite."""
        log_p = self.log_density(y)
        return self._product(log_p, self._functions(y, log_p, mass=True), infinite=True)

    def _product(self, log_weight: Array, values: Array, *, infinite: bool = False) -> Array:
        with np.errstate(all="ignore"):
            weight = np.exp(log_weight)
            found = np.where(weight > 0, weight * values, 0.0)
        if np.isnan(found).any() or not (infinite or np.isfinite(found).all()):
            self.give_up("a function is not finite where there is mass")
        return found

    def _in_chart(self, chart: Chart, t: Array) -> tuple[Array, Array]:
        """Log weights per dt, and functions."""
        y, log_slope = chart.place(t)
        log_p = self.log_density(y)
        return log_p + log_slope, self._functions(y, log_p, mass=self.p.support.discrete)

    def _sum(self, y: Array) -> Integrals:
        values = self._at_points(y)
        size = np.abs(values).sum(axis=1)
        return Integrals(values.sum(axis=1), 8.0 * np.finfo(float).eps * size, size)

    # ---- Integrals ----------------------------------------------------------------------------------------------

    def line(self) -> Integrals:
        """A density over the line, and points that have probability of their own."""
        inner = self._quantiles(self.p, _LEVELS)
        middle = self._quantiles(self.p, np.array([0.25, 0.5, 0.75]))
        scale = max(0.5 * (middle[2] - middle[0]), 1e-300)
        chart = chart_of(self.low, self.high, float(middle[1]), float(scale))
        places = [inner, *(self._quantiles(other, _OTHERS) for other in self.others)]
        found = self._integral(chart, np.concatenate(places))
        atoms = np.array([a for a in self.p.atoms() if self.low <= a <= self.high])
        return found + self._sum(atoms) if atoms.size else found

    def _quantiles(self, family: FamilyContract, levels: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(
                family.quantile_at(levels, family.distribution_theta(), family.known_values), dtype=float
            )

    def _integral(self, chart: Chart, places: Array) -> Integrals:
        with np.errstate(all="ignore"):
            inner = chart.coordinate(places)
        inner = np.unique(inner[np.isfinite(inner)])
        inner = inner[(inner > chart.first) & (inner < chart.last)]
        if not inner.size:
            inner = np.array([0.5 * (chart.first + chart.last)])
        first, low = self._reach(chart, inner[0], chart.first, open_end=chart.open_first)
        last, high = self._reach(chart, inner[-1], chart.last, open_end=chart.open_last)
        edges = np.concatenate([low[::-1], inner, high])
        found = integrate(lambda t: self._product(*self._in_chart(chart, t)), edges)
        for open_end, end, start in (
            (chart.open_first, first, inner[0]),
            (chart.open_last, last, inner[-1]),
        ):
            if open_end:
                found += self._beyond(chart, end, (end - start) / 8.0, found.size)
        return found

    def _reach(self, chart: Chart, start: float, end: float, *, open_end: bool) -> tuple[float, Array]:
        """How far out everything can be computed, and panels up to there, each twice as wide as the one before."""

        def usable(t: Array) -> Array:
            log_weight, values = self._in_chart(chart, t)
            return np.asarray((log_weight < _NOTHING) | np.isfinite(values).all(axis=0))

        if open_end:
            grid = np.linspace(start, end, 65)
            bad = np.flatnonzero(~usable(grid))
            if bad.size:
                inside, outside = grid[max(bad[0] - 1, 0)], grid[bad[0]]
                for _ in range(40):
                    middle = 0.5 * (inside + outside)
                    inside, outside = (middle, outside) if usable(np.array([middle]))[0] else (inside, middle)
                end = float(inside)
        steps = 0.25 * 2.0 ** np.arange(14)
        reached_at = start + np.sign(end - start) * np.cumsum(steps)
        within = np.abs(reached_at - start) < abs(end - start)
        return end, np.append(reached_at[within], end)

    def _beyond(self, chart: Chart, end: float, step: float, size: Array) -> Integrals:
        """What lies beyond the last panel, where functions fall or rise as powers of the distance, if at all."""
        with np.errstate(all="ignore"):
            log_weight, values = self._in_chart(chart, end - step * np.array([2.0, 1.0, 0.0]))
            logs = np.where(log_weight < _NOTHING, -np.inf, log_weight + np.log(np.abs(values)))
            sign, at_end = np.sign(values[:, 2]), logs[:, 2]
            before, slope = (logs[:, 1] - logs[:, 0]) / abs(step), (at_end - logs[:, 1]) / abs(step)
            negligible = np.isneginf(at_end) | ((at_end < np.log(size) - 45.0) & (slope < 0))
            endless = ~negligible & (slope >= -1e-9) & (before >= -1e-6)
            change = np.abs(slope - before) / np.abs(slope)
            rest = np.exp(at_end) / np.abs(slope)
        if (~negligible & ~endless & ~((slope < 0) & (change < 0.5))).any():
            self.give_up("how fast it falls in its tail has not settled where numbers end")
        value = np.where(negligible, 0.0, np.where(endless, sign * np.inf, sign * rest))
        off = np.where(negligible, rest, rest * (10.0 * change + 1e-12))
        error = np.where(endless | np.isneginf(at_end), 0.0, off)
        return Integrals(value, error, np.where(endless | negligible, 0.0, rest))

    # ---- Sums ---------------------------------------------------------------------------------------------------

    def whole_numbers(self) -> Integrals:
        """Whole numbers one by one near the ends; elsewhere as an integral with Euler and Maclaurin's correction."""
        low, high = self.low, self.high
        if high - low < 2 * _WINDOW:
            return self._sum(np.arange(low, high + 1.0))
        if np.isfinite(low):
            found, start = self._from_end(low, 1.0)
        else:
            found, start = None, -np.inf
        if np.isfinite(high):
            top, stop = self._from_end(high, -1.0)
            found = top if found is None else found + top
        else:
            stop = np.inf
        places = np.zeros(0)
        if found is None or found.value[0] < 1.0 - 1e-12:
            places = self._quantiles(self.p, _LATTICE_LEVELS)
            places = np.concatenate(
                [places, *(self._quantiles(q, np.array([0.01, 0.5, 0.99])) for q in self.others)]
            )
        if np.isfinite(start) and np.isfinite(stop):
            chart = reached(start, stop)
        elif np.isfinite(start):
            chart = from_start(start)
        elif np.isfinite(stop):
            chart = up_to(stop)
        else:
            return self._everywhere(places)
        between = self._integral(chart, places)
        found = between if found is None else found + between
        for end, direction in ((start, 1.0), (stop, -1.0)):
            if np.isfinite(end):
                found += self._corrected(end, direction)
        return found

    def _everywhere(self, places: Array) -> Integrals:
        """Whole numbers without an end: those about the middle one by one, if they are few."""
        middle, first, last = places[4], places[0], places[8]
        if last - first > _WINDOW:
            quartiles = self._quantiles(self.p, np.array([0.25, 0.75]))
            return self._integral(
                chart_of(-np.inf, np.inf, float(middle), float(np.diff(quartiles)[0])), places
            )
        spread = max(last - first, 16.0)
        start, stop = first - spread - 0.5, last + spread + 0.5
        found = self._sum(np.arange(start + 0.5, stop))
        for end, direction, chart in ((stop, 1.0, from_start(stop)), (start, -1.0, up_to(start))):
            found += self._integral(chart, np.zeros(0)) + self._corrected(end, direction)
        return found

    def _from_end(self, end: float, direction: float) -> tuple[Integrals, float]:
        """The sum from an end inwards, and the place half a step after the last of them."""
        found, done = self._sum(np.array([end])), 1
        while done < _WINDOW:
            more = min(max(done, 64), _WINDOW - done)
            y = end + direction * np.arange(done, done + more)
            found, done = found + self._sum(y), done + more
            last = np.abs(self._at_points(y[-1:])[:, 0])
            if found.value[0] > 0.5 and (last <= 1e-25 * found.size).all():
                break
        return found, end + direction * (done - 0.5)

    def _corrected(self, end: float, direction: float) -> Integrals:
        """What the sum over whole numbers beyond ``end`` has more than the integral: h'/24, to third differences."""
        h = self._at_points(end + direction * np.array([-1.5, -0.5, 0.5, 1.5]))
        value = (h[:, 2] - h[:, 1]) / 24.0
        third = np.abs(h[:, 3] - 3.0 * h[:, 2] + 3.0 * h[:, 1] - h[:, 0])
        return Integrals(value, third, np.abs(value))
