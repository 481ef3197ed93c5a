"""Log probability of an interval with two derivatives, through the complement where it is above one half."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thetahat._dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    IndexArray: TypeAlias = NDArray[np.intp]
    Direct: TypeAlias = Callable[[IndexArray, FloatArray, FloatArray], "LogMass"]


@dataclass(frozen=True, slots=True)
class LogMass:
    """Log probability by row, with gradient and Hessian in k parameters.

    Attributes
    ----------
    value : (n,) array
    gradient : (k, n) array, empty (0, n) at order 0
    hessian : (k, k, n) array, empty (0, 0, n) at orders 0 and 1
    """

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray

    def put(self, rows: IndexArray, other: LogMass) -> None:
        """Write another record's rows into these rows."""
        self.value[rows] = other.value
        self.gradient[:, rows] = other.gradient
        self.hessian[:, :, rows] = other.hessian


def filled(n_rows: int, n_parameters: int, order: int, value: float, derivative: float) -> LogMass:
    """Return a record of n rows with constant content."""
    n_first = n_parameters if order >= 1 else 0
    n_second = n_parameters if order >= 2 else 0
    return LogMass(
        np.full(n_rows, value),
        np.full((n_first, n_rows), derivative),
        np.full((n_second, n_second, n_rows), derivative),
    )


def interval_log_mass(
    direct: Direct,
    low: FloatArray,
    high: FloatArray,
    support: tuple[float, float],
    wide: NDArray[np.bool_],
    n_parameters: int,
    order: int,
) -> LogMass:
    """Return log P(low < X < high), for wide rows as log1p(-P(X < low) - P(X > high)).

    A probability near 1 has a small logarithm with small derivatives, all of which only its complement knows.

    Parameters
    ----------
    direct
        ``direct(rows, low, high)`` gives the record of these rows for other endpoints, by integration.
    low, high
        Endpoints by row, low < high.
    support
        The distribution's lowest and highest value.
    wide
        Rows whose probability is above about one half.
    n_parameters, order
        Number of parameters, and of derivatives (0, 1 or 2).
    """
    result = filled(low.size, n_parameters, order, 0.0, 0.0)
    rows = np.flatnonzero(~wide)
    if rows.size:
        result.put(rows, direct(rows, low[rows], high[rows]))
    rows = np.flatnonzero(wide)
    if rows.size == 0:
        return result
    tails = filled(rows.size, n_parameters, order, 0.0, 0.0)
    below = np.flatnonzero(low[rows] > support[0])
    above = np.flatnonzero(high[rows] < support[1])
    for inside, bounds in (
        (below, lambda r: (np.full(r.size, support[0]), low[r])),
        (above, lambda r: (high[r], np.full(r.size, support[1]))),
    ):
        if inside.size == 0:
            continue
        subset = rows[inside]
        tail = direct(subset, *bounds(subset))
        probability = np.exp(tail.value)
        gone = probability == 0.0
        tails.value[inside] += probability
        for j in range(tail.gradient.shape[0]):
            tails.gradient[j, inside] += np.where(gone, 0.0, probability * tail.gradient[j])
        for j in range(tail.hessian.shape[0]):
            for k in range(tail.hessian.shape[1]):
                curvature = tail.hessian[j, k] + tail.gradient[j] * tail.gradient[k]
                tails.hessian[j, k, inside] += np.where(gone, 0.0, probability * curvature)
    remaining = 1.0 - tails.value
    gradient = -tails.gradient / remaining
    hessian = -tails.hessian / remaining
    for j in range(hessian.shape[0]):
        for k in range(hessian.shape[1]):
            hessian[j, k] -= gradient[j] * gradient[k]
    result.put(rows, LogMass(np.log1p(-tails.value), gradient, hessian))
    return result
