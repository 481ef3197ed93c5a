"""Log mass of an interval under the standard normal distribution, in its ends."""

from __future__ import annotations

import numpy as np
from scipy import special

from thetahat.families._standard import reflected
from thetahat.families._terms import Array, EndTerms
from thetahat.numerics.normal import LOG_SQRT_2_PI

_ROOT_HALF = float(np.sqrt(0.5))
_ROOT_HALF_PI = float(np.sqrt(0.5 * np.pi))
_FAR = 20.0
# 1 - z m(z) = 1/z² - 3/z⁴ + 15/z⁶ - ..., m being Mills' ratio (Abramowitz & Stegun, 1964, 7.1.23).
_MILLS_SERIES = np.cumprod(-(2.0 * np.arange(1, 14) - 1.0))[::-1] * -1.0


def normal_ends(low: Array, high: Array, gap: Array) -> EndTerms:
    """Return log(Φ(high) - Φ(low)) with its derivatives in both ends; ``gap`` is high - low.

    In a tail everything is relative to the density at the nearer end, through Mills' ratio, so that neither
    the mass nor its curvature cancels however far out the interval lies.
    """
    with np.errstate(all="ignore"):
        low, high, gap = np.broadcast_arrays(low, high, gap)
        mirrored = low + high < 0
        near, far = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
        end = _right(near, far, gap)
        back = reflected(end)
        return EndTerms(*(np.where(mirrored, b, a) for a, b in zip(end[:6], back[:6], strict=True)))


def _right(low: Array, high: Array, gap: Array) -> EndTerms:
    """For intervals whose middle is at or above 0."""
    tail = low >= 0
    safe_low = np.where(tail, low, 0.0)
    decay = np.where(np.isposinf(high), 0.0, np.exp(-0.5 * gap * (low + high)))
    beyond = np.where(decay > 0, decay * _mills(np.where(tail, high, 1.0)), 0.0)
    relative = _mills(safe_low) - beyond
    tail_value = -0.5 * safe_low * safe_low - LOG_SQRT_2_PI + np.log(relative)
    tail_excess = (_one_minus_mills(safe_low) + safe_low * beyond) / relative

    outside = 0.5 * (special.erfc(-low * _ROOT_HALF) + special.erfc(high * _ROOT_HALF))
    mass = 0.5 * (special.erf(-low * _ROOT_HALF) + special.erf(high * _ROOT_HALF))
    across_value = np.where(outside < 0.5, np.log1p(-outside), np.log(mass))
    across_low = np.exp(-0.5 * low * low - LOG_SQRT_2_PI) / mass
    across_high = np.exp(-0.5 * high * high - LOG_SQRT_2_PI) / mass

    ratio_low = np.where(tail, 1.0 / relative, across_low)
    ratio_high = np.where(tail, decay / relative, across_high)
    excess = np.where(tail, tail_excess, across_low - low)
    return EndTerms(
        np.where(tail, tail_value, across_value),
        -ratio_low,
        ratio_high,
        np.where(ratio_low == 0, 0.0, -ratio_low * excess),
        ratio_low * ratio_high,
        np.where(ratio_high == 0, 0.0, -ratio_high * (high + ratio_high)),
    )


def _mills(z: Array) -> Array:
    """(1 - Φ(z)) / φ(z) for z >= 0."""
    return np.asarray(_ROOT_HALF_PI * special.erfcx(z * _ROOT_HALF))


def _one_minus_mills(z: Array) -> Array:
    """1 - z m(z) for z >= 0."""
    inverse = 1.0 / np.square(np.maximum(z, _FAR))
    return np.where(z > _FAR, inverse * np.polyval(_MILLS_SERIES, inverse), 1.0 - z * _mills(z))
