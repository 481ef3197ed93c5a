"""Two by two matrices in plain floats."""

from __future__ import annotations

from math import copysign, frexp, hypot, isfinite
from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.small_factor import SmallFactor

FloatArray = NDArray[np.float64]
_TINY, _HUGE = 1e-280, 1e280


@final
class Pair(SmallFactor):
    """The decomposition of a 2 x 2 matrix in plain floats: NumPy's overhead would be most of a small fit's time.

    S = [[a, b], [b, c]], one Jacobi rotation by (cosine, sine), eigenvalues in ascending order.
    """

    __slots__ = ("a", "b", "c", "cosine", "first", "second", "sine", "units")

    def __init__(self, a: float, b: float, c: float, units: tuple[float, float]) -> None:
        self.a, self.b, self.c, self.units = a, b, c, units
        tangent = 0.0
        if b != 0.0:
            ratio = (c - a) / (2.0 * b)
            tangent = copysign(1.0, ratio) / (abs(ratio) + hypot(1.0, ratio))
        self.first, self.second = a - tangent * b, c + tangent * b
        self.cosine = 1.0 / hypot(1.0, tangent)
        self.sine = tangent * self.cosine

    @classmethod
    def of(cls, matrix: FloatArray) -> Pair | None:
        """Scale the matrix; None where an entry is zero on the diagonal, extreme, infinite or NaN."""
        (a, _), (b, c) = matrix.tolist()
        if not (_TINY < abs(a) < _HUGE and _TINY < abs(c) < _HUGE and abs(b) < _HUGE):
            return None
        left, right = 2.0 ** (frexp(a)[1] >> 1), 2.0 ** (frexp(c)[1] >> 1)
        return cls(a / left / left, b / left / right, c / right / right, (left, right))

    @property
    def largest(self) -> float:
        """Largest absolute eigenvalue."""
        return max(abs(self.first), abs(self.second))

    @property
    def regular(self) -> bool:
        """Whether no eigenvalue is zero."""
        return self.first != 0.0 and self.second != 0.0

    @property
    def smallest(self) -> float:
        """The smaller eigenvalue."""
        return min(self.first, self.second)

    def arrays(self) -> tuple[FloatArray, FloatArray]:
        """Eigenvalues in ascending order and eigenvectors by column."""
        cosine, sine = self.cosine, self.sine
        values, vectors = (self.first, self.second), ((cosine, sine), (-sine, cosine))
        if self.first > self.second:
            values, vectors = (self.second, self.first), ((sine, cosine), (cosine, -sine))
        return np.array(values), np.array(vectors)

    def half_square(self, *right: float) -> float:
        """½ bᵀA⁻¹b."""
        x, y = self.solve(*right)
        return 0.5 * (right[0] * x + right[1] * y)

    def solve(self, *right: float) -> tuple[float, ...]:
        """A⁻¹ b, refined once."""
        up, down = right[0] / self.units[0], right[1] / self.units[1]
        x, y = self._apply(up, down)
        if isfinite(x) and isfinite(y):
            more_x, more_y = self._apply(up - (self.a * x + self.b * y), down - (self.b * x + self.c * y))
            x, y = x + more_x, y + more_y
        return x / self.units[0], y / self.units[1]

    def _apply(self, up: float, down: float) -> tuple[float, float]:
        first = (self.cosine * up - self.sine * down) / self.first
        second = (self.sine * up + self.cosine * down) / self.second
        return self.cosine * first + self.sine * second, self.cosine * second - self.sine * first
