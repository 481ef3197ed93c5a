"""Expectations under a distribution, with a bound on their error: where it lives, its tails, its points of mass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np

from thetahat._errors import InferenceError, ParameterError
from thetahat.families._beyond import NOTHING, beyond, level, outgrows
from thetahat.families._charts import Chart, chart_of, from_start, up_to, within
from thetahat.families._contract import EDGE
from thetahat.families._family import Family
from thetahat.families._terms import Array
from thetahat.numerics.adaptive import Integrals, integrate, rule
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
_FEW = 4_096
"""Whole numbers from an end that stand for themselves."""
_SOME = 0.05
_WAY_OUT = np.linspace(0.0, 32.0, 257)
_NO_ACCOUNT = 1e-18
_REFUSED = 1e-8
_LOST = 0.1


def ends(family: Family) -> tuple[float, float]:
    """The least and the largest value that a complete distribution gives some probability."""
    support = family.support
    if support.discrete and not family.edges and not family.known:
        return support.lower, support.upper
    with np.errstate(all="ignore"):
        low, high = family.quantile_at(np.array([0.0, 1.0]), family.distribution_theta(), family.known_values)
    return float(low), float(high)


def log_density_of(family: Family) -> LogDensity:
    """Log density or mass; of counts, smooth between whole numbers too; -inf beyond the ends."""
    theta, known = family.distribution_theta(), family.known_values
    varying = next((name for name, value in known.items() if np.ndim(value)), None)
    if varying is not None:
        raise ParameterError(
            f"{family!r}: {varying} varies by row, and so does the distribution; give one number for {varying}"
        )
    low, high = ends(family)
    eta = family.working(theta)
    edges = _edge_coordinates(family)
    at_edge = bool(edges.any())
    farther = tuple(2.0 * item if edge else item for item, edge in zip(eta, edges, strict=True))

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


def _edge_coordinates(family: Family) -> Array:
    """Which working coordinates are infinite, such as the logit of prob = 1."""
    with np.errstate(all="ignore"):
        free = [
            np.atleast_1d(parameter.domain.to_free(value))
            for parameter, value in zip(family.declared, family.distribution_theta(), strict=True)
        ]
    return np.isinf(np.concatenate(free)) if free else np.zeros(0, dtype=bool)


def expectation(p: Family, integrand: Integrand, others: Sequence[Family] = ()) -> Integrals:
    """E_p of k functions, each with a bound on its error; infinite where they are, nan where so on both sides.

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
    with np.errstate(all="ignore"):
        found = part.whole_numbers() if p.support.discrete else part.line()
    finite = np.isfinite(found.value)
    # What is missing of p itself is missing of every expectation.
    missing = abs(found.value[0] - 1.0)
    error = found.error + missing * np.maximum(np.where(finite, np.abs(found.value), 0.0), 1.0)
    # Where the integral is infinite, p need not be known to the last digit.
    bad = finite & ~(error <= _REFUSED * np.maximum(1.0, np.abs(found.value)))
    bad[0] = finite[1:].any() and not missing < _LOST
    if bad.any():
        part.give_up(f"the error bound is {np.max(error[bad], initial=missing):.2g}")
    return Integrals(found.value[1:], np.where(finite, error, 0.0)[1:], found.size[1:])


def nodes_of(p: Family) -> tuple[Array, Array]:
    """Values that stand for a complete distribution of numbers, and their probabilities, those of no account left out.

    Of counts they are whole numbers; of a density, the nodes of the panels over which ``expectation`` integrates.
    """
    part = _Parts(p, lambda y, _log_p, _mass: np.ones((1, y.size)), ())
    with np.errstate(all="ignore"):
        y, weight = part.lattice_nodes() if p.support.discrete else part.line_nodes()
    counted = (weight > _NO_ACCOUNT) & (y >= part.low) & (y <= part.high)
    return y[counted], weight[counted]


class _Parts:
    """What the integrals over the parts of a distribution share."""

    def __init__(self, p: Family, integrand: Integrand, others: Sequence[Family]) -> None:
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

    def _whole_line(self) -> tuple[Chart, Array]:
        """A chart of where a density lives, and places between which it is looked at."""
        inner = self._quantiles(self.p, _LEVELS)
        middle = self._quantiles(self.p, np.array([0.25, 0.5, 0.75]))
        scale = max(0.5 * (middle[2] - middle[0]), 1e-300)
        chart = chart_of(self.low, self.high, float(middle[1]), float(scale))
        places = [inner, *(self._quantiles(other, _OTHERS) for other in self.others)]
        return chart, np.concatenate(places)

    def line(self) -> Integrals:
        """A density over the line, and points that have probability of their own."""
        found, atoms = self._integral(*self._whole_line()), np.array(self.p.atoms())
        return found + self._sum(atoms) if atoms.size else found

    def line_nodes(self) -> tuple[Array, Array]:
        """Points that stand for a density, and those that have probability of their own."""
        y, weight = self._nodes(*self._whole_line())
        atoms = np.array(self.p.atoms())
        with np.errstate(all="ignore"):
            return np.concatenate([y, atoms]), np.concatenate([weight, np.exp(self.log_density(atoms))])

    def lattice_nodes(self) -> tuple[Array, Array]:
        """Whole numbers near the ends with their probabilities, and some that stand for those between."""
        if self.high - self.low < 2 * _WINDOW:
            y = np.arange(self.low, self.high + 1.0)
            return y, np.exp(self.log_density(y))
        if np.isfinite(self.low):
            y = self.low + np.arange(_FEW)
            weight = np.exp(self.log_density(y))
            if weight.sum() > 1.0 - 1e-12:
                return y, weight
            chart, places = self._inner_chart(self.low + _FEW - 0.5, self.high, float(weight.sum()))
        else:
            y, places = np.zeros(0), self._quantiles(self.p, _LATTICE_LEVELS)
            if places[8] - places[0] < _WINDOW:
                y = np.arange(places[0], places[8] + 1.0)
                return y, np.exp(self.log_density(y))
            chart = chart_of(-np.inf, np.inf, float(places[4]), float(places[6] - places[2]))
            weight = np.zeros(0)
        between, its_weight = self._nodes(chart, places)
        return np.concatenate([y, np.round(between)]), np.concatenate([weight, its_weight])

    def _quantiles(self, family: Family, levels: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(
                family.quantile_at(levels, family.distribution_theta(), family.known_values), dtype=float
            )

    def _panels(self, chart: Chart, places: Array) -> tuple[Array, tuple[float, float], tuple[float, float]]:
        """Edges of panels from one end to the other, the ends, and the outermost places between."""
        with np.errstate(all="ignore"):
            inner = chart.coordinate(places)
        inner = np.unique(inner[np.isfinite(inner)])
        inner = inner[(inner > chart.first) & (inner < chart.last)]
        inner = self._about_the_mass(chart, inner)
        first, low = self._reach(chart, inner[0], chart.first, open_end=chart.open_first)
        last, high = self._reach(chart, inner[-1], chart.last, open_end=chart.open_last)
        return (
            np.concatenate([low[::-1], inner, high]),
            (first, last),
            (float(inner[0]), float(inner[-1])),
        )

    def _about_the_mass(self, chart: Chart, inner: Array) -> Array:
        """Those places that no place divides from the highest density at which the functions cannot be computed."""
        if not inner.size:
            return np.array([0.5 * (chart.first + chart.last)])
        log_weight, values = self._in_chart(chart, inner)
        bad = ~((log_weight < NOTHING) | np.isfinite(values).all(axis=0))
        top = int(np.argmax(np.where(bad | np.isnan(log_weight), -np.inf, log_weight)))
        below, above = np.flatnonzero(bad[:top]), np.flatnonzero(bad[top:])
        return inner[below[-1] + 1 if below.size else 0 : top + above[0] if above.size else None]

    def _integral(self, chart: Chart, places: Array) -> Integrals:
        edges, (first, last), (lowest, highest) = self._panels(chart, places)
        found = integrate(lambda t: self._product(*self._in_chart(chart, t)), edges)
        if chart.open_first:
            found += self._beyond(chart, first, first - lowest, found.size)
        if chart.open_last:
            found += self._beyond(chart, last, last - highest, found.size)
        return found

    def _nodes(self, chart: Chart, places: Array) -> tuple[Array, Array]:
        """Points of the panels, with their probabilities."""
        edges, *_ = self._panels(chart, places)
        nodes, weights = rule()
        half = 0.5 * np.diff(edges)[:, None]
        t = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel()
        log_weight, _ = self._in_chart(chart, t)
        with np.errstate(all="ignore"):
            return chart.place(t)[0], np.exp(log_weight) * (half * weights).ravel()

    def _reach(self, chart: Chart, start: float, end: float, *, open_end: bool) -> tuple[float, Array]:
        """How far out everything can be computed, and panels up to there, each twice as wide as the one before."""

        def usable(t: Array) -> Array:
            log_weight, values = self._in_chart(chart, t)
            return np.asarray((log_weight < NOTHING) | np.isfinite(values).all(axis=0))

        if open_end:
            end = _last_good(usable, start, end)
        steps = 0.25 * 2.0 ** np.arange(14)
        reached_at = start + np.sign(end - start) * np.cumsum(steps)
        within = np.abs(reached_at - start) < abs(end - start)
        return end, np.append(reached_at[within], end)

    def _beyond(self, chart: Chart, end: float, way: float, size: Array) -> Integrals:
        """What lies beyond the last panel, ``way`` in t after the last place within."""
        step = max(abs(way) / 8.0, min(1.0, 0.25 * abs(end)))
        outward = float(np.sign(way)) or 1.0
        log_weight, values = self._in_chart(chart, end - outward * step * np.array([2.0, 1.0, 0.0]))
        stop = chart.last if outward > 0 else chart.first
        held = _last_good(
            lambda t: np.asarray(np.isfinite(self._in_chart(chart, t)[1]).all(axis=0)), end - way, stop
        )
        if held == stop:
            endless = level(log_weight, values, step)
        else:
            near = held - outward * np.array([2e-3, 1e-3, 0.0])
            far = np.linspace(held, stop, 65)
            endless = outgrows(
                near,
                chart.place(near)[0],
                self._in_chart(chart, near)[1],
                far,
                chart.place(far)[0],
                self._in_chart(chart, far)[0],
            )
        found = beyond(log_weight, values, step, size, endless)
        if found is None:
            self.give_up("how fast it falls in its tail has not settled where numbers end")
        return found

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
        if found is None:
            return self._everywhere(self._quantiles(self.p, _LATTICE_LEVELS))
        chart, places = self._inner_chart(start, stop, found.value[0])
        between = self._integral(chart, places)
        found = between if found is None else found + between
        for end, direction in ((start, 1.0), (stop, -1.0)):
            if np.isfinite(end):
                found += self._corrected(end, direction)
        return found

    def _inner_chart(self, start: float, stop: float, mass: float) -> tuple[Chart, Array]:
        """A chart from one window to another or on to infinity, where ``mass`` is left behind; and places there."""
        if mass > _SOME and not (np.isfinite(start) and np.isfinite(stop)):
            away = np.exp(np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]))
            return (from_start(start), start + away) if np.isfinite(start) else (up_to(stop), stop - away)
        places = self._quantiles(self.p, _LATTICE_LEVELS)
        middle, width = float(places[4]), float(places[5] - places[3])
        places = np.concatenate(
            [places, *(self._quantiles(q, np.array([0.01, 0.5, 0.99])) for q in self.others)]
        )
        return within(start, stop, middle, max(width, 1.0)), places

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


def _last_good(good: Callable[[Array], Array], start: float, end: float) -> float:
    """The last place, on the way from ``start``, before one that is not good; ``end`` where all are."""
    steps = np.union1d(_WAY_OUT[abs(end - start) > _WAY_OUT], np.linspace(0.0, abs(end - start), 65))
    grid = start + np.sign(end - start) * steps
    bad = np.flatnonzero(~good(grid))
    if not bad.size:
        return end
    inside, outside = grid[max(bad[0] - 1, 0)], grid[bad[0]]
    for _ in range(40):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if good(np.array([middle]))[0] else (inside, middle)
    return float(inside)
