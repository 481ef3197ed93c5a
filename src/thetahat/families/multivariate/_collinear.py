"""Columns of which some are linear functions of the others, so that all rows lie in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.families.multivariate._moments import Moments

Array = NDArray[Any]
ROUNDING = 32.0 * float(np.finfo(float).eps)
"""For each column, what the smallest eigenvalue of a correlation matrix of exact functions may come to."""
CONCERNED = 1e-6
"""The share of a direction from which on a column is named."""
MOST_NAMED = 8


def collinear(moments: Moments, columns: Sequence[str], mean: Array | None = None) -> str | None:
    """Say why the scatter of the rows, about ``mean`` if it is given, is singular to double precision; else None."""
    scatter, size = moments.scatter, moments.size
    constant = moments.constant
    if mean is not None:
        beyond = moments.mean - mean
        scatter = scatter + moments.n_obs * np.outer(beyond, beyond)
        constant = constant & (moments.minimum == mean)
    if moments.n_positive == 1 and mean is None:
        return f"there is 1 row, and it takes at least {size + 1} different ones for {size} columns"
    if constant.any():
        return f"{_listed(constant, columns)} the same in every row"
    roots = np.sqrt(np.diagonal(scatter))
    if not (roots > 0).all():
        return f"{_listed(~(roots > 0), columns)} the same in every row"
    values, vectors = np.linalg.eigh(scatter / roots / roots[:, np.newaxis])
    if values[0] > size * ROUNDING:
        return None
    needed = size + (mean is None)
    if moments.n_positive < needed:
        rows = "1 row lies" if moments.n_positive == 1 else f"{moments.n_positive:,} rows lie"
        return (
            f"{rows} in a plane of the {size} columns ({_equation(vectors[:, 0], roots, columns)}); it takes at least "
            f"{needed} different rows"
        )
    return f"the columns are collinear to double precision: {_equation(vectors[:, 0], roots, columns)}"


def _equation(vector: Array, roots: Array, columns: Sequence[str]) -> str:
    """``a - 2 b is the same in every row``, of a direction of the columns in units of their roots."""
    weights = vector / roots
    concerned = np.flatnonzero(np.abs(vector) > CONCERNED).tolist()
    leading = max(concerned, key=lambda at: abs(vector[at]))
    weights = weights / weights[leading]
    order = [leading, *(at for at in concerned if at != leading)]
    parts = []
    for at in order[:MOST_NAMED]:
        size = f"{abs(weights[at]):.6g}"
        sign = "-" if weights[at] < 0 else "+"
        parts.append(f"{sign} {'' if size == '1' else size + ' '}{columns[at]}")
    more = " + ..." if len(order) > MOST_NAMED else ""
    return f"{' '.join(parts).removeprefix('+ ')}{more} is the same in every row"


def _listed(mask: Array, columns: Sequence[str]) -> str:
    names = [columns[at] for at in np.flatnonzero(mask).tolist()]
    if len(names) == 1:
        return f"column {names[0]} is"
    return f"columns {', '.join(names[:-1])} and {names[-1]} are"
