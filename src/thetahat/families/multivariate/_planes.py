"""Rows that share a plane, which bound the degrees of freedom of a t distribution from below."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PAIRED = 10
"""Columns up to which equal pairs of values are looked for, beside equal values and equal rows."""


def fewest_degrees(y: Array, weight: Array) -> float:
    """The largest m (d - e)/(n - m) over m rows in a plane of e < d dimensions (Kent & Tyler, 1991).

    Any e + 1 rows are in one, and so are those that have equal values in d - e columns. Other planes that more rows
    share than they must are not looked for.
    """
    total, size = float(weight.sum()), y.shape[1]
    codes = [np.unique(column, return_inverse=True)[1].ravel() for column in y.T]
    rows = codes[0]
    for code in codes[1:]:
        rows = _both(rows, code)
    heaviest = np.sort(np.bincount(rows, weights=weight))[::-1][:size]
    shared = [(size - e, float(m)) for e, m in enumerate(np.cumsum(heaviest))]
    shared += [(1, _heaviest(code, weight)) for code in codes]
    if 2 < size <= PAIRED:
        shared += [(2, _heaviest(_both(*pair), weight)) for pair in combinations(codes, 2)]
    return max(across * m / (total - m) if m < total else np.inf for across, m in shared)


def _both(one: Array, other: Array) -> Array:
    """Codes of pairs of codes."""
    return np.unique(one * (int(other.max()) + 1) + other, return_inverse=True)[1].ravel()


def _heaviest(codes: Array, weight: Array) -> float:
    return float(np.bincount(codes, weights=weight).max())


def tightest(y: Array, size: int) -> Array:
    """The places of so many rows that lie about one of them most closely, in units of the columns' middle distances."""
    middle = np.median(y, axis=0)
    spread = np.median(np.abs(y - middle), axis=0)
    scaled = y / np.where(spread > 0, spread, np.maximum(y.std(axis=0), np.finfo(float).tiny))
    distances = np.square(scaled[:, np.newaxis] - scaled).sum(axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :size]
    farthest = distances[np.arange(y.shape[0]), order[:, -1]]
    return np.asarray(order[int(np.argmin(farthest))])
