"""The rows of a regression as parts, with the numbers by which a user knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thetahat.models._regression_rows import Part
from thetahat.optimize.certify import listed
from thetahat.regression_pass import RegressionArrangement

LISTED_ROWS = 5


class NumberedPart(NamedTuple):
    """Rows known alike, their numbers and, where they are known exactly, their values (NaN where not)."""

    part: Part
    numbers: NDArray[np.intp]
    values: NDArray[np.float64]


def numbered_parts(arrangement: RegressionArrangement) -> Iterator[NumberedPart]:
    """Read all rows that count once more, block by block."""
    model = arrangement.model
    for block in arrangement.raw_blocks():
        selected = model.selected(block)
        packed, positions, parts = model.read(selected)
        for part in parts:
            exact = part.kind == "exact"
            place: Any = positions.exact if exact else positions.interval
            place = np.arange(part.n_rows) if place is None else np.asarray(place)
            numbers = selected.start + (place if selected.kept is None else np.asarray(selected.kept)[place])
            values = packed.y.astype(float) if exact else np.full(part.n_rows, np.nan)
            yield NumberedPart(part, numbers, values)


def rows_in_words(numbers: NDArray[np.intp]) -> str:
    """``row 3 (counted from 0)``, or ``7 rows (0, 2, 3, 4, 8, ..., counted from 0)``."""
    numbers = np.unique(numbers)
    if numbers.size == 1:
        return f"row {numbers[0]} (counted from 0)"
    first = tuple(str(number) for number in numbers[:LISTED_ROWS])
    shown = listed(first) if numbers.size <= LISTED_ROWS else f"{', '.join(first)}, ..."
    return f"{numbers.size} rows ({shown}, counted from 0)"
