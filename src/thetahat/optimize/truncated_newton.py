"""Newton's method without a matrix: its equations are solved by conjugate gradients, only as far as a step deserves."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.likelihood import Likelihood
from thetahat.models import GRADIENT, Tally
from thetahat.models._held_rows import Columns, Product, Standing
from thetahat.numerics.conjugate_gradients import MOST_PRODUCTS, conjugate_gradients
from thetahat.numerics.sums import Total
from thetahat.optimize._optimizer import Trace
from thetahat.penalised_likelihood import PenalisedLikelihood
from thetahat.penalties import Curvature

Vector = NDArray[np.float64]
SHORTEST = 2.0**-30
LOOSEST, STRICTEST = 0.3, 1e-4
"""Shares of the score that the equations of a step may leave over."""
BELOW = 0.3
"""The share of the score at which a climb ends, that the equations of its last step may leave over."""
SETTLED = 0.01
"""In nats a coefficient, the gain of a step from which on the diagonal of A is good for further steps."""
FEW_STEPS, FEW_PRODUCTS = 4, 8
"""Of a mere approach to the maximum, and of each of its steps."""


class HeldInformation:
    """A = XᵀWX + P at one point, over the free coordinates, with value and score there.

    The rows keep their predictors, so that a point further on along a vector that was multiplied with A costs no
    product with X, but one with Xᵀ for its score.
    """

    def __init__(self, likelihood: Likelihood, free: Vector, found: Standing | None = None) -> None:
        if found is None:
            model: Any = likelihood.model
            working = likelihood.table.working(free)
            found = likelihood.reduce(lambda packed: model.standing(packed, working))
        self._likelihood = likelihood
        self._engine = likelihood.engine
        self._table = likelihood.table
        self._rows = found.held
        self.point = free
        self.tally = found.tally if self._table.all_free else found.tally.restrict(self._table.free_index)
        self._penalty: Curvature | None = None
        if isinstance(likelihood, PenalisedLikelihood):
            self._penalty = likelihood.bound.terms(free).curvature
            self.tally = likelihood.with_terms(self.tally, free, GRADIENT)

    def product(self, vector: Vector) -> Vector:
        """A v."""
        return self.product_along(vector)[0]

    def product_along(self, vector: Vector) -> tuple[Vector, list[Columns]]:
        """A v, and how the predictors of the rows move along v."""
        working = np.zeros(self._table.n_working)
        working[self._table.free_index] = vector
        total: Product = self._engine.reduce(lambda held: held.product(working), self._rows)
        image = total.value[self._table.free_index]
        return image if self._penalty is None else image + self._penalty.product(vector), total.along

    def diagonal(self) -> Vector:
        """The diagonal of A."""
        total: Total[Vector] = self._engine.reduce(lambda held: held.diagonal(), self._rows)
        diagonal = total.value[self._table.free_index]
        return diagonal if self._penalty is None else diagonal + self._penalty.diagonal()

    def moved(self, step: Vector, along: list[Columns], length: float) -> HeldInformation:
        """The same at ``point + length step``, along which the predictors move so."""
        found: Standing = self._engine.reduce(
            lambda pair: pair[0].moved(pair[1], length), list(zip(self._rows, along, strict=True))
        )
        return HeldInformation(self._likelihood, self.point + length * step, found)


@final
class _Path:
    """Products of A with directions, adding up how the predictors move along the sum of the steps taken."""

    def __init__(self, information: HeldInformation) -> None:
        self._information = information
        self._last: list[Columns] = []
        self.along: list[Columns] = []

    def product(self, vector: Vector) -> Vector:
        image, self._last = self._information.product_along(vector)
        return image

    def taken(self, length: float) -> None:
        steps = [[length * item for item in columns] for columns in self._last]
        if not self.along:
            self.along = steps
            return
        for held, added in zip(self.along, steps, strict=True):
            for place, item in enumerate(added):
                held[place] = held[place] + item


@dataclass(slots=True)
class Ascent:
    """Where a climb ended."""

    point: Vector
    tally: Tally
    trace: list[Trace]
    converged: bool


def climb_without_matrix(
    likelihood: PenalisedLikelihood, start: Vector, *, iterations: int, negligible: float
) -> Ascent:
    """Maximise a concave penalised likelihood by truncated Newton steps (Dembo & Steihaug, 1983).

    The equations of a step are solved as far as the last step found them to tell of the score at its end (Eisenstat &
    Walker, 1996, choice 1).

    Parameters
    ----------
    likelihood
        Of a regression, strictly concave.
    start
        Where to begin.
    iterations
        Steps at the most.
    negligible
        The Euclidean length of the score at which it ends.
    """
    climb = _Climb(HeldInformation(likelihood, start), BELOW * negligible)
    trace: list[Trace] = []
    fresh = True
    while climb.here.tally.finite:
        if np.linalg.norm(climb.here.tally.score) <= negligible:
            if fresh:
                return Ascent(climb.here.point, climb.here.tally, trace, converged=True)
            # Predictors that were moved step by step hold the roundings of all steps; the end is told without them.
            climb.here, fresh = HeldInformation(likelihood, climb.here.point), True
            continue
        if len(trace) >= iterations or not climb.step():
            break
        fresh = False
        trace.append(
            Trace(len(trace) + 1, climb.here.tally.value, climb.decrement, climb.size, "truncated newton")
        )
    last = climb.here if fresh else HeldInformation(likelihood, climb.here.point)
    return Ascent(last.point, last.tally, trace, converged=False)


def approached(likelihood: Likelihood, start: Vector) -> Vector:
    """A point nearer to the maximum of a concave likelihood, by a few products for which no matrix is formed.

    An information of many columns takes as long as dozens of products with it, and the first steps need not be exact.
    """
    climb = _Climb(HeldInformation(likelihood, start), 0.0, FEW_PRODUCTS)
    for _ in range(FEW_STEPS):
        if not climb.here.tally.finite or not climb.step() or climb.decrement <= SETTLED * start.size:
            break
    return climb.here.point


@final
class _Climb:
    """Truncated Newton steps, one after another."""

    def __init__(self, here: HeldInformation, least: float, most_products: int = MOST_PRODUCTS) -> None:
        self.here = here
        self.decrement = np.inf
        self.size = 0.0
        self._share = LOOSEST
        self._scale: Vector | None = None
        self._least = least
        self._most_products = most_products

    def step(self) -> bool:
        """Make a step, and say whether one could be made."""
        if self._scale is None or self.decrement > SETTLED * self.here.point.size:
            self._scale = self.here.diagonal()
        scale, score = self._scale, self.here.tally.score
        if not scale.min() > 0:
            return False
        path = _Path(self.here)
        solved = conjugate_gradients(
            path.product, score, scale, self._share, path.taken, self._least, self._most_products
        )
        if not path.along:
            return False
        self.decrement = 0.5 * float(score @ solved.x)
        there, length = _further(self.here, solved.x, path.along, self.decrement)
        if there is None:
            return False
        met, promised = (_length(vector, scale) for vector in (there.tally.score, solved.residual))
        self._share = min(max(abs(met - promised) / _length(score, scale), STRICTEST), LOOSEST)
        self.here = there
        self.size = length * float(np.sqrt(2 * self.decrement))
        return True


def _length(vector: Vector, scale: Vector) -> float:
    """In the norm of the preconditioner."""
    return float(np.sqrt(vector @ (vector / scale)))


def _further(
    here: HeldInformation, step: Vector, along: list[Columns], decrement: float
) -> tuple[HeldInformation | None, float]:
    """The first of ever shorter steps that ℓ rises by, and its length; None where none does."""
    length, tally = 1.0, here.tally
    while length >= SHORTEST:
        there = here.moved(step, along, length)
        trial = there.tally
        slack = tally.rounding + trial.rounding if trial.finite else 0.0
        if trial.finite and trial.value >= tally.value + 1e-4 * length * decrement - slack:
            # Below the rounding of ℓ only the score can tell progress.
            falls = np.linalg.norm(trial.score) < np.linalg.norm(tally.score)
            return (there if slack <= decrement or falls else None), length
        length /= 2
    return None, length
