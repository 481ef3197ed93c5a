"""Small symmetric matrices whose rows may differ in scale by hundreds of orders of magnitude."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any, final
from weakref import ref

import numpy as np

from thetahat.numerics.eigenvalues import eigenvalues
from thetahat.numerics.pair import Pair
from thetahat.numerics.single_blas import held_for
from thetahat.numerics.triangle import Triangle
from thetahat.numerics.triple import Triple
from thetahat.numerics.unit_diagonal import FEW_ROWS, LARGE, SMALL, scale_to_unit_diagonal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_EPSILON = float(np.finfo(np.float64).eps)


@final
class SymmetricFactor:
    """Eigen-decomposition of a symmetric matrix scaled to unit diagonal, and what follows from it.

    Positive definite matrices that are large, or of three rows and clearly so, are factored by Cholesky, and decomposed
    only if their eigenvalues are asked for; ``smallest`` is then a lower bound.
    """

    __slots__ = (
        "_bound",
        "_inverse",
        "_matrix",
        "_plain",
        "_roots",
        "_scaled",
        "_triangle",
        "_values",
        "_vectors",
        "size",
    )

    def __init__(self, matrix: ArrayLike) -> None:
        matrix = np.asarray(matrix, dtype=np.float64)
        self.size = matrix.shape[0]
        self._inverse: FloatArray | None = None
        self._triangle: Triangle | None = None
        self._values: Any = None
        self._vectors: Any = None
        self._scaled: FloatArray | None = None
        self._roots: FloatArray | None = None
        self._plain: Pair | Triple | None = None
        if matrix.shape == (2, 2):
            self._plain = Pair.of(matrix)
        elif matrix.shape == (3, 3):
            self._plain = Triple.of(matrix)
        if self._plain is not None:
            self._matrix = matrix.copy()
            self._bound = self.size * _EPSILON * self._plain.largest
            return
        self._scaled, self._roots = scale_to_unit_diagonal(matrix)
        size = self.size
        if size == 1:
            self._values, self._vectors = self._scaled[0], np.ones((1, 1))
        elif size > LARGE and isfinite(float(self._scaled.sum())):
            self._triangle = Triangle.of(self._scaled)
        if self._triangle is not None:
            return
        self._bound = size * _EPSILON * self.largest

    @property
    def roots(self) -> FloatArray:
        """R, powers of two, of shape (k,)."""
        if self._roots is None:
            self._scaled, self._roots = scale_to_unit_diagonal(self._matrix)
        return self._roots

    @property
    def scaled(self) -> FloatArray:
        """S, of shape (k, k), with A_ij = r_i S_ij r_j."""
        if self._scaled is None:
            self._scaled, self._roots = scale_to_unit_diagonal(self._matrix)
        return self._scaled

    @property
    def error_bound(self) -> float:
        """Bound k eps max|eigenvalue| on the rounding error of each eigenvalue."""
        if self._triangle is not None:
            return self.size * _EPSILON * self._triangle.largest
        return self._bound

    @property
    def positive(self) -> bool:
        """Whether the matrix is positive definite but for rounding: it has a Cholesky factor, or such eigenvalues."""
        return self._triangle is not None or self.smallest > self.error_bound

    @property
    def eigenvalues(self) -> FloatArray:
        """Of S, ascending; NaN where the matrix is not finite."""
        if self._values is None:
            self._decompose()
        return np.asarray(self._values)

    @property
    def eigenvectors(self) -> FloatArray:
        """Of S, by column."""
        if self._vectors is None:
            self._decompose()
        return np.asarray(self._vectors)

    def _decompose(self) -> None:
        if isinstance(self._plain, Pair):
            self._values, self._vectors = self._plain.arrays()
            return
        self._values, self._vectors = np.full(self.size, np.nan), np.full((self.size, self.size), np.nan)
        if isfinite(float(self.scaled.sum())):
            self._values, self._vectors = np.linalg.eigh(self.scaled)

    @property
    def largest(self) -> float:
        """Largest absolute eigenvalue of the scaled matrix, or an upper bound for it; 0 for an empty one."""
        cheap = self._triangle or self._plain
        if cheap is not None:
            return cheap.largest
        values = self.eigenvalues
        return max(abs(float(values[0])), abs(float(values[-1]))) if values.size else 0.0

    @property
    def smallest(self) -> float:
        """Smallest eigenvalue of the scaled matrix, or a lower bound for it; infinity for an empty one."""
        cheap = self._triangle or self._plain
        if cheap is not None:
            return cheap.smallest
        return float(self.eigenvalues[0]) if self.eigenvalues.size else float("inf")

    @property
    def condition(self) -> float:
        """Ratio of the largest to the smallest absolute eigenvalue of the scaled matrix; 1 if empty."""
        sizes = np.abs(self.eigenvalues)
        if sizes.size == 0:
            return 1.0
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
        return self.smallest > safety * self.error_bound

    def solve(self, right: ArrayLike) -> FloatArray:
        """Return A⁻¹ b for b of shape (k,) or (k, m), refined once; infinite or NaN where A is singular.

        Examples
        --------
        >>> SymmetricFactor([[2.0, 0.0], [0.0, 1e-300]]).solve([1.0, 1e-300]).tolist()
        [0.5, 1.0]
        """
        right = np.asarray(right, dtype=np.float64)
        plain = self._plain
        if plain is not None and plain.regular:
            if right.ndim == 1:
                return np.array(plain.solve(*right.tolist()))
            return np.array([plain.solve(*column) for column in right.T.tolist()]).T
        if self._triangle is not None:
            roots = self.roots if right.ndim == 1 else self.roots[:, np.newaxis]
            target = right / roots
            solution = self._triangle.solve(target)
            return np.asarray((solution + self._triangle.solve(target - self.scaled @ solution)) / roots)
        if right.shape == (1,) and (value := float(self.eigenvalues[0])) != 0.0:
            root = float(self.roots[0])
            return np.array([1.0 / value * (float(right[0]) / root) / root])
        with np.errstate(all="ignore"):
            roots = self.roots if right.ndim == 1 else self.roots[:, np.newaxis]
            target, spectrum = right / roots, 1.0 / self.eigenvalues
            solution = self._apply(spectrum, target)
            if self.size > 1:
                solution = solution + self._apply(spectrum, target - self.scaled @ solution)
            return np.asarray(solution / roots)

    def half_square(self, right: FloatArray) -> float:
        """Return ½ bᵀA⁻¹b, 0 where rounding would have it below.

        Examples
        --------
        >>> SymmetricFactor([[4.0, 0.0], [0.0, 1.0]]).half_square(np.array([2.0, 1.0]))
        1.0
        """
        if self._plain is not None and self._plain.regular:
            return max(self._plain.half_square(*right.tolist()), 0.0)
        if self._triangle is not None or self.size <= 2:
            return max(0.5 * float(right @ self.solve(right)), 0.0)
        rotated = (right / self.roots).dot(self.eigenvectors)
        return max(0.5 * float(rotated.dot(rotated / self.eigenvalues)), 0.0)

    def length(self, step: FloatArray) -> float:
        """Return ‖R b‖, the norm of a step in the coordinates of the scaled matrix.

        Examples
        --------
        >>> SymmetricFactor([[4.0, 0.0], [0.0, 1.0]]).length(np.array([1.5, 4.0]))
        5.0
        """
        if self._plain is not None:
            return self._plain.length(*step.tolist())
        return sqrt(np.square(self.roots * step).sum())

    def relative_bound(self, difference: FloatArray) -> float:
        """Return a bound for the absolute eigenvalues of A^{-½} D A^{-½}: its Frobenius norm, or more than that.

        More is Frobenius' norm of scaled D over the smallest eigenvalue of scaled A.

        It is infinite where A is not positive definite or D not finite.

        Examples
        --------
        >>> SymmetricFactor([[4.0, 0.0], [0.0, 1.0]]).relative_bound(np.array([[1.0, 0.0], [0.0, 0.0]]))
        0.25
        """
        if not self.smallest > self.error_bound:
            return float("inf")
        if self._plain is not None:
            norm = self._plain.relative_norm(difference)
            return norm if isfinite(norm) else float("inf")
        squares = 0.0
        # Some rows at a time stay in a core's cache; a copy of a large matrix is slow for its fresh memory alone.
        for begin in range(0, self.size, FEW_ROWS):
            rows = slice(begin, begin + FEW_ROWS)
            scaled = (difference[rows] / self.roots / self.roots[rows, np.newaxis]).ravel()
            squares += float(scaled.dot(scaled))
        return sqrt(squares) / self.smallest if isfinite(squares) else float("inf")

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
            with held_for(self.size):
                if self._triangle is not None:
                    inverse = self._triangle.inverse() / self.roots / self.roots[:, np.newaxis]
                elif self._plain is not None and self._plain.regular:
                    inverse = self._plain.inverse()
                else:
                    inverse = self.solve(np.eye(self.size))
            self._inverse = np.asarray(0.5 * inverse + 0.5 * inverse.T)
        return self._inverse.copy()

    def inverse_diagonal(self) -> FloatArray:
        """Return the diagonal of A⁻¹, of a large matrix at half the cost of the whole.

        Examples
        --------
        >>> SymmetricFactor([[2.0, 0.0], [0.0, 4.0]]).inverse_diagonal().tolist()
        [0.5, 0.25]
        """
        if self._inverse is not None or self._triangle is None:
            return self.inverse().diagonal()
        with held_for(self.roots.size):
            return self._triangle.inverse_diagonal() / self.roots / self.roots

    def inverse_root(self) -> FloatArray:
        """Return W with WᵀAW = I, by column; NaN in the columns of eigenvalues that are not positive.

        Examples
        --------
        >>> SymmetricFactor([[4.0]]).inverse_root().tolist()
        [[0.5]]
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.eigenvectors / np.sqrt(self.eigenvalues) / self.roots[:, np.newaxis])

    def relative_norm(self, difference: FloatArray) -> float:
        """Return ‖A^{-½} D A^{-½}‖ in the spectral norm; infinity where A is not positive definite or D not finite.

        Examples
        --------
        >>> SymmetricFactor([[4.0]]).relative_norm(np.array([[1.0]]))
        0.25
        """
        lowest, highest = self.relative_ends(difference)
        return max(abs(lowest), abs(highest))

    def changes_little(self, difference: FloatArray, share: float) -> bool:
        """Tell whether ``relative_norm`` is at most ``share``, where its bounds tell already from these."""
        bound = self.relative_bound(difference)
        if bound <= share or (self._plain is not None and not bound <= share * sqrt(self.size)):
            return bound <= share
        return self.relative_norm(difference) <= share

    def relative_ends(self, difference: FloatArray) -> tuple[float, float]:
        """Return the lowest and highest eigenvalue of A^{-½} D A^{-½}; infinities as ``relative_norm``.

        Of large matrices they are bounds, as far from 0 as the farther of the two.

        Examples
        --------
        >>> SymmetricFactor([[4.0, 0.0], [0.0, 1.0]]).relative_ends(np.array([[1.0, 0.0], [0.0, -2.0]]))
        (-2.0, 0.25)
        """
        if not self.size:
            return 0.0, 0.0
        if not self.smallest > self.error_bound or not isfinite(float(difference.sum())):
            return -float("inf"), float("inf")
        if self._triangle is not None:
            norm = self._triangle.whitened_norm(difference, self.roots)
            return -norm, norm
        whiten = self.inverse_root()
        change = whiten.T @ difference @ whiten
        if change.shape[0] == 1:
            return float(change[0, 0]), float(change[0, 0])
        values = eigenvalues(change)
        return float(values[0]), float(values[-1])

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
    if size <= SMALL:
        return _remembered(size, matrix.tobytes())
    return SymmetricFactor(matrix) if size <= LARGE else _held(matrix)


_factors: dict[int, tuple[Any, SymmetricFactor]] = {}


def _held(matrix: FloatArray) -> SymmetricFactor:
    """The factor of a large matrix, which is kept as long as the matrix is: it is asked for again and again."""
    key = id(matrix)
    held = _factors.get(key)
    if held is not None and held[0]() is matrix:
        return held[1]
    factor = SymmetricFactor(matrix)
    _factors[key] = (ref(matrix, lambda _: _factors.pop(key, None)), factor)
    return factor


@lru_cache(maxsize=64)
def _remembered(size: int, entries: bytes) -> SymmetricFactor:
    """An optimiser, a verdict and standard errors all ask about the same few matrices, one after the other."""
    return SymmetricFactor(np.frombuffer(entries).reshape(size, size))
