"""The exponential distribution in log rate: what its parametrisations share."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from thetahat.families._terms import Array, Terms
from thetahat.numerics.elementary import expm1_minus, log1mexp

_SMALLEST = 1e-300


def half_mean(points: Array) -> float:
    """Half the mean of points, which does not overflow; 0 where all but vanish."""
    mean = float(np.mean(0.5 * points))
    return mean if mean > _SMALLEST else 0.0


def log_mass_of(low: Array, high: Array, log_rate: Any, order: int) -> Terms:
    """-rate low + log(1 - exp(-d)), d = rate (high - low), with score d/(exp(d) - 1) - rate low in log rate."""
    rate = np.exp(log_rate)
    low, high = np.maximum(low, 0.0), np.maximum(high, 0.0)
    with np.errstate(all="ignore"):
        start, d = rate * low, rate * (high - low)
        mass = log1mexp(-d) - start
        if order == 0:
            return Terms(mass)
        share = 1.0 / special.exprel(d)
        # d/dlog d of d/(exp(d) - 1) is share (1 - d - share), where 1 - share is summed without
        # cancellation.
        rise = np.where(d > 40.0, 1.0 - d, expm1_minus(d) / np.expm1(d) - d)
        slope = np.where(share == 0, 0.0, np.where(d > 0, share * rise, 0.0))
    return Terms(mass, (share - start,), (slope - start,))
