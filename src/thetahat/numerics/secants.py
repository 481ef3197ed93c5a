"""The inverse of a symmetric matrix, brought up to date by what it is seen to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from thetahat.numerics.linear_algebra import SymmetricFactor

    Vector = NDArray[np.float64]


@final
class Secants:
    """B with B yᵢ = sᵢ for the last pair taken and nearly so for those before, from A⁻¹ of a factored A.

    The updates of Broyden, Fletcher, Goldfarb and Shanno (1970), applied by the two loops of Nocedal (1980).

    Examples
    --------
    >>> from thetahat.numerics.linear_algebra import analyse
    >>> secants = Secants(analyse([[1.0, 0.0], [0.0, 1.0]]))
    >>> secants.take(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
    >>> secants.solve(np.array([4.0, 1.0])).tolist()
    [1.0, 1.0]
    """

    def __init__(self, factor: SymmetricFactor) -> None:
        self.factored = factor
        self._pairs: list[tuple[Vector, Vector, float]] = []

    @property
    def positive(self) -> bool:
        """Whether A is positive definite, and B with it."""
        return self.factored.positive

    def take(self, step: Vector, change: Vector) -> None:
        """Take a pair (s, y); one without positive curvature tells nothing."""
        product = float(step @ change)
        if product > 0.0 and np.isfinite(product):
            self._pairs.append((step, change, product))

    def solve(self, right: Vector) -> Vector:
        """Return B b."""
        shares = []
        rest = right
        for step, change, product in reversed(self._pairs):
            share = float(step @ rest) / product
            shares.append(share)
            rest = rest - share * change
        solution = self.factored.solve(rest)
        for (step, change, product), share in zip(self._pairs, reversed(shares), strict=True):
            solution = solution + (share - float(change @ solution) / product) * step
        return solution
