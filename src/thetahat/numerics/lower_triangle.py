"""Lower triangular matrices, such as Cholesky factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def inverse_lower(lower: ArrayLike) -> FloatArray:
    """Return L⁻¹ by forward substitution, which keeps each entry's digits whatever the rows are measured in.

    Examples
    --------
    >>> inverse_lower([[2.0, 0.0], [1e9, 4e9]]).tolist()
    [[0.5, 0.0], [-0.125, 2.5e-10]]
    """
    matrix = np.asarray(lower, dtype=np.float64)
    inverse = np.zeros_like(matrix)
    for row in range(matrix.shape[0]):
        inverse[row, :row] = -(matrix[row, :row] @ inverse[:row, :row]) / matrix[row, row]
        inverse[row, row] = 1.0 / matrix[row, row]
    return inverse
