"""Log mass of an interval under the standard Cauchy distribution, in its ends."""

from __future__ import annotations

import numpy as np

from thetahat.families._terms import Array, EndTerms, end_terms

_LOG_PI = float(np.log(np.pi))


def cauchy_ends(low: Array, high: Array, gap: Array) -> EndTerms:
    """Return log(F(high) - F(low)), F = 1/2 + arctan/π, with its derivatives in both ends.

    The difference of the two angles is the angle of (1 + low high, gap), in which nothing cancels.
    """
    with np.errstate(all="ignore"):
        low, high, gap = np.broadcast_arrays(low, high, gap)
        between = np.arctan2(gap, 1.0 + low * high)
        below, above = np.arctan2(1.0, -high), np.arctan2(1.0, low)
        angle = np.where(np.isneginf(low), below, np.where(np.isposinf(high), above, between))

        def at(z: Array) -> tuple[Array, Array, tuple[Array, ...]]:
            size = np.hypot(1.0, z)
            return -_LOG_PI - 2.0 * np.log(size), -2.0 * (z / size) / size, ()

        return end_terms(np.log(angle) - _LOG_PI, at(low), at(high))
