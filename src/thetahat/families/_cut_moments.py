"""Moments and information between limits of truncation, from points and their probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thetahat.families._contract import FamilyContract, Known
from thetahat.families._support import Support
from thetahat.families._terms import Array, Coordinates
from thetahat.numerics.namespace import NUMPY

_ROWS_AT_ONCE = 256


def covariance_of_scores(
    inner: FamilyContract,
    points: Callable[[Coordinates, Known], tuple[Array, Array]],
    eta: Coordinates,
    known: Known,
) -> tuple[Any, ...]:
    """Covariances of the score by row, lower triangle, few rows at a time so that their points fit in memory."""
    shape = np.broadcast_shapes(*(np.shape(item) for item in (*eta, *known.values())))
    rows = np.prod(shape, dtype=int)
    flat = [np.broadcast_to(item, shape).ravel() for item in (*eta, *known.values())]
    k = len(eta)
    entries = np.empty((k * (k + 1) // 2, rows))
    for start in range(0, rows, _ROWS_AT_ONCE):
        part = [item[start : start + _ROWS_AT_ONCE] for item in flat]
        here, seen = tuple(part[:k]), dict(zip(known, part[k:], strict=True))
        with np.errstate(all="ignore"):
            y, mass = points(here, seen)
            wide = {name: value[:, None] for name, value in seen.items()}
            terms = inner.derivatives(inner.prepare(NUMPY, y, wide), tuple(item[:, None] for item in here))
        # What does not depend on y, such as the slope of the log mass between the limits, falls out with the mean.
        scores = [np.where(mass > 0, item, 0.0) for item in terms.gradient]
        scores = [item - np.sum(mass * item, axis=-1, keepdims=True) for item in scores]
        pairs = [(i, j) for i in range(k) for j in range(i + 1)]
        for index, (i, j) in enumerate(pairs):
            entries[index, start : start + _ROWS_AT_ONCE] = np.sum(mass * scores[i] * scores[j], axis=-1)
    return tuple(entry.reshape(shape)[()] for entry in entries)


def where_it_exists(support: Support, moment: Any, inside: Any, *, signed: bool) -> Any:
    """The moment, which is infinite where that of the family inside is not finite and the heavy tail is left."""
    if np.isfinite(support.upper) and np.isfinite(support.lower):
        return moment
    lost = ~np.isfinite(inside)
    if np.isfinite(support.upper):
        # What is left runs down; a mean of +inf was that of the other tail.
        return np.where(lost & ~np.isposinf(inside), -np.inf if signed else np.inf, moment)
    return np.where(lost, np.inf, moment)
