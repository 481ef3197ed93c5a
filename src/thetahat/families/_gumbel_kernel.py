"""Gumbel's distribution in standard form, of largest and of smallest values."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from thetahat.families._end_kernel import EndKernel
from thetahat.families._gumbel_ends import gumbel_ends
from thetahat.families._gumbel_swift import SMALLEST_ENDS
from thetahat.families._standard import Standard, StandardFamily, reflected, reflected_terms
from thetahat.families._terms import Array, Coordinates, EndTerms


class LargestKernel(StandardFamily):
    """z has the distribution function exp(-exp(-z))."""

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-z - exp(-z)."""
        return -z - xp.exp(-z)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = exp(-z) - 1."""
        return reflected_terms(smallest_terms(-z))

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """In closed form."""
        return gumbel_ends(low, high, gap)


class SmallestKernel(StandardFamily):
    """z has the survival function exp(-exp(z)): the log of a standard exponential."""

    end_kernel: ClassVar[EndKernel] = SMALLEST_ENDS

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """Return z - exp(z)."""
        return z - xp.exp(z)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = 1 - exp(z)."""
        return smallest_terms(z)

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Gumbel's distribution, mirrored."""
        return reflected(gumbel_ends(-high, -low, gap))


def smallest_terms(z: Any) -> Standard:
    """Return z - exp(z) with its derivatives."""
    power = np.exp(z)
    first = 1.0 - power
    # At a huge z, where exp(z) overflows, z exp(z) must not meet 0 times infinity.
    stretched = z * power
    return Standard(
        z - power,
        first,
        -power,
        z - stretched,
        first - stretched,
        z - stretched - z * stretched,
    )
