"""Coordinates of the line and its pieces in which densities are smooth up to their ends and far into their tails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from thetahat._dataclass import dataclass
from thetahat.families._terms import Array

_FARTHEST = 690.0
_RESOLVED = 2.0**-29
"""Distances from an end other than 0, relative to it, that the numbers near it still resolve to seven digits."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A piece of the line in a coordinate t.

    ``place`` returns y and log dy/dt; ``first`` and ``last`` are the range of t, and whether there is more beyond
    either is told by ``open_first`` and ``open_last``.
    """

    place: Callable[[Array], tuple[Array, Array]]
    coordinate: Callable[[Array], Array]
    first: float
    last: float
    open_first: bool = True
    open_last: bool = True


def chart_of(low: float, high: float, centre: float, scale: float) -> Chart:
    """Log distance to a finite end, log odds between two ends, and y = centre + scale sinh t on the whole line."""
    if np.isfinite(low) and np.isfinite(high):
        return _between(low, high)
    if np.isfinite(low):
        return _above(low)
    if np.isfinite(high):
        mirrored = _above(-high)

        def place(t: Array) -> tuple[Array, Array]:
            y, log_slope = mirrored.place(-t)
            return -y, log_slope

        return Chart(place, lambda y: -mirrored.coordinate(-y), -mirrored.last, -mirrored.first)
    return _line(centre, scale)


def from_start(start: float) -> Chart:
    """Everything from ``start`` up, which is reached; t is the logarithm of the distance to the place 1 below it."""
    whole = _above(start - 1.0)
    return Chart(whole.place, whole.coordinate, 0.0, _FARTHEST, open_first=False)


def up_to(end: float) -> Chart:
    """Everything up to ``end``, which is reached."""
    mirrored = from_start(-end)

    def place(t: Array) -> tuple[Array, Array]:
        y, log_slope = mirrored.place(-t)
        return -y, log_slope

    return Chart(place, lambda y: -mirrored.coordinate(-y), -_FARTHEST, 0.0, open_last=False)


def within(start: float, end: float, centre: float, scale: float) -> Chart:
    """Everything between two ends, those that are finite reached; y = centre + scale sinh t."""
    whole = _line(centre, scale)
    first = float(whole.coordinate(np.array(start))) if np.isfinite(start) else whole.first
    last = float(whole.coordinate(np.array(end))) if np.isfinite(end) else whole.last
    return Chart(
        whole.place,
        whole.coordinate,
        first,
        last,
        open_first=bool(np.isinf(start)),
        open_last=bool(np.isinf(end)),
    )


def _line(centre: float, scale: float) -> Chart:
    log_scale = float(np.log(scale))

    def place(t: Array) -> tuple[Array, Array]:
        return centre + scale * np.sinh(t), log_scale + np.abs(t) + np.log1p(
            np.exp(-2.0 * np.abs(t))
        ) - np.log(2.0)

    end = _FARTHEST - max(log_scale, 0.0)
    return Chart(place, lambda y: np.arcsinh((y - centre) / scale), -end, end)


def _above(low: float) -> Chart:
    first = max(-_FARTHEST, float(np.log(abs(low) * _RESOLVED))) if low else -_FARTHEST
    return Chart(lambda t: (low + np.exp(t), t), lambda y: np.log(y - low), first, _FARTHEST)


def _between(low: float, high: float) -> Chart:
    width = high - low
    log_width = float(np.log(width))

    def place(t: Array) -> tuple[Array, Array]:
        y = np.where(t < 0, low + width * special.expit(t), high - width * special.expit(-t))
        return y, log_width - np.logaddexp(0.0, t) - np.logaddexp(0.0, -t)

    first = -_FARTHEST if not low else float(np.log(abs(low) * _RESOLVED / width))
    last = _FARTHEST if not high else -float(np.log(abs(high) * _RESOLVED / width))
    return Chart(
        place,
        lambda y: np.log(y - low) - np.log(high - y),
        max(min(first, -1.0), -_FARTHEST),
        min(max(last, 1.0), _FARTHEST),
    )
