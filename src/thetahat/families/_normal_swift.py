"""Sums over rows that lie beyond or between ends: the standard normal distribution."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np
from scipy import special

from thetahat.families._end_kernel import EndKernel, Slopes, Vector, at_one_end, at_two_ends, value_only
from thetahat.numerics.normal import LOG_SQRT_2_PI

_ROOT_HALF = float(np.sqrt(0.5))
_PEAK = float(np.exp(-LOG_SQRT_2_PI))


@final
class NormalEnds(EndKernel):
    """Through the complementary error function, each interval seen from the side on which it does not cancel."""

    rounding: ClassVar[float] = 1.0
    lower: ClassVar[tuple[float, float]] = (-1e3, 20.0)
    upper: ClassVar[tuple[float, float]] = (-20.0, 1e3)
    lower_of_two: ClassVar[tuple[float, float]] = (-1e3, 20.0)
    upper_of_two: ClassVar[tuple[float, float]] = (-20.0, 1e3)

    def above(self, z: Vector, order: int) -> Slopes:
        """log Φ(-z): with r = φ(z)/Φ(-z) its derivatives are -r and r (z - r)."""
        mass = 0.5 * special.erfc(_ROOT_HALF * z)
        value = np.log(mass)
        if not order:
            return value_only(value)
        first = _density(z) / -mass
        return at_one_end(z, value, first, -first * (z + first))

    def below(self, z: Vector, order: int) -> Slopes:
        """log Φ(z): with r = φ(z)/Φ(z) its derivatives are r and -r (z + r)."""
        mass = 0.5 * special.erfc(-_ROOT_HALF * z)
        value = np.log(mass)
        if not order:
            return value_only(value)
        first = _density(z) / mass
        return at_one_end(z, value, first, -first * (z + first))

    def between(self, low: Vector, high: Vector, gap: Vector, order: int) -> Slopes:
        """M_high = b = φ(high)/mass, total t = b - φ(low)/mass, curvature -low t - gap b - t²."""
        mirrored = low + high < 0.0
        near, far = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
        mass = 0.5 * (special.erfc(_ROOT_HALF * near) - special.erfc(_ROOT_HALF * far))
        value = np.log(mass)
        if not order:
            return value_only(value)
        by_far = _density(far) / mass
        total = by_far - _density(near) / mass
        curvature = -near * total - gap * by_far - total * total
        seen = at_two_ends(near, gap, value, total, curvature, by_far, -far)
        sign = np.where(mirrored, -1.0, 1.0)
        return seen._replace(total=sign * seen.total, radial_first=sign * seen.radial_first)


def _density(z: Vector) -> Vector:
    return _PEAK * np.exp(-0.5 * z * z)


NORMAL_ENDS = NormalEnds()
