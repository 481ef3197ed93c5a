"""Two ends of a uniform distribution from rows that are not all known exactly: the global maximum.

Row i covers |[a_i, b_i] ∩ [low, high]| of the width. In (1/width, low/width) the log of that share is concave, for it
is the log of a minimum of linear functions less a maximum of such, and so is -log width of an exact row where it is
inside: ℓ is concave (as in Burridge, 1981), whence as a function of high, the best low with each, it rises and then
falls. So does it as a function of low for a given high, since each row's part of width ∂ℓ/∂low falls as low grows.
Kinks lie at low = a_i and high = b_i, each in one coordinate alone, so that a point at which ℓ falls along both
coordinates is the maximum. A search in a search, each by the sign of a one-sided slope, therefore misses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Array = NDArray[np.float64]
Side = Literal["left", "right"]
Slope = Callable[[float, Side], float]
_MOST_STEPS = 200
_ROUNDED = 4.0 * float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class Covering:
    """Intervals with their weights, and of exact rows the weight, the smallest and the largest."""

    lows: Array
    highs: Array
    weight: Array
    n_exact: float
    least: float
    most: float

    def mirrored(self) -> Covering:
        """The same of minus the values."""
        return Covering(-self.highs, -self.lows, self.weight, self.n_exact, -self.most, -self.least)

    @property
    def innermost(self) -> tuple[float, bool]:
        """The smallest value that ``high`` can have, and whether that is one of its values."""
        beyond = float(np.max(self.lows, initial=-np.inf))
        return max(beyond, self.most), self.n_exact > 0 and self.most > beyond

    def value(self, low: float, high: float) -> float:
        """ℓ at two ends."""
        width = high - low
        with np.errstate(all="ignore"):
            covered = np.minimum(self.highs, high) - np.maximum(self.lows, low)
            shares = np.where(covered > 0.0, np.log(np.minimum(covered / width, 1.0)), -np.inf)
        inside = self.n_exact == 0 or (low <= self.least and self.most <= high)
        exact = -self.n_exact * float(np.log(width)) if self.n_exact > 0 and width > 0 else 0.0
        return float(self.weight @ shares) + exact if inside and width > 0 else -np.inf


class _Upper:
    """The upper end, and the rows in the order of their upper ends: those that end below it are only counted."""

    def __init__(self, rows: Covering) -> None:
        order = np.argsort(rows.highs, kind="stable")
        self.lows, self.highs, self.weight = rows.lows[order], rows.highs[order], rows.weight[order]
        self.total = float(rows.weight.sum()) + rows.n_exact
        self.start = rows.innermost
        ends = np.unique(self.highs)
        self.kinks = ends[(ends > self.start[0]) & np.isfinite(ends)]

    def slope(self, low: float, high: float, side: Side) -> float:
        """Width times ∂ℓ/∂high, to the ``right`` or to the ``left`` of high."""
        first = int(np.searchsorted(self.highs, high, side))
        with np.errstate(all="ignore"):
            shares = (high - low) / (high - np.maximum(self.lows[first:], low))
            return float(self.weight[first:] @ shares) - self.total


@dataclass(frozen=True, slots=True)
class Ends:
    """Where ℓ is highest, and which ends lie where it has a kink or breaks off; infinite ones are only neared.

    Those that are ``lost`` may lie elsewhere as well, and those ``neared`` leave a row no place where ℓ would be
    highest. A search that is not ``complete`` may have missed a higher maximum.
    """

    low: float
    high: float
    value: float
    held: tuple[bool, bool]
    lost: tuple[bool, bool] = (False, False)
    neared: tuple[bool, bool] = (False, False)
    complete: bool = True


def best_ends(rows: Covering, low: float | None, high: float | None) -> Ends | None:
    """The maximum over the ends that are not given; None where what is given leaves a row outside."""
    certain = _shared(rows, low, high)
    if certain is not None:
        return certain
    if low is None and high is None:
        apart = _at_both_ends(rows)
        if apart is not None:
            return apart
    lower, upper = _Upper(rows.mirrored()), _Upper(rows)

    def best_low(at: float) -> tuple[float, bool]:
        """The best low for a given high."""
        if low is not None:
            return low, False
        found, held = _highest(lambda end, side: lower.slope(-at, end, side), lower, -at)
        return -found, held

    if high is not None:
        there, there_held = high, False
    else:
        there, there_held = _highest(lambda end, side: upper.slope(best_low(end)[0], end, side), upper, low)
    here, here_held = best_low(there)
    if np.isinf(there) or np.isinf(here):
        return Ends(here, there, 0.0, (False, False))
    value = rows.value(here, there)
    return Ends(here, there, value, (here_held, there_held)) if np.isfinite(value) else None


def best_whole_ends(rows: Covering, low: float | None, high: float | None) -> Ends | None:
    """The same among whole numbers, ``high`` being the first number beyond, and exact rows one wide.

    From the best real ends outwards, for as long as the real ones with that high promise more than was found.
    """
    real = best_ends(rows, low, high)
    if real is None or np.isinf(real.low) or np.isinf(real.high):
        return real
    mirrored = rows.mirrored()

    def inner(at: Covering) -> float:
        edge, attained = at.innermost
        return edge if attained else edge + 1.0

    least_high, most_low = inner(rows), -inner(mirrored)
    best = Ends(real.low, real.high, -np.inf, (True, True))
    first = np.ceil(real.high)
    for begin, step in ((first, 1.0), (first - 1.0, -1.0)):
        at = begin
        while high is None or at == high:
            if at < least_high:
                break
            alone = best_ends(rows, low, at)
            if alone is None or not alone.value > best.value:
                if at != begin or best.value > -np.inf:
                    break
            else:
                for end in (low,) if low is not None else (np.floor(alone.low), np.ceil(alone.low)):
                    near = min(float(end), most_low)
                    value = rows.value(near, float(at))
                    if value > best.value:
                        best = Ends(near, float(at), value, (True, True))
            at += step
    return best if np.isfinite(best.value) else None


def _highest(slope: Slope, end: _Upper, other: float | None) -> tuple[float, bool]:
    """Where a slope that falls changes its sign, and whether it jumps there; infinity where it does nowhere."""
    begin, closed = end.start
    if other is not None and not begin > other:
        begin, closed = other, False
    if closed and slope(begin, "right") <= 0.0:
        return begin, True
    kinks = end.kinks[end.kinks > begin]
    first, last = 0, kinks.size
    while first < last:
        middle = (first + last) // 2
        if slope(float(kinks[middle]), "right") <= 0.0:
            last = middle
        else:
            first = middle + 1
    left = float(kinks[first - 1]) if first else begin
    if first < kinks.size:
        right = float(kinks[first])
        if slope(right, "left") >= 0.0:
            return right, True
        return root_of_slope(slope, left, right), False
    reach = max(left - other, 1e-300) if other is not None and np.isfinite(other) else max(abs(left), 1.0)
    while not slope(left + reach, "right") < 0.0:
        reach *= 2.0
        if not reach < 1e300:
            return np.inf, False
    return root_of_slope(slope, left, left + reach), False


def root_of_slope(slope: Slope, left: float, right: float) -> float:
    """By secants that keep the root between them, halving where they are slow (Dowell & Jarratt, 1971)."""
    at_left, at_right = slope(left, "right"), slope(right, "left")
    before = 0.0
    for step in range(1, _MOST_STEPS):
        width = right - left
        at = left + width * (at_left / (at_left - at_right)) if np.isfinite(at_left) and step % 8 else np.nan
        # Within rounding of an end a secant would move no more.
        margin = 0.5 * _ROUNDED * max(abs(left), abs(right))
        if width <= 2.0 * margin:
            break
        at = min(max(at, left + margin), right - margin) if np.isfinite(at) else left + 0.5 * width
        here = slope(at, "right")
        if here == 0.0:
            return at
        # An end that stays twice counts for half.
        same = here * before > 0.0
        before = here
        if here > 0.0:
            left, at_left, at_right = at, here, 0.5 * at_right if same else at_right
        else:
            right, at_right, at_left = at, here, 0.5 * at_left if same else at_left
    return left + 0.5 * (right - left)


def _shared(rows: Covering, low: float | None, high: float | None) -> Ends | None:
    """Ends within all rows at once, which have the probability 1 then."""
    start = float(np.max(rows.lows, initial=-np.inf)) if low is None else low
    stop = float(np.min(rows.highs, initial=np.inf)) if high is None else high
    if rows.n_exact > 0 or not (np.all(rows.lows <= start) and np.all(stop <= rows.highs) and start < stop):
        return None
    if not np.isfinite(start):
        start = stop - 1.0 if np.isfinite(stop) else 0.0
    return Ends(start, stop if np.isfinite(stop) else start + 1.0, 0.0, (False, False))


def _at_both_ends(rows: Covering) -> Ends | None:
    """ℓ in the limit of ever wider ends, where every row is open at one side and none narrows them."""
    below, above = np.isneginf(rows.lows), np.isposinf(rows.highs)
    if rows.n_exact > 0 or not np.all(below | above) or below.all() or above.all():
        return None
    left, right = float(rows.weight[below].sum()), float(rows.weight[above].sum())
    # The slope of ℓ in 1/width, at the best shares: n (mean upper end - mean lower end).
    upper = rows.weight[below] @ rows.highs[below] / left
    lower = rows.weight[above] @ rows.lows[above] / right
    if upper > lower:
        return None
    n = left + right
    return Ends(
        -np.inf, np.inf, left * float(np.log(left / n)) + right * float(np.log(right / n)), (False, False)
    )
