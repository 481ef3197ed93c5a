"""The curvature of a penalty: a diagonal and small blocks, so that it costs no (k, k) matrix where k is large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """The same (s, s) matrix at each row of ``places``, an (m, s) array of coordinates that no two rows share."""

    places: NDArray[np.intp]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class Curvature:
    """P = diag(d) + Σ blocks, minus the second derivatives of a penalty.

    Examples
    --------
    >>> block = Block(np.array([[0, 1]]), np.array([[0.0, 2.0], [2.0, 0.0]]))
    >>> Curvature(np.array([1.0, 3.0]), (block,)).dense().tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """

    diagonal_part: Vector
    blocks: tuple[Block, ...] = ()

    def dense(self) -> Matrix:
        """P as a (k, k) array."""
        matrix = np.diag(self.diagonal_part)
        for block in self.blocks:
            matrix[block.places[:, :, np.newaxis], block.places[:, np.newaxis, :]] += block.matrix
        return matrix

    def diagonal(self) -> Vector:
        """The diagonal of P."""
        diagonal = self.diagonal_part.copy()
        for block in self.blocks:
            diagonal[block.places] += np.diagonal(block.matrix)
        return diagonal

    def product(self, vector: Vector) -> Vector:
        """P v."""
        result = self.diagonal_part * vector
        for block in self.blocks:
            result[block.places] += vector[block.places] @ block.matrix
        return np.asarray(result)
