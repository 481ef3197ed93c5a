"""Eigenvalues of a symmetric matrix, of few rows by formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.numerics.pair import Pair

FloatArray = NDArray[np.float64]


def eigenvalues(matrix: FloatArray) -> FloatArray:
    """Return the eigenvalues of a symmetric matrix as it is, ascending; NaN where it is not finite.

    Examples
    --------
    >>> eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]])).tolist()
    [1.0, 3.0]
    """
    if matrix.shape == (1, 1):
        return matrix[0].copy()
    if matrix.shape == (2, 2):
        (a, _), (b, c) = matrix.tolist()
        pair = Pair(a, b, c, (1.0, 1.0))
        return np.array((pair.first, pair.second) if pair.first <= pair.second else (pair.second, pair.first))
    if not np.isfinite(matrix).all():
        return np.full(matrix.shape[0], np.nan)
    return np.asarray(np.linalg.eigvalsh(matrix))
