"""Newton's method with its information reused, for likelihoods whose information costs many times their score."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat.models import DERIVATIVES, GRADIENT, ROUGHLY, Tally
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.secants import Secants
from thetahat.optimize._optimizer import Request, Search, Trace
from thetahat.optimize.bend import Bend

Vector = NDArray[np.float64]
NEGLIGIBLE = 5e-13
"""A decrement, in nats, from which on no further step moves a coefficient by a millionth of its standard error."""
AIMED = 5e-17
"""A decrement at which the score, in units of its standard deviation, is below 1e-8: what the last point is to have."""
CONTRACTS, WHERE_DEAR = 0.05, 0.3
"""Shares of a step that may be left over by the next; the latter where an information costs as much as many steps."""
SETTLES = 0.25
"""The share of a decrement that may be left by the next of a step by its own information: at infinity it is 1/e."""
DETERMINED = 1e-3
"""The smallest eigenvalue, scaled, from which on single precision leaves an information three digits everywhere."""
MOST_PASSES = 20


@final
class ChordSearch(Search):
    """Steps δ = A₀⁻¹u from a good start, A₀ being an information from nearby: the chord method (Kelley, 1995, 5.4).

    What the scores at both ends of its steps tell of the curvature between them goes into A₀⁻¹ (Broyden, Fletcher,
    Goldfarb & Shanno, 1970, as Nocedal, 1980, has it), so that one step leaves over less than the one before.

    Begins with an information that others computed, such as that of a sample of the rows times their share; takes a
    fresh one after two steps at most, and again wherever the last one no longer contracts: to a few digits on the way,
    and to all of them at the point where it ends. It gives up (``converged`` stays False) as soon as a step does not
    pay, for others to go on from there.

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
    roughly
        Whether an information of a few digits costs less than one of all.
    contracts
        The share of a step that may be left over by the next for the information to be used again.
    bend
        Where it is known: by how much a step with an information of its own is to be longer or shorter.
    """

    def __init__(
        self,
        start: Vector,
        information: NDArray[np.float64],
        contraction: float | None = None,
        *,
        sparing: bool = True,
        roughly: bool = False,
        contracts: float = CONTRACTS,
        bend: Bend | None = None,
    ) -> None:
        self.point = np.asarray(start, dtype=float)
        self.tally: Tally | None = None
        self.previous: Tally | None = None
        self.converged = False
        self.iterations = 0
        self.trace: list[Trace] = []
        self._factor: Secants | None = Secants(analyse(information))
        self._contracts = contracts
        self._bend = bend
        self._order = GRADIENT if sparing else DERIVATIVES
        self._sparing = sparing
        self._fresh = ROUGHLY if roughly else DERIVATIVES
        self._trial: Vector | None = self.point
        self._decrement = np.inf
        self._contraction = 1.0
        self._own = False
        self._expected = contraction
        self._sampled = contraction is None

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
        if held is not None and not fresh and self._factor is not None:
            self._factor.take(trial - self.point, held.score - tally.score)
        factor = Secants(analyse(tally.information)) if fresh else self._factor
        assert factor is not None  # noqa: S101 - there is one from the beginning
        if self._order == ROUGHLY and not (factor.positive and factor.factored.smallest > DETERMINED):
            self._order, self._trial = DERIVATIVES, trial
            return
        if not factor.positive:
            return
        step = factor.solve(tally.score)
        decrement = max(0.5 * float(tally.score @ step), 0.0)
        if held is not None:
            self.iterations += 1
            most = SETTLES * self._decrement if self._own else self._decrement
            # A first information of all rows may tell of more to be gained than that of few did.
            gained = fresh and self._sampled and tally.value > held.value
            if not (gained or decrement < most or self._decrement <= NEGLIGIBLE):
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
        self._own = fresh
        self._contraction = self._contracts if fresh else float(contraction)
        self._decrement = decrement
        if self.iterations >= MOST_PASSES:
            return
        self._order = self._wanted(first=first)
        if fresh and self._bend is not None:
            step = self._bend.further(trial, step, factor.factored)
        self._trial = self.point + step

    def _wanted(self, *, first: bool) -> int:
        """What to ask at the next point: its information where that is the last, or where it is needed on the way."""
        stalled = self._decrement <= NEGLIGIBLE and self._contraction > self._contracts
        if not self._sparing or stalled or self._decrement * self._contraction**2 <= AIMED:
            return DERIVATIVES
        if self._sampled:
            return GRADIENT if first else self._fresh
        return self._fresh if self._contraction > self._contracts else GRADIENT

    def reject(self) -> None:
        """Give up: this search is for the inside of the parameter space."""
        self._trial = None
