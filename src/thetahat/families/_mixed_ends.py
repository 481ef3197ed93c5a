"""Two ends of a level density from rows of every kind with limits of truncation: the highest maximum, by bounds.

Row i has the share |[a, b] ∩ [low, high]| / |[e, x] ∩ [low, high]| of what its limits leave, and an exact row one over
the latter. As high grows the share rises up to b and falls from there on, whatever low is, and likewise in low. So over
a box of ends each row is at most what it is with low nearest to a and high nearest to b, and an exact row where the box
is narrowest. Boxes that promise no more than what was found are left out; those over which ℓ rises or falls in an end
shrink to a side, which counts only if ℓ has a kink there; in those without kinks over which ℓ is concave Newton's
method finishes; all others are halved. Nothing that could be higher is left out (branch and bound; Land & Doig, 1960).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_ELEMENTS = 1 << 18
"""Boxes times rows that are looked at at once."""
_LEVEL = 1e-13
"""Relatively, by how much values of ℓ that are one may differ."""


def _positive(values: Array) -> Array:
    return np.maximum(values, 0.0)


@dataclass(frozen=True)
class Mixed:
    """Intervals (lows, highs] and exact rows, each between an entry and an exit, with weights."""

    lows: Array
    highs: Array
    entries: Array
    exits: Array
    weight: Array
    exact_entries: Array
    exact_exits: Array
    exact_weight: Array
    least: float
    most: float

    def mirrored(self) -> Mixed:
        """The same of minus the values."""
        return Mixed(
            -self.highs,
            -self.lows,
            -self.exits,
            -self.entries,
            self.weight,
            -self.exact_exits,
            -self.exact_entries,
            self.exact_weight,
            -self.most,
            -self.least,
        )

    def one_wide(self) -> Mixed:
        """Whole numbers as intervals one wide, from each up to the next."""
        lows, highs, entries, exits = (
            np.floor(item) + 1.0 for item in (self.lows, self.highs, self.entries, self.exits)
        )
        return replace(
            self,
            lows=lows,
            highs=highs,
            entries=entries,
            exits=exits,
            exact_entries=np.floor(self.exact_entries) + 1.0,
            exact_exits=np.floor(self.exact_exits) + 1.0,
            most=self.most + 1.0,
        )

    def gathered(self) -> Mixed:
        """The same with intervals between their limits, and rows that are alike as one."""
        lows, highs = np.maximum(self.lows, self.entries), np.minimum(self.highs, self.exits)
        # A row that its limits tell as much of still has to have a place between the ends.
        telling = np.isfinite(lows) | np.isfinite(highs)
        columns = np.stack([lows, highs, self.entries, self.exits], axis=1)[telling]
        (*rows, weight), (*exact, exact_weight) = (
            _alike(columns, self.weight[telling]),
            _alike(np.stack([self.exact_entries, self.exact_exits], axis=1), self.exact_weight),
        )
        return Mixed(
            rows[0],
            rows[1],
            rows[2],
            rows[3],
            weight,
            exact[0],
            exact[1],
            exact_weight,
            self.least,
            self.most,
        )

    @cached_property
    def total(self) -> float:
        """The weight of all rows."""
        return float(self.weight.sum() + self.exact_weight.sum())

    @cached_property
    def kinks(self) -> Array:
        """Values of high at which ℓ is not smooth."""
        return _finite(self.highs, self.exits, self.exact_exits)

    @cached_property
    def peaks(self) -> Array:
        """Those from which on its slope may be smaller."""
        return _finite(self.highs)

    @cached_property
    def innermost(self) -> float:
        """The smallest value of high that leaves every row a place, or at which one vanishes."""
        return max(self.most, float(np.max(self.lows, initial=-np.inf)))

    def innermost_of(self, *, whole: bool) -> float:
        """The same; of ``whole`` numbers the smallest that leaves every row one."""
        return max(self.most, float(np.max(self.lows, initial=-np.inf)) + whole)

    def vanishing(self, low: float, high: float) -> bool:
        """Whether a row has no place there, though it had one up to there."""
        return bool((np.minimum(self.highs, high) <= np.maximum(self.lows, low)).any())

    @cached_property
    def outermost(self) -> float:
        """From where on high changes nothing; infinity where it always does."""
        return max(float(np.max(ends, initial=-np.inf)) for ends in (self.exits, self.exact_exits))

    def height(self, boxes: Array) -> Array:
        """What ℓ is at most over boxes (low, low, high, high), (n, 4); of a single pair of ends what it is there."""
        return self._by_part(boxes, self._height)

    def slopes(self, boxes: Array) -> Array:
        """What ∂ℓ/∂high is at least and at most over boxes, (n, 2)."""
        return self._by_part(boxes, self._slopes)

    def _by_part(self, boxes: Array, what: Callable[[Array], Array]) -> Array:
        rows = max(self.weight.size + self.exact_weight.size, 1)
        step = max(_ELEMENTS // rows, 1)
        with np.errstate(all="ignore"):
            parts = [what(boxes[at : at + step, :, None]) for at in range(0, max(len(boxes), 1), step)]
        return np.concatenate(parts)

    def _height(self, boxes: Array) -> Array:
        low, lowest_high = boxes[:, 0], boxes[:, 2]
        latest_low, high = boxes[:, 1], boxes[:, 3]
        a, b, e, x = self.lows, self.highs, self.entries, self.exits
        covered = np.minimum(b, high) - np.maximum(a, low)
        near_low, near_high = np.clip(a, low, latest_low), np.clip(b, lowest_high, high)
        missed = np.where(near_low < a, a - np.maximum(e, near_low), 0.0)
        missed = missed + np.where(near_high > b, np.minimum(x, near_high) - b, 0.0)
        part = np.where(missed > 0.0, missed / (covered + missed), 0.0)
        # Nothing is left of a whole without end, and of an infinite part of it anything may be. Where row and limits
        # vanish together it has been all of them up to there.
        part = np.where(np.isnan(part), np.isfinite(covered), part)
        share = np.where(covered >= 0.0, np.log1p(-np.minimum(part, 1.0)), -np.inf)
        width = np.minimum(self.exact_exits, lowest_high) - np.maximum(self.exact_entries, latest_low)
        return np.asarray(share @ self.weight - np.log(_positive(width)) @ self.exact_weight)

    def _slopes(self, boxes: Array) -> Array:
        low, latest_low, first, high = (boxes[:, i] for i in range(4))
        a, b, e, x = self.lows, self.highs, self.entries, self.exits
        inner, outer = np.maximum(a, latest_low), np.maximum(a, low)
        inner_limit, outer_limit = np.maximum(e, latest_low), np.maximum(e, low)
        most_part, least_part = _gap(a, e, low), _gap(a, e, latest_low)
        near, far = _positive(first - inner), _positive(high - outer)
        rising_most = np.where(most_part > 0.0, most_part / near / _positive(first - inner_limit), 0.0)
        rising_least = np.where(least_part > 0.0, least_part / far / (high - outer_limit), 0.0)
        # A part without end: one over the distance.
        rising_most = np.where(np.isposinf(most_part), 1.0 / near, rising_most)
        rising_least = np.where(np.isposinf(least_part), 1.0 / far, rising_least)
        whole_most = np.minimum(x, high) - outer_limit
        whole_least = _positive(np.minimum(x, np.maximum(first, b)) - inner_limit)
        falling_most = np.where(x > first, 1.0 / whole_least, 0.0)
        falling_least = np.where(x >= high, 1.0 / whole_most, 0.0)
        most = np.where(b > first, rising_most, -falling_least) @ self.weight
        least = np.where(b >= high, rising_least, -falling_most) @ self.weight
        width = _positive(np.minimum(self.exact_exits, first) - np.maximum(self.exact_entries, latest_low))
        width_most = np.minimum(self.exact_exits, high) - np.maximum(self.exact_entries, low)
        most = most - np.where(self.exact_exits >= high, 1.0 / width_most, 0.0) @ self.exact_weight
        least = least - np.where(self.exact_exits > first, 1.0 / width, 0.0) @ self.exact_weight
        return np.stack([least, most], axis=1)

    def inert(self, low: float, high: float) -> bool:
        """Whether ℓ stays as it is as high moves a little, upwards or downwards."""
        part = _gap(self.lows, self.entries, low)
        above = np.where(self.highs > high, part > 0.0, self.exits > high)
        below = np.where(self.highs >= high, part > 0.0, self.exits >= high)
        upwards = not (above.any() or (self.exact_exits > high).any())
        downwards = not (below.any() or (self.exact_exits >= high).any())
        return upwards or (downwards and high > self.innermost)


def _gap(a: Array, e: Array, low: Array | float) -> Array:
    """What of the distance between two values lies above a third."""
    return np.where(a > low, a - np.maximum(e, low), 0.0)


def _alike(columns: Array, weight: Array) -> list[Array]:
    """The distinct rows of columns, each column by itself, and the weight of each."""
    some = weight > 0
    rows, index = np.unique(columns[some], axis=0, return_inverse=True)
    return [*rows.T, np.bincount(index.ravel(), weight[some], len(rows)).astype(float)]


def _finite(*values: Array) -> Array:
    every = np.unique(np.concatenate(values))
    return every[np.isfinite(every)]


def level_beside(
    rows: Mixed, back: Mixed, low: float, high: float, value: float, end: int
) -> tuple[float, float] | None:
    """Both ends with one of them off where a row forbids it, if ℓ is as high from there to the next kink outwards."""
    at, kinks = (high, rows.kinks) if end else (-low, back.kinks)
    beyond = kinks[kinks > at]
    if not beyond.size:
        return None
    place = 0.5 * at + 0.5 * float(beyond.min())
    low, high = (low, place) if end else (-place, high)
    there = float(rows.height(np.array([[low, low, high, high]]))[0])
    return (low, high) if there >= value - _LEVEL * max(abs(value), 1.0) else None
