"""Cross-entropy of a fit on rows that it has not seen."""

from __future__ import annotations

from typing import final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.prediction.laws import Laws
from thetahat.prediction.new_rows import Asked, Reading
from thetahat.prediction.predicting import observed_log_density, pieces, point_of
from thetahat.solved import Solved


@final
@dataclass(frozen=True, slots=True)
class CrossEntropy:
    """Mean negative log density of rows in nats, its standard error across them, and how many they stand for.

    Examples
    --------
    >>> CrossEntropy(1.5, 0.25, 100.0)
    CrossEntropy(estimate=1.5, standard_error=0.25, n_obs=100.0)
    """

    estimate: float
    standard_error: float
    n_obs: float


def cross_entropy_on(solved: Solved, asked: Asked) -> CrossEntropy:
    """-Σ w ℓ_i / Σ w over rows; the spread of the ℓ_i tells how sure it is."""
    laws = Laws(solved, "cross_entropy_on()")
    losses, weights = [], []
    for piece in pieces(Reading(laws, asked, responses=True), observed=True):
        found = observed_log_density(laws, piece.part)(point_of(piece.law))
        losses.append(-found.value)
        one = None if piece.part is None else piece.part.weight
        weights.append(np.ones(piece.law.n_rows) if one is None else one)
    loss, weight = np.concatenate(losses or [np.zeros(0)]), np.concatenate(weights or [np.zeros(0)])
    total = float(weight.sum())
    if not total > 0.0:
        raise DataError(f"{laws.purpose}: no row has any weight; give some weight to the rows")
    counted = weight > 0.0
    loss, weight = loss[counted], weight[counted]
    with np.errstate(invalid="ignore"):
        mean = float(weight @ loss / total)
        squares = float(weight @ np.square(loss - mean))
        spread = squares / (total - 1.0) / total if total > 1.0 else np.nan
    return CrossEntropy(mean, float(np.sqrt(spread)), total)
