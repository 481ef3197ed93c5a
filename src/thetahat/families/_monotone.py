"""Where a distribution function reaches a probability, to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat.families._terms import Array

Reached = Callable[[Array], NDArray[np.bool_]]
_LAST = np.int64(0x7FFFFFFFFFFFFFFF)
_FARTHEST = 2.0**60


def first_float(reached: Reached, low: Array, high: Array) -> Array:
    """Return the smallest double in (low, high] at which ``reached``, which is monotone and true at ``high``, holds.

    Doubles are halved by their rank, so that 64 steps suffice wherever and however close the ends are.
    """
    below, above = _rank(low), _rank(high)
    while True:
        middle = (below >> 1) + (above >> 1) + (below & above & 1)
        open_ = (middle > below) & (middle < above)
        if not open_.any():
            return _double(above)
        there = reached(_double(middle))
        above = np.where(open_ & there, middle, above)
        below = np.where(open_ & ~there, middle, below)


def first_integer(reached: Reached, low: Array, high: Array) -> Array:
    """Return the smallest whole number in (low, high] at which ``reached`` holds; infinite where none is found."""
    step = np.ones_like(low)
    above = np.minimum(low + step, high)
    while True:
        behind = ~reached(above) & (above < high) & (step < _FARTHEST)
        if not behind.any():
            break
        step = np.where(behind, 2.0 * step, step)
        above = np.where(behind, np.minimum(low + step, high), above)
    below = np.where(step > 1.0, low + 0.5 * step, low)
    while True:
        middle = np.floor(0.5 * (below + above))
        open_ = (middle > below) & (middle < above)
        if not open_.any():
            return np.where(step < _FARTHEST, above, np.inf)
        there = reached(middle)
        above = np.where(open_ & there, middle, above)
        below = np.where(open_ & ~there, middle, below)


def _rank(x: Array) -> NDArray[np.int64]:
    """Whole numbers in the order of the doubles."""
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.int64)
    return bits ^ ((bits >> 63) & _LAST)


def _double(rank: NDArray[np.int64]) -> Array:
    return np.asarray((rank ^ ((rank >> 63) & _LAST)).view(np.float64))
