"""The best triangle over few points: for each point as the mode, the ends that it wants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.families._starts import centre_and_spread

Vector = NDArray[np.float64]
FEW = 48
SPREAD = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
SWEEPS, HALVINGS = 4, 16
FINE_SWEEPS, FINE_HALVINGS = 3, 40
REACH = 12.0
"""In logs of the points' range, how near an outermost point and how far beyond it an end is looked for."""


def best_triangle(points: Vector) -> tuple[float, float, float]:
    """Low, mode and high of the highest likelihood, the mode at one of few points."""
    ordered = np.sort(points)
    few = ordered[np.unique(np.linspace(0, ordered.size - 1, FEW).astype(int))]
    least, most = float(few[0]), float(few[-1])
    half = 0.5 * most - 0.5 * least
    if not 1e-290 < half < 1e290:
        _, spread = centre_and_spread(points)
        return _apart(least, most, spread)
    x = (0.5 * few - 0.5 * least) / half
    modes = np.unique(x)[1:-1]
    if not modes.size:
        return _apart(least, most, half)
    height = _ends(x, modes, SWEEPS, HALVINGS)[2]
    best = int(np.argmax(height))
    # How near the outermost points the ends are depends on how many points there are.
    every = (0.5 * ordered - 0.5 * least) / half
    low, high, _ = _ends(every, modes[best : best + 1], FINE_SWEEPS, FINE_HALVINGS)
    size = 2.0 * half
    return (
        min(least + size * float(low[0]), float(np.nextafter(least, -np.inf))),
        # The point itself, not what scaling has made of it.
        float(np.unique(few)[1:-1][best]),
        max(least + size * float(high[0]), float(np.nextafter(most, np.inf))),
    )


def spread_triangles(points: Vector) -> tuple[tuple[Vector, Vector, Vector], ...]:
    """For modes that are spread over few points, low, mode and high of the highest likelihood with each."""
    few = np.unique(np.quantile(points, np.linspace(0.0, 1.0, FEW), method="nearest"))
    least, most = float(few[0]), float(few[-1])
    half = 0.5 * most - 0.5 * least
    if not 1e-290 < half < 1e290:
        return ()
    x = (0.5 * few - 0.5 * least) / half
    places = np.unique(np.round(np.quantile(np.arange(few.size), SPREAD)).astype(int))
    places = places[(x[places] > 0.0) & (x[places] < 1.0)]
    if not places.size:
        return ()
    low, high, _ = _ends(x, x[places], SWEEPS, HALVINGS)
    lows = np.minimum(least + 2.0 * half * low, np.nextafter(least, -np.inf))
    highs = np.maximum(least + 2.0 * half * high, np.nextafter(most, np.inf))
    return tuple(
        (lows[i : i + 1], few[place : place + 1], highs[i : i + 1]) for i, place in enumerate(places)
    )


def _apart(least: float, most: float, spread: float) -> tuple[float, float, float]:
    """A triangle well beyond the outermost points."""
    gap = max(spread, 1e-3 * max(abs(least), abs(most)), 1e-300)
    largest = 1e307
    return max(least - gap, -largest), 0.5 * least + 0.5 * most, min(most + gap, largest)


def _ends(x: Vector, modes: Vector, sweeps: int, halvings: int) -> tuple[Vector, Vector, Vector]:
    """For points from 0 to 1: low and high for each mode, by turns, and the log-likelihood there."""
    mode = modes[:, None]
    left, right = x < mode, x > mode
    before, after = left.sum(axis=1), right.sum(axis=1)
    below, above = np.full(modes.size, 0.2), np.full(modes.size, 0.2)

    for _ in range(sweeps):
        for end in (0, 1):
            at = x[None, :] if end == 0 else 1.0 - x[None, :]
            mode_distance = mode if end == 0 else 1.0 - mode
            side, count, other = (left, before, above) if end == 0 else (right, after, below)
            low, high = np.full(modes.size, -REACH), np.full(modes.size, REACH / 2)
            for _ in range(halvings):
                middle = 0.5 * (low + high)
                distance = np.exp(middle)
                slope = (
                    np.where(side, 1.0 / (distance[:, None] + at), 0.0).sum(axis=1)
                    - count / (distance + mode_distance[:, 0])
                    - x.size / (distance + 1.0 + other)
                )
                low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
            if end == 0:
                below = np.exp(0.5 * (low + high))
            else:
                above = np.exp(0.5 * (low + high))
    part = np.where(left, x + below[:, None], np.where(right, 1.0 - x + above[:, None], 1.0))
    whole = np.where(left, mode + below[:, None], np.where(right, 1.0 - mode + above[:, None], 1.0))
    height = (np.log(part) - np.log(whole)).sum(axis=1) - x.size * np.log(1.0 + below + above)
    return -below, 1.0 + above, height
