"""Designs that are arrays."""

from __future__ import annotations

from functools import cache
from threading import local
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.designs._design import Design

Array = NDArray[Any]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

FEW_NUMBERS = 4_096
"""Numbers of a matrix, up to which operations cost more than their arithmetic."""
FEW_COLUMNS = 8
"""Columns of such a matrix, up to which the products of any two of them are kept."""
TILE_NUMBERS = 393_216
"""Numbers of a tile, three megabytes: as many as stay near a core; with fewer, threads wait for the interpreter."""
LARGEST_TILE = 32_768
MULTIPLIED_NUMBERS = KEPT_NUMBERS = 524_288
"""Numbers of such products that are made at once, by a few long operations; and those that a thread keeps room for."""
FEW_GRAMS, MOST_MULTIPLIED = 3, 128
"""Gram matrices of one design from which on, and columns up to which, products of its columns are worth making."""
_memory = local()


@final
class DenseDesign(Design):
    """An (n, p) array in row order.

    Examples
    --------
    >>> import numpy as np
    >>> design = DenseDesign(np.array([[1.0, 2.0], [1.0, 3.0]]))
    >>> design.matvec(np.array([1.0, 10.0])).tolist()
    [21.0, 31.0]
    >>> design.gram(np.array([1.0, -1.0])).tolist()
    [[0.0, -1.0], [-1.0, -5.0]]
    """

    def __init__(self, matrix: Matrix, *, single: bool = False) -> None:
        self.matrix = matrix
        self.precision = np.float32 if single else np.float64
        self.n_rows, self.n_columns = matrix.shape
        self._products: tuple[Matrix, Array] | None = None
        self.tile_rows = min(max(TILE_NUMBERS // max(self.n_columns, 1), 1024), LARGEST_TILE)

    def matvec(self, coefficients: Array) -> Array:
        """Return X β, or the predictors of each row of coefficients."""
        if coefficients.ndim == 1:
            return np.asarray(self.matrix.dot(coefficients))
        return np.asarray(coefficients @ self.matrix.T)

    def transpose(self, values: Array) -> Array:
        """Return Xᵀ v, or the sums for each row of values."""
        return np.asarray(values.dot(self.matrix))

    def gram(self, weights: Vector) -> Matrix:
        """Return Xᵀ diag(w) X, by a symmetric product of √|w| X where all weights have one sign."""
        if self.n_rows == 0:
            return np.zeros((self.n_columns, self.n_columns))
        if self.matrix.size <= FEW_NUMBERS:
            if self.n_columns <= FEW_COLUMNS:
                products, places = self._multiplied()
                return np.asarray(weights.dot(products)[places])
            return _mean_of_both(self.matrix.T @ (self.matrix * weights[:, np.newaxis]))
        lowest, highest = float(weights.min()), float(weights.max())
        work = _scratch(self.n_rows, self.n_columns, self.precision)
        if lowest >= 0.0 or highest <= 0.0:
            sign = 1.0 if lowest >= 0.0 else -1.0
            np.multiply(self.matrix, np.sqrt(weights * sign)[:, np.newaxis], out=work, casting="same_kind")
            product = (work.T @ work).astype(np.float64, copy=False)
            return np.asarray(product if sign > 0 else -product)
        np.multiply(self.matrix, weights[:, np.newaxis], out=work, casting="same_kind")
        return _mean_of_both(self.matrix.T @ work)

    def in_single_precision(self) -> DenseDesign:
        """The same rows, whose Gram matrices are summed over a tile in single precision, in half the time."""
        return DenseDesign(self.matrix, single=True)

    def _multiplied(self) -> tuple[Matrix, Array]:
        """The products of any two columns, and where among them each entry of a Gram matrix is."""
        if self._products is None:
            left, right, places = _pairs(self.n_columns)
            self._products = self.matrix[:, left] * self.matrix[:, right], places
        return self._products

    def grams(self, weights: Matrix) -> Array:
        """Return Xᵀ diag(w) X for each row of weights, by one product of these with the products of columns."""
        p = self.n_columns
        if p > MOST_MULTIPLIED or weights.shape[0] < FEW_GRAMS:
            return np.array([self.gram(row) for row in weights]).reshape(-1, p, p)
        starts = np.cumsum([0, *range(p, 0, -1)])
        step = max(MULTIPLIED_NUMBERS // max(int(starts[-1]), 1), 64)
        total = np.zeros((weights.shape[0], int(starts[-1])))
        work = _scratch(int(starts[-1]), min(step, max(self.n_rows, 1)), self.precision)
        weights = weights.astype(self.precision, copy=False)
        for at in range(0, self.n_rows, step):
            columns = self.matrix[at : at + step].T.astype(self.precision, order="C")
            products = work[:, : columns.shape[1]]
            for j in range(p):
                np.multiply(columns[j:], columns[j], out=products[starts[j] : starts[j + 1]])
            total += weights[:, at : at + step] @ products.T
        result = np.empty((weights.shape[0], p, p))
        for j in range(p):
            result[:, j, j:] = result[:, j:, j] = total[:, starts[j] : starts[j + 1]]
        return result

    def cross(self, weights: Vector, other: Design) -> Matrix:
        """Return Xᵀ diag(w) Z."""
        if isinstance(other, DenseDesign):
            return np.asarray(self.matrix.T @ (other.matrix * weights[:, np.newaxis]))
        return np.stack([other.transpose(weights * column) for column in self.matrix.T])

    def column_squares(self, weights: Vector | None) -> Vector:
        """Return Σ w x² by column."""
        if weights is None:
            return np.asarray(np.einsum("ij,ij->j", self.matrix, self.matrix))
        return np.asarray(np.einsum("i,ij,ij->j", weights, self.matrix, self.matrix))

    def quadratic(self, matrix: Matrix) -> Vector:
        """Return xᵀ M x by row."""
        return np.asarray(np.einsum("ij,ij->i", self.matrix @ matrix, self.matrix))

    def rows(self, start: int, stop: int) -> DenseDesign:
        """Return consecutive rows, as a view."""
        return DenseDesign(self.matrix[start:stop])

    def take(self, positions: Array) -> DenseDesign:
        """Return the rows at these positions."""
        return DenseDesign(self.matrix[positions])

    def dense(self) -> Matrix:
        """Return the array itself."""
        return self.matrix

    def without(self, column: int) -> DenseDesign:
        """Return the other columns; a view where it is the first."""
        return DenseDesign(self.matrix[:, 1:] if column == 0 else np.delete(self.matrix, column, axis=1))

    def constant_column(self) -> tuple[int, float] | None:
        """Return the first constant column."""
        if self.n_rows:
            first, last = self.matrix[0], self.matrix[-1]
            for column in ((first == last) & (first != 0.0)).nonzero()[0].tolist():
                if (self.matrix[:, column] == first[column]).all():
                    return column, float(first[column])
        return None

    def plain(self) -> Matrix:
        """Return the array itself."""
        return self.matrix

    @classmethod
    def stack(cls, parts: list[Any]) -> DenseDesign:
        """Put arrays one below another."""
        return DenseDesign(np.concatenate([part.matrix for part in parts]))


@cache
def _pairs(n_columns: int) -> tuple[Array, Array, Array]:
    """Every pair of columns once, left and right, and the place of each ordered pair among them."""
    left, right = np.tril_indices(n_columns)
    places = np.empty((n_columns, n_columns), dtype=np.intp)
    places[left, right] = places[right, left] = np.arange(left.size)
    return left, right, places


def _mean_of_both(product: Matrix) -> Matrix:
    """A matrix that is symmetric but for rounding, made symmetric."""
    return np.asarray(0.5 * (product + product.T))


def _scratch(n_rows: int, n_columns: int, kind: Any) -> Array:
    """An array of this thread's own, which outlives a pass: fresh ones would cost a page fault a page."""
    held: Vector | None = getattr(_memory, "numbers", None)
    size = n_rows * n_columns
    if held is None or held.size < size:
        held = np.empty(size)
        if size <= KEPT_NUMBERS:
            _memory.numbers = held
    return held.view(kind)[:size].reshape(n_rows, n_columns)
