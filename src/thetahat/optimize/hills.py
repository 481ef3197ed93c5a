"""Whether a start lies on the hill that was climbed already, as the curvature at its top tells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.optimize.outcome import Outcome

Vector = NDArray[np.float64]
SAME_HILL = 4.0
"""A start that the curvature at the maximum found puts fewer nats below it lies on the same hill."""


def on_same_hill(outcome: Outcome, start: Vector, share: float) -> bool:
    """Whether the curvature of a share of the rows puts a start only a little lower than a maximum found."""
    step, information = start - outcome.point, outcome.tally.information
    if not np.isfinite(step).all() or information.shape != (step.size, step.size):
        return False
    return bool(0.5 * share * step @ information @ step < SAME_HILL)
