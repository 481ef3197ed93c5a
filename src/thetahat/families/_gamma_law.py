"""The gamma distribution relative to its mean: what its parametrisations share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families._survey import Survey
from thetahat.families._terms import Rows
from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.gamma_functions import log_minus_digamma, trigamma_minus_inverse

_CLOSE = 1e-2
_SMALLEST_GAP = 1e-6


def departure(xp: Any, rows: Rows, log_mean: Any) -> tuple[Any, Any]:
    """log r - (r - 1) and r - 1, r = y/mean, keeping their digits where r is near 1.

    For a pseudo row of means, whose log y is no logarithm of its y, the difference of the two is added.
    """
    y, log_y = rows
    excess = xp.exp(-log_mean) * y - 1.0
    near = xp.abs(excess) < 0.5
    close = xp.log1p_minus(xp.where(near, excess, 0.0)) + (log_y - xp.log(y))
    return xp.where(near, close, (log_y - log_mean) - excess), excess


def start_of(points: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and Minka's (2002) approximation of the shape, from the log of the mean less the mean of the logs."""
    mean = float(np.mean(points))
    gap = max(np.log(mean) - float(np.mean(np.log(points))), _SMALLEST_GAP)
    return mean, _approximate_shape(gap)


def refinement_of(survey: Survey) -> Any:
    """For values close together, ȳ's gap to the geometric mean summed without cancellation."""
    mean, mean_log = survey.means
    if np.log(mean) - mean_log > _CLOSE:
        return None
    return lambda rows: log1p_minus((rows[0] - mean) / mean)


def solution_of(survey: Survey) -> tuple[float, float] | None:
    """Mean and shape: Newton on log shape for log shape - ψ(shape) = gap, globally convergent from below."""
    mean, mean_log = survey.means
    gap = -survey.refined if survey.refined is not None else float(np.log(mean) - mean_log)
    if not gap > 0:
        return None
    shape = _approximate_shape(gap)
    for _ in range(50):
        excess = float(log_minus_digamma(shape)) - gap
        step = excess / (shape * float(trigamma_minus_inverse(shape)))
        shape *= np.exp(step)
        if abs(step) < 4e-16:
            break
    return mean, shape


def _approximate_shape(gap: float) -> float:
    return float((3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap))
