"""The way of a climb along places: which is looked at next, by the slopes at those that were passed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
AHEAD = 1.25
"""Times the way to where the expected information puts the maximum, so that it is passed."""


class Way:
    """Sorted places, those between which the maximum lies, and the slopes of ℓ there."""

    def __init__(self, values: Vector) -> None:
        self.values = values
        self.low, self.high = -1, values.size
        self.failures = 0
        self._slopes = [np.nan, np.nan]
        self._step = 1
        self._widths = [float(values.size)] * 2
        self._last = 0

    @property
    def enclosed(self) -> bool:
        """Whether there is a place on either side of the maximum."""
        return self.low >= 0 and self.high < self.values.size

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """The places on either side, or what there is beyond all places."""
        return (
            float(self.values[self.low]) if self.low >= 0 else low,
            float(self.values[self.high]) if self.high < self.values.size else high,
        )

    def passed(self, index: int, slope: float) -> None:
        """Take a place with the slope towards the maximum."""
        side = 0 if slope > 0 else 1
        self._slopes[side] = slope
        if side == 0:
            self.low = index
        else:
            self.high = index
        if self._last == (side or -1):
            # The other end stays where it is: by half its slope it is drawn nearer (the Illinois method).
            self._slopes[1 - side] *= 0.5
        self._last = side or -1

    def ahead(self, index: int, slope: float, expected: float) -> int:
        """The next place where only one side is known: as far as the slope reaches, or twice as far as before."""
        rises = slope > 0
        self._step *= 2
        aim = index + (self._step if rises else -self._step)
        if expected > 0 and np.isfinite(slope):
            reach = float(self.values[index]) + AHEAD * slope / expected
            there = int(np.searchsorted(self.values, reach))
            aim = max(there, index + 1) if rises else min(there, index - 1)
            # Far out an information says little of where the maximum is.
            aim = max(aim, index + self._step // 2) if rises else min(aim, index - self._step // 2)
        return int(np.clip(aim, self.low + 1, self.high - 1))

    def within(self) -> int:
        """The next place between two: where a line through the slopes is 0, or half-way where that has not paid."""
        low, high = self.low, self.high
        width = float(high - low)
        slow = width > 0.5 * self._widths[0]
        self._widths = [self._widths[1], width]
        up, down = self._slopes
        middle = (low + high) // 2
        if slow or not (np.isfinite(up) and np.isfinite(down) and up > down):
            return middle
        first, last = float(self.values[low]), float(self.values[high])
        there = int(np.searchsorted(self.values, first + (last - first) * (up / (up - down))))
        return int(np.clip(there, low + 1, high - 1))
