"""Directions along which a log-likelihood rises for ever: whether there are any, and what they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.numerics.rank import ZERO_SINE, NullSpace, null_space
from thetahat.optimize.separation.program import Cone
from thetahat.optimize.separation.rows import Array, Conditions

Mask = NDArray[np.bool_]

_PINNED = (1e-2, 1e-5)
"""Shares of the largest multiplier from which on a row is taken to be held in place, to be proved."""
_LOOSE_SINE = 1e-8
"""What rows may leave of a direction along which the linear programme found them all to be zero."""
_RANK = 1e-13
"""Eigenvalues of a Gram matrix at unit diagonal that are below are rounding."""


@dataclass(frozen=True, slots=True)
class Recession:
    """The recession directions of a log-likelihood that has no maximum.

    Attributes
    ----------
    names
        Of the p coordinates.
    direction
        (p,), inside the cone of recession directions: it raises every row that any of them raises. Its
        largest entry is 1 in units in which the columns have root mean square 1.
    separated
        (m,), the conditions in which the likelihood rises along it.
    remaining
        (m,), the conditions that are 0 along every recession direction.
    limits
        By column that some recession direction moves: inf or -inf where every way to the supremum takes the
        coefficient there, nan where that depends on the way taken.
    span
        The subspace that the recession directions span, in echelon form: what the remaining rows do not determine.
    aliased
        Columns that are combinations of the others in all rows, which are left out throughout.
    complete
        Whether no condition remains.
    """

    names: tuple[str, ...]
    direction: Array
    separated: Mask
    remaining: Mask
    limits: Mapping[str, float]
    span: NullSpace
    aliased: tuple[str, ...]
    complete: bool


def recession(
    conditions: Conditions,
    inequality: Mask,
    equality: Mask,
    names: Sequence[str],
    multipliers: Array | None = None,
    point: Array | None = None,
) -> Recession | None:
    """The recession directions {d: b_i·d >= 0, e_k·d = 0, some b_i·d > 0}, or None where there are none.

    By the theorem of the alternative (Stiemke, 1915; Goldman & Tucker, 1956) each inequality is either strict
    along some direction or has a positive multiplier in some Σ μ_i b_i + Σ ν_k e_k = 0, μ >= 0. Both sides are
    computed: the residuals at the point where Newton's method stopped, corrected to balance to rounding, prove most
    rows to be zero; what is left is a linear programme in the few coordinates that those rows do not determine.

    Parameters
    ----------
    conditions
        (m, p), rows b and e.
    inequality, equality
        (m,), which rows are which; a row that is neither is free.
    names
        p names of columns.
    multipliers
        (m,), the derivative of the log-likelihood by each condition's b·θ at that point, >= 0 in the inequalities.
    point
        (p,), the coefficients there.

    Raises
    ------
    InferenceError
        Where double precision cannot decide.

    References
    ----------
    Albert, A. & Anderson, J. A. (1984). On the existence of maximum likelihood estimates in logistic regression
    models. Biometrika 71, 1-10. Konis, K. (2007). Linear programming algorithms for detecting separated data in
    binary logistic regression models. Geyer, C. J. (2009). Likelihood inference in exponential families and
    directions of recession. Electronic Journal of Statistics 3, 259-289.

    Examples
    --------
    >>> import numpy as np
    >>> from thetahat.optimize.separation.rows import Signed
    >>> X = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> rows = Signed(X, np.array([1.0, -1.0, 1.0]))
    >>> found = recession(rows, np.ones(3, dtype=bool), np.zeros(3, dtype=bool), ["Intercept", "group"])
    >>> found.limits, np.flatnonzero(found.separated).tolist(), found.complete
    ({'group': inf}, [2], False)
    """
    everything = inequality | equality
    count = max(int(np.count_nonzero(everything)), 1)
    aliases, gram = _null_space(conditions, everything, np.arange(conditions.shape[1]))
    columns = np.array(aliases.independent, dtype=np.intp)
    sizes = np.sqrt(np.diag(gram) / count)
    found, proved = None, False
    if multipliers is not None:
        heaviest = float(np.max(multipliers[inequality], initial=0.0))
        for share in _PINNED:
            held = inequality & (multipliers > share * heaviest)
            subspace, _ = _null_space(conditions, held | equality, columns)
            rank = columns.size - len(subspace.dependent)
            if held.any() and _balanced(conditions, held, equality, columns, multipliers, rank):
                found = _within(conditions, inequality & ~held, subspace, point)
                proved = True
                break
    if not proved:
        found = _within(conditions, inequality, _null_space(conditions, equality, columns)[0], point)
    if found is None:
        return None
    span, cone, inside = _polished(conditions, found, everything, columns)
    remaining = everything & ~found.separated
    moves = np.any(span.basis != 0, axis=1)
    signs = cone.signs(cone.basis[moves], inside)
    limits = {
        names[column]: float(np.inf * sign)
        for column, sign in zip(np.flatnonzero(moves).tolist(), signs, strict=True)
    }
    direction = np.where(moves, cone.basis @ inside, 0.0)
    return Recession(
        tuple(names),
        direction / float(np.max(np.abs(direction) * sizes)),
        found.separated,
        remaining,
        limits,
        span,
        tuple(names[column] for column in aliases.dependent),
        not remaining.any(),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A direction in the coordinates of the cone in which it was sought, and the rows that it raises."""

    inside: Array
    separated: Mask
    subspace: NullSpace
    cone: Cone


def _null_space(
    conditions: Conditions, rows: Mask, columns: NDArray[np.intp], zero_sine: float = ZERO_SINE
) -> tuple[NullSpace, Array]:
    """What some columns do not tell in some rows, among all p coordinates; and the Gram matrix of those rows."""
    width = conditions.shape[1]
    if not rows.any():
        return NullSpace(np.eye(width)[:, columns], tuple(columns.tolist()), ()), np.zeros((width, width))

    def product(vectors: Array) -> Array:
        whole = np.zeros((width, vectors.shape[1]))
        whole[columns] = vectors
        return conditions.product(whole)[rows]

    def transposed(values: Array) -> Array:
        whole = np.zeros((conditions.shape[0], values.shape[1]))
        whole[rows] = values
        return conditions.transposed(whole)[columns]

    gram = conditions.gram(rows.astype(np.float64))
    inner = null_space(gram[np.ix_(columns, columns)], product, transposed, zero_sine)
    basis = np.zeros((width, inner.basis.shape[1]))
    basis[columns] = inner.basis
    dependent, independent = columns[list(inner.dependent)], columns[list(inner.independent)]
    return NullSpace(basis, tuple(dependent.tolist()), tuple(independent.tolist())), gram


def _balanced(
    conditions: Conditions,
    held: Mask,
    equality: Mask,
    columns: NDArray[np.intp],
    multipliers: Array,
    rank: int,
) -> bool:
    """Whether rows have positive multipliers with Σ μ_i b_i + Σ ν_k e_k = 0, so that no direction raises any of them.

    The residual r of the score is spread over the rows in proportion to their multipliers' squares, so that each
    changes by a small part of itself if at all possible (Dikin, 1967). What rounding leaves does no harm: with
    M = Σ μ_i² b_i b_iᵀ and terms μ_i b_i·d >= 0 that sum to r·d, r·d <= ‖r‖_M⁻¹ ‖d‖_M <= ‖r‖_M⁻¹ (r·d), so that all are
    zero where ‖r‖_M⁻¹ < 1.
    """
    taken = held | equality
    # Far from the maximum they may be such that their squares overflow; what is asked does not depend on their unit.
    multipliers = multipliers / (float(np.max(np.abs(multipliers))) or 1.0)
    weights = np.where(held, multipliers**2, 0.0)
    weights[equality] = float(np.max(weights))
    gram = conditions.gram(weights)[np.ix_(columns, columns)]
    scale = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
    values, vectors = np.linalg.eigh(gram / scale[:, None] / scale)
    values, vectors = values[values.size - rank :], vectors[:, vectors.shape[1] - rank :]
    # A direction in which the weights have no say, though the rows do, would go without proof.
    if not rank or values[0] <= _RANK * values[-1]:
        return False
    corrected = np.where(taken, multipliers, 0.0)
    left = vectors.T @ (conditions.transposed(corrected)[columns] / scale)
    for _ in range(2):
        step = np.zeros(conditions.shape[1])
        step[columns] = vectors @ (left / values) / scale
        corrected -= weights * conditions.product(step)
        left = vectors.T @ (conditions.transposed(corrected)[columns] / scale)
    if np.any(corrected[held] < 0.25 * multipliers[held]):
        return False
    # M falls by 16 at most with the multipliers by 4, which leaves a margin of ten.
    return float(np.sum(left * left / values)) < 1 / 1600


def _within(
    conditions: Conditions, candidates: Mask, subspace: NullSpace, point: Array | None
) -> _Found | None:
    """Directions in a subspace that the candidate rows allow; None where there are none."""
    if not subspace.dependent or not candidates.any():
        return None
    cone = Cone(conditions, subspace.basis, candidates)
    guess = None
    if point is not None:
        guess = cone.project(point)
        largest = float(np.max(np.abs(guess)))
        guess = guess / largest if largest > 0 else None
    directions, raised = cone.widest(guess)
    if not directions:
        return None
    separated = np.zeros(conditions.shape[0], dtype=bool)
    separated[cone.positions[raised]] = True
    return _Found(np.sum(directions, axis=0), separated, subspace, cone)


def _polished(
    conditions: Conditions, found: _Found, everything: Mask, columns: NDArray[np.intp]
) -> tuple[NullSpace, Cone, Array]:
    """What the remaining rows do not tell, the cone in it, and the direction found as a point inside that."""
    if np.count_nonzero(found.separated) == np.count_nonzero(found.cone.active):
        return found.subspace, found.cone, found.inside
    direction = found.cone.basis @ found.inside
    for zero_sine in (ZERO_SINE, _LOOSE_SINE):
        span, _ = _null_space(conditions, everything & ~found.separated, columns, zero_sine)
        if span.dependent:
            cone = Cone(conditions, span.basis, found.separated)
            inside = cone.project(direction)
            if cone.contains(inside):
                return span, cone, inside
    raise InferenceError(
        "whether the maximum exists could not be decided: the direction found does not hold in the rows "
        "themselves; rescale or centre the columns, or give a prior such as th.Ridge(1.0)"
    )
