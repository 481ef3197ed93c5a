"""Conditions on directions for labels in classes: softmax, and classes in order."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from thetahat.optimize.separation.rows import (
    Array,
    Conditions,
    Positions,
    gram,
    scaled_rows,
    squared_product,
)


@final
class Softmax(Conditions):
    """x_i·(d_c - d_k) >= 0 for the class c of row i and each class k, d_0 = 0; condition i K + k.

    Coordinates are d_1, ..., d_{K-1}, one after the other. The condition k = c is void.

    Parameters
    ----------
    matrix
        (n, p), an array or a sparse matrix of SciPy's.
    labels
        (n,), the classes as 0, ..., K - 1.
    classes
        K.

    Examples
    --------
    >>> import numpy as np
    >>> conditions = Softmax(np.array([[1.0, 2.0]]), np.array([1]), 3)
    >>> conditions.product(np.array([1.0, 0.0, 0.0, 1.0])).tolist()
    [1.0, 0.0, -1.0]
    """

    def __init__(self, matrix: Any, labels: Positions, classes: int) -> None:
        self.matrix = matrix if isinstance(matrix, np.ndarray) else matrix.tocsr()
        self.labels = labels
        self.classes = classes
        self.shape = (matrix.shape[0] * classes, matrix.shape[1] * (classes - 1))

    def product(self, directions: Array) -> Array:
        """Return B d."""
        by_class = self._by_class(directions)
        own = by_class[np.arange(len(self.labels)), self.labels][:, None]
        return (own - by_class).reshape(self.shape[0], *directions.shape[1:])

    def _by_class(self, directions: Array) -> Array:
        """x_i·d_k, (n, K, ...)."""
        columns = self.matrix.shape[1]
        many = directions.reshape(self.classes - 1, columns, -1)
        whole = np.concatenate([np.zeros((1, *many.shape[1:])), many])
        flat = whole.transpose(1, 0, 2).reshape(columns, -1)
        return (self.matrix @ flat).reshape(-1, self.classes, *directions.shape[1:])

    def transposed(self, multipliers: Array) -> Array:
        """Return Bᵀ μ."""
        by_class = multipliers.reshape(len(self.labels), self.classes, -1)
        weights = -by_class
        weights[np.arange(len(self.labels)), self.labels] += by_class.sum(axis=1)
        sums = self.matrix.T @ weights.reshape(len(self.labels), -1)
        spread = sums.reshape(self.matrix.shape[1], self.classes, -1).transpose(1, 0, 2)[1:]
        return spread.reshape(self.shape[1], *multipliers.shape[1:])

    def gram(self, weights: Array) -> Array:
        """Return Bᵀ diag(weights) B."""
        by_class = weights.reshape(-1, self.classes).copy()
        place = np.arange(len(self.labels))
        by_class[place, self.labels] = 0.0
        columns = self.matrix.shape[1]
        answer = np.empty((self.classes - 1, columns, self.classes - 1, columns))
        whole = by_class.copy()
        whole[place, self.labels] = by_class.sum(axis=1)
        for one in range(1, self.classes):
            answer[one - 1, :, one - 1] = gram(self.matrix, whole[:, one])
            for other in range(one + 1, self.classes):
                shared = np.where(self.labels == one, by_class[:, other], 0.0)
                shared += np.where(self.labels == other, by_class[:, one], 0.0)
                block = -gram(self.matrix, shared)
                answer[one - 1, :, other - 1] = answer[other - 1, :, one - 1] = block
        return answer.reshape(self.shape[1], self.shape[1])

    def squared_product(self, squares: Array) -> Array:
        """Return Σ_j b_ij² squares_j."""
        by_class = np.zeros((len(self.labels), self.classes))
        for before, part in enumerate(squares.reshape(self.classes - 1, -1)):
            by_class[:, before + 1] = squared_product(self.matrix, part)
        place = np.arange(len(self.labels))
        total = by_class + by_class[place, self.labels][:, None]
        total[place, self.labels] = 0.0
        return total.ravel()

    def take(self, positions: Positions) -> Any:
        """Return some rows."""
        row, against = np.divmod(positions, self.classes)
        part, own = self.matrix[row], self.labels[row]
        factors = [(own == k).astype(np.float64) - (against == k) for k in range(1, self.classes)]
        return _beside([scaled_rows(part, factor) for factor in factors])


@final
class Ordered(Conditions):
    """g_k - x_i·d >= 0 and x_i·d - g_{k-1} >= 0 for the class k of row i; conditions 2 i and 2 i + 1.

    Coordinates are the thresholds g_0, ..., g_{K-2}, then d. The first class has no lower condition and the last no
    upper one. That g does not decrease follows where every class has a row.

    Parameters
    ----------
    matrix
        (n, p), an array or a sparse matrix of SciPy's.
    labels
        (n,), the classes as 0, ..., K - 1.
    classes
        K.

    Examples
    --------
    >>> import numpy as np
    >>> conditions = Ordered(np.array([[2.0]]), np.array([1]), 3)
    >>> conditions.product(np.array([-1.0, 1.0, 0.25])).tolist()
    [0.5, 1.5]
    """

    def __init__(self, matrix: Any, labels: Positions, classes: int) -> None:
        self.matrix = matrix if isinstance(matrix, np.ndarray) else matrix.tocsr()
        self.labels = labels
        self._cuts = classes - 1
        self._ends = np.stack([labels, labels - 1], axis=1)
        self._signs = np.where((self._ends >= 0) & (self._ends < self._cuts), np.array([1.0, -1.0]), 0.0)
        self._ends = np.clip(self._ends, 0, self._cuts - 1)
        self.shape = (2 * len(labels), self._cuts + matrix.shape[1])

    def product(self, directions: Array) -> Array:
        """Return B d."""
        location = (self.matrix @ directions[self._cuts :])[:, None]
        signs = self._signs.reshape(*self._signs.shape, *(1,) * (directions.ndim - 1))
        return (signs * (directions[self._ends] - location)).reshape(self.shape[0], *directions.shape[1:])

    def transposed(self, multipliers: Array) -> Array:
        """Return Bᵀ μ."""
        signed = self._signs[:, :, None] * multipliers.reshape(*self._signs.shape, -1)
        cuts = np.zeros((self._cuts, signed.shape[2]))
        np.add.at(cuts, self._ends, signed)
        slopes = -(self.matrix.T @ signed.sum(axis=1))
        return np.concatenate([cuts, slopes]).reshape(self.shape[1], *multipliers.shape[1:])

    def gram(self, weights: Array) -> Array:
        """Return Bᵀ diag(weights) B."""
        used = np.abs(self._signs) * weights.reshape(self._signs.shape)
        cuts = np.zeros((self._cuts, len(self.labels)))
        for column in (0, 1):
            cuts[self._ends[:, column], np.arange(len(self.labels))] += used[:, column]
        cross = -(self.matrix.T @ cuts.T).T
        corner = np.diag(cuts.sum(axis=1))
        return np.block([[corner, cross], [cross.T, gram(self.matrix, used.sum(axis=1))]])

    def squared_product(self, squares: Array) -> Array:
        """Return Σ_j b_ij² squares_j."""
        location = squared_product(self.matrix, squares[self._cuts :])[:, None]
        return (np.abs(self._signs) * (squares[self._ends] + location)).ravel()

    def take(self, positions: Positions) -> Any:
        """Return some rows."""
        row, end = np.divmod(positions, 2)
        signs, ends = self._signs[row, end], self._ends[row, end]
        cuts = np.zeros((len(row), self._cuts))
        cuts[np.arange(len(row)), ends] = signs
        return _beside([cuts, scaled_rows(self.matrix[row], -signs)])


def _beside(blocks: list[Any]) -> Any:
    if all(isinstance(block, np.ndarray) for block in blocks):
        return np.concatenate(blocks, axis=1)
    from scipy.sparse import hstack

    return hstack(blocks, format="csr")
