"""Linear conditions b·d >= 0 or b·d = 0 on a direction d, one a row, over matrices that are never copied whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

_BLOCK = 8192


class Conditions(ABC):
    """The rows b of a cone {d: b·d >= 0 or b·d = 0}, seen through what they do to vectors.

    Attributes
    ----------
    shape
        (m, p): conditions and coordinates of the direction.
    """

    shape: tuple[int, int]

    @abstractmethod
    def product(self, directions: Array) -> Array:
        """Return B d: (p,) -> (m,), or (p, k) -> (m, k)."""

    @abstractmethod
    def transposed(self, multipliers: Array) -> Array:
        """Return Bᵀ μ: (m,) -> (p,), or (m, k) -> (p, k)."""

    @abstractmethod
    def gram(self, weights: Array) -> Array:
        """Return Bᵀ diag(weights) B, (p, p), for weights >= 0."""

    @abstractmethod
    def squared_product(self, squares: Array) -> Array:
        """Return Σ_j b_ij² squares_j: (p,) -> (m,)."""

    @abstractmethod
    def take(self, positions: Positions) -> Any:
        """Return some rows, as an array or as a sparse matrix of SciPy's."""


@final
class Signed(Conditions):
    """Rows of a design, each times a sign.

    Parameters
    ----------
    matrix
        (n, p), an array or a sparse matrix of SciPy's.
    signs
        (n,), +1 or -1.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Signed(np.array([[1.0, 2.0], [1.0, 3.0]]), np.array([1.0, -1.0]))
    >>> rows.product(np.array([1.0, 1.0])).tolist()
    [3.0, -4.0]
    """

    def __init__(self, matrix: Any, signs: Array) -> None:
        self.matrix = matrix if isinstance(matrix, np.ndarray) else matrix.tocsr()
        self.signs = signs
        self.shape = (matrix.shape[0], matrix.shape[1])

    def product(self, directions: Array) -> Array:
        """Return B d."""
        return _by_row(self.signs, directions) * (self.matrix @ directions)

    def transposed(self, multipliers: Array) -> Array:
        """Return Bᵀ μ."""
        return self.matrix.T @ (_by_row(self.signs, multipliers) * multipliers)

    def gram(self, weights: Array) -> Array:
        """Return Bᵀ diag(weights) B."""
        return gram(self.matrix, weights)

    def squared_product(self, squares: Array) -> Array:
        """Return Σ_j b_ij² squares_j."""
        return squared_product(self.matrix, squares)

    def take(self, positions: Positions) -> Any:
        """Return some rows."""
        return scaled_rows(self.matrix[positions], self.signs[positions])


@final
class Stacked(Conditions):
    """Conditions one below the other, such as those of the blocks of a large data set.

    Parameters
    ----------
    parts
        Conditions on the same direction.

    Examples
    --------
    >>> import numpy as np
    >>> part = Signed(np.array([[1.0, 2.0]]), np.array([1.0]))
    >>> Stacked([part, part]).product(np.array([1.0, 1.0])).tolist()
    [3.0, 3.0]
    """

    def __init__(self, parts: Sequence[Conditions]) -> None:
        self.parts = tuple(parts)
        self._ends = np.cumsum([part.shape[0] for part in self.parts])
        self.shape = (int(self._ends[-1]), self.parts[0].shape[1])

    def _split(self, values: Array) -> list[Array]:
        return np.split(values, self._ends[:-1])

    def product(self, directions: Array) -> Array:
        """Return B d."""
        return np.concatenate([part.product(directions) for part in self.parts])

    def transposed(self, multipliers: Array) -> Array:
        """Return Bᵀ μ."""
        pairs = zip(self.parts, self._split(multipliers), strict=True)
        return np.sum([part.transposed(piece) for part, piece in pairs], axis=0)

    def gram(self, weights: Array) -> Array:
        """Return Bᵀ diag(weights) B."""
        total = np.zeros((self.shape[1], self.shape[1]))
        for part, piece in zip(self.parts, self._split(weights), strict=True):
            total += part.gram(piece)
        return total

    def squared_product(self, squares: Array) -> Array:
        """Return Σ_j b_ij² squares_j."""
        return np.concatenate([part.squared_product(squares) for part in self.parts])

    def take(self, positions: Positions) -> Any:
        """Return some rows."""
        owner = np.searchsorted(self._ends, positions, side="right")
        starts = self._ends - [part.shape[0] for part in self.parts]
        inside = [
            (np.flatnonzero(owner == place), part.take(positions[owner == place] - starts[place]))
            for place, part in enumerate(self.parts)
            if np.any(owner == place)
        ]
        if not inside:
            return self.parts[0].take(positions)
        back = np.argsort(np.concatenate([where for where, _ in inside]))
        pieces = [rows for _, rows in inside]
        if isinstance(pieces[0], np.ndarray):
            return np.concatenate(pieces)[back]
        from scipy.sparse import vstack

        return vstack(pieces, format="csr")[back]


def gram(matrix: Any, weights: Array) -> Array:
    """Xᵀ diag(weights) X of an array, block by block, or of a sparse matrix."""
    rows, columns = matrix.shape
    positions = np.flatnonzero(weights)
    if not isinstance(matrix, np.ndarray):
        chosen = matrix[positions] if positions.size < rows else matrix
        root = scaled_rows(chosen, np.sqrt(weights[positions]))
        return (root.T @ root).toarray()
    total = np.zeros((columns, columns))
    for start in range(0, positions.size, _BLOCK):
        part = positions[start : start + _BLOCK]
        root = matrix[part] * np.sqrt(weights[part])[:, None]
        total += root.T @ root
    return total


def squared_product(matrix: Any, squares: Array) -> Array:
    """(X ∘ X) v of an array, block by block, or of a sparse matrix."""
    if not isinstance(matrix, np.ndarray):
        return matrix.multiply(matrix) @ squares
    answer = np.empty(matrix.shape[0])
    for start in range(0, len(answer), _BLOCK):
        part = matrix[start : start + _BLOCK]
        answer[start : start + _BLOCK] = (part * part) @ squares
    return answer


def scaled_rows(matrix: Any, factors: Array) -> Any:
    """diag(factors) X of an array or of a sparse matrix."""
    if isinstance(matrix, np.ndarray):
        return matrix * factors[:, None]
    from scipy.sparse import diags_array

    return (diags_array(factors) @ matrix).tocsr()


def _by_row(values: Array, like: Array) -> Array:
    return values if like.ndim == 1 else values[:, None]
