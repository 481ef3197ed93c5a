"""Newton's method with its information reused, for likelihoods whose information costs many times their score."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat.models import DERIVATIVES, GRADIENT, ROUGHLY, Tally
from thetahat.numerics.linear_algebra import SymmetricFactor, analyse
from thetahat.optimize._optimizer import Request, Search, Trace

Vector = NDArray[np.float64]
NEGLIGIBLE = 5e-13
"""A decrement, in nats, from which on no further step moves a coefficient by a millionth of its standard error."""
AIMED = 5e-17
"""A decrement at which the score, in units of its standard deviation, is below 1e-8: what the last point is to have."""
CONTRACTS = 0.05
"""The share of a step that may be left over by the next for the information to be used again."""
DETERMINED = 1e-3
"""The smallest eigenvalue, scaled, from which on single precision leaves an information three digits everywhere."""
MOST_PASSES = 20


@final
class ChordSearch(Search):
    """Steps δ = A₀⁻¹u from a good start, A₀ being an information from nearby: the chord method (Kelley, 1995, 5.4).

    Each step tells of the curvature along it, by which A₀ is corrected (Broyden, 1970; Fletcher, 1970; Goldfarb, 1970;
    Shanno, 1970). Begins with an information that others computed, such as that of a sample of the rows times their
    share; takes a fresh one after two steps at most, and again wherever the last one no longer contracts: to a few
    digits on the way, and to all of them at the point where it ends. It gives up (``converged`` stays False) as soon as
    a step does not pay, for others to go on from there.

    Parameters
    ----------
    start
        A point near the maximum.
    information
        A positive definite approximation to the information there.
    contraction
        The share of a first step that is expected to be left over by the next; None where nothing is known of it, as of
        a sample's.
    sparing
        Whether to do without an information where that is possible; a pass over a file costs the same either way.
    """

    def __init__(
        self,
        start: Vector,
        information: NDArray[np.float64],
        contraction: float | None = None,
        *,
        sparing: bool = True,
    ) -> None:
        self.point = np.asarray(start, dtype=float)
        self.tally: Tally | None = None
        self.previous: Tally | None = None
        self.converged = False
        self.iterations = 0
        self.trace: list[Trace] = []
        self._factor: SymmetricFactor | None = analyse(information)
        self._order = GRADIENT if sparing else DERIVATIVES
        self._sparing = sparing
        self._trial: Vector | None = self.point
        self._decrement = np.inf
        self._contraction = 1.0
        self._expected = contraction
        self._sampled = contraction is None
        self._steps: list[tuple[Vector, Vector]] = []

    def ask(self) -> Request | None:
        """Ask at the trial point for the score, or for a fresh information as well."""
        return None if self._trial is None else Request(self._trial, self._order)

    def tell(self, tally: Tally) -> None:
        """Take the answer, and decide what the next step uses."""
        trial, self._trial = self._trial, None
        assert trial is not None  # noqa: S101 - an answer follows a question
        held = self.tally
        if not tally.finite or not np.isfinite(tally.score).all():
            return
        fresh = self._order > GRADIENT
        factor = analyse(tally.information) if fresh else self._factor
        assert factor is not None  # noqa: S101 - there is one from the beginning
        if self._order == ROUGHLY and not (factor.positive and factor.smallest > DETERMINED):
            self._order, self._trial = DERIVATIVES, trial
            return
        if not factor.positive:
            return
        if fresh:
            self._steps = []
        elif held is not None:
            self._learn(trial - self.point, held.score - tally.score)
        step = self._step(factor, tally.score)
        decrement = max(0.5 * float(tally.score @ step), 0.0)
        if held is not None:
            self.iterations += 1
            if not decrement < self._decrement and self._decrement > NEGLIGIBLE:
                return
            self.trace.append(
                Trace(
                    self.iterations,
                    tally.value,
                    self._decrement,
                    float(np.sqrt(2 * self._decrement)),
                    "newton",
                )
            )
        first = held is None
        contraction = np.sqrt(decrement / self._decrement) if not first else 1.0
        if first and self._expected is not None:
            contraction, first = self._expected, False
        self.point, self.tally = trial, tally
        if fresh:
            if self._order == DERIVATIVES and decrement <= NEGLIGIBLE:
                self.converged = True
                return
            self._factor, self.previous, self._sampled = factor, tally, False
        # A step by an information of its own contracts better than the last did; how much better, the next will tell.
        self._contraction = CONTRACTS if fresh else float(contraction)
        self._decrement = decrement
        if self.iterations >= MOST_PASSES:
            return
        self._order = self._wanted(first=first)
        self._trial = self.point + step

    def _learn(self, step: Vector, change: Vector) -> None:
        """Keep a step and the change of the score along it, A δ, where the curvature along it is positive."""
        if float(step @ change) > 0.0:
            self._steps.append((step, change))

    def _step(self, factor: SymmetricFactor, score: Vector) -> Vector:
        """A₀⁻¹u, corrected by the steps since A₀ was taken (Nocedal, 1980)."""
        right = score.copy()
        shares = []
        for step, change in reversed(self._steps):
            share = float(step @ right) / float(step @ change)
            shares.append(share)
            right -= share * change
        result = factor.solve(right)
        for (step, change), share in zip(self._steps, reversed(shares), strict=True):
            result += (share - float(change @ result) / float(step @ change)) * step
        return np.asarray(result)

    def _wanted(self, *, first: bool) -> int:
        """What to ask at the next point: its information where that is the last, or where it is needed on the way."""
        stalled = self._decrement <= NEGLIGIBLE and self._contraction > CONTRACTS
        if not self._sparing or stalled or self._decrement * self._contraction**2 <= AIMED:
            return DERIVATIVES
        if self._sampled:
            return GRADIENT if first else ROUGHLY
        return ROUGHLY if self._contraction > CONTRACTS else GRADIENT

    def reject(self) -> None:
        """Give up: this search is for the inside of the parameter space."""
        self._trial = None
