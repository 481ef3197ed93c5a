"""A point at which the predictors of all rows are well away from their ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.optimize.regression.active_rows import Ends

Vector = NDArray[np.float64]
ROOMY = 1e-2
"""Of a usual distance, from which on a point is inside enough to begin there."""
NO_ROOM = 1e-10
"""Of a usual distance: where no point is farther inside, none is."""


def well_inside(ends: Ends, start: Vector) -> Vector | None:
    """The point whose rows are all as far inside as can be, up to their usual distances; None where there is none."""
    from scipy.optimize import linprog

    if (ends.distances(start) > ROOMY * ends.usual).all():
        return start
    moved = ends.matrix.any(axis=0)
    inward = ends.signs[:, np.newaxis] * ends.matrix[:, moved] / ends.usual[:, np.newaxis]
    scale = np.maximum(np.abs(inward).max(axis=0, initial=0.0), 1e-300)
    room = ends.signs * ends.constants / ends.usual
    free = int(moved.sum())
    answer = linprog(
        np.append(np.zeros(free), -1.0),
        A_ub=np.column_stack([-inward / scale, np.ones(room.size)]),
        b_ub=room,
        bounds=[(None, None)] * free + [(None, 1.0)],
        method="highs",
    )
    if answer.x is None or not answer.x[-1] > NO_ROOM:
        return None
    point = start.copy()
    point[moved] = answer.x[:-1] / scale
    return point
