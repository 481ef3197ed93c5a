"""Designs that are sparse matrices, which are never made dense."""

from __future__ import annotations

import sys
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._lazy import load
from thetahat.designs._across import cross_by_columns
from thetahat.designs._dense import DenseDesign
from thetahat.designs._design import Design

Array = NDArray[Any]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

FEW_PAIRS = 1e7
"""Products of two numbers of a row, over all rows, below which loading tabmat takes longer than it saves."""
CHUNK_NUMBERS = 1 << 22
"""Numbers of X M that the quadratic form holds at once."""


@final
class SparseDesign(Design):
    """An (n, p) matrix in SciPy's compressed rows.

    Products with vectors are SciPy's, and so is the Gram matrix of a small one. That of a large one is tabmat's, which
    takes half the time, as measured, and sums each entry over the rows in order, whatever the number of threads.

    Examples
    --------
    >>> from scipy import sparse
    >>> design = SparseDesign(sparse.csr_array([[1.0, 0.0], [0.0, 2.0]]))
    >>> design.gram(np.array([1.0, -1.0])).tolist()
    [[1.0, 0.0], [0.0, -4.0]]
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix
        self.n_rows, self.n_columns = (int(size) for size in matrix.shape)
        self.tile_rows = max(self.n_rows, 1)
        self._by_columns: Any = None
        self._pairs = float((np.diff(matrix.indptr).astype(float) ** 2).sum())

    def matvec(self, coefficients: Array) -> Array:
        """Return X β, or the predictors of each row of coefficients."""
        return np.ascontiguousarray((self.matrix @ coefficients.T).T)

    def transpose(self, values: Array) -> Array:
        """Return Xᵀ v, or the sums for each row of values."""
        return np.ascontiguousarray((self.matrix.T @ values.T).T)

    def gram(self, weights: Vector) -> Matrix:
        """Return Xᵀ diag(w) X."""
        if self.n_rows == 0 or self.matrix.nnz == 0:
            return np.zeros((self.n_columns, self.n_columns))
        if self._pairs < FEW_PAIRS:
            product = (self._scaled(weights).T @ self.matrix).toarray()
            return np.asarray(0.5 * (product + product.T))
        if self._by_columns is None:
            tabmat = load("tabmat", "the information of a sparse design")
            self._by_columns = tabmat.SparseMatrix(self.matrix.tocsc())
        return np.asarray(self._by_columns.sandwich(np.asarray(weights, dtype=float)))

    def grams(self, weights: Matrix) -> Array:
        """Return Xᵀ diag(w) X for each row of weights, one after the other."""
        return np.array([self.gram(row) for row in weights])

    def cross(self, weights: Vector, other: Design) -> Matrix:
        """Return Xᵀ diag(w) Z."""
        if isinstance(other, DenseDesign):
            return np.asarray(self.matrix.T @ (other.matrix * weights[:, np.newaxis]))
        if isinstance(other, SparseDesign):
            return np.asarray((self._scaled(weights).T @ other.matrix).toarray())
        return cross_by_columns(self, weights, other)

    def _scaled(self, weights: Vector) -> Any:
        scaled = self.matrix.copy()
        scaled.data *= np.repeat(weights, np.diff(self.matrix.indptr))
        return scaled

    def column_squares(self, weights: Vector | None) -> Vector:
        """Return Σ w x² by column."""
        matrix = self.matrix
        squared = type(matrix)((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)
        return np.asarray(squared.T @ (np.ones(self.n_rows) if weights is None else weights))

    def quadratic(self, matrix: Matrix) -> Vector:
        """Return xᵀ M x by row, some rows of X M at a time."""
        step = max(CHUNK_NUMBERS // max(self.n_columns, 1), 1)
        pieces = [np.empty(0)]
        for start in range(0, self.n_rows, step):
            part = self.matrix[start : start + step]
            pieces.append(np.asarray(part.multiply(part @ matrix).sum(axis=1)).ravel())
        return np.concatenate(pieces)

    def rows(self, start: int, stop: int) -> SparseDesign:
        """Return consecutive rows."""
        return self if (start, stop) == (0, self.n_rows) else SparseDesign(self.matrix[start:stop])

    def take(self, positions: Array) -> SparseDesign:
        """Return the rows at these positions."""
        return SparseDesign(self.matrix[positions])

    def dense(self) -> Matrix:
        """Return X as an array, however large."""
        return np.asarray(self.matrix.toarray())

    def without(self, column: int) -> SparseDesign:
        """Return the other columns."""
        return SparseDesign(self.matrix[:, np.arange(self.n_columns) != column])

    def constant_column(self) -> tuple[int, float] | None:
        """Return None: where there is a constant, its designer knows."""
        return None

    def plain(self) -> Any:
        """Return the sparse matrix itself."""
        return self.matrix

    @classmethod
    def stack(cls, parts: list[Any]) -> SparseDesign:
        """Put designs one below another."""
        from scipy import sparse

        return cls(sparse.vstack([part.matrix for part in parts], format="csr"))


def sparse_rows(given: Any) -> Any | None:
    """Return a sparse matrix of any of SciPy's kinds as compressed rows of float64, None for anything else.

    Examples
    --------
    >>> from scipy import sparse
    >>> sparse_rows(sparse.coo_array(([1, 2], ([0, 0], [1, 1])), shape=(1, 2))).toarray().tolist()
    [[0.0, 3.0]]
    >>> sparse_rows([[1.0]]) is None
    True
    """
    # Who holds a sparse matrix has imported what makes them; nobody else needs it.
    sparse = sys.modules.get("scipy.sparse")
    if sparse is None or not sparse.issparse(given):
        return None
    rows = sparse.csr_array(given, dtype=np.float64)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


def with_constant(matrix: Any) -> Any:
    """Return the rows with a one before each."""
    from scipy import sparse

    return sparse.hstack([np.ones((matrix.shape[0], 1)), matrix], format="csr")
