"""Newton's method with little ceremony, for likelihoods that have no maximum but one."""

from __future__ import annotations

from math import sqrt
from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat.models import DERIVATIVES, ROUGHLY, Tally
from thetahat.numerics.cholesky import is_positive, newton_step
from thetahat.optimize._optimizer import Request, Search, Trace
from thetahat.optimize.newton import DECREMENT, NEGLIGIBLE

Vector = NDArray[np.float64]
CONTRACTS = 0.25
"""The share of a decrement that may be left by the next. Towards a supremum at infinity it is 1/e or more."""
REUSABLE = 0.02
"""The share of a decrement left by the next, below which an information is good for further steps."""
NEAR, UNTRIED = 0.5, 0.2
"""A decrement, in nats a coefficient, by which each has a standard error to go, and what a step is likely to leave over
there of the one before."""
FARTHEST_AHEAD = 1.0
"""In lengths of the last step, how far a change of the information that it met may be taken to go on."""
PAYS = 0.1
"""The share of the gain that a step promises, which it has to bring."""


@final
class UnimodalSearch(Search):
    """Whole steps δ = A⁻¹u, as long as each is as good as Newton's method is near a maximum.

    Where it costs next to nothing, A is that of the middle of the step as far as the last step tells: its change along
    the last step goes on along the share of the next one that lies in that direction. A curvature that keeps its course
    then leaves over less than Newton's method, which spares a pass.

    At the first that is not, be it that δ leads down, that ℓ rises by less than was promised or that the decrement does
    not fall fast, it gives up (``converged`` stays False), for a search with a trust region to go on
    from its ``point``. It ends by the same rule as that one, with a decrement of next to nothing.

    Parameters
    ----------
    start
        Where to begin.
    max_iterations
        Steps that may be tried.
    dear
        Whether to end, ``converged`` or not, once the next steps can do with the information of the last:
        ``contraction`` then tells how much of a step they would leave over.
    negligible
        The decrement at which it ends.
    roughly
        Whether informations of a few digits will do.
    """

    def __init__(
        self,
        start: Vector,
        max_iterations: int,
        *,
        dear: bool = False,
        negligible: float = NEGLIGIBLE,
        roughly: bool = False,
    ) -> None:
        self.point = np.asarray(start, dtype=float)
        self.tally: Tally | None = None
        self.previous: Tally | None = None
        self.converged = False
        self.iterations = 0
        self.trace: list[Trace] = []
        self.contraction: float | None = None
        self._most = max_iterations
        self._dear = dear
        self._negligible = negligible
        self._order = ROUGHLY if roughly else DERIVATIVES
        self._trial: Vector | None = self.point
        self._step: Vector | None = None
        self._decrement = np.inf

    def ask(self) -> Request | None:
        """Ask for derivatives at the trial point."""
        return None if self._trial is None else Request(self._trial, self._order)

    def tell(self, tally: Tally) -> None:
        """Accept the trial point and step on, or end."""
        trial, self._trial = self._trial, None
        assert trial is not None  # noqa: S101 - an answer follows a question
        if not tally.finite:
            return
        here = tally.information if self._dear else information_ahead(tally, self.tally, self._step)
        step = newton_step(here, tally.score)
        if step is None:
            return
        decrement = 0.5 * float(tally.score.dot(step))
        if not decrement >= 0.0:
            return
        held, before = self.tally, self._decrement
        if held is not None:
            self.iterations += 1
            noise = held.rounding + tally.rounding
            if not tally.value - held.value >= (PAYS * before if before > 4 * noise else -4 * noise):
                return
            if not (decrement <= CONTRACTS * before or before <= DECREMENT):
                return
            self._record(held, tally.value)
        self.point, self.tally, self._decrement, self._step = trial, tally, decrement, step
        stalled = decrement > CONTRACTS * before and before <= DECREMENT
        if decrement <= self._negligible or (decrement <= DECREMENT and stalled):
            self.converged = is_positive(tally.information)
        elif self._dear and decrement <= REUSABLE * before < np.inf:
            # As the step δ leaves over Cδ², and the one before did so too, the next leaves over 2Cδ of itself.
            self.contraction = 2.0 * decrement / before
        elif self._dear and self._most and decrement <= NEAR * trial.size:
            self.contraction = UNTRIED
        elif self.iterations < self._most:
            self._trial = trial + step
        else:
            self.converged = decrement <= DECREMENT and is_positive(tally.information)
            self.exhausted = not self.converged

    @property
    def beyond(self) -> Vector:
        """Where the step from the last point leads, which need not have been gone."""
        return self.point if self._step is None else self.point + self._step

    def _record(self, held: Tally, value: float) -> None:
        """Note the step that has just been accepted, its length measured as the searches with a trust region do."""
        assert self._step is not None  # noqa: S101 - there was one
        self.previous = held
        length = sqrt(float(held.information.diagonal().dot(self._step * self._step)))
        self.trace.append(Trace(self.iterations, value, self._decrement, length, "newton"))

    def reject(self) -> None:
        """Give up: this search knows no other way than straight on."""
        self._trial = None


def information_ahead(tally: Tally, before: Tally | None, step: Vector | None) -> NDArray[np.float64]:
    """The information in the middle of the next step, as far as the last one tells, which led here from ``before``."""
    here = tally.information
    if before is None or step is None:
        return here
    slope, bend = float(tally.score.dot(step)), float(step.dot(here).dot(step))
    if not abs(slope) <= FARTHEST_AHEAD * bend or bend == 0.0:
        return here
    return here + (0.5 * slope / bend) * (here - before.information)
