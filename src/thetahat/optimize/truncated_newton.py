"""Newton's method without a matrix: its equations are solved by conjugate gradients, only as far as a step deserves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.models import GRADIENT, Tally
from thetahat.models._curvature import HeldCurvature, Summed
from thetahat.optimize._optimizer import Trace
from thetahat.penalised_likelihood import PenalisedLikelihood

Vector = NDArray[np.float64]
MOST_PRODUCTS = 500
"""Products with the information in one step."""
SHORTEST = 2.0**-30
LOOSE, TIGHT = 0.1, 1e-3
"""Shares of the score that the equations of a step may leave over: of a first one, and of the last."""
NEAR_MAXIMUM = 1e-4


class HeldInformation:
    """A = XᵀWX + P at one point, over the free coordinates."""

    def __init__(self, likelihood: PenalisedLikelihood, free: Vector) -> None:
        self._engine = likelihood.engine
        self._table = likelihood.table
        model: Any = likelihood.model
        working = likelihood.table.working(free)
        self._penalty = likelihood.bound.terms(free).curvature
        found: _Rows = likelihood.reduce(lambda packed: _Rows([model.curvature(packed, working)]))
        self._rows = found.held

    def product(self, vector: Vector) -> Vector:
        """A v."""
        working = np.zeros(self._table.n_working)
        working[self._table.free_index] = vector
        total: Summed = self._engine.reduce(lambda held: held.product(working), self._rows)
        return np.asarray(total.value[self._table.free_index] + self._penalty.product(vector))

    def diagonal(self) -> Vector:
        """The diagonal of A."""
        total: Summed = self._engine.reduce(lambda held: held.diagonal(), self._rows)
        return np.asarray(total.value[self._table.free_index] + self._penalty.diagonal())


@dataclass(frozen=True, slots=True)
class _Rows:
    held: list[HeldCurvature]

    def merge(self, other: _Rows) -> _Rows:
        return _Rows(self.held + other.held)


@dataclass(frozen=True, slots=True)
class Solved:
    """x with A x = b - residual."""

    x: Vector
    residual: Vector
    products: int


def conjugate_gradients(
    product: Callable[[Vector], Vector], right: Vector, scale: Vector, share: float
) -> Solved:
    """Solve A x = b for a positive definite A, preconditioned by its diagonal (Hestenes & Stiefel, 1952).

    Parameters
    ----------
    product
        Returns A v.
    right
        b.
    scale
        The diagonal of A.
    share
        The share of b, in the norm of the preconditioner, that may be left over.

    Examples
    --------
    >>> matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> conjugate_gradients(lambda v: matrix @ v, np.array([3.0, 3.0]), np.diag(matrix), 1e-12).x.tolist()
    [1.0, 1.0]
    """
    x, residual = np.zeros_like(right), right.copy()
    ahead = residual / scale
    direction, size = ahead, float(residual @ ahead)
    enough = share * share * size
    for products in range(MOST_PRODUCTS):
        if size <= enough:
            return Solved(x, residual, products)
        image = product(direction)
        curvature = float(direction @ image)
        if not curvature > 0:
            return Solved(x, residual, products + 1)
        length = size / curvature
        x = x + length * direction
        residual = residual - length * image
        ahead = residual / scale
        before, size = size, float(residual @ ahead)
        direction = ahead + (size / before) * direction
    return Solved(x, residual, MOST_PRODUCTS)


@dataclass(slots=True)
class Ascent:
    """Where a climb ended."""

    point: Vector
    tally: Tally
    trace: list[Trace]
    converged: bool


def climb_without_matrix(
    likelihood: PenalisedLikelihood, start: Vector, *, iterations: int, enough: Callable[[Tally], bool]
) -> Ascent:
    """Maximise a concave penalised likelihood by truncated Newton steps (Dembo & Steihaug, 1983).

    Parameters
    ----------
    likelihood
        Of a regression, strictly concave.
    start
        Where to begin.
    iterations
        Steps at the most.
    enough
        Whether a point's value and score make a further step needless.
    """
    point = start
    tally = likelihood.tally(point, GRADIENT)
    trace: list[Trace] = []
    decrement = np.inf
    while tally.finite and not enough(tally):
        if len(trace) >= iterations:
            return Ascent(point, tally, trace, converged=False)
        information = HeldInformation(likelihood, point)
        share = TIGHT if decrement <= NEAR_MAXIMUM else LOOSE
        step = conjugate_gradients(information.product, tally.score, information.diagonal(), share).x
        decrement = 0.5 * float(tally.score @ step)
        length = 1.0
        while True:
            trial = likelihood.tally(point + length * step, GRADIENT)
            slack = tally.rounding + trial.rounding if trial.finite else 0.0
            if trial.finite and trial.value >= tally.value + 1e-4 * length * decrement - slack:
                break
            length /= 2
            if length < SHORTEST:
                return Ascent(point, tally, trace, converged=False)
        if slack > decrement and np.linalg.norm(trial.score) >= np.linalg.norm(tally.score):
            # Below the rounding of ℓ only the score can tell progress.
            return Ascent(point, tally, trace, converged=False)
        point, tally = point + length * step, trial
        trace.append(
            Trace(
                len(trace) + 1,
                tally.value,
                decrement,
                length * float(np.sqrt(2 * decrement)),
                "truncated newton",
            )
        )
    return Ascent(point, tally, trace, converged=tally.finite)
