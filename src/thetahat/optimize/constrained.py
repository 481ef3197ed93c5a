"""Maximising under one equality constraint: pinned coordinates, and c(φ) = v by Newton on the Lagrangian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from thetahat.models import DERIVATIVES, Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize.newton import Newton

Vector = NDArray[np.float64]
Constraint = Callable[[Vector], tuple[float, Vector]]


class Tallies(Protocol):
    """Anything that makes a tally at a point."""

    def tally(self, free: Vector, order: int = DERIVATIVES) -> Tally:
        """Return the tally."""
        ...


@dataclass(frozen=True, slots=True)
class Constrained:
    """A constrained maximum: ``slope`` is dℓ_profile/dv, the Lagrange multiplier."""

    point: Vector
    value: float
    slope: float
    converged: bool


def maximise_pinned(likelihood: Tallies, pinned: NDArray[np.intp], start: Vector) -> Constrained:
    """Maximise over the other coordinates with those in ``pinned`` held where ``start`` has them.

    The slope is the score in the first pinned coordinate, by the envelope theorem.
    """
    others = np.setdiff1d(np.arange(start.size), pinned)
    point = start.copy()
    search = Newton().search(start[others])
    while (request := search.ask()) is not None:
        point[others] = request.point
        search.tell(likelihood.tally(point, request.order).restrict(others))
    point[others] = search.point
    final = likelihood.tally(point, DERIVATIVES)
    return Constrained(point, final.value, float(final.score[pinned[0]]), search.converged)


def maximise_constrained(
    likelihood: Tallies, constraint: Constraint, level: float, start: Vector, iterations: int = 100
) -> Constrained:
    """Maximise ℓ(φ) subject to c(φ) = level by Newton steps on the Lagrangian, halved until it pays."""
    point = start.copy()
    tally = likelihood.tally(point, DERIVATIVES)
    multiplier = 0.0
    for _ in range(iterations):
        value, gradient = constraint(point)
        factor = analyse(tally.information)
        by_score, by_constraint = factor.solve(tally.score), factor.solve(gradient)
        reach = float(gradient @ by_constraint)
        if not reach > 0:
            break
        multiplier = (float(gradient @ by_score) - (level - value)) / reach
        step = by_score - multiplier * by_constraint
        decrement = 0.5 * float(step @ tally.information @ step)
        if decrement < 1e-20:
            return Constrained(point, tally.value, multiplier, converged=True)
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
    return Constrained(point, tally.value, multiplier, converged=False)
