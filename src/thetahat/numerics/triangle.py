"""Cholesky factors of matrices so large that all their eigenvalues would cost more than everything else."""

from __future__ import annotations

from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.unit_diagonal import FEW_ROWS

Matrix = NDArray[np.float64]
POWER_STEPS = 20
"""Of the power method, by which a spectral norm is estimated from below to a few per cent."""
SETTLED = 1e-3
"""The share by which an estimate may still change when it is taken."""


@final
class Triangle:
    """L with L Lᵀ = S, for a positive definite S with a diagonal near 1; above its diagonal L holds anything."""

    def __init__(self, lower: Matrix, scaled: Matrix) -> None:
        self._lower = lower
        self._scaled = scaled

    @classmethod
    def of(cls, scaled: Matrix) -> Triangle | None:
        """Return the factor, or None where S is not positive definite."""
        from scipy.linalg import lapack

        # The transpose of an array in row order is one in LAPACK's, and S is its own.
        lower, info = lapack.dpotrf(scaled.T, lower=1, clean=0)
        return None if info else cls(lower, scaled)

    @cached_property
    def smallest(self) -> float:
        """1/‖S⁻¹‖₁, as LAPACK estimates it: a lower bound for the smallest eigenvalue."""
        from scipy.linalg import lapack

        rows = (self._scaled[begin : begin + FEW_ROWS] for begin in range(0, len(self._scaled), FEW_ROWS))
        norm = max(float(np.abs(some).sum(axis=1).max()) for some in rows)
        reciprocal, _ = lapack.dpocon(self._lower, norm, uplo="L")
        return float(reciprocal) * norm

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue, by the power method."""
        return _norm(lambda vector: self._scaled @ vector, self._scaled.shape[0])

    def solve(self, right: Matrix) -> Matrix:
        """Return S⁻¹ b."""
        from scipy.linalg import lapack

        solution, _ = lapack.dpotrs(self._lower, right, lower=1)
        return np.asarray(solution)

    def inverse(self) -> Matrix:
        """Return S⁻¹."""
        from scipy.linalg import lapack

        lower, _ = lapack.dpotri(self._lower, lower=1)
        lower = np.tril(lower)
        return np.asarray(lower + np.tril(lower, -1).T)

    def inverse_diagonal(self) -> Matrix:
        """Return the diagonal of S⁻¹ = L⁻ᵀ L⁻¹: the squared lengths of the columns of L⁻¹."""
        from scipy.linalg import lapack

        inverse, _ = lapack.dtrtri(self._lower, lower=1)
        # Rows of the transpose are columns, which hold anything before the diagonal.
        return np.array([row[at:] @ row[at:] for at, row in enumerate(inverse.T)])

    def whitened_norm(self, difference: Matrix, roots: Matrix) -> float:
        """Return ‖L⁻¹ R⁻¹ D R⁻¹ L⁻ᵀ‖ in the spectral norm, R being diagonal, by the power method."""
        from scipy.linalg import blas

        def apply(vector: Any) -> Any:
            moved = blas.dtrsv(self._lower, vector, lower=1, trans=1)
            return blas.dtrsv(self._lower, difference @ (moved / roots) / roots, lower=1)

        return _norm(apply, difference.shape[0])


def _norm(apply: Any, size: int) -> float:
    """The largest absolute eigenvalue of a symmetric map, from a start that no matrix of ours is orthogonal to."""
    vector = np.cos(np.arange(size) + 0.5)
    length = 0.0
    for _ in range(POWER_STEPS):
        before = length
        vector /= float(np.linalg.norm(vector))
        vector = apply(vector)
        length = float(np.linalg.norm(vector))
        if not length > 0.0 or abs(length - before) <= SETTLED * length:
            break
    return length
