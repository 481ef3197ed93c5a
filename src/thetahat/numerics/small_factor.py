"""What factors of two by two and three by three matrices in plain floats have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import sqrt
from operator import mul

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class SmallFactor(ABC):
    """A factor of A in plain floats; ``units`` are the powers of two that scale A to a diagonal near 1."""

    __slots__ = ()
    units: tuple[float, ...]

    @property
    @abstractmethod
    def regular(self) -> bool:
        """Whether no eigenvalue is zero."""

    @abstractmethod
    def half_square(self, *right: float) -> float:
        """½ bᵀA⁻¹b."""

    @abstractmethod
    def solve(self, *right: float) -> tuple[float, ...]:
        """A⁻¹ b, refined once."""

    def inverse(self) -> FloatArray:
        """A⁻¹, not quite symmetric."""
        size = len(self.units)
        return np.array([self.solve(*(float(i == j) for j in range(size))) for i in range(size)])

    def length(self, *step: float) -> float:
        """The norm of a vector in the units of the scaled matrix."""
        moved = list(map(mul, self.units, step))
        return sqrt(sum(map(mul, moved, moved)))

    def relative_norm(self, matrix: FloatArray) -> float:
        """Frobenius' norm of A^{-½} D A^{-½} for a symmetric D, which is √tr((A⁻¹D)²)."""
        columns = [self.solve(*row) for row in matrix.tolist()]
        total = 0.0
        for column, row in zip(columns, zip(*columns, strict=True), strict=True):
            total += sum(map(mul, column, row))
        return sqrt(max(total, 0.0))
