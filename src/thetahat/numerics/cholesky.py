"""What a Cholesky factor alone can tell of a symmetric matrix, at a fraction of the cost of a decomposition."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.linear_algebra import LARGE, analyse

FloatArray = NDArray[np.float64]


def positive_solve(matrix: FloatArray, right: FloatArray) -> FloatArray | None:
    """Return A⁻¹ b by a Cholesky factor, or None where A is not positive definite or the answer not finite.

    A large matrix is factored as ``analyse`` does, which remembers it for those who ask next.

    Examples
    --------
    >>> positive_solve(np.array([[2.0]]), np.array([1.0])).tolist()
    [0.5]
    >>> positive_solve(np.array([[-2.0]]), np.array([1.0])) is None
    True
    """
    if matrix.shape[0] > LARGE:
        factor = analyse(matrix)
        return factor.solve(right) if factor.smallest > factor.error_bound else None
    from scipy.linalg import lapack

    _, solution, info = lapack.dposv(matrix, right, lower=1)
    return None if info or not isfinite(float(solution.sum())) else np.asarray(solution)


def determined(matrix: FloatArray, floor: float) -> bool:
    """Whether no eigenvalue of a symmetric matrix scaled to unit diagonal is below a floor.

    The inverse of a scaled matrix has the trace Σ 1/λ, which for most matrices is proof enough.

    Examples
    --------
    >>> determined(np.array([[4.0, 0.0], [0.0, 1e-40]]), 1e-9), determined(np.ones((2, 2)), 1e-9)
    (True, False)
    """
    if 0 < matrix.shape[0] <= LARGE:
        from scipy.linalg import lapack

        lower, info = lapack.dpotrf(matrix, lower=1)
        if not info:
            inverse, info = lapack.dpotri(lower, lower=1)
            if not info and float(inverse.diagonal() @ matrix.diagonal()) * floor < 1.0:
                return True
    return analyse(matrix).smallest > floor
