"""Small symmetric matrices whose rows may differ in scale by hundreds of orders of magnitude."""

from __future__ import annotations

from functools import lru_cache
from math import copysign, frexp, hypot, isfinite
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_EPSILON = float(np.finfo(np.float64).eps)
_TINY, _HUGE = 1e-280, 1e280
_SMALL = 8
"""Up to this size a decomposition costs more in overhead than in arithmetic, and is remembered."""


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
    sizes = [abs(entry) for entry in matrix.diagonal().tolist()] if matrix.shape[0] <= _SMALL else []
    if sizes and all(_TINY < size < _HUGE for size in sizes):
        roots = np.array([2.0 ** (frexp(size)[1] >> 1) for size in sizes])
        return matrix / roots / roots[:, np.newaxis], roots
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


@final
class _Pair:
    """The decomposition of a 2 x 2 matrix in plain floats: NumPy's overhead would be most of a small fit's time.

    S = [[a, b], [b, c]], one Jacobi rotation by (cosine, sine), eigenvalues in ascending order.
    """

    __slots__ = ("a", "b", "c", "cosine", "first", "second", "sine", "units")

    def __init__(self, a: float, b: float, c: float, units: tuple[float, float]) -> None:
        self.a, self.b, self.c, self.units = a, b, c, units
        tangent = 0.0
        if b != 0.0:
            ratio = (c - a) / (2.0 * b)
            tangent = copysign(1.0, ratio) / (abs(ratio) + hypot(1.0, ratio))
        self.first, self.second = a - tangent * b, c + tangent * b
        self.cosine = 1.0 / hypot(1.0, tangent)
        self.sine = tangent * self.cosine

    @classmethod
    def of(cls, matrix: FloatArray) -> _Pair | None:
        """Scale the matrix; None where an entry is zero on the diagonal, extreme, infinite or NaN."""
        (a, _), (b, c) = matrix.tolist()
        if not (_TINY < abs(a) < _HUGE and _TINY < abs(c) < _HUGE and abs(b) < _HUGE):
            return None
        left, right = 2.0 ** (frexp(a)[1] >> 1), 2.0 ** (frexp(c)[1] >> 1)
        return cls(a / left / left, b / left / right, c / right / right, (left, right))

    @property
    def largest(self) -> float:
        """Largest absolute eigenvalue."""
        return max(abs(self.first), abs(self.second))

    @property
    def regular(self) -> bool:
        """Whether no eigenvalue is zero."""
        return self.first != 0.0 and self.second != 0.0

    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Scaled matrix, roots, eigenvalues in ascending order and eigenvectors by column."""
        cosine, sine = self.cosine, self.sine
        values, vectors = (self.first, self.second), ((cosine, sine), (-sine, cosine))
        if self.first > self.second:
            values, vectors = (self.second, self.first), ((sine, cosine), (cosine, -sine))
        return (
            np.array(((self.a, self.b), (self.b, self.c))),
            np.array(self.units),
            np.array(values),
            np.array(vectors),
        )

    def solve(self, left: float, right: float) -> tuple[float, float]:
        """A⁻¹ b, refined once."""
        up, down = left / self.units[0], right / self.units[1]
        x, y = self._apply(up, down)
        if isfinite(x) and isfinite(y):
            more_x, more_y = self._apply(up - (self.a * x + self.b * y), down - (self.b * x + self.c * y))
            x, y = x + more_x, y + more_y
        return x / self.units[0], y / self.units[1]

    def _apply(self, up: float, down: float) -> tuple[float, float]:
        first = (self.cosine * up - self.sine * down) / self.first
        second = (self.sine * up + self.cosine * down) / self.second
        return self.cosine * first + self.sine * second, self.cosine * second - self.sine * first


@final
class SymmetricFactor:
    """Eigen-decomposition of a symmetric matrix scaled to unit diagonal, and what follows from it.

    Attributes
    ----------
    scaled : (k, k) array
        S, with A_ij = r_i S_ij r_j.
    roots : (k,) array
        r, powers of two.
    eigenvalues : (k,) array
        Of S, ascending; NaN where the matrix is not finite.
    eigenvectors : (k, k) array
        Of S, by column.
    error_bound : float
        Bound k eps max|eigenvalue| on the rounding error of each eigenvalue.
    """

    __slots__ = ("_inverse", "_pair", "eigenvalues", "eigenvectors", "error_bound", "roots", "scaled")

    def __init__(self, matrix: ArrayLike) -> None:
        matrix = np.asarray(matrix, dtype=np.float64)
        self._inverse: FloatArray | None = None
        self._pair = _Pair.of(matrix) if matrix.shape == (2, 2) else None
        if self._pair is not None:
            self.scaled, self.roots, self.eigenvalues, self.eigenvectors = self._pair.arrays()
            self.error_bound = 2 * _EPSILON * self._pair.largest
            return
        self.scaled, self.roots = scale_to_unit_diagonal(matrix)
        size = self.roots.size
        if size == 1:
            self.eigenvalues, self.eigenvectors = self.scaled[0], np.ones((1, 1))
        elif isfinite(float(self.scaled.sum())):
            self.eigenvalues, self.eigenvectors = np.linalg.eigh(self.scaled)
        else:
            self.eigenvalues, self.eigenvectors = np.full(size, np.nan), np.full((size, size), np.nan)
        largest = max(abs(float(self.eigenvalues[0])), abs(float(self.eigenvalues[-1]))) if size else 0.0
        self.error_bound = size * _EPSILON * largest

    @property
    def smallest(self) -> float:
        """Smallest eigenvalue of the scaled matrix; infinity for an empty one."""
        return float(self.eigenvalues[0]) if self.eigenvalues.size else float("inf")

    @property
    def condition(self) -> float:
        """Ratio of the largest to the smallest absolute eigenvalue of the scaled matrix; 1 if empty."""
        if self.eigenvalues.size == 0:
            return 1.0
        sizes = np.abs(self.eigenvalues)
        smallest = float(sizes.min())
        return float(sizes.max()) / smallest if smallest != 0.0 else float("inf")

    @property
    def inertia(self) -> tuple[int, int, int]:
        """Numbers of positive, zero (within the error bound) and negative eigenvalues; NaNs count in none."""
        values, bound = self.eigenvalues, self.error_bound
        return (
            int(np.count_nonzero(values > bound)),
            int(np.count_nonzero(np.abs(values) <= bound)),
            int(np.count_nonzero(values < -bound)),
        )

    def is_positive_definite(self, safety: float = 100.0) -> bool:
        """Tell whether the smallest eigenvalue exceeds its rounding error ``safety`` times."""
        return self.eigenvalues.size == 0 or self.smallest > safety * self.error_bound

    def direction(self, index: int = 0) -> FloatArray:
        """Return d with dᵀAd = eigenvalues[index], in the coordinates of A."""
        return np.asarray(self.eigenvectors[:, index] / self.roots)

    def solve(self, right: ArrayLike) -> FloatArray:
        """Return A⁻¹ b for b of shape (k,) or (k, m), refined once; infinite or NaN where A is singular.

        Examples
        --------
        >>> SymmetricFactor([[2.0, 0.0], [0.0, 1e-300]]).solve([1.0, 1e-300]).tolist()
        [0.5, 1.0]
        """
        right = np.asarray(right, dtype=np.float64)
        if self._pair is not None and self._pair.regular:
            if right.ndim == 1:
                return np.array(self._pair.solve(*right.tolist()))
            return np.array([self._pair.solve(*column) for column in right.T.tolist()]).T
        if right.shape == (1,) and (value := float(self.eigenvalues[0])) != 0.0:
            root = float(self.roots[0])
            return np.array([1.0 / value * (float(right[0]) / root) / root])
        with np.errstate(all="ignore"):
            roots = self.roots if right.ndim == 1 else self.roots[:, np.newaxis]
            target, spectrum = right / roots, 1.0 / self.eigenvalues
            solution = self._apply(spectrum, target)
            if self.roots.size > 1:
                solution = solution + self._apply(spectrum, target - self.scaled @ solution)
            return np.asarray(solution / roots)

    def solve_absolute(self, right: ArrayLike) -> FloatArray:
        """Return |A|⁻¹ b, eigenvalues of the scaled matrix taken without sign and at least their error bound.

        Examples
        --------
        >>> SymmetricFactor([[1.0, 0.0], [0.0, -1.0]]).solve_absolute([1.0, 1.0]).tolist()
        [1.0, 1.0]
        """
        right = np.asarray(right, dtype=np.float64)
        with np.errstate(all="ignore"):
            roots = self.roots if right.ndim == 1 else self.roots[:, np.newaxis]
            sizes = np.maximum(np.abs(self.eigenvalues), self.error_bound)
            return np.asarray(self._apply(1.0 / sizes, right / roots) / roots)

    def inverse(self) -> FloatArray:
        """Return A⁻¹, exactly symmetric.

        Examples
        --------
        >>> SymmetricFactor([[2.0, 0.0], [0.0, 4.0]]).inverse().tolist()
        [[0.5, 0.0], [0.0, 0.25]]
        """
        if self._inverse is None:
            inverse = self.solve(np.eye(self.roots.size))
            self._inverse = np.asarray(0.5 * inverse + 0.5 * inverse.T)
        return self._inverse.copy()

    def inverse_root(self) -> FloatArray:
        """Return W with WᵀAW = I, by column; NaN in the columns of eigenvalues that are not positive.

        Examples
        --------
        >>> SymmetricFactor([[4.0]]).inverse_root().tolist()
        [[0.5]]
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.eigenvectors / np.sqrt(self.eigenvalues) / self.roots[:, np.newaxis])

    def _apply(self, spectrum: FloatArray, right: FloatArray) -> FloatArray:
        """Return V diag(spectrum) Vᵀ b."""
        rotated = self.eigenvectors.T @ right
        if right.ndim == 1:
            return np.asarray(self.eigenvectors @ (rotated * spectrum))
        return np.asarray(self.eigenvectors @ (rotated.T * spectrum).T)


def analyse(matrix: ArrayLike) -> SymmetricFactor:
    """Return the eigen-decomposition of a symmetric matrix scaled to unit diagonal.

    Examples
    --------
    >>> analysis = analyse([[1.0, 1.0], [1.0, 1.0]])
    >>> analysis.inertia, analysis.is_positive_definite()
    ((1, 1, 0), False)
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    size = matrix.shape[0]
    return _remembered(size, matrix.tobytes()) if size <= _SMALL else SymmetricFactor(matrix)


@lru_cache(maxsize=64)
def _remembered(size: int, entries: bytes) -> SymmetricFactor:
    """An optimiser, a verdict and standard errors all ask about the same few matrices, one after the other."""
    return SymmetricFactor(np.frombuffer(entries).reshape(size, size))


def eigenvalues(matrix: FloatArray) -> FloatArray:
    """Return the eigenvalues of a symmetric matrix as it is, ascending; NaN where it is not finite.

    Examples
    --------
    >>> eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]])).tolist()
    [1.0, 3.0]
    """
    if matrix.shape == (1, 1):
        return matrix[0].copy()
    if matrix.shape == (2, 2):
        (a, _), (b, c) = matrix.tolist()
        pair = _Pair(a, b, c, (1.0, 1.0))
        return np.array((pair.first, pair.second) if pair.first <= pair.second else (pair.second, pair.first))
    if not np.isfinite(matrix).all():
        return np.full(matrix.shape[0], np.nan)
    return np.asarray(np.linalg.eigvalsh(matrix))


def solve(matrix: ArrayLike, right: ArrayLike) -> FloatArray:
    """Return A⁻¹ b for a symmetric matrix A, through its scaled form, refined once.

    Examples
    --------
    >>> solve([[2.0]], [1.0]).tolist()
    [0.5]
    """
    return SymmetricFactor(matrix).solve(right)


def inverse(matrix: ArrayLike) -> FloatArray:
    """Return the inverse of a symmetric matrix, through its scaled form, exactly symmetric.

    Examples
    --------
    >>> inverse([[2.0]]).tolist()
    [[0.5]]
    """
    return SymmetricFactor(matrix).inverse()
