"""The contract of a design: the matrix X of a block of rows, as far as a likelihood needs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


class Design(ABC):
    """X of one block, of shape (n_rows, n_columns); read, never written.

    ``tile_rows`` is how many rows are best computed at once: few enough that they stay in a core's cache from the
    linear predictor to the information, or the whole block where a part cannot be taken cheaply.
    """

    n_rows: int
    n_columns: int
    tile_rows: int
    precision: type[np.floating[Any]] = np.float64
    """That of Gram matrices."""

    @abstractmethod
    def matvec(self, coefficients: Array) -> Array:
        """Return X β, or of coefficients of shape (k, n_columns) the (k, n_rows) predictors."""

    @abstractmethod
    def transpose(self, values: Array) -> Array:
        """Return Xᵀ v, or of values of shape (k, n_rows) the (k, n_columns) sums."""

    @abstractmethod
    def gram(self, weights: Vector) -> Matrix:
        """Return Xᵀ diag(w) X; weights may have any sign."""

    @abstractmethod
    def grams(self, weights: Matrix) -> Array:
        """Return Xᵀ diag(w) X for each row of weights: (k, n_rows) -> (k, n_columns, n_columns)."""

    def in_single_precision(self) -> Design:
        """The same rows, whose Gram matrices may be computed in single precision: good for steps, not for inference."""
        return self

    @abstractmethod
    def cross(self, weights: Vector, other: Design) -> Matrix:
        """Return Xᵀ diag(w) Z for another design of the same rows."""

    @abstractmethod
    def column_squares(self, weights: Vector | None) -> Vector:
        """Return Σ w x² by column."""

    @abstractmethod
    def quadratic(self, matrix: Matrix) -> Vector:
        """Return xᵀ M x by row."""

    @abstractmethod
    def rows(self, start: int, stop: int) -> Design:
        """Return consecutive rows."""

    @abstractmethod
    def take(self, positions: Array) -> Design:
        """Return the rows at these positions, copied."""

    @abstractmethod
    def dense(self) -> Matrix:
        """Return X as an array, however large."""

    @abstractmethod
    def without(self, column: int) -> Design:
        """Return the other columns."""

    @abstractmethod
    def constant_column(self) -> tuple[int, float] | None:
        """Return the place of a column with one number in all rows, which is not 0, and that number; None if none is.

        It is looked for where that costs little.
        """

    @abstractmethod
    def plain(self) -> Any:
        """Return X as an array, or as a sparse matrix of SciPy's where most of it is zero."""

    @classmethod
    @abstractmethod
    def stack(cls, parts: list[Any]) -> Design:
        """Put designs of this kind one below another."""
