"""Symmetric matrices scaled to unit diagonal by powers of two, which rounds nothing."""

from __future__ import annotations

from math import frexp
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_TINY, _HUGE = 1e-280, 1e280
LARGE = 256
"""From this size on a decomposition costs many times a Cholesky factor, and seconds."""
SMALL = 8
"""Up to this size a decomposition costs more in overhead than in arithmetic, and is remembered."""
FEW_ROWS = 64
"""Rows of a large matrix that are scaled at once, as they stay in a core's cache."""


def scale_to_unit_diagonal(matrix: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return S and r with A_ij = r_i S_ij r_j and |S_ii| in [1/2, 2), the r being powers of two.

    Scaling by powers of two rounds nothing, so that a singular matrix stays exactly singular. A zero on the
    diagonal takes the scale of its row, an infinity or NaN none.

    Parameters
    ----------
    matrix : (k, k) array_like
        Symmetric.

    Returns
    -------
    scaled : (k, k) array
    diagonal_roots : (k,) array

    Examples
    --------
    >>> scaled, roots = scale_to_unit_diagonal([[4.0, 0.0], [0.0, 2.0**-600]])
    >>> scaled.tolist(), roots.tolist() == [2.0, 2.0**-300]
    ([[1.0, 0.0], [0.0, 1.0]], True)
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    sizes = [abs(entry) for entry in matrix.diagonal().tolist()] if matrix.shape[0] <= SMALL else []
    if sizes and all(_TINY < size < _HUGE for size in sizes):
        roots = np.array([2.0 ** (frexp(size)[1] >> 1) for size in sizes])
        return matrix / roots / roots[:, np.newaxis], roots
    if matrix.shape[0] > LARGE:
        diagonal = np.abs(matrix.diagonal())
        if diagonal.min() > _TINY and diagonal.max() < _HUGE:
            inverse = np.ldexp(1.0, -(np.frexp(diagonal)[1] >> 1))
            scaled = matrix * inverse
            scaled *= inverse[:, np.newaxis]
            return scaled, 1.0 / inverse
    halves = _half_exponents(matrix)
    return np.ldexp(matrix, -(halves[:, np.newaxis] + halves)), np.ldexp(1.0, halves)


def _half_exponents(matrix: FloatArray) -> NDArray[np.int32]:
    sizes = np.abs(matrix.diagonal())
    if not sizes.all():
        rows = np.abs(matrix).max(axis=1, initial=0.0)
        sizes = np.where(sizes == 0.0, rows, sizes)
    # With size = m 2^e, 1/2 <= m < 1, and e = 2h or 2h + 1, size / 4^h is m or 2m.
    halves: NDArray[np.int32] = np.frexp(sizes)[1] >> 1
    return halves
