"""Designs with categorical factors of many levels, which are never made dense."""

from __future__ import annotations

from itertools import combinations
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat.designs._across import cross_by_columns
from thetahat.designs._coded import Coded
from thetahat.designs._dense import DenseDesign
from thetahat.designs._design import Design

Array = NDArray[Any]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

CHUNK = 16_384
"""Rows for which the quadratic form gathers parts of its matrix at once."""


@final
class SplitDesign(Design):
    """A few dense columns beside indicator columns that are held as codes: n numbers a factor, not n × levels.

    Sums over rows go by code (one pass a factor, one a pair of factors in the Gram matrix), in the order of the rows
    on one thread, so that they are the same bits whoever computes them.

    Parameters
    ----------
    n_columns
        Columns of the whole design.
    dense
        The dense columns, of shape (n, k).
    positions
        Which columns of the design they are.
    coded
        The indicator columns.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.array([0, 1, 2, 1], dtype=np.int32)
    >>> design = SplitDesign(3, np.ones((4, 1)), np.array([0]), (Coded(codes, 2, slice(1, 3)),))
    >>> design.dense().tolist()
    [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 1.0]]
    >>> design.gram(np.ones(4)).tolist()
    [[4.0, 1.0, 2.0], [1.0, 1.0, 0.0], [2.0, 0.0, 2.0]]
    """

    def __init__(self, n_columns: int, dense: Matrix, positions: Array, coded: tuple[Coded, ...]) -> None:
        self.n_rows, self.n_columns = dense.shape[0], n_columns
        # The Gram matrix costs as much in columns as in rows, so that parts of a block cost more than the whole.
        self.tile_rows = max(self.n_rows, 1)
        self.numbers = DenseDesign(dense)
        self.positions = positions
        self.coded = coded

    def matvec(self, coefficients: Array) -> Array:
        """Return X β, or the predictors of each row of coefficients."""
        predictor = self.numbers.matvec(coefficients[..., self.positions])
        for part in self.coded:
            predictor += part.predictor(coefficients)
        return predictor

    def transpose(self, values: Array) -> Array:
        """Return Xᵀ v, or the sums for each row of values."""
        result = np.empty((*values.shape[:-1], self.n_columns))
        result[..., self.positions] = self.numbers.transpose(values)
        for part in self.coded:
            result[..., part.positions] = part.sums(values)
        return result

    def gram(self, weights: Vector) -> Matrix:
        """Return Xᵀ diag(w) X."""
        result = np.zeros((self.n_columns, self.n_columns))
        if self.n_rows == 0:
            return result
        dense = self.positions
        result[np.ix_(dense, dense)] = self.numbers.gram(weights)
        for part in self.coded:
            own = columns_of(part)
            result[own, own] = part.gram(weights)
            if dense.size:
                self._place(result, own, dense, part.cross_dense(weights, self.numbers.matrix))
        for first, second in combinations(self.coded, 2):
            self._place(result, columns_of(first), columns_of(second), first.cross(weights, second))
        return result

    @staticmethod
    def _place(result: Matrix, rows: Array, columns: Array, block: Matrix) -> None:
        """Write a block and its mirror image; contiguous columns, the usual case, without an index."""
        if rows.size and columns.size:
            down, across = _as_slice(rows), _as_slice(columns)
            if isinstance(down, slice) and isinstance(across, slice):
                result[down, across] = block
                result[across, down] = block.T
            else:
                result[np.ix_(rows, columns)] = block
                result[np.ix_(columns, rows)] = block.T

    def grams(self, weights: Matrix) -> Array:
        """Return Xᵀ diag(w) X for each row of weights, one after the other."""
        return np.array([self.gram(row) for row in weights])

    def cross(self, weights: Vector, other: Design) -> Matrix:
        """Return Xᵀ diag(w) Z."""
        if not isinstance(other, SplitDesign):
            return cross_by_columns(self, weights, other)
        result = np.zeros((self.n_columns, other.n_columns))
        mine, theirs = self.numbers.matrix, other.numbers.matrix
        result[np.ix_(self.positions, other.positions)] = self.numbers.cross(weights, other.numbers)
        for part in self.coded:
            if other.positions.size:
                result[np.ix_(columns_of(part), other.positions)] = part.cross_dense(weights, theirs)
            for against in other.coded:
                block = part.cross(weights, against)
                result[np.ix_(columns_of(part), columns_of(against))] = block
        for against in other.coded:
            if self.positions.size:
                block = against.cross_dense(weights, mine).T
                result[np.ix_(self.positions, columns_of(against))] = block
        return result

    def column_squares(self, weights: Vector | None) -> Vector:
        """Return Σ w x² by column."""
        result = np.empty(self.n_columns)
        result[self.positions] = self.numbers.column_squares(weights)
        ones = np.ones(self.n_rows) if weights is None else weights
        for part in self.coded:
            result[part.positions] = part.gram(ones)
        return result

    def quadratic(self, matrix: Matrix) -> Vector:
        """Return xᵀ M x by row, from the entries of M that the row's codes point at."""
        # The last row and column stand for no column, so that every row of the design has a place to look.
        padded = np.zeros((self.n_columns + 1, self.n_columns + 1))
        padded[:-1, :-1] = 0.5 * (matrix + matrix.T)
        starts = range(0, self.n_rows, CHUNK)
        pieces = [_quadratic(self.rows(at, min(at + CHUNK, self.n_rows)), padded) for at in starts]
        return np.concatenate(pieces) if pieces else np.empty(0)

    def rows(self, start: int, stop: int) -> SplitDesign:
        """Return consecutive rows, as views."""
        return self._of_rows(slice(start, stop))

    def take(self, positions: Array) -> SplitDesign:
        """Return the rows at these positions."""
        return self._of_rows(positions)

    def _of_rows(self, rows: slice | Array) -> SplitDesign:
        # Parts that shared their codes go on sharing them, which is how their Gram matrix is known to be diagonal.
        shared: dict[int, NDArray[np.int32]] = {}
        parts = []
        for part in self.coded:
            codes = shared.setdefault(id(part.codes), part.codes[rows])
            scale = None if part.scale is None else part.scale[rows]
            parts.append(Coded(codes, part.width, part.positions, scale))
        return SplitDesign(self.n_columns, self.numbers.matrix[rows], self.positions, tuple(parts))

    def dense(self) -> Matrix:
        """Return X as an array, however large."""
        matrix = np.zeros((self.n_rows, self.n_columns))
        matrix[:, self.positions] = self.numbers.matrix
        for part in self.coded:
            part.fill(matrix)
        return matrix

    def without(self, column: int) -> SplitDesign:
        """Return the other columns, of which the one left out is dense."""
        kept = self.positions != column
        positions = self.positions[kept]
        coded = []
        for part in self.coded:
            places = columns_of(part)
            places = places - (places > column)
            whole = isinstance(part.positions, slice)
            where = slice(int(places[0]), int(places[-1]) + 1) if whole and places.size else places
            coded.append(Coded(part.codes, part.width, where, part.scale))
        matrix = np.ascontiguousarray(self.numbers.matrix[:, kept])
        return SplitDesign(self.n_columns - 1, matrix, positions - (positions > column), tuple(coded))

    def constant_column(self) -> tuple[int, float] | None:
        """Return the first constant one of the dense columns."""
        found = self.numbers.constant_column()
        return None if found is None else (int(self.positions[found[0]]), found[1])

    def plain(self) -> Any:
        """Return a sparse matrix."""
        from scipy import sparse

        columns = [np.broadcast_to(self.positions, (self.n_rows, self.positions.size)).ravel()]
        rows = [np.repeat(np.arange(self.n_rows), self.positions.size)]
        numbers = [self.numbers.matrix.ravel()]
        for part in self.coded:
            held = np.flatnonzero(part.codes < part.width)
            rows.append(held)
            columns.append(columns_of(part)[part.codes[held]])
            numbers.append(np.ones(held.size) if part.scale is None else part.scale[held])
        places = (np.concatenate(rows), np.concatenate(columns))
        shape = (self.n_rows, self.n_columns)
        return sparse.csr_matrix((np.concatenate(numbers), places), shape=shape)

    @classmethod
    def stack(cls, parts: list[Any]) -> SplitDesign:
        """Put designs one below another."""
        first: SplitDesign = parts[0]
        shared: dict[int, NDArray[np.int32]] = {}
        coded = []
        for k, kind in enumerate(first.coded):
            if id(kind.codes) not in shared:
                shared[id(kind.codes)] = np.concatenate([part.coded[k].codes for part in parts])
            scales = [part.coded[k].scale for part in parts]
            scale = None if kind.scale is None else np.concatenate(scales)
            coded.append(Coded(shared[id(kind.codes)], kind.width, kind.positions, scale))
        matrix = np.concatenate([part.numbers.matrix for part in parts])
        return SplitDesign(first.n_columns, matrix, first.positions, tuple(coded))


def _quadratic(design: SplitDesign, padded: Matrix) -> Vector:
    """The quadratic form of a few rows: each pair of parts adds the entries that its codes point at."""
    dense = design.positions
    result = design.numbers.quadratic(padded[np.ix_(dense, dense)])
    nowhere = design.n_columns
    columns = [np.append(columns_of(part), nowhere).take(part.codes) for part in design.coded]
    scales: list[Any] = [1.0 if part.scale is None else part.scale for part in design.coded]
    beside_dense = np.ascontiguousarray(padded[:, dense])
    for k, (found, scale) in enumerate(zip(columns, scales, strict=True)):
        result += 2.0 * scale * np.einsum("ij,ij->i", beside_dense[found], design.numbers.matrix)
        result += scale * scale * padded[found, found]
        for later, other_scale in zip(columns[k + 1 :], scales[k + 1 :], strict=True):
            result += 2.0 * scale * other_scale * padded[found, later]
    return result


def columns_of(part: Coded) -> Array:
    """The columns of the design that a part's codes stand for."""
    if isinstance(part.positions, slice):
        return np.arange(part.positions.start, part.positions.stop)
    return part.positions


def _as_slice(columns: Array) -> slice | Array:
    start, stop = int(columns[0]), int(columns[-1]) + 1
    return slice(start, stop) if stop - start == columns.size else columns
