"""Symmetric positive definite matrices, freed by their Cholesky factor in scales and ratios."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters._domain import Array, Domain

SYMMETRIC = 1e-9
"""How far the two halves of a matrix may differ, relative to the roots of its diagonal."""


@final
class PositiveDefinite(Domain):
    """A covariance matrix S = L Lᵀ of d rows; free coordinates log L_aa and L_ab/L_aa, in the order of L's triangle.

    The ratios have no unit, so that what a column is measured in shifts one logarithm and changes nothing else (as the
    log-Cholesky coordinates of Pinheiro & Bates, 1996, with the rows scaled). A value is the matrix, or its lower
    triangle row by row, as which it comes back.

    Examples
    --------
    >>> PositiveDefinite(2).from_free(np.array([0.0, 0.5, 0.0])).tolist()
    [1.0, 0.5, 1.25]
    """

    vector: ClassVar[bool] = True
    lower = -np.inf
    upper = np.inf

    def __init__(self, rows: int) -> None:
        if int(rows) != rows or rows < 1:
            raise ParameterError(
                f"positive_definite({rows!r}): the rows of a matrix are a whole number above 0"
            )
        self.n_rows = int(rows)
        self.size = self.free_size = self.n_rows * (self.n_rows + 1) // 2
        self.arguments = (self.n_rows,)
        self._row, self._column = np.tril_indices(self.n_rows)
        self._diagonal = self._row == self._column
        place = np.full((self.n_rows, self.n_rows), self.size)
        place[self._row, self._column] = np.arange(self.size)
        self._place = place

    @property
    def labels(self) -> tuple[str, ...]:
        """Row and column of each entry: ``0,0``, ``1,0``, ``1,1``, ..."""
        return tuple(f"{i},{j}" for i, j in zip(self._row.tolist(), self._column.tolist(), strict=True))

    def entries(self, value: Any) -> Array:
        """The lower triangle of a matrix, row by row."""
        array = np.asarray(value, dtype=float)
        return array[self._row, self._column] if array.ndim == 2 else array

    def matrix(self, value: Any) -> Array:
        """The matrix of its lower triangle."""
        triangle = self.entries(value)
        matrix = np.zeros((self.n_rows, self.n_rows))
        matrix[self._row, self._column] = triangle
        matrix[self._column, self._row] = triangle
        return matrix

    def scales_and_ratios(self, free: Any) -> tuple[Any, Any]:
        """e and R with L = diag(e) R, R's diagonal 1, of free coordinates, NumPy's or JAX's."""
        xp = namespace(free)
        ratios = xp.where(self._diagonal, 1.0, free)
        return xp.exp(free[np.flatnonzero(self._diagonal)]), xp.concatenate([ratios, np.zeros(1)])[
            self._place
        ]

    def factor(self, free: Any) -> Any:
        """L of free coordinates, NumPy's or JAX's."""
        scales, ratios = self.scales_and_ratios(free)
        return scales[:, None] * ratios

    def to_free(self, value: Any) -> Any:
        """Return log L_aa and L_ab/L_aa."""
        xp = namespace(value)
        if xp.is_jax:
            whole = value if value.ndim == 2 else value[np.minimum(self._place, self._place.T)]
        else:
            whole = self.matrix(value)
        lower = xp.cholesky(whole)[self._row, self._column]
        scales = lower[np.flatnonzero(self._diagonal)][self._row]
        return xp.where(self._diagonal, xp.log(scales), lower / scales)

    def from_free(self, free: Any) -> Any:
        """Return the lower triangle of L Lᵀ."""
        lower = self.factor(free)
        return (lower @ lower.T)[self._row, self._column]

    def derivative(self, free: Array) -> Array:
        """∂S_ij/∂L_ab = 1{i = a} L_jb + 1{j = a} L_ib, and from there by the chain rule."""
        lower, chain = self._chain(np.asarray(free, dtype=float))
        return np.asarray(self._slopes(lower) @ chain)

    def second_derivative(self, free: Array) -> Array:
        """∂²S_ij/∂L_ab ∂L_cd = 1{b = d}(1{i = a}1{j = c} + 1{j = a}1{i = c}), and from there by the chain rule."""
        lower, chain = self._chain(np.asarray(free, dtype=float))
        i, j = self._row[:, None, None], self._column[:, None, None]
        a, b = self._row[:, None], self._column[:, None]
        c, d = self._row, self._column
        both = (((i == a) & (j == c)).astype(float) + ((j == a) & (i == c))) * (b == d)
        bends = np.einsum("sab,ac,bd->scd", both, chain, chain, optimize=True)
        # L_ab = exp(l_a) r_ab bends too: ∂²L_ab/∂l_a² = L_ab and ∂²L_ab/∂l_a ∂r_ab = exp(l_a).
        scaled = self._slopes(lower) * lower.diagonal()[self._row]
        ratios = lower[self._row, self._column] / lower.diagonal()[self._row]
        own = np.flatnonzero(self._diagonal)[self._row]
        for entry in range(self.size):
            bends[:, own[entry], own[entry]] += scaled[:, entry] * ratios[entry]
            if not self._diagonal[entry]:
                bends[:, own[entry], entry] += scaled[:, entry]
                bends[:, entry, own[entry]] += scaled[:, entry]
        return np.asarray(bends)

    def _slopes(self, lower: Array) -> Array:
        """∂S/∂L over the lower triangles of both."""
        i, j, a, b = self._row[:, None], self._column[:, None], self._row, self._column
        return np.asarray((i == a) * lower[j, b] + (j == a) * lower[i, b])

    def _chain(self, free: Array) -> tuple[Array, Array]:
        """L, and ∂L/∂free over its lower triangle."""
        lower = self.factor(free)
        chain = np.diag(np.where(self._diagonal, 0.0, lower.diagonal()[self._row]))
        chain[np.arange(self.size), np.flatnonzero(self._diagonal)[self._row]] += lower[
            self._row, self._column
        ]
        return lower, chain

    def contains(self, value: Any) -> bool:
        """Whether the matrix is finite, symmetric (to rounding) and positive definite."""
        array = np.asarray(value, dtype=float)
        square = array.shape == (self.n_rows, self.n_rows)
        if not (square or array.shape == (self.size,)) or not np.all(np.isfinite(array)):
            return False
        matrix = self.matrix(array)
        roots = np.sqrt(np.maximum(np.diagonal(matrix), 0.0))
        if not np.all(roots > 0):
            return False
        if square and bool(np.any(np.abs(array - array.T) > SYMMETRIC * np.outer(roots, roots))):
            return False
        try:
            np.linalg.cholesky(matrix / roots / roots[:, None])
        except np.linalg.LinAlgError:
            return False
        return True

    def line(self, value: Any, entry: int = 0) -> tuple[float, float]:
        """The logarithm of a variance; a covariance itself."""
        number = np.float64(self.entries(value)[entry])
        if self.on_line(entry):
            return float(number), 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.log(number)), float(1.0 / number)

    def from_line(self, at: float, entry: int = 0) -> float:
        """The variance that has this logarithm; the covariance itself."""
        if self.on_line(entry):
            return float(at)
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(np.float64(at)))

    def on_line(self, entry: int = 0) -> bool:
        """Whether the entry is off the diagonal."""
        return not bool(self._diagonal[entry])

    def describe(self) -> str:
        """Say what a value must be."""
        return f"a symmetric positive definite matrix of {self.n_rows} rows"
