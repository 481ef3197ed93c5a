"""Sums over rows that lie beyond or between ends: Gumbel's distribution of smallest values, F(z) = 1 - exp(-exp(z))."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from thetahat.families._end_kernel import EndKernel, Slopes, Vector, at_one_end, at_two_ends, value_only


@final
class SmallestEnds(EndKernel):
    """With p = exp(z): log(1 - F) = -p, and the mass between two ends exp(-p_low)(1 - exp(-d)), d = p_high - p_low."""

    lower: ClassVar[tuple[float, float]] = (-600.0, 600.0)
    upper: ClassVar[tuple[float, float]] = (-9.0, 6.0)
    lower_of_two: ClassVar[tuple[float, float]] = (-50.0, 6.0)
    upper_of_two: ClassVar[tuple[float, float]] = (-9.0, 6.0)

    def above(self, z: Vector, order: int) -> Slopes:
        """-p, which is its own derivative."""
        value = -np.exp(z)
        return at_one_end(z, value, value, value) if order else value_only(value)

    def below(self, z: Vector, order: int) -> Slopes:
        """log(1 - exp(-p)), whose derivative is q = p/(exp(p) - 1), and then q (1 - p - q)."""
        power = np.exp(z)
        beyond = np.expm1(power)
        value = np.log(beyond) - power
        if not order:
            return value_only(value)
        first = power / beyond
        return at_one_end(z, value, first, first * (1.0 - power - first))

    def between(self, low: Vector, high: Vector, gap: Vector, order: int) -> Slopes:
        """With E = 1/(exp(d) - 1): M_high = p_high E, total d E - p_low, curvature d E (1 - d E - d) - p_low."""
        power_low, power_high = np.exp(low), np.exp(high)
        difference = power_high - power_low
        beyond = np.expm1(difference)
        value = np.log(beyond) - power_high
        if not order:
            return value_only(value)
        by_high = power_high / beyond
        share = difference / beyond
        curvature = share * (1.0 - share - difference) - power_low
        return at_two_ends(low, gap, value, share - power_low, curvature, by_high, 1.0 - power_high)


SMALLEST_ENDS = SmallestEnds()
