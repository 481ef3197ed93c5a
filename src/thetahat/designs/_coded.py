"""Indicator columns of a categorical factor, held as one code a row."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Array = NDArray[Any]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Column k is 1, or the row's ``scale``, where the row's code is k; the code ``width`` stands for no column.

    The code for no column is there so that every row has a place to go and no row is looked at twice.
    ``positions`` are the columns of the design that these are.
    """

    codes: NDArray[np.int32]
    width: int
    positions: slice | Array
    scale: Vector | None = None

    def predictor(self, coefficients: Array) -> Array:
        """Return X β of these columns, β being that of the whole design, or several of them in rows."""
        own = coefficients[..., self.positions]
        padded = np.concatenate((own, np.zeros((*own.shape[:-1], 1))), axis=-1)
        found = padded.take(self.codes, axis=-1)
        return found if self.scale is None else found * self.scale

    def sums(self, values: Array) -> Array:
        """Return Xᵀ v, or the sums for each row of values."""
        if values.ndim > 1:
            return np.stack([self.sums(row) for row in values])
        return np.asarray(np.bincount(self.codes, self.scaled(values), self.width + 1)[: self.width], float)

    def gram(self, weights: Vector) -> Vector:
        """Return the diagonal of Xᵀ diag(w) X, which has nothing else."""
        return self.sums(self.scaled(weights))

    def cross_dense(self, weights: Vector, matrix: Matrix) -> Matrix:
        """Return Xᵀ diag(w) D for an array D."""
        if matrix.shape[1] == 1:
            return self.sums(weights * matrix[:, 0])[:, np.newaxis]
        from scipy import sparse

        n = self.codes.size
        pointer = np.arange(n + 1, dtype=np.int32)
        data = np.ascontiguousarray(self.scaled(weights), dtype=float)
        indicators = sparse.csc_array((data, self.codes, pointer), shape=(self.width + 1, n))
        return np.asarray(indicators @ matrix)[: self.width]

    def cross(self, weights: Vector, other: Coded) -> Matrix:
        """Return Xᵀ diag(w) Z: the weights summed by pairs of codes."""
        scaled = other.scaled(self.scaled(weights))
        if self.codes is other.codes:
            return np.diag(np.bincount(self.codes, scaled, self.width + 1)[: self.width])
        across = other.width + 1
        if (self.width + 1) * across > np.iinfo(np.int32).max:
            return self._sparse_cross(scaled, other)
        pairs = self.codes * np.int32(across)
        pairs += other.codes
        table: Vector = np.bincount(pairs, scaled, (self.width + 1) * across).astype(float, copy=False)
        return table.reshape(self.width + 1, across)[: self.width, : other.width]

    def _sparse_cross(self, scaled: Vector, other: Coded) -> Matrix:
        from scipy import sparse

        table = sparse.coo_array(
            (scaled, (self.codes, other.codes)), shape=(self.width + 1, other.width + 1)
        ).tocsr()
        return np.asarray(table[: self.width, : other.width].toarray())

    def scaled(self, values: Vector) -> Vector:
        """Return the rows' numbers times their scale."""
        return values if self.scale is None else values * self.scale

    def fill(self, matrix: Matrix) -> None:
        """Write these columns into an array of zeros."""
        rows = np.flatnonzero(self.codes < self.width)
        codes = self.codes[rows]
        columns = codes + self.positions.start if isinstance(self.positions, slice) else self.positions[codes]
        matrix[rows, columns] = 1.0 if self.scale is None else self.scale[rows]
