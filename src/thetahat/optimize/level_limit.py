"""The best uniform distribution of rows that are known to intervals, as the limit of a family that becomes level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from thetahat.families._limit import Limit
from thetahat.first_pass import Arrangement
from thetahat.likelihood import Likelihood
from thetahat.models import VALUE
from thetahat.models._rows import PackedRows

Vector = NDArray[np.float64]
MOST_ROWS = 20_000
MOST_ENDS = 40
"""Ends of intervals that are tried as low or high, in pairs."""
OUTER = np.geomspace(0.01, 100.0, 9)
"""In distances of the outermost ends, how far beyond them others are tried, where rows are open."""
BETWEEN = 24
"""Points between neighbouring ends, and how often they are drawn together around the best."""
ROUNDS = 64
BESIDE = 100.0
"""Times beyond the order of one, where the slope on leaving the limit is taken."""
MOVES = (-2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the width, over the parameter that runs away: how far the ends move meanwhile."""


def best_ends(arrangement: Arrangement) -> tuple[float, float] | None:
    """Low and high of the uniform distribution of highest likelihood, as far as was searched.

    The likelihood breaks off and bends at the ends of intervals: those are tried in pairs, and then what lies between
    the best of them and their neighbours. None where rows are many, truncated, or of no use for it.
    """
    survey = arrangement.survey
    if survey.truncated or survey.n_positive > MOST_ROWS or not arrangement.packed:
        return None
    blocks: list[PackedRows] = list(arrangement.blocks())
    rows = _Rows(blocks)
    ends = np.unique(np.concatenate([rows.low, rows.high, [survey.minimum, survey.maximum]]))
    ends = ends[np.isfinite(ends)]
    if ends.size < 2:
        return None
    outer = (ends[-1] - ends[0]) * OUTER
    ends = np.concatenate([ends[0] - outer[::-1], ends, ends[-1] + outer])
    few = ends if ends.size <= MOST_ENDS else ends[np.linspace(0, ends.size - 1, MOST_ENDS).astype(int)]
    heights = np.array([rows.heights(low, few) for low in few])
    first, last = np.unravel_index(int(np.argmax(heights)), heights.shape)
    if not np.isfinite(heights[first, last]):
        return None
    low, high = float(few[first]), float(few[last])
    for _ in range(ROUNDS):
        before = low, high
        low = _between(ends, low, partial(rows.heights_below, high))
        high = _between(ends, high, partial(rows.heights, low))
        if (low, high) == before:
            break
    return low, high


def slope_beside(
    limit: Limit, likelihood: Likelihood, ends: Mapping[str, float], scale: float, value: float
) -> tuple[float, float]:
    """The slope of the profile as it leaves a level limit of this value, by differences, and their error.

    The best ends are at a kink, where the profile has no derivative: they move with the parameter, and of what they may
    do meanwhile the best is taken.
    """
    table, (first, last) = likelihood.table, ends
    low, high = ends[first], ends[last]
    away = limit.beyond(scale, BESIDE)
    step = 1.0 / abs(away)
    best, rounding = -np.inf, 0.0
    for down in MOVES:
        for up in MOVES:
            width = (high - low) * step
            natural = limit.beside({first: low - down * width, last: high + up * width}, away)
            there = likelihood.tally(table.free_from_natural(natural), VALUE)
            if there.value > best:
                best, rounding = there.value, there.rounding
    noise = 2.0 * rounding / step + step * sum(rows.n_exact + rows.n_interval for rows in likelihood.rows())
    return (best - value) / step, noise


class _Rows:
    """Ends of intervals with their weights, and the outermost exact rows."""

    def __init__(self, blocks: list[PackedRows]) -> None:
        self.low = np.concatenate([block.low for block in blocks])
        self.high = np.concatenate([block.high for block in blocks])
        self.weight = np.concatenate(
            [
                np.ones(block.low.size) if block.interval_weight is None else block.interval_weight
                for block in blocks
            ]
        )
        self._n_exact = sum(block.n_exact for block in blocks)
        exact = np.concatenate([block.y for block in blocks]).astype(float)
        self._least = float(np.min(exact, initial=np.inf))
        self._most = float(np.max(exact, initial=-np.inf))
        self._total = self._n_exact + float(self.weight.sum())

    def heights(self, low: float, highs: Vector) -> Vector:
        """ℓ for one low and several highs."""
        return self._heights(np.full(highs.size, low), highs)

    def heights_below(self, high: float, lows: Vector) -> Vector:
        """ℓ for one high and several lows."""
        return self._heights(lows, np.full(lows.size, high))

    def _heights(self, lows: Vector, highs: Vector) -> Vector:
        covered = np.minimum(self.high, highs[:, np.newaxis]) - np.maximum(self.low, lows[:, np.newaxis])
        with np.errstate(all="ignore"):
            value = np.log(np.maximum(covered, 0.0)) @ self.weight - self._total * np.log(highs - lows)
        inside = (lows <= self._least) & (highs >= self._most) & (lows < highs)
        return np.where(inside & ~np.isnan(value), value, -np.inf)


def _between(ends: Vector, at: float, heights: Callable[[Vector], Vector]) -> float:
    """The best value between an end's neighbours, itself among them, in ever finer steps."""
    index = int(np.searchsorted(ends, at))
    low, high = float(ends[max(index - 1, 0)]), float(ends[min(index + 1, ends.size - 1)])
    best = at
    for _ in range(BETWEEN):
        values = np.append(np.linspace(low, high, BETWEEN), best)
        found = heights(values)
        # What is known already is kept, unless another is higher.
        order = np.argmax(found)
        best = best if not found[order] > found[-1] else float(values[order])
        step = (high - low) / BETWEEN
        low, high = max(low, best - step), min(high, best + step)
        if not high > low:
            break
    return best
