"""What a triangular factor alone can tell of a symmetric matrix, at a fraction of the cost of a decomposition."""

from __future__ import annotations

from math import e, isfinite

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.unit_diagonal import LARGE, SMALL

FloatArray = NDArray[np.float64]


def newton_step(matrix: FloatArray, right: FloatArray) -> FloatArray | None:
    """Return A⁻¹ b, or None where A is singular or the answer not finite; A is taken to be positive definite.

    A large matrix is factored as ``analyse`` does, which remembers it for those who ask next.

    Examples
    --------
    >>> newton_step(np.array([[2.0]]), np.array([1.0])).tolist()
    [0.5]
    >>> newton_step(np.array([[0.0]]), np.array([1.0])) is None
    True
    """
    if matrix.shape[0] > LARGE:
        factor = analyse(matrix)
        return factor.solve(right) if factor.positive else None
    try:
        solution = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return None
    total = sum(solution.tolist()) if solution.size <= SMALL else float(np.add.reduce(solution))
    return np.asarray(solution) if isfinite(total) else None


def _factor(matrix: FloatArray) -> FloatArray | None:
    """L with L Lᵀ = A, or None where A is not positive definite."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None


def is_positive(matrix: FloatArray) -> bool:
    """Whether a symmetric matrix is positive definite.

    Examples
    --------
    >>> is_positive(np.array([[2.0, 1.0], [1.0, 2.0]])), is_positive(np.array([[1.0, 2.0], [2.0, 1.0]]))
    (True, False)
    """
    if not SMALL < matrix.shape[0] <= LARGE:
        # It is remembered for those who ask next, and they do.
        return analyse(matrix).positive
    return _factor(matrix) is not None


def determined(matrix: FloatArray, floor: float) -> bool:
    """Whether no eigenvalue of a symmetric matrix scaled to unit diagonal is below a floor.

    The p - 1 other eigenvalues of a correlation matrix have a product of at most (p/(p - 1))^(p - 1) < e, since their
    sum is at most p: so the smallest is above its determinant over e, which for most matrices is proof enough.

    Examples
    --------
    >>> determined(np.array([[4.0, 0.0], [0.0, 1e-40]]), 1e-9), determined(np.ones((2, 2)), 1e-9)
    (True, False)
    """
    if 0 < matrix.shape[0] <= LARGE:
        lower = _factor(matrix)
        if lower is not None:
            share = lower.diagonal() * lower.diagonal() / matrix.diagonal()
            if float(np.multiply.reduce(share)) > floor * e:
                return True
    return analyse(matrix).smallest > floor
