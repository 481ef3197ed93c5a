"""Where exact rows lie on the line: distinct places, counts between edges, distances from a point; all associative."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.models._rows import PackedRows

Array = NDArray[Any]
Vector = NDArray[np.float64]

MOST_PLACES = 1 << 17
"""Distinct places that are held at once; of more, every second is left out."""
_LOWER_BITS = np.int64(2**63 - 1)


@dataclass(frozen=True, slots=True)
class Places:
    """Sorted distinct places of rows with their weights; ``whole`` unless there were so many that some are left out."""

    values: Vector
    weights: Vector
    whole: bool = True

    def merge(self, other: Places) -> Places:
        """Join the places of the rows that follow."""
        values = np.union1d(self.values, other.values)
        weights = np.zeros(values.size)
        for part in (self, other):
            weights[np.searchsorted(values, part.values)] += part.weights
        return _held(values, weights, whole=self.whole and other.whole)

    def weight_at(self, value: float) -> float:
        """The weight of the rows at a place."""
        index = int(np.searchsorted(self.values, value))
        there = index < self.values.size and self.values[index] == value
        return float(self.weights[index]) if there else 0.0


def places_of(packed: PackedRows, ends: Vector) -> Places:
    """Places of exact rows inside open intervals, given by their ends in turn."""
    at, weight = _at(packed), packed.weight
    if ends.size == 2:
        inside = None if np.isinf(ends).all() else (at > ends[0]) & (at < ends[1])
    else:
        # Open intervals: in an odd gap from both sides.
        inside = (np.searchsorted(ends, at, "left") % 2 == 1) & (np.searchsorted(ends, at, "right") % 2 == 1)
    if inside is not None:
        at = at[inside]
        weight = None if weight is None else weight[inside]
    values, index = np.unique(at, return_inverse=True)
    return _held(values, np.bincount(index, weight, values.size).astype(float), whole=True)


def _held(values: Vector, weights: Vector, *, whole: bool) -> Places:
    while values.size > MOST_PLACES:
        values, weights, whole = values[::2], weights[::2], False
    return Places(values, weights, whole)


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows, their weights and weighted sums before the first edge, between neighbouring ones, and from the last on."""

    rows: NDArray[np.int64]
    weights: Vector
    sums: Vector

    def merge(self, other: Counted) -> Counted:
        """Add the rows that follow."""
        return Counted(self.rows + other.rows, self.weights + other.weights, self.sums + other.sums)


def counted(packed: PackedRows, edges: Vector, centre: float) -> Counted:
    """Count exact rows between edges, an edge itself belonging to what follows; sums are of distances from a centre."""
    at = _at(packed)
    index, size = np.searchsorted(edges, at, "right"), edges.size + 1
    weight = packed.weight
    distance = at - centre
    rows = np.bincount(index, minlength=size)
    weights = rows if weight is None else np.bincount(index, weight, size)
    sums = np.bincount(index, distance if weight is None else weight * distance, size)
    return Counted(rows, weights.astype(float), sums.astype(float))


@dataclass(frozen=True, slots=True)
class Distances:
    """Weighted sums of the distances of exact rows above a point and below it."""

    above: float
    below: float

    def merge(self, other: Distances) -> Distances:
        """Add the rows that follow."""
        return Distances(self.above + other.above, self.below + other.below)


def distances(packed: PackedRows, point: float) -> Distances:
    """Sum the distances from a point."""
    distance = _at(packed) - point

    def total(values: Vector) -> float:
        return float(np.add.reduce(values if packed.weight is None else values * packed.weight))

    return Distances(total(np.maximum(distance, 0.0)), total(np.maximum(-distance, 0.0)))


def _at(packed: PackedRows) -> Vector:
    """Where the rows are: their first prepared column, a negative zero being a zero."""
    column = packed.prepared[0] if packed.prepared else packed.y
    return np.asarray(column, dtype=float) + 0.0


def keys_of(values: Vector) -> NDArray[np.int64]:
    """Whole numbers in the order of the doubles that they stand for, one for each."""
    bits = (np.asarray(values, dtype=float) + 0.0).view(np.int64)
    return np.where(bits < 0, bits ^ _LOWER_BITS, bits)


def values_of(keys: NDArray[np.int64]) -> Vector:
    """The doubles that keys stand for."""
    bits = np.asarray(keys, dtype=np.int64)
    return np.where(bits < 0, bits ^ _LOWER_BITS, bits).astype(np.int64).view(float)
