"""The global maximum of two ends of a level density, from rows with limits of truncation of which some are censored.

Exact rows and rows open above have lower limits here, or all of it the other way round.
With low at the smallest exact value, or where it is given, every row is at its best whatever high is: an exact row has
1/(high - e) and one that exceeds a the share (high - a)/(high - e), e being the larger of its entry and low. As a
function of high, ℓ is a difference G - H of two functions that both rise and level off, and ∂ℓ/∂high one of two that
both fall, with derivatives that rise. So between any two values of high ℓ, its slope and its curvature are bounded by
what they are at the two, and halving leaves out nothing but what can hold no higher maximum. There may be several.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families._censored_ends import Ends, root_of_slope

Array = NDArray[np.float64]
_CLOSE = 4.0 * float(np.finfo(float).eps)
_NO_GAIN = 1e-13
"""What of a row's ℓ is of no interest any more."""


@dataclass(frozen=True)
class Entered:
    """Intervals open above, or all below, and exact rows, each with a weight and with its limits on the other side.

    ``limits`` and ``exact_limits`` are entries of rows that are ``open_above``, and else exits.
    """

    ends: Array
    limits: Array
    weight: Array
    exact_limits: Array
    exact_weight: Array
    least: float
    most: float
    open_above: bool = True

    def mirrored(self) -> Entered:
        """The same of minus the values."""
        return replace(
            self,
            ends=-self.ends,
            limits=-self.limits,
            exact_limits=-self.exact_limits,
            least=-self.most,
            most=-self.least,
            open_above=not self.open_above,
        )

    def one_wide(self) -> Entered:
        """Whole numbers as intervals one wide, from each up to the next."""
        return replace(
            self,
            ends=np.floor(self.ends) + 1.0,
            limits=np.floor(self.limits) + 1.0,
            exact_limits=np.floor(self.exact_limits) + 1.0,
            most=self.most + 1.0,
        )


class _Place(NamedTuple):
    """What is known at one value of high: the two parts of ℓ, of its slope and of its curvature, none negative."""

    high: float
    gain: float
    loss: float
    pull: float
    push: float
    pull_falls: float
    push_falls: float

    @property
    def value(self) -> float:
        return self.gain - self.loss


class _Heights:
    """ℓ over high, for a given low."""

    def __init__(self, rows: Entered, low: float) -> None:
        ends, limits = np.maximum(rows.ends, low), np.maximum(rows.limits, low)
        telling = ends > limits
        self.ends, self.limits, self.weight = ends[telling], limits[telling], rows.weight[telling]
        self.exact, self.exact_weight = np.maximum(rows.exact_limits, low), rows.exact_weight
        self.innermost = max(rows.most, float(np.max(rows.ends, initial=-np.inf)))
        self.closed = not np.any(self.ends >= self.innermost)
        self.rows = float(self.weight.sum() + self.exact_weight.sum())

    def at(self, high: float) -> _Place:
        """Look at one value."""
        with np.errstate(all="ignore"):
            near, far, width = high - self.ends, high - self.limits, high - self.exact
            pulls = (self.ends - self.limits) / near / far
            pushes = self.exact_weight / width
            return _Place(
                high,
                float(self.weight @ np.log1p(-(self.ends - self.limits) / far)),
                float(self.exact_weight @ np.log(width)),
                float(self.weight @ pulls),
                float(pushes.sum()),
                float(self.weight @ (pulls * (1.0 / near + 1.0 / far))),
                float((pushes / width).sum()),
            )

    def slope(self, high: float, _side: str) -> float:
        """∂ℓ/∂high."""
        place = self.at(high)
        return place.pull - place.push

    @cached_property
    def outermost(self) -> float:
        """A value from which on ℓ falls: Σ (a - e) (high - least e) is below n (high - most a)² there."""
        spans, n = float(self.weight @ (self.ends - self.limits)), float(self.exact_weight.sum())
        least, most = float(self.exact.min()), float(self.ends.max())
        reach = self.innermost - least
        while not spans * (self.innermost + reach - least) < n * (self.innermost + reach - most) ** 2:
            reach *= 2.0
        return self.innermost + reach


def best_entered_ends(
    rows: Entered, low: float | None, high: float | None, *, whole: bool = False
) -> Ends | None:
    """The maximum over the ends that are not given; None where what is given leaves a row outside.

    Of ``whole`` numbers both ends are kept among them.
    """
    if not rows.open_above:
        there = best_entered_ends(
            rows.mirrored(), None if high is None else -high, None if low is None else -low, whole=whole
        )
        return (
            None
            if there is None
            else replace(there, low=-there.high, high=-there.low, held=(there.held[1], there.held[0]))
        )
    beyond = float(np.max(rows.ends, initial=-np.inf))
    if high is not None and (high < rows.most or high <= beyond):
        return None
    if not rows.exact_weight.size:
        if low is None or low >= beyond:
            return Ends(beyond, np.nan, 0.0, (False, False))
        return (
            Ends(low, np.inf, 0.0, (False, False)) if high is None else Ends(low, high, 0.0, (False, False))
        )
    if low is not None and low > rows.least:
        return None
    heights = _Heights(rows, rows.least if low is None else low)
    found, held = (heights.at(high), False) if high is not None else _highest(heights, whole=whole)
    return Ends(
        rows.least if low is None else low,
        found.high,
        found.value,
        (low is None, held or (whole and high is None)),
    )


def _highest(heights: _Heights, *, whole: bool) -> tuple[_Place, bool]:
    """Where ℓ is highest, and whether that is where it breaks off."""
    first = heights.innermost if heights.closed or not whole else heights.innermost + 1.0
    best = begin = heights.at(first)
    if not heights.weight.size:
        return begin, True

    def tried(place: _Place) -> _Place:
        """The place itself, having tried it and its neighbours among whole numbers."""
        nonlocal best
        near = [place]
        if whole:
            near = [
                heights.at(end)
                for end in (float(np.floor(place.high)), float(np.ceil(place.high)))
                if end >= first
            ]
        best = max([best, *near], key=lambda item: item.value)
        return place

    enough = _NO_GAIN * heights.rows
    boxes = [(begin, tried(heights.at(max(heights.outermost, first + float(whole)))))]
    while boxes:
        left, right = boxes.pop()
        rises, falls = right.pull >= left.push, left.pull <= right.push
        if rises or falls or not right.gain - left.loss > best.value + enough:
            continue
        if whole and np.ceil(left.high) > np.floor(right.high):
            continue
        # The curvature is push_falls - pull_falls, each of which falls from left to right.
        convex, concave = left.pull_falls <= right.push_falls, right.pull_falls >= left.push_falls
        if convex or right.high - left.high <= _CLOSE * max(abs(left.high), abs(right.high)):
            continue
        if concave:
            if left.pull > left.push and right.pull < right.push:
                tried(heights.at(root_of_slope(heights.slope, left.high, right.high)))
            continue
        middle = tried(heights.at(left.high + 0.5 * (right.high - left.high)))
        boxes += [(left, middle), (middle, right)]
    return best, best.high == heights.innermost
