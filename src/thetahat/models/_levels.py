"""Distinct values and how often they occur: what discrete data collapse to before the first iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

if TYPE_CHECKING:
    from thetahat.data import Source
    from thetahat.response import Response

Array = NDArray[Any]

MOST_LEVELS = 100_000
"""Data with more distinct values than this are kept as rows."""
COUNTED_RANGE = 1 << 20
EXACT = 2.0**53
"""Whole numbers below it are floats as they stand."""
LARGEST_COUNTED = 1 << 62
"""Counts of float64 may lie beyond the integers of the machine."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Sorted distinct values with the sum of their weights; an associative record.

    ``values`` is None once there are too many to be worth it.
    """

    values: Array | None
    weights: Array
    n_rows: int
    n_positive: int

    def merge(self, other: Levels) -> Levels:
        """Join the levels of the rows that follow."""
        n_rows, n_positive = self.n_rows + other.n_rows, self.n_positive + other.n_positive
        if self.values is None or other.values is None:
            return Levels(None, np.zeros(0), n_rows, n_positive)
        if np.array_equal(self.values, other.values):
            return Levels(self.values, self.weights + other.weights, n_rows, n_positive)
        values = _united(self.values, other.values)
        if values.size > MOST_LEVELS:
            return Levels(None, np.zeros(0), n_rows, n_positive)
        weights = np.zeros(values.size)
        for found, weight in ((self.values, self.weights), (other.values, other.weights)):
            weights[np.searchsorted(values, found)] += weight
        return Levels(values, weights, n_rows, n_positive)


def _united(left: Array, right: Array) -> Array:
    """The distinct values of two sorted arrays, sorted; for few of them far quicker than by hashing."""
    both = np.concatenate((left, right))
    both.sort(kind="stable")
    return both[np.concatenate(([True], both[1:] != both[:-1]))] if both.size else both


def levels_in_order(levels: Levels, response: Response, source: Source) -> Any:
    """The labels of a response: sorted, or in the order that a categorical column declares."""
    declared = source.level_order(response.columns[0])
    if declared is None or levels.values is None:
        return levels.values
    from thetahat.data._order import in_declared_order

    return in_declared_order(levels.values.tolist(), declared)


def levels_of(
    values: Array, weight: Array | None, n_rows: int, extent: tuple[float, float] | None = None
) -> Levels:
    """Count the distinct values of one block; whole numbers of small range by counting, others by sorting."""
    n = values.shape[0]
    if values.dtype == bool:
        values = values.astype(np.int64)
    if n and values.dtype.kind in "iuf":
        if extent is None or not max(abs(extent[0]), abs(extent[1])) < EXACT:
            extent = (values.min(), values.max())
        lowest, highest = (int(end) for end in extent)
        if highest - lowest < COUNTED_RANGE and abs(lowest) < LARGEST_COUNTED:
            codes = values if lowest == 0 else values - lowest
            if codes.dtype.kind == "f":
                whole = codes.astype(np.int64)
                if not np.array_equal(whole, codes):
                    return _sorted_levels(values, weight, n_rows)
                codes = whole
            counts = np.bincount(codes)
            weights = counts if weight is None else np.bincount(codes, weight)
            present = np.flatnonzero(counts)
            return Levels(present + lowest, weights[present].astype(float), n_rows, n)
    return _sorted_levels(values, weight, n_rows)


def _sorted_levels(values: Array, weight: Array | None, n_rows: int) -> Levels:
    distinct, index = np.unique(values, return_inverse=True)
    weights = np.bincount(index, weight, distinct.size).astype(float)
    return Levels(distinct, weights, n_rows, values.shape[0])
