"""Columns that lie far from 0 beside their spread, so that the constant hides what they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.regression_pass import RegressionArrangement

FAR = 1e3
"""Times the spread of a column, from which on its mean is taken off where the information was nearly singular."""
MOST_COLUMNS = 512


@dataclass(frozen=True, slots=True)
class Centres:
    """What to take off each column, by position, and the position of the column of ones beside them."""

    by_column: Mapping[int, float]
    constant: int


class ColumnsFarFromZeroError(Exception):
    """Raised to whoever laid the columns out, who can lay them out again: ``centres`` by parameter."""

    def __init__(self, centres: Mapping[str, Centres]) -> None:
        super().__init__("columns are far from 0")
        self.centres = centres


def far_columns(arrangement: RegressionArrangement, held: NDArray[np.bool_]) -> dict[str, Centres]:
    """What to take off columns that are far from 0, by parameter, where a constant stands beside them.

    ``held`` tells which coordinates a penalty holds: one of a constant would be another for centred columns.
    """
    model = arrangement.model
    free = set(model.table.free_names)
    found: dict[str, Centres] = {}
    for group in model.predictors.groups:
        if group.design is None:
            continue
        designer = model.predictors.designers[group.design]
        names = model.table.names[group.span]
        if designer.centres or len(designer.names) > MOST_COLUMNS:
            continue
        constant = designer.intercept if designer.intercept is not None else _ones(arrangement, group.design)
        if constant is None:
            continue
        constants = held[group.span].reshape(group.size, -1)[:, constant]
        if not free.issuperset(names) or constants.any():
            continue
        matrix = np.concatenate([part.designs[group.design].dense() for part in arrangement.sample.parts])
        with np.errstate(all="ignore"):
            centres = matrix.mean(axis=0)
            spread = np.sqrt(np.mean((matrix - centres) ** 2, axis=0))
            far = (np.abs(centres) > FAR * spread) & (spread > 0) & np.isfinite(spread)
        far[constant] = False
        if far.any():
            owner = model.predictors.owners[group.design]
            off = {int(column): float(centres[column]) for column in np.flatnonzero(far)}
            found[owner] = Centres(off, constant)
    return found


def _ones(arrangement: RegressionArrangement, index: int) -> int | None:
    """The first column that is 1 in all rows, where these are in memory; None where there is none."""
    if not arrangement.packed:
        return None
    ones = np.ones(len(arrangement.model.predictors.designers[index].names), dtype=bool)
    for block in arrangement.blocks():
        for part in block.parts:
            ones &= (part.designs[index].dense() == 1.0).all(axis=0)
    return int(np.argmax(ones)) if ones.any() else None
