"""Where a distribution function reaches a probability, to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat.families._terms import Array

Reached = Callable[[Array], NDArray[np.bool_]]
Ranks = NDArray[np.int64]
_LAST = np.int64(0x7FFFFFFFFFFFFFFF)
_FARTHEST = 2.0**60
_WIDER = 6
"""Doublings between two looks outward from a guess."""


def first_float(reached: Reached, low: Array, high: Array, guess: Array) -> Array:
    """Return the smallest double in (low, high] at which ``reached``, which is monotone and true at ``high``, holds.

    Doubles are halved by their rank, so that 64 steps suffice however close the ends are; a good guess saves most.
    """
    below, above = _rank(low), _rank(high)
    middle = np.clip(_rank(np.where(np.isnan(guess), high, guess)), below, above)
    there = reached(_double(middle))
    above, below = np.where(there, middle, above), np.where(there, below, middle)
    for power in range(_WIDER, 62, _WIDER):
        step = np.int64(1) << power
        # One side is the guess still; the other one is looked for at growing distances.
        room = _gap(below, above) > step
        probe = np.where(there, above - np.where(room, step, 0), below + np.where(room, step, 0))
        if not room.any():
            break
        now = reached(_double(probe))
        found = room & (now != there)
        above = np.where(room & now, probe, above)
        below = np.where(room & ~now, probe, below)
        if bool((found | ~room).all()):
            break
    return _double(_halved(reached, below, above))


def _halved(reached: Reached, below: Ranks, above: Ranks) -> Ranks:
    while True:
        middle = (below >> 1) + (above >> 1) + (below & above & 1)
        open_ = (middle > below) & (middle < above)
        if not open_.any():
            return above
        there = reached(_double(middle))
        above = np.where(open_ & there, middle, above)
        below = np.where(open_ & ~there, middle, below)


def _gap(below: Ranks, above: Ranks) -> NDArray[np.float64]:
    return above.astype(float) - below.astype(float)


def first_integer(reached: Reached, low: Array, high: Array, guess: Array) -> Array:
    """Return the smallest whole number in (low, high] at which ``reached`` holds; infinite where none is found."""
    start = np.where(np.isfinite(guess), np.clip(guess, low + 1.0, np.minimum(high, _FARTHEST)), low + 1.0)
    there = reached(start)
    below, above = np.where(there, low, start), np.where(there, start, high)
    step = np.ones_like(start)
    while True:
        probe = np.where(there, above - step, below + step)
        room = (probe > below) & (probe < above) & (step < _FARTHEST)
        if not room.any():
            break
        now = reached(np.where(room, probe, start))
        above = np.where(room & now, probe, above)
        below = np.where(room & ~now, probe, below)
        step = np.where(room & (now == there), 2.0 * step, np.inf)
    while True:
        middle = np.floor(0.5 * (below + above))
        open_ = (middle > below) & (middle < above) & np.isfinite(above)
        if not open_.any():
            return above
        there = reached(np.where(open_, middle, start))
        above = np.where(open_ & there, middle, above)
        below = np.where(open_ & ~there, middle, below)


def _rank(x: Array) -> Ranks:
    """Whole numbers in the order of the doubles."""
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.int64)
    return bits ^ ((bits >> 63) & _LAST)


def _double(rank: Ranks) -> Array:
    return np.asarray((rank ^ ((rank >> 63) & _LAST)).view(np.float64))
