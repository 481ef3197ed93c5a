"""Products between designs of different kinds, without making either dense."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.designs._design import Design

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def cross_by_columns(design: Design, weights: Vector, other: Design) -> Matrix:
    """Return Xᵀ diag(w) Z column by column of Z: as many passes over the rows as Z has columns."""
    result = np.empty((design.n_columns, other.n_columns))
    unit: Any = np.zeros(other.n_columns)
    for k in range(other.n_columns):
        unit[k] = 1.0
        result[:, k] = design.transpose(weights * other.matvec(unit))
        unit[k] = 0.0
    return result
