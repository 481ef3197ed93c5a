"""Columns that lie far from 0 beside their spread, so that the constant hides what they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat.regression_pass import RegressionArrangement

FAR = 1e3
"""Times the spread of a column, from which on its mean is taken off where the information was nearly singular."""
MOST_COLUMNS = 512


class ColumnsFarFromZeroError(Exception):
    """Raised to whoever laid the columns out, who can lay them out again: ``centres`` by parameter and position."""

    def __init__(self, centres: Mapping[str, Mapping[int, float]]) -> None:
        super().__init__("columns are far from 0")
        self.centres = centres


def far_columns(arrangement: RegressionArrangement, held: NDArray[np.bool_]) -> dict[str, dict[int, float]]:
    """Centres of the columns that are far from 0, by parameter, where a constant stands beside them.

    ``held`` tells which coordinates a penalty holds: one of a constant would be another for centred columns.
    """
    model = arrangement.model
    free = set(model.table.free_names)
    found: dict[str, dict[int, float]] = {}
    for group in model.predictors.groups:
        if group.design is None:
            continue
        designer = model.predictors.designers[group.design]
        names = model.table.names[group.span]
        if designer.intercept is None or designer.centres or len(designer.names) > MOST_COLUMNS:
            continue
        constants = held[group.span].reshape(group.size, -1)[:, designer.intercept]
        if not free.issuperset(names) or constants.any():
            continue
        matrix = np.concatenate([part.designs[group.design].dense() for part in arrangement.sample.parts])
        with np.errstate(all="ignore"):
            centres = matrix.mean(axis=0)
            spread = np.sqrt(np.mean((matrix - centres) ** 2, axis=0))
            far = (np.abs(centres) > FAR * spread) & (spread > 0) & np.isfinite(spread)
        far[designer.intercept] = False
        if far.any():
            owner = model.predictors.owners[group.design]
            found[owner] = {int(column): float(centres[column]) for column in np.flatnonzero(far)}
    return found
