"""Maximising under one equality constraint: pinned coordinates, and c(φ) = v by Newton on the Lagrangian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.models import DERIVATIVES, VALUE, Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize._optimizer import Information
from thetahat.optimize.climb import Conditions
from thetahat.optimize.newton import DECREMENT

Vector = NDArray[np.float64]
Constraint = Callable[[Vector], tuple[float, Vector]]
ON_THE_CONSTRAINT = 1e-9
"""How far c(φ) may stay from its level where no shorter step pays."""
DIFFERENCE = 1e-5
"""Steps of the differences between gradients of a constraint."""


class Tallies(Protocol):
    """Anything that makes a tally at a point."""

    def tally(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """Return the tally."""
        ...


@dataclass(frozen=True, slots=True)
class Constrained:
    """A constrained maximum: ``slope`` is dℓ_profile/dv, the Lagrange multiplier.

    ``converged`` tells whether it is one: ``value`` means nothing otherwise. ``outside`` tells that no point with
    the constraint is allowed, or that ℓ is -inf on all of them. ``rounding`` is that of ``value``.
    """

    point: Vector
    value: float
    slope: float
    rounding: float
    converged: bool
    outside: bool = False


def along_the_ridge(
    likelihood: Tallies, start: Vector, pinned: NDArray[np.intp], value: float, conditions: Conditions
) -> Vector:
    """Move the other coordinates as their maximum moves with the first pinned one: by -A_oo⁻¹ A_oi a unit."""
    others = np.setdiff1d(np.arange(start.size), pinned)
    moved = start.copy()
    moved[pinned[0]] = value
    if not others.size:
        return moved
    information = likelihood.tally(start, DERIVATIVES).information
    factor = analyse(information[np.ix_(others, others)])
    if not factor.smallest > factor.error_bound:
        return moved
    ahead = moved.copy()
    ahead[others] -= factor.solve(information[others, pinned[0]]) * (value - start[pinned[0]])
    if conditions.allowed is not None and not conditions.allowed(ahead):
        return moved
    # The tangent leaves a curved ridge, and then the point itself is the better start.
    higher = likelihood.tally(ahead, VALUE).value > likelihood.tally(moved, VALUE).value
    return ahead if higher else moved


def maximise_pinned(
    likelihood: Tallies, pinned: NDArray[np.intp], start: Vector, conditions: Conditions
) -> Constrained:
    """Maximise over the other coordinates with those in ``pinned`` held where ``start`` has them.

    The slope is the score in the first pinned coordinate, by the envelope theorem. The search is made under the
    conditions of the fit: its optimiser, its metric, its regular region. ``start`` differs from an allowed point in
    pinned coordinates alone, so that where it is not allowed they are what leads outside.
    """
    allowed = conditions.allowed
    point = start.copy()
    if allowed is not None and not allowed(point):
        return Constrained(point, -np.inf, np.nan, 0.0, converged=False, outside=True)
    if conditions.pinned is not None:
        found: Constrained | None = conditions.pinned(likelihood, pinned, start, conditions)
        if found is not None:
            return found
    others = np.setdiff1d(np.arange(start.size), pinned)
    search = conditions.optimizer.search(start[others], _among(conditions.expected, start, others))
    while (request := search.ask()) is not None:
        point[others] = request.point
        if allowed is not None and not allowed(point):
            search.reject()
        else:
            search.tell(likelihood.tally(point, request.order).restrict(others))
    point[others] = search.point
    final = likelihood.tally(point, DERIVATIVES)
    converged = final.finite and (search.converged or _is_stationary(final.restrict(others)))
    return Constrained(
        point,
        final.value,
        float(final.score[pinned[0]]),
        final.rounding,
        converged=converged,
        outside=not others.size and not final.finite,
    )


def _among(expected: Information | None, start: Vector, others: NDArray[np.intp]) -> Information | None:
    if expected is None:
        return None
    whole = start.copy()

    def information(part: Vector) -> NDArray[np.float64] | None:
        whole[others] = part
        matrix = expected(whole)
        return None if matrix is None else matrix[np.ix_(others, others)]

    return information


def _is_stationary(tally: Tally) -> bool:
    """Whether a search that could not go on was at a maximum, as far as ℓ can tell."""
    if not (np.isfinite(tally.score).all() and np.isfinite(tally.information).all()):
        return False
    factor = analyse(tally.information)
    if factor.smallest <= factor.error_bound:
        return False
    return 0.5 * float(tally.score @ factor.solve(tally.score)) <= max(DECREMENT, tally.rounding)


def maximise_constrained(
    likelihood: Tallies,
    constraint: Constraint,
    level: float,
    start: Vector,
    *,
    bends: slice | None = None,
    iterations: int = 100,
) -> Constrained:
    """Maximise ℓ(φ) subject to c(φ) = level by Newton steps on the Lagrangian, halved until it pays.

    ``bends`` says in which coordinates c is curved; None where it is linear.
    """
    point = start.copy()
    tally = likelihood.tally(point, DERIVATIVES)
    multiplier, near = 0.0, False
    for _ in range(iterations):
        value, gradient = constraint(point)
        # Minus the second derivative of ℓ - λ(c - level), with the λ of the step before.
        information = tally.information
        if bends is not None:
            information = information + multiplier * _bend(constraint, point, bends)
        factor = analyse(information)
        by_score, by_constraint = factor.solve(tally.score), factor.solve(gradient)
        reach = float(gradient @ by_constraint)
        # Positive along the constraint, whatever it is across: the sign of reach then tells the one from the other.
        _, _, negative = factor.inertia
        if not (reach > 0 if negative == 0 else negative == 1 and reach < 0):
            near = False
            break
        multiplier = (float(gradient @ by_score) - (level - value)) / reach
        step = by_score - multiplier * by_constraint
        decrement = 0.5 * float(step @ information @ step)
        near = decrement <= max(DECREMENT, tally.rounding) and abs(value - level) <= ON_THE_CONSTRAINT * max(
            abs(level), 1.0
        )
        if abs(decrement) < 1e-20:
            break
        weight = 2 * abs(multiplier) + 1.0
        merit = tally.value - weight * abs(value - level)
        length = 1.0
        while length > 1e-10:
            trial = point + length * step
            there = likelihood.tally(trial, DERIVATIVES)
            rounding = there.rounding + tally.rounding
            if there.finite and there.value - weight * abs(constraint(trial)[0] - level) >= merit - rounding:
                break
            length /= 2
        else:
            break
        point, tally = trial, there
    return Constrained(point, tally.value, multiplier, tally.rounding, converged=near)


def _bend(constraint: Constraint, point: Vector, bends: slice) -> NDArray[np.float64]:
    """The second derivative of a constraint, by differences: it steers the steps, and has no say in where they end."""
    rows = np.zeros((point.size, point.size))
    for place in range(bends.start, bends.stop):
        aside = np.zeros_like(point)
        aside[place] = DIFFERENCE
        rows[place] = (constraint(point + aside)[1] - constraint(point - aside)[1]) / (2 * DIFFERENCE)
    return 0.5 * (rows + rows.T)
