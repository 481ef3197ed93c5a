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
    null = values <= size * ROUNDING
    if not null.any():
        return None
    needed = size + (mean is None)
    if moments.n_positive < needed:
        rows = "1 row lies" if moments.n_positive == 1 else f"{moments.n_positive:,} rows lie"
        return f"{rows} in a plane of the {size} columns; it takes at least {needed} different rows"
    equal = _equal(moments)
    if equal:
        told = [f"columns {columns[i]} and {columns[j]} are equal" for i, j in equal[:MOST_NAMED]]
        told += ["others too"] if len(equal) > MOST_NAMED else []
        return f"{', '.join(told)} in every row"
    relations = _sparse(vectors[:, null].T)
    others = len(relations) - 1
    more = f" ({others} more such relation{'s hold' if others > 1 else ' holds'})" if others else ""
    return f"the columns are collinear to double precision: {_equation(relations[0], roots, columns)}{more}"


def _equal(moments: Moments) -> list[tuple[int, int]]:
    """Columns that are equal to an earlier one, as pairs."""
    found: list[tuple[int, int]] = []
    scatter = moments.scatter
    spans = np.stack([moments.minimum, moments.maximum, moments.mean + moments.rest])
    for j in range(1, moments.size):
        for i in range(j):
            beyond = scatter[i, i] + scatter[j, j] - 2.0 * scatter[i, j]
            alike = np.abs(spans[:, i] - spans[:, j]) <= ROUNDING * np.abs(spans[:, i])
            if alike.all() and beyond <= ROUNDING * scatter[i, i]:
                found.append((i, j))
                break
    return found


def _sparse(relations: Array) -> Array:
    """Relations that span the same space, each with a column of its own, the last that there is, and few of others."""
    reduced = relations.copy()
    for step in range(len(reduced)):
        left = np.abs(reduced[step:])
        place = int(np.flatnonzero((left > CONCERNED).any(axis=0))[-1])
        pivot = step + int(np.argmax(left[:, place]))
        reduced[[step, pivot]] = reduced[[pivot, step]]
        reduced[step] /= reduced[step, place]
        others = np.arange(len(reduced)) != step
        reduced[others] -= np.outer(reduced[others, place], reduced[step])
    return np.asarray(reduced / np.sqrt(np.square(reduced).sum(axis=1))[:, np.newaxis])


def _equation(vector: Array, roots: Array, columns: Sequence[str]) -> str:
    """``a - 2 b is the same in every row``, of a direction of the columns in units of their roots."""
    weights = vector / roots
    concerned = np.flatnonzero(np.abs(vector) > CONCERNED).tolist()
    # The last of those that weigh most, be it by rounding.
    leading = max(at for at in concerned if abs(vector[at]) >= (1.0 - CONCERNED) * np.abs(vector).max())
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
