"""Three by three matrices in plain floats."""

from __future__ import annotations

from math import frexp
from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.small_factor import SmallFactor

FloatArray = NDArray[np.float64]
_TINY, _HUGE = 1e-100, 1e100
"""Between which the diagonal lies, so that no product of three entries leaves double precision."""
CLEAR = 1e-6
"""A bound for the smallest eigenvalue that leaves no doubt; below it a decomposition is worth its price."""


@final
class Triple(SmallFactor):
    """A = L D Lᵀ of a positive definite 3 x 3 matrix: NumPy's overhead would be most of a small fit's time.

    Scaling A to a diagonal near 1 by powers of two rounds nothing, and can be left out of the factor. It is in
    ``smallest``, a lower bound for the smallest eigenvalue of the scaled matrix: of three with the sum t and the
    product d it is at least 4d/t², since the geometric mean of the others is at most their arithmetic one.
    ``largest`` is t.
    """

    __slots__ = ("_entries", "_multipliers", "_pivots", "largest", "smallest", "units")

    def __init__(
        self,
        entries: tuple[float, float, float, float, float, float],
        multipliers: tuple[float, float, float],
        pivots: tuple[float, float, float],
        units: tuple[float, float, float],
    ) -> None:
        self._entries, self._multipliers, self._pivots, self.units = entries, multipliers, pivots, units
        (a, _, c, _, _, f), (p, q, r), (u, v, w) = entries, pivots, units
        u, v, w = u * u, v * v, w * w
        self.largest = a / u + c / v + f / w
        self.smallest = 4.0 * (p / u) * (q / v) * (r / w) / (self.largest * self.largest)

    @property
    def regular(self) -> bool:
        """Whether no eigenvalue is zero."""
        return True

    @classmethod
    def of(cls, matrix: FloatArray) -> Triple | None:
        """Factor a symmetric matrix; None where it is not clearly positive definite, or extreme, infinite or NaN."""
        (a, b, d), (_, c, e), (_, _, f) = matrix.tolist()
        if not (_TINY < a < _HUGE and _TINY < c < _HUGE and _TINY < f < _HUGE):
            return None
        x, y = b / a, d / a
        q = c - x * b
        if not q > 0.0:
            return None
        rest = e - x * d
        z = rest / q
        r = f - y * d - z * rest
        if not r > 0.0:
            return None
        units = 2.0 ** (frexp(a)[1] >> 1), 2.0 ** (frexp(c)[1] >> 1), 2.0 ** (frexp(f)[1] >> 1)
        found = cls((a, b, c, d, e, f), (x, y, z), (a, q, r), units)
        return found if found.smallest > CLEAR else None

    def solve(self, *right: float) -> tuple[float, ...]:
        """A⁻¹ b, refined once."""
        first, second, third = right
        a, b, c, d, e, f = self._entries
        x, y, z = self._apply(first, second, third)
        more = self._apply(
            first - (a * x + b * y + d * z), second - (b * x + c * y + e * z), third - (d * x + e * y + f * z)
        )
        return x + more[0], y + more[1], z + more[2]

    def _apply(self, first: float, second: float, third: float) -> tuple[float, float, float]:
        (x, y, z), (p, q, r) = self._multipliers, self._pivots
        second -= x * first
        third -= y * first + z * second
        third /= r
        second = second / q - z * third
        return first / p - x * second - y * third, second, third

    def half_square(self, *right: float) -> float:
        """½ bᵀA⁻¹b, of the factors."""
        first, second, third = right
        (x, y, z), (p, q, r) = self._multipliers, self._pivots
        second -= x * first
        third -= y * first + z * second
        return 0.5 * (first * first / p + second * second / q + third * third / r)
