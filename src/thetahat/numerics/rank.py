"""Rank of a design: which columns are combinations of others, and of which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.rendering import number

Array = NDArray[np.float64]

ZERO_SINE = 1e-11
"""A column at a smaller angle to the others is theirs: entries carry rounding of 1e-16, and a sum of columns that has
cancelled by five digits as much as 1e-11."""
_DOUBTFUL = 1e-10
"""The squared sine above which a Gram matrix, which squares the condition number, decides by itself with a margin of
six digits."""
_GRAM_ZERO = 1e-13
"""The squared sine below which a Gram matrix alone knows nothing but rounding."""
_NEGLIGIBLE = 1e-8
"""The part of a combination that is rounding of its larger parts."""
_TERMS = 6


@dataclass(frozen=True, slots=True)
class NullSpace:
    """The combinations of columns that vanish in every row, in echelon form.

    Attributes
    ----------
    basis
        (p, d); its k-th column has 1 at ``dependent[k]``, 0 at the other dependent columns, and nothing after it.
    dependent
        The d columns that are combinations of earlier ones.
    independent
        The others: a basis of all columns.
    """

    basis: Array
    dependent: tuple[int, ...]
    independent: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """A column that is a combination of earlier ones: x = Σ combination[z] z.

    Examples
    --------
    >>> Alias("x3", {"x1": 1.0, "x2": -2.0}).sentence
    'x3 = x1 - 2 x2'
    """

    name: str
    combination: Mapping[str, float]

    @property
    def sentence(self) -> str:
        """The combination in words."""
        if not self.combination:
            return f"{self.name} is 0 in every row, or too small to be squared"
        if len(self.combination) == 1:
            ((other, factor),) = self.combination.items()
            if other == "Intercept":
                return f"{self.name} is {number(factor)} in every row, like the intercept"
            if number(factor) == "1":
                return f"{self.name} equals {other}"
        terms = list(self.combination.items())
        text = " ".join(
            _term(name, factor, first=not place) for place, (name, factor) in enumerate(terms[:_TERMS])
        )
        more = len(terms) - _TERMS
        return f"{self.name} = {text}" + (f" + {more} further terms" if more > 0 else "")


def aliased(
    gram: Array,
    names: Sequence[str],
    product: Callable[[Array], Array] | None = None,
    transposed: Callable[[Array], Array] | None = None,
) -> tuple[Alias, ...]:
    """The columns that are combinations of earlier ones, each with its combination.

    XN = 0 for the (p, d) basis N of the null space of X, from a pivoted Cholesky factor of XᵀX at unit diagonal. That
    squares the condition number, so columns at an angle below 1e-5 to the others are examined in the rows
    themselves where ``product`` and ``transposed`` are given, and are aliased below 1e-11 only.

    Parameters
    ----------
    gram
        (p, p), XᵀX over the rows that count.
    names
        p names of columns.
    product, transposed
        X @ (p, d) -> (n, d) and Xᵀ @ (n, d) -> (p, d).

    Raises
    ------
    DataError
        Where the Gram matrix is not finite.

    References
    ----------
    Higham, N. J. (2002). Accuracy and stability of numerical algorithms, sections 10.3 and 19.8.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 5.0, 6.0, 4.0], [1.0, 7.0, 8.0, 4.0]])
    >>> for alias in aliased(X.T @ X, ["Intercept", "a", "b", "c"]):
    ...     print(alias.sentence)
    b = Intercept + a
    c is 4 in every row, like the intercept
    """
    found = null_space(gram, product, transposed)
    answer = []
    for place, column in enumerate(found.dependent):
        vector = found.basis[:, place]
        answer.append(
            Alias(
                names[column],
                {
                    names[other]: -float(vector[other])
                    for other in np.flatnonzero(vector).tolist()
                    if other != column
                },
            )
        )
    return tuple(answer)


def null_space(
    gram: Array,
    product: Callable[[Array], Array] | None = None,
    transposed: Callable[[Array], Array] | None = None,
    zero_sine: float = ZERO_SINE,
) -> NullSpace:
    """The null space of X in echelon form, from XᵀX and, where that is in doubt, from X itself.

    Parameters and errors are those of ``aliased``; ``zero_sine`` is the angle to the other columns below which a column
    is theirs where X itself is at hand.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    >>> found = null_space(X.T @ X)
    >>> found.dependent, found.independent, found.basis[:, 0].tolist()
    ((2,), (0, 1), [-1.0, 1.0, 1.0])
    """
    columns = gram.shape[0]
    if not np.all(np.isfinite(gram)):
        raise DataError(
            "the columns of the design are too large to be squared in double precision, or not finite; rescale them"
        )
    squares = np.diag(gram)
    empty = squares <= 0
    scale = np.sqrt(np.where(empty, 1.0, squares))
    basis, rest, coefficients, solve = _pivot(gram / scale[:, None] / scale)
    if not rest.size:
        return NullSpace(np.zeros((columns, 0)), (), tuple(range(columns)))
    vectors = np.zeros((columns, rest.size))
    vectors[basis] = -coefficients
    vectors[rest, np.arange(rest.size)] = 1.0
    if product is None or transposed is None:
        form = vectors.T @ (gram / scale[:, None] / scale) @ vectors
        size = np.linalg.norm(vectors, axis=0)
        values, rotation = np.linalg.eigh(form / size[:, None] / size)
        null = (vectors / size) @ rotation[:, values <= _GRAM_ZERO]
    else:
        residual = product(vectors / scale[:, None])
        # A factor of the Gram matrix is good to ε κ², with κ below 1e5: each correction gains that much again.
        for _ in range(2):
            vectors[basis] -= solve((transposed(residual) / scale[:, None])[basis])
            residual = product(vectors / scale[:, None])
        size = np.linalg.norm(vectors, axis=0)
        triangle = np.linalg.qr(residual / size, mode="r")
        _, values, rotation = np.linalg.svd(triangle, full_matrices=True)
        values = np.concatenate([values, np.zeros(rest.size - values.size)])
        null = (vectors / size) @ rotation[values <= zero_sine].T
    return _echelon(null, scale)


def _pivot(gram: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, Callable[[Array], Array]]:
    """Columns that are clearly independent, the others, these in terms of those, and the solver of the former."""
    from scipy.linalg import cho_solve, solve_triangular
    from scipy.linalg.lapack import dpstrf

    if not gram.size:
        nothing = np.zeros(0, dtype=np.intp)
        return nothing, nothing, np.zeros((0, 0)), lambda right: right
    factor, order, rank, _ = dpstrf(gram, tol=_DOUBTFUL)
    order = order.astype(np.intp) - 1
    # LAPACK counts the pivot on which it stopped where the very first one is 0.
    rank = int(rank) if np.any(np.diag(gram) > 0) else 0
    upper = np.triu(factor[:rank, :rank])
    right = factor[:rank, rank:]
    coefficients = (
        solve_triangular(upper, right) if rank and right.size else np.zeros((rank, gram.shape[0] - rank))
    )

    def solve(right: Array) -> Array:
        return cho_solve((upper, False), right) if rank else right

    return order[:rank], order[rank:], coefficients, solve


def _echelon(null: Array, scale: Array) -> NullSpace:
    """Eliminate from the last column on, so that each vector tells a column by earlier ones."""
    vectors: Array = null.T.copy()
    dependent: list[int] = []
    pending = len(vectors)
    for column in range(len(scale) - 1, -1, -1):
        if not pending:
            break
        free = vectors[:pending, : column + 1]
        best = int(np.argmax(np.abs(free[:, column])))
        if abs(free[best, column]) <= _NEGLIGIBLE * np.max(np.abs(free[best])):
            free[:, column] = 0.0
            continue
        pending -= 1
        vectors[[best, pending]] = vectors[[pending, best]]
        pivot = vectors[pending, : column + 1]
        vectors[:pending, : column + 1] -= np.outer(vectors[:pending, column] / pivot[column], pivot)
        vectors[:pending, column] = 0.0
        dependent.append(column)
    places = np.array(dependent[::-1], dtype=np.intp)
    # The pivots stand in a triangle; solving with it clears the other dependent columns from each vector.
    vectors = vectors[pending:]
    if places.size:
        vectors = np.linalg.solve(vectors[:, places], vectors).astype(np.float64, copy=False)
    largest = np.max(np.abs(vectors), axis=1, keepdims=True, initial=0.0)
    vectors[np.abs(vectors) <= _NEGLIGIBLE * largest] = 0.0
    basis = (vectors / scale).T * scale[places]
    # What differs from a whole number by rounding is one, and reads as one.
    whole = np.round(basis)
    basis = np.where(np.abs(basis - whole) <= 1e-10 * np.abs(whole), whole, basis)
    basis[places] = np.eye(places.size)
    independent = np.setdiff1d(np.arange(len(scale)), places)
    return NullSpace(basis, tuple(places.tolist()), tuple(independent.tolist()))


def _term(name: str, factor: float, *, first: bool) -> str:
    sign = ("-" if factor < 0 else "") if first else ("- " if factor < 0 else "+ ")
    size = abs(factor)
    return f"{sign}{name}" if number(size) == "1" else f"{sign}{number(size)} {name}"
