"""Climbing a likelihood with kinks in one parameter: at a maximum 0 lies between the slopes on both sides.

Exact rows put kinks at their own places. Between neighbouring places ℓ is smooth, and so is it in the other parameters
wherever the kinked one is held. So its profile is followed from place to place by its one-sided slopes, which the
envelope theorem gives, until it rises no more on either side; a maximum between two places is left to Newton's method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.families._terms import Coordinates
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import SCORES, Tally
from thetahat.models._places import MOST_PLACES, Places, places_of
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Optimizer, Search, Settled
from thetahat.optimize.climb import Conditions, climb
from thetahat.optimize.constrained import Constrained, maximise_pinned
from thetahat.optimize.kinks.way import Way
from thetahat.optimize.newton import Newton

Vector = NDArray[np.float64]
NOISE = 64.0 * float(np.finfo(float).eps)
"""Of the sum of absolute slopes, below which a slope is none."""
MOST_GATHERINGS = 40
BISECTIONS = 80
MOST_STEPS = 40
"""Iterations over the other parameters at one place."""
MOST_FAILURES = 2
"""Places at which they have no maximum, before a climb is given up."""


def kinked_coordinate(model: IndependentModel) -> int | None:
    """The position of the kinked parameter on the free scale; None where there is none, or it is fixed."""
    name = model.family.kinked
    if not name or name not in model.table.free_names:
        return None
    _, span, _ = model.table.entry(name)
    return span.start


def held_elsewhere(arrangement: Arrangement, engine: Engine) -> Callable[..., Constrained | None] | None:
    """What maximises over a kinked parameter and others with the rest held, as profiles do; None without kinks."""
    position = kinked_coordinate(arrangement.model)
    if position is None or not arrangement.survey.n_exact > 0:
        return None

    def maximise(
        likelihood: Likelihood, pinned: NDArray[np.intp], start: Vector, conditions: Conditions
    ) -> Constrained | None:
        if position in pinned:
            return None
        kinks = Kinks(arrangement, likelihood, engine, conditions, pinned.tolist())
        return kinks.climb(start).held(int(pinned[0]))

    return maximise


@dataclass(frozen=True, slots=True)
class Station:
    """A point with the kinked parameter held: ``slopes`` of ℓ up to it and beyond, and ``noise``, their rounding."""

    point: Vector
    tally: Tally
    slopes: tuple[float, float]
    noise: float
    held: Constrained

    @property
    def rises(self) -> bool:
        """Whether ℓ rises as the kinked parameter grows from here."""
        return self.slopes[1] > self.noise

    @property
    def falls(self) -> bool:
        """Whether ℓ falls on the way up to here, so that it rises backwards."""
        return self.slopes[0] < -self.noise

    @property
    def peak(self) -> bool:
        """Whether 0 lies between the slopes."""
        return not (self.rises or self.falls)

    @property
    def level_above(self) -> bool:
        """Whether ℓ neither rises nor falls beyond."""
        return abs(self.slopes[1]) <= self.noise

    @property
    def level_below(self) -> bool:
        """Whether ℓ neither rose nor fell before."""
        return abs(self.slopes[0]) <= self.noise


@dataclass(frozen=True, slots=True)
class Found:
    """Where a climb ended: at a place, perhaps one end of a level stretch, or ``between`` places by another search."""

    station: Station | None
    search: Search | None = None
    level: tuple[float, float] | None = None
    between: tuple[float, float] = (-np.inf, np.inf)

    def held(self, position: int) -> Constrained:
        """The same as a constrained maximum, whose slope is that in a coordinate that was held."""
        if self.station is not None:
            station = self.station
            return replace(
                station.held,
                slope=float(station.tally.score[position]),
                converged=station.held.converged and station.peak,
            )
        search = self.search
        assert search is not None  # noqa: S101 - it is the one or the other
        assert search.tally is not None  # noqa: S101 - what was climbed was finite at its start
        tally = search.tally
        slope = float(tally.score[position])
        return Constrained(search.point, tally.value, slope, tally.rounding, converged=search.converged)


class Kinks:
    """The kinked likelihood of an arrangement's rows.

    Parameters
    ----------
    held
        Other coordinates that are held where a start has them, as profiles do.
    """

    def __init__(
        self,
        arrangement: Arrangement,
        likelihood: Likelihood,
        engine: Engine,
        conditions: Conditions,
        held: Sequence[int] = (),
    ) -> None:
        position = kinked_coordinate(arrangement.model)
        assert position is not None  # noqa: S101 - the caller has looked
        self.position = position
        self.likelihood = likelihood
        self.conditions = conditions
        self._arrangement = arrangement
        self._engine = engine
        self._pinned = np.array([position, *held], dtype=np.intp)
        self._at_place = replace(conditions, optimizer=_brief(conditions.optimizer))
        self._held = tuple(held)
        self._all: Places | None = None
        self.reached = -np.inf
        """The highest ℓ at any place that was examined."""

    # ---- One place ----------------------------------------------------------------------------------------------

    def places(self, low: float = -np.inf, high: float = np.inf) -> Places:
        """The places of exact rows inside an open interval."""
        if np.isinf(low) and np.isinf(high):
            if self._all is None:
                self._all = self._gathered(low, high)
            return self._all
        return self._gathered(low, high)

    def _gathered(self, low: float, high: float) -> Places:
        arrangement, ends = self._arrangement, np.array([low, high])

        def gather(block: Any) -> Places:
            return places_of(block if arrangement.packed else arrangement.model.pack(block), ends)

        return self._engine.reduce(gather, arrangement.blocks())

    def weight_at(self, place: float) -> float:
        """The weight of the exact rows at a place."""
        if self._all is not None or self._arrangement.survey.n_positive <= MOST_PLACES:
            known = self.places()
            if known.whole:
                return known.weight_at(place)
        near = self.places(float(np.nextafter(place, -np.inf)), float(np.nextafter(place, np.inf)))
        return near.weight_at(place)

    def station(self, place: float, start: Vector) -> Station:
        """The maximum over the other parameters with the kinked one at a place."""
        at = start.copy()
        at[self.position] = place
        found = maximise_pinned(self.likelihood, self._pinned, at, self._at_place)
        return self._examined(found.point, found)

    def here(self, point: Vector) -> Station:
        """A point as it is, its other parameters being at their maximum already."""
        return self._examined(point, None)

    def _examined(self, point: Vector, found: Constrained | None) -> Station:
        tally = self.likelihood.tally(point, SCORES)
        self.reached = max(self.reached, tally.value) if tally.finite else self.reached
        slope, weight = float(tally.score[self.position]), self.weight_at(float(point[self.position]))
        size = 0.0 if tally.absolute_score is None else float(tally.absolute_score[self.position])
        noise = NOISE * size
        below = above = slope
        if weight:
            eta = tuple(self.likelihood.table.working(point))
            before, after = self.slopes_at(eta)
            noise += NOISE * weight * (abs(before) if np.isfinite(before) else 0.0)
            mean = 0.5 * (before + after) if np.isfinite(before) else 0.0
            below, above = slope + weight * (before - mean), slope + weight * (after - mean)
        if found is None:
            found = Constrained(point, tally.value, slope, tally.rounding, converged=True)
        return Station(point, tally, (below, above), noise, found)

    def slopes_at(self, eta: Coordinates) -> tuple[float, float]:
        """The slopes of a row's log density on either side of its kink."""
        before, after = self._arrangement.model.family.kink(eta)
        return float(before), float(after)

    def with_ties(self, point: Vector, opg: NDArray[np.float64]) -> NDArray[np.float64]:
        """An outer product of row scores in which rows at the kink itself have the square of either slope, halved."""
        weight = self.weight_at(float(point[self.position]))
        before, after = self.slopes_at(tuple(self.likelihood.table.working(point)))
        if not (weight and np.isfinite(before)):
            return opg
        whole = opg.copy()
        whole[self.position, self.position] += weight * (0.5 * (before - after)) ** 2
        return whole

    # ---- The way up ---------------------------------------------------------------------------------------------

    def climb(self, start: Vector) -> Found:
        """From a start to a maximum nearby: at a place, or between two of them."""
        low, high, failures = -np.inf, np.inf, 0
        best: Station | None = None
        for _ in range(MOST_GATHERINGS):
            places = self.places(low, high)
            if not places.values.size:
                break
            way = Way(places.values)
            station = self._follow(way, start)
            if station is not None and station.peak:
                return Found(station, level=self._level(station, places, low, high))
            if station is not None and way.failures > MOST_FAILURES:
                settled = Settled(station.point, station.tally)
                settled.converged = False
                return Found(None, settled)
            low, high = way.ends(low, high)
            best, failures = station, way.failures
            if places.whole:
                break
        # Where places had no maximum over the other parameters, none is found between them at length.
        optimizer = self.conditions.optimizer if not failures else self._at_place.optimizer
        search = self._between(low, high, start if best is None else best.point, optimizer)
        return Found(None, search, between=(low, high))

    def _follow(self, way: Way, start: Vector) -> Station | None:
        """From place to place: to where the expected information puts the maximum until it is passed, then back."""
        index = int(np.clip(np.searchsorted(way.values, start[self.position]), 0, way.values.size - 1))
        point, station = start, None
        while way.high - way.low > 1:
            station = self.station(float(way.values[index]), point)
            if station.held.converged:
                point = station.point
            else:
                way.failures += 1
            if station.peak or way.failures > MOST_FAILURES:
                break
            slope = station.slopes[1] if station.rises else station.slopes[0]
            way.passed(index, slope)
            index = (
                way.within() if way.enclosed else way.ahead(index, slope, self._expected_at(station.point))
            )
        return station

    def _expected_at(self, point: Vector) -> float:
        """What all rows, were they exact, would be expected to tell of the kinked parameter; NaN where unknown."""
        expected = None if self.conditions.expected is None else self.conditions.expected(point)
        if expected is None:
            return np.nan
        few = self._arrangement.condensed or self._arrangement.sample
        share = few.n_exact / self._arrangement.survey.n_obs
        return float(expected[self.position, self.position]) / share if share > 0 else np.nan

    def _level(self, station: Station, places: Places, low: float, high: float) -> tuple[float, float] | None:
        """The ends of the stretch on which ℓ is as high as at a peak; None where it falls on both sides."""
        at = float(station.point[self.position])
        around = np.concatenate([[low], places.values, [high]])
        index = int(np.searchsorted(around, at))
        for level, end in (
            (station.level_above, float(around[min(index + 1, around.size - 1)])),
            (station.level_below, float(around[index - 1])),
        ):
            if level and places.whole and np.isfinite(end):
                there = self.station(end, station.point)
                lost = station.tally.value - there.tally.value
                if there.peak and abs(lost) <= station.tally.rounding + there.tally.rounding:
                    return min(at, end), max(at, end)
        return None

    def _between(self, low: float, high: float, start: Vector, optimizer: Optimizer) -> Search:
        """Newton's method between two places, and where it does not arrive the zero of the profile's slope."""
        begin = start.copy()
        begin[self.position] = self._inner(low, high, start)
        allowed = self.conditions.allowed

        def inside(free: Vector) -> bool:
            return low < free[self.position] < high and (allowed is None or allowed(free))

        if not self._held:
            search = climb(
                self.likelihood,
                optimizer,
                begin,
                expected=self.conditions.expected,
                allowed=inside,
            )
            if search.converged or not (np.isfinite(low) and np.isfinite(high)):
                return search
        station = self.zero(low, high, begin)
        settled = Settled(station.point, station.tally)
        settled.converged = station.held.converged
        return settled

    def _inner(self, low: float, high: float, start: Vector) -> float:
        if np.isfinite(low) and np.isfinite(high):
            return 0.5 * low + 0.5 * high
        expected = self._expected_at(start)
        reach = expected**-0.5 if expected > 0 else 1.0
        if np.isfinite(low):
            return max(low + reach, float(np.nextafter(low, np.inf)))
        if np.isfinite(high):
            return min(high - reach, float(np.nextafter(high, -np.inf)))
        return float(start[self.position])

    def zero(self, low: float, high: float, start: Vector) -> Station:
        """Where the profile's slope changes its sign between two places, to a rounding of the kinked parameter.

        The station has the slopes on both sides of the change. Near a place they may bend without bound, so that the
        change is next to it.
        """
        # Next to a place first: there it is where the bend is sharpest.
        ends = [float(np.nextafter(low, np.inf)), float(np.nextafter(high, -np.inf))]
        trials = [end for end in ends if np.isfinite(end) and low < end < high]
        trials = trials or [self._inner(low, high, start)]
        station = self.station(trials.pop(0), start)
        failures = 0
        for _ in range(BISECTIONS):
            at = float(station.point[self.position])
            failures += not station.held.converged
            if station.peak or failures > MOST_FAILURES or not (np.isfinite(low) or np.isfinite(high)):
                break
            low, high = (at, high) if station.rises else (low, at)
            if np.nextafter(low, np.inf) >= high:
                # Neighbours in double precision: the slope changes its sign between them.
                before, beyond = (self.station(end, station.point).slopes for end in (low, high))
                return replace(station, slopes=(before[1], beyond[0]))
            within = [trial for trial in trials if low < trial < high]
            trials = within[1:]
            there = within[0] if within else self._inner(low, high, station.point)
            if not low < there < high:
                break
            station = self.station(there, station.point)
        return station


def _brief(optimizer: Optimizer) -> Optimizer:
    """The optimiser for one place among many."""
    return Newton(min(optimizer.max_iterations, MOST_STEPS)) if isinstance(optimizer, Newton) else optimizer
