"""A rough maximum from few rows, where a large regression begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.optimize.climb import answered
from thetahat.optimize.unimodal import UnimodalSearch
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
ROUGH = 1e-3
"""In nats a coefficient, how near to the maximum of a sample it is worth going."""
STILL_FEWER = 4
"""One in so many rows of the sample are enough for the first steps of its own fit."""
ROWS_A_COLUMN = 8
"""Rows for each coefficient, below which the maximum of those would be too far from that of the sample."""


def rough_maximum(
    arrangement: RegressionArrangement, engine: Engine, begin: Vector, most_steps: int
) -> tuple[Vector, NDArray[np.float64]] | None:
    """Nearly the maximum of the sample, and the information of its rows; None where it is not found straight away.

    The maximum of m of n rows is below that of all by about n/(2m) nats a coefficient, so that nothing is gained by
    finding it to more digits; and most steps towards it can be made with still fewer rows.
    """
    model, sample = arrangement.model, arrangement.sample
    few = sample.thinned(sample.n_positive // STILL_FEWER)
    stages = [few, sample] if few.n_positive >= ROWS_A_COLUMN * begin.size else [sample]
    found = None
    for rows in stages:
        packed = [rows]
        search = UnimodalSearch(begin, most_steps, negligible=ROUGH * begin.size)
        answered(Likelihood(model, packed.copy, packed=True, engine=engine), search)
        found = None
        if search.converged and search.tally is not None:
            begin = search.beyond
            found = begin, search.tally.information
    return found
