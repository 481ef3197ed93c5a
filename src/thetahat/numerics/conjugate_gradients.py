"""Equations whose matrix is known by its products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Vector = NDArray[np.float64]
MOST_PRODUCTS = 500


@dataclass(frozen=True, slots=True)
class Solved:
    """x with A x = b - residual."""

    x: Vector
    residual: Vector
    products: int


def conjugate_gradients(
    product: Callable[[Vector], Vector],
    right: Vector,
    scale: Vector,
    share: float,
    taken: Callable[[float], None] | None = None,
    least: float = 0.0,
    most_products: int = MOST_PRODUCTS,
) -> Solved:
    """Solve A x = b for a positive definite A, preconditioned by its diagonal (Hestenes & Stiefel, 1952).

    Parameters
    ----------
    product
        Returns A v.
    right
        b.
    scale
        The diagonal of A.
    share
        The share of b, in the norm of the preconditioner, that may be left over.
    taken
        Told how much of each direction that was multiplied is in x.
    least
        A residual of this Euclidean length is left over whatever its share.
    most_products
        How often A may be multiplied.

    Examples
    --------
    >>> matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> conjugate_gradients(lambda v: matrix @ v, np.array([3.0, 3.0]), np.diag(matrix), 1e-12).x.tolist()
    [1.0, 1.0]
    """
    x, residual = np.zeros_like(right), right.copy()
    ahead = residual / scale
    direction, size = ahead, float(residual @ ahead)
    enough = share * share * size
    for products in range(most_products):
        if size <= enough or float(residual @ residual) <= least * least:
            return Solved(x, residual, products)
        image = product(direction)
        curvature = float(direction @ image)
        if not curvature > 0:
            return Solved(x, residual, products + 1)
        length = size / curvature
        x = x + length * direction
        if taken is not None:
            taken(length)
        residual = residual - length * image
        ahead = residual / scale
        before, size = size, float(residual @ ahead)
        direction = ahead + (size / before) * direction
    return Solved(x, residual, most_products)
