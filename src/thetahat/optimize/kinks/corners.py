"""Where a kink comes between the ends of a support: triangles of censored rows and of rows with limits of truncation.

Of exact rows alone a right angle lies on an outermost value. Censored rows let it lie beyond, and limits of truncation
let it lie anywhere beyond: at one of the bounds, where ℓ has a kink, or between two of them. Both right angles are
fitted as families of two parameters; all shapes of triangles, on grids that close in for each of many places, tell
where else to climb from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.engines import Engine
from thetahat.first_pass import Arrangement
from thetahat.models import DERIVATIVES, VALUE
from thetahat.models._rows import PackedRows
from thetahat.optimize.constrained import Constrained, maximise_pinned
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_outermost
from thetahat.optimize.elsewhere import heights_on
from thetahat.optimize.kinks.kinks import Kinks
from thetahat.optimize.outcome import Outcome

Vector = NDArray[np.float64]
SCREENED = 128
"""Rows, or up to twice as many, on which triangles are compared."""
MOST_PLACES, MOST_CORNERS = 20, 32
"""Values that are tried for the kink, and for a right angle."""
DISTANCES = np.geomspace(1e-3, 60.0, 9)
"""How far beyond all rows an end is tried, in widths of the rows."""
ZOOMS = 6
"""Times that the grid of ends closes in by half."""
POLISHED = 2
"""Corners around which the maximum is sought to all digits."""
GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
SECTIONS = 60
NARROW = 1e-10
"""Of the width of the rows, between what a corner is enclosed."""
ASIDE = np.geomspace(1e-6, 0.3, 6)
"""Widths of the rows, by which a right angle is opened to see whether ℓ rises."""


@dataclass(frozen=True, slots=True)
class Room:
    """How far rows reach: exact ones, all that a support must hold, and the least way from an exact one to a limit."""

    exact_least: float
    exact_most: float
    least: float
    most: float
    gap: float

    @property
    def bounds(self) -> bool:
        """Whether no triangle is without bound: two exact values differ, and each lies inside its limits.

        A density that is linear on either side of the mode is, given that a row lies between limits, at most a multiple
        of the inverse of the length on which it is positive there, which reaches from the row to the other one, or to a
        limit.
        """
        return self.gap > 0.0 and self.exact_most > self.exact_least

    def merge(self, other: Room) -> Room:
        """Of both blocks."""
        return Room(
            min(self.exact_least, other.exact_least),
            max(self.exact_most, other.exact_most),
            min(self.least, other.least),
            max(self.most, other.most),
            min(self.gap, other.gap),
        )


def room_of(arrangement: Arrangement, engine: Engine) -> Room:
    """Gather how far all rows reach, in one pass."""

    def room(block: Any) -> Room:
        packed = block if arrangement.packed else arrangement.model.pack(block)
        y, gap = packed.y, np.inf
        if packed.truncation is not None:
            limits = packed.truncation
            place = np.arange(packed.size) if limits.place is None else np.arange(packed.size)[limits.place]
            exact = place < y.size
            own = y[place[exact]]
            low, high = (np.broadcast_to(item, place.shape)[exact] for item in (limits.low, limits.high))
            gap = min(float((own - low).min(initial=np.inf)), float((high - own).min(initial=np.inf)))
        least, most = float(y.min(initial=np.inf)), float(y.max(initial=-np.inf))
        within = float(packed.high.min(initial=np.inf)), float(packed.low.max(initial=-np.inf))
        return Room(least, most, min(least, within[0]), max(most, within[1]), gap)

    return engine.reduce(room, arrangement.blocks())


@dataclass(frozen=True, slots=True)
class _Extent:
    """The kinks of ℓ, and what a support must hold: ``least`` and ``most`` of the rows, ``size`` apart."""

    kinks: Vector
    least: float
    most: float
    size: float


class Corners:
    """Triangles of the sample's rows, of which the last coordinates are low, mode and high."""

    def __init__(self, arrangement: Arrangement, kinks: Kinks, room: Room) -> None:
        model = arrangement.model
        table, (low, high) = model.table, model.family.edges
        self.arrangement, self.kinks, self.table = arrangement, kinks, table
        self.low, self.mode, self.high = (table.free_names.index(n) for n in (low, model.family.kinked, high))
        self.rows = arrangement.sample.thinned(SCREENED)
        self.room, self.extent = room, _extent(self.rows, room)
        self.highest: Vector | None = None
        """The highest point that was seen, of all rows."""
        self.highest_value = -np.inf

    def see(self, point: Vector) -> None:
        """Keep a point if no other that was seen is higher."""
        value = self.kinks.likelihood.tally(point, VALUE).value
        if value > self.highest_value:
            self.highest, self.highest_value = point, value

    # ---- Heights of many --------------------------------------------------------------------------------------------

    def heights(self, ends: NDArray[np.float64]) -> Vector:
        """ℓ of the screened rows at rows of low, mode and high; -inf where these are in the wrong order."""
        low, mode, high = ends.T
        ordered = (low <= mode) & (mode <= high) & (low < high)
        value = np.full(len(ends), -np.inf)
        if ordered.any():
            found = heights_on(self.arrangement.model, self.rows, ends[ordered])
            value[ordered] = np.where(np.isnan(found), -np.inf, found)
        return value

    def screened(self, point: Vector) -> float:
        """ℓ of the screened rows at a point."""
        return float(self.heights(point[[self.low, self.mode, self.high]][None])[0])

    def starts(self, most: int) -> Iterator[tuple[float, Vector]]:
        """For places of the kink, the highest first: ℓ of the screened rows, and the best point there."""
        extent = self.extent
        beyond = extent.size * DISTANCES[3:7:2]
        inner = extent.kinks[(extent.kinks >= extent.least) & (extent.kinks <= extent.most)]
        places = np.unique(
            np.concatenate([_spread(inner, MOST_PLACES), extent.least - beyond, extent.most + beyond])
        )
        heights, ends = self._closed_in(places, (True, True))
        for at in np.argsort(-heights)[:most]:
            if np.isfinite(heights[at]):
                yield float(heights[at]), self._point(ends[at])

    def _point(self, ends: Vector) -> Vector:
        point = np.zeros(3)
        point[[self.low, self.mode, self.high]] = ends
        return point

    def _closed_in(self, places: Vector, moved: tuple[bool, bool]) -> tuple[Vector, NDArray[np.float64]]:
        """For each place the best ends, by grids of the logs of their distances; an end not moved is the place."""
        extent, first = self.extent, np.log(DISTANCES)
        below, above = (first if moves else first[:1] for moves in moved)
        centre = np.zeros((places.size, 2))
        best, ends = np.full(places.size, -np.inf), np.zeros((places.size, 3))
        width = float(first[1] - first[0])
        for zoom in range(ZOOMS + 1):
            if zoom:
                width *= 0.5
                near = np.array([-1.0, 0.0, 1.0]) * width
                below, above = (near if moves else near[1:2] for moves in moved)
            grid = np.stack(np.meshgrid(below, above, indexing="ij"), axis=-1).reshape(-1, 2)
            logs = centre[:, None, :] + grid[None]
            low = extent.least - extent.size * np.exp(logs[..., 0])
            high = extent.most + extent.size * np.exp(logs[..., 1])
            at = np.broadcast_to(places[:, None], low.shape)
            whole = np.stack([low if moved[0] else at, at, high if moved[1] else at], axis=-1)
            value = self.heights(whole.reshape(-1, 3)).reshape(low.shape)
            index = np.argmax(value, axis=1)
            every = np.arange(places.size)
            higher = value[every, index] >= best
            centre[higher] = logs[every, index][higher]
            ends[higher] = whole[every, index][higher]
            best = np.maximum(best, value[every, index])
        return best, ends

    # ---- Right angles -----------------------------------------------------------------------------------------------

    def right_angles(self, least: float) -> Iterator[tuple[int, Constrained]]:
        """The highest right-angled triangles: the end that the kink meets, and the maximum where it does.

        Those that are lower than ``least`` on the screened rows are left out.
        """
        extent = self.extent
        for end, sign, outer in ((self.low, -1.0, extent.least), (self.high, 1.0, extent.most)):
            beyond = extent.kinks[sign * (extent.kinks - outer) >= 0]
            places = np.unique(np.concatenate([beyond, outer + sign * extent.size * DISTANCES]))
            near = np.argsort(np.abs(places - outer))[:MOST_CORNERS]
            places = np.sort(places[near])
            heights, ends = self._closed_in(places, (end != self.low, end != self.high))
            found: Constrained | None = None
            for at in np.argsort(-heights)[:POLISHED]:
                if not (np.isfinite(heights[at]) and heights[at] >= least):
                    continue
                around = places[max(at - 1, 0)], places[min(at + 1, places.size - 1)]
                there = self._polished(end, ends[at], (float(around[0]), float(around[1])))
                if there is not None and (found is None or there.value > found.value):
                    found = there
            if found is not None:
                yield end, found

    def _polished(self, end: int, start: Vector, around: tuple[float, float]) -> Constrained | None:
        """The highest at a place, or between it and either neighbour, by golden sections of the profile."""
        pinned = np.sort([end, self.mode])
        how = replace(self.kinks.conditions, pinned=None)

        def at(place: float, point: Vector) -> Constrained:
            there = point.copy()
            there[pinned] = place
            found = maximise_pinned(self.kinks.likelihood, pinned, there, how)
            return found if np.isfinite(found.value) else replace(found, value=-np.inf)

        point = self._point(start)
        best = at(float(point[self.mode]), point)
        if not best.converged:
            return best if np.isfinite(best.value) else None
        for other in around:
            one, two = sorted((float(start[1]), other))
            inner = [two - GOLDEN * (two - one), one + GOLDEN * (two - one)]
            found = [at(place, best.point) for place in inner]
            for _ in range(SECTIONS):
                if two - one <= NARROW * self.extent.size:
                    break
                if found[0].value >= found[1].value:
                    two, inner[1], found[1] = inner[1], inner[0], found[0]
                    inner[0] = two - GOLDEN * (two - one)
                    found[0] = at(inner[0], found[1].point)
                else:
                    one, inner[0], found[0] = inner[0], inner[1], found[1]
                    inner[1] = one + GOLDEN * (two - one)
                    found[1] = at(inner[1], found[0].point)
            best = max((best, *found), key=lambda item: item.value)
        return best

    def opened(self, end: int, found: Constrained) -> Vector | None:
        """The highest point with the right angle opened a little, if that is higher than itself."""
        aside = self.extent.size * ASIDE
        away = -aside if end == self.low else aside
        points = []
        for by_end in (0.0, *away):
            for by_mode in (0.0, *-away):
                there = found.point.copy()
                there[end] += by_end
                there[self.mode] += by_mode
                points.append(there)
        tallies = [self.kinks.likelihood.tally(there, VALUE) for there in points]
        value = np.array([tally.value if tally.finite else -np.inf for tally in tallies])
        best = int(np.argmax(value))
        return points[best] if value[best] > value[0] + 2.0 * found.rounding else None

    def outcome(self, end: int, found: Constrained, declared: Declared) -> Outcome:
        """A right angle as a maximum on the edge of the parameter space."""
        table = self.table
        natural, tally = table.natural(found.point), self.kinks.likelihood.tally(found.point, DERIVATIVES)
        names = tuple(table.free_names[at] for at in sorted((end, self.mode)))
        told = declared.regularity(natural)
        outcome = at_outermost(table, natural, found.point, tally, names, declared, others=told)
        if float(found.point[end]) in (self.room.exact_least, self.room.exact_most):
            return outcome
        sentence = (
            f"The maximum is a right-angled triangle: {names[0]} and {names[1]} meet at {natural[names[0]]:g}, on the "
            "edge of the parameter space. Standard errors do not exist there; use a parametric bootstrap."
        )
        return replace(outcome, certificate=replace(outcome.certificate, sentence=sentence))


def _extent(rows: PackedRows, room: Room) -> _Extent:
    bounds = [rows.y, rows.low, rows.high, np.array([room.exact_least, room.exact_most])]
    if rows.truncation is not None:
        bounds += [rows.truncation.low, rows.truncation.high]
    kinks = np.unique(np.concatenate([np.ravel(item) for item in bounds]))
    kinks = kinks[np.isfinite(kinks)]
    # Ends of all censored rows may lie on one side of each other.
    least, most = min(room.least, room.most), max(room.least, room.most)
    inner = kinks[(kinks >= least) & (kinks <= most)]
    size = float(inner[-1] - inner[0]) if inner.size > 1 else 1.0
    return _Extent(kinks, least, most, size if size > 0 else 1.0)


def _spread(values: Vector, most: int) -> Vector:
    return values[np.unique(np.linspace(0, values.size - 1, most).astype(int))] if values.size else values
