"""Samples of the rows of a large regression, from whose maximum it begins."""

from __future__ import annotations

from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.regression_pass import RegressionArrangement, in_portions

STILL_FEWER = 4
"""One in so many rows of the sample are enough for the first steps of its own fit."""
ROWS_A_COLUMN = 8
"""Rows for each coefficient, below which the maximum of those would be too far from that of the sample."""


def of_few_rows(arrangement: RegressionArrangement, engine: Engine, n_coefficients: int) -> list[Likelihood]:
    """The likelihood of the sample of the rows, after that of still fewer where these will do to begin with."""
    model, sample = arrangement.model, arrangement.sample
    few = sample.thinned(sample.n_positive // STILL_FEWER)
    rows = [few, sample] if few.n_positive >= ROWS_A_COLUMN * n_coefficients else [sample]
    found = []
    for packed in rows:
        portions = in_portions(model, [packed])
        found.append(Likelihood(model, portions.copy, packed=True, engine=engine))
    return found
