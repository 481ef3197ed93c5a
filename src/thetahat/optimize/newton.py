"""Newton's method with a trust region on the free scale; Fisher scoring where curvature is not positive."""

from __future__ import annotations

from math import isfinite, sqrt
from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.models import DERIVATIVES, SCORES, Tally
from thetahat.numerics.linear_algebra import SymmetricFactor, analyse
from thetahat.optimize._optimizer import Information, Optimizer, Request, Search, Trace
from thetahat.optimize.bend import Bend

Vector = NDArray[np.float64]

DECREMENT = 1e-10
"""τ of the verdicts, in nats."""
NEARLY = 1e-6
"""Only below this may the next point be the last."""
WORTH_BENDING = 1e-3
"""A decrement, in nats, above which more than the two derivatives of ℓ tell where a step should end."""
NEGLIGIBLE = 1e-22
"""A decrement at which a further step could not change a digit."""
FARTHEST = 1e8
"""A free coordinate this many times as far out as its start, or as 1, or as what the curvature there makes of 1, has
left every scale that data could mean."""


SCORING_STEPS = 12
"""How often the expected information may stand in for a curvature that is not positive."""
MOST_REJECTIONS = 30
CLOSE_TO_THE_EDGE = 1e-7
SHORTEST = 1e-13


@final
class Newton(Optimizer):
    """Maximise ℓ by steps δ = (A + μD)⁻¹u, A = -∇²ℓ, within a trust region (Moré & Sorensen, 1983).

    Where A is not positive definite the expected information takes its place for a while if the model has
    one (Fisher scoring); else the trust-region step along negative curvature is taken, so that a saddle is
    left. Stops on the Newton decrement ½uᵀA⁻¹u, which has no units, once it cannot be reduced further.

    Parameters
    ----------
    max_iterations
        Steps that may be tried. 0 examines the start itself, which then gets its certificate.

    Raises
    ------
    ModelError
        If ``max_iterations`` is not a whole number from 0 up.

    Examples
    --------
    >>> import thetahat as th
    >>> th.fit(th.Weibull(), [1.0, 2.0, 3.0], optimizer=th.Newton(max_iterations=1)).certificate.verdict.value
    'not_converged'
    """

    def __init__(self, max_iterations: int = 200) -> None:
        if int(max_iterations) != max_iterations or max_iterations < 0:
            raise ModelError(f"Newton(max_iterations={max_iterations!r}): give a whole number from 0 up")
        self.max_iterations = int(max_iterations)

    def search(self, start: Vector, expected_information: Information | None = None) -> Search:
        """Begin a run at ``start``."""
        return NewtonSearch(start, self.max_iterations, expected_information)


class NewtonSearch(Search):
    """One run of Newton's method, as questions and answers."""

    def __init__(
        self,
        start: Vector,
        max_iterations: int,
        expected_information: Information | None,
        bend: Bend | None = None,
    ) -> None:
        self.point = np.asarray(start, dtype=float)
        self.tally: Tally | None = None
        self.previous: Tally | None = None
        self.converged = False
        self.iterations = 0
        self.trace: list[Trace] = []
        self._max_iterations = max_iterations
        self._expected = expected_information
        self._bend = bend
        self._radius = 4.0
        self._farthest = FARTHEST * np.maximum(np.abs(self.point), 1.0)
        self._trial: Vector | None = self.point
        self._predicted = 0.0
        self._step_norm = 0.0
        self._decrement = self._earlier_decrement = np.inf
        self._method = "start"
        self._rejections = self._refused = 0
        self._first = np.zeros(0)
        self._scoring_left = SCORING_STEPS

    def ask(self) -> Request | None:
        """Ask for derivatives at the trial point, with row scores where it is likely to be the last."""
        if self._trial is None:
            return None
        return Request(self._trial, SCORES if self._likely_last() else DERIVATIVES)

    def _likely_last(self) -> bool:
        """Whether the next decrement, d³/d₋² by quadratic convergence from the last two, would end the search."""
        now, before = self._decrement, self._earlier_decrement
        # As products, which may overflow to infinity where a ratio's square would raise.
        return now < NEARLY and now * now * now <= NEGLIGIBLE * before * before

    def tell(self, tally: Tally) -> None:
        """Accept or reject the trial point and propose the next."""
        if self.tally is None:
            self.tally = tally
            self._first = tally.information.diagonal()
            if not tally.finite or self.point.size == 0:
                self.converged = self.point.size == 0
                self._trial = None
                return
            # A first step is trusted while the gain that it promises is no larger than ℓ, however many rows.
            self._radius = max(self._radius, float(np.sqrt(tally.absolute)))
        else:
            self.iterations += 1
            if not self._accept(tally) and not self._shrink():
                return
        self._continue()

    def reject(self) -> None:
        """Shorten the step; give up where all ways up lead out of the region."""
        self.iterations += 1
        self._rejections += 1
        if self.tally is None:
            self._trial = None
        elif self._rejections >= MOST_REJECTIONS or self._step_norm < CLOSE_TO_THE_EDGE:
            self.blocked = True
            self._trial = None
        elif self._shrink():
            self._continue()

    def _shrink(self) -> bool:
        """Shorten the step, faster each time: a metric taken far from the maximum may be off by many powers."""
        self._refused += 1
        self._radius = self._step_norm / 4.0 ** min(self._refused, 6)
        assert self._trial is not None  # noqa: S101 - a trial was refused
        step = np.abs(self._trial - self.point)
        if self._radius >= SHORTEST or (step > SHORTEST * np.maximum(np.abs(self.point), 1.0)).any():
            return True
        self.converged = self._decrement <= DECREMENT
        self._trial = None
        return False

    def _continue(self) -> None:
        if self.iterations >= self._max_iterations:
            self.converged = self._current_decrement() <= DECREMENT
            self.exhausted = not self.converged
            self._trial = None
            return
        self._propose()

    def _accept(self, tally: Tally) -> bool:
        current = self.tally
        assert current is not None  # noqa: S101 - tell is called after the first answer
        assert self._trial is not None  # noqa: S101 - likewise
        if not (tally.finite and _finite(tally.score) and _finite(tally.information)):
            return False
        gain = tally.value - current.value
        noise = current.rounding + tally.rounding
        if self._predicted > 4 * noise:
            good = gain / self._predicted
        else:
            # Below the rounding of ℓ only the score can tell progress: its norm must not grow.
            good = 1.0 if _decrement(tally) <= max(self._decrement, 1e-18) and gain > -4 * noise else -1.0
        if good < 1e-4:
            return False
        if good > 0.75 and self._step_norm > 0.8 * self._radius:
            self._radius = min(4 * self._radius, 1e6)
        elif good < 0.25:
            self._radius = self._step_norm / 2
        self._refused = 0
        self.previous, self.tally, self.point = current, tally, self._trial
        self.trace.append(
            Trace(self.iterations, tally.value, float(self._decrement), float(self._step_norm), self._method)
        )
        return True

    def _current_decrement(self) -> float:
        assert self.tally is not None  # noqa: S101 - called after an answer
        return _decrement(self.tally)

    def _propose(self) -> None:
        tally = self.tally
        assert tally is not None  # noqa: S101 - called after an answer
        factor = analyse(tally.information)
        before = self._earlier_decrement = self._decrement
        positive = factor.smallest > factor.error_bound
        if positive:
            step = factor.solve(tally.score)
            self._decrement = max(0.5 * float(tally.score @ step), 0.0)
            stalled = self._decrement > before / 4 and before <= DECREMENT
            if self._decrement <= NEGLIGIBLE or (self._decrement <= DECREMENT and stalled):
                self.converged = True
                self._trial = None
                return
        else:
            self._decrement = np.inf
        if not positive and (np.abs(self.point) > self._farthest).any() and self._has_left():
            self._trial = None
            return
        if positive:
            # The whole Newton step, where the radius allows it, gains the decrement.
            norm, predicted, self._method = factor.length(step), self._decrement, "newton"
        if not positive or not norm <= self._radius:
            step, predicted, norm, self._method = self._step(factor, tally)
        elif self._bend is not None and self._decrement > WORTH_BENDING:
            step = self._bend.further(self.point, step, factor)
        if norm == 0.0 or not isfinite(predicted):
            self._trial = None
            return
        self._predicted, self._step_norm = predicted, norm
        self._trial = self.point + step

    def _has_left(self) -> bool:
        """Whether a coordinate is too far out for the unit, too, that the curvature at the start gives it."""
        with np.errstate(all="ignore"):
            units = 1.0 / np.sqrt(np.abs(self._first))
        units = np.where(np.isfinite(units), units, 1.0)
        return bool((np.abs(self.point) > np.maximum(self._farthest, FARTHEST * units)).any())

    def _step(self, factor: SymmetricFactor, tally: Tally) -> tuple[Vector, float, float, str]:
        method = "newton"
        if factor.smallest <= factor.error_bound and self._expected is not None and self._scoring_left:
            # Far from where such data would have their maximum scoring creeps; then curvature leads on.
            self._scoring_left -= 1
            expected = self._expected(self.point)
            if expected is not None and np.isfinite(expected).all():
                scoring = analyse(expected)
                escapes = 0.5 * float(tally.score @ scoring.solve(tally.score)) > DECREMENT
                if scoring.smallest > scoring.error_bound and escapes:
                    factor, method = scoring, "fisher scoring"
        roots = factor.roots
        slope = factor.eigenvectors.T @ (tally.score / roots)
        coefficients = _trust_region(factor.eigenvalues, slope, self._radius, factor.error_bound)
        step = (factor.eigenvectors @ coefficients) / roots
        predicted = float((slope - 0.5 * factor.eigenvalues * coefficients) @ coefficients)
        if method == "newton" and factor.smallest <= factor.error_bound:
            method = "negative curvature"
        return step, predicted, sqrt(float(coefficients @ coefficients)), method


def _finite(numbers: NDArray[np.float64]) -> bool:
    """Whether all are finite: where their sum is, they are."""
    return isfinite(float(np.add.reduce(numbers, axis=None))) or bool(np.isfinite(numbers).all())


def _decrement(tally: Tally) -> float:
    factor = analyse(tally.information)
    if factor.smallest <= factor.error_bound:
        return float(np.inf)
    return max(0.5 * float(tally.score @ factor.solve(tally.score)), 0.0)


def _trust_region(values: Vector, slope: Vector, radius: float, floor: float) -> Vector:
    """Maximise slope·c - ½ Σ values c² over |c| <= radius, in the eigenbasis (Moré & Sorensen, 1983)."""
    lowest = float(values[0])
    if lowest > floor:
        coefficients = slope / values
        if sqrt(float(coefficients @ coefficients)) <= radius:
            return np.asarray(coefficients)
    shift = max(0.0, -lowest)
    gap = values + shift
    leading = gap <= max(floor, 1e-14)
    if np.linalg.norm(slope[leading]) <= 1e-12 * max(float(np.linalg.norm(slope)), 1e-300) or not slope.any():
        # The hard case: no slope along the lowest curvature, so the rest of the radius is spent along it.
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.where(leading, 0.0, slope / np.where(leading, 1.0, gap))
        length = float(np.linalg.norm(rest))
        if length < radius and leading.any():
            rest[0] = np.sqrt(radius**2 - length**2)
            return np.asarray(rest)
    low, high = shift, shift + max(float(np.linalg.norm(slope)) / radius, 1e-300)
    middle = 0.5 * (low + high)
    with np.errstate(all="ignore"):
        for _ in range(60):
            coefficients = slope / (values + middle)
            square = float(coefficients @ coefficients)
            length = sqrt(square)
            if abs(length - radius) <= 1e-3 * radius:
                return np.asarray(coefficients)
            if length > radius:
                low = middle
            else:
                high = middle
            if high - low <= 1e-3 * high:
                break
            # Newton's step for 1/length, which is nearly linear; halving where that leads out of the bracket.
            change = float(np.square(coefficients) @ (1.0 / (values + middle)))
            ahead = middle + square / change * (length - radius) / radius if change > 0 else high
            middle = ahead if low < ahead < high else 0.5 * (low + high)
        return np.asarray(slope / (values + high))
