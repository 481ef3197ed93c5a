"""Centre and spread of representative points, for start values that never fail."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

_SMALLEST, _LARGEST = 1e-307, 1e307


def centre_and_spread(points: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and a positive standard deviation; a tenth of the points' size where they are all equal."""
    # Any of the points will do to measure from.
    middle = float(points[points.size // 2])
    half = 0.5 * points - 0.5 * middle
    largest = float(np.maximum.reduce(np.abs(half)))
    if largest < _SMALLEST:
        return middle, clipped(0.1 * abs(middle)) if middle else 1.0
    relative = half / largest
    shift = float(np.add.reduce(relative)) / points.size
    relative -= shift
    spread = sqrt(float(np.add.reduce(np.multiply(relative, relative, out=relative))) / points.size)
    centre = middle + 2.0 * (shift * largest)
    return min(max(centre, -_LARGEST), _LARGEST), clipped(2.0 * spread * largest)


def robust_centre_and_spread(points: NDArray[np.float64]) -> tuple[float, float]:
    """Median, and 1.4826 median distances from it; the standard deviation where half the points are equal."""
    middle = median(points)
    distance = 2.0 * median(np.abs(0.5 * points - 0.5 * middle))
    if _SMALLEST < distance < _LARGEST:
        return middle, clipped(1.4826 * distance)
    return middle, centre_and_spread(points)[1]


def median(points: NDArray[np.float64]) -> float:
    """NumPy's median of numbers, without what it costs to allow for axes and missing values."""
    half = points.size // 2
    if points.size % 2:
        return float(np.partition(points, half)[half])
    low, high = np.partition(points, (half - 1, half))[half - 1 : half + 1].tolist()
    return 0.5 * float(low) + 0.5 * float(high)


def clipped(scale: float) -> float:
    """Keep a positive number clear of 0 and of infinity."""
    return min(max(scale, _SMALLEST), _LARGEST)
