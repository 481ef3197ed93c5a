"""Where to begin with Gumbel's distribution and the power transformations of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.families._starts import centre_and_spread, clipped

_ROOM = 1.0
"""Scales, beside the log of their number, within which the points lie on the steep side of the location."""


def smallest_start(points: NDArray[np.float64]) -> tuple[float, float]:
    """Location and scale by moments, of smallest values: scale = sd √6/π, location = mean + γ scale.

    At the maximum the mean of exp((y - location)/scale) is 1, so that no y is more than log n scales above location.
    Where moments leave one farther out the scale is that which leads there, and the location solves the equation.

    Examples
    --------
    >>> [round(item, 3) for item in smallest_start(np.array([-3.0, -1.0, 0.0, 1.0]))]
    [-0.084, 1.153]
    >>> location, scale = smallest_start(np.append(np.linspace(-1.0, 1.0, 99), 50.0))
    >>> bool((50.0 - location) / scale < np.log(100.0))
    True
    """
    middle, spread = centre_and_spread(points)
    scale = clipped(float(np.sqrt(6.0) / np.pi * spread))
    highest, farthest = float(np.max(points)), float(np.log(points.size))
    with np.errstate(over="ignore"):
        least = (highest - middle) / (farthest + _ROOM)
    if not scale < least < np.inf:
        return middle + np.euler_gamma * scale, scale
    return highest + least * float(np.log(np.mean(np.exp((points - highest) / least)))), least


def largest_start(points: NDArray[np.float64]) -> tuple[float, float]:
    """The same of largest values: those of minus the points.

    Examples
    --------
    >>> [round(item, 3) for item in largest_start(np.array([-3.0, -1.0, 0.0, 1.0]))]
    [-1.416, 1.153]
    """
    location, scale = smallest_start(-points)
    return -location, scale
