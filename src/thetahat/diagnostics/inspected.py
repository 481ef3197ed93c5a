"""Statistics of fit of rows known to lie in intervals: their self-consistent estimate, and how such rows are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, InferenceError
from thetahat.data import Block
from thetahat.diagnostics.bootstrapped import Distance, Experiment, log_tails
from thetahat.diagnostics.distances import Lines
from thetahat.diagnostics.product_limit import product_limit
from thetahat.diagnostics.self_consistent import self_consistent
from thetahat.families import Family
from thetahat.first_pass import COUNT
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.response import IntervalCensored

Vector = NDArray[np.float64]
_HOW = (
    "give censoring=, an array (n_rows, k) of the times at which each row was inspected (NaN where it was fewer times, "
    "all NaN where the value is seen itself), or (k,) of times that all rows share"
)


class Inspection(ABC):
    """How it comes that values are known to lie between two ends."""

    @abstractmethod
    def seen(self, y: Vector, rng: np.random.Generator) -> tuple[Vector, Vector]:
        """What would be known of values drawn: (low, high], two ends that are equal where it is the value itself."""


@final
@dataclass(frozen=True, slots=True)
class OwnTimes(Inspection):
    """Times of inspection of each row in ascending order, (n, k), infinite where there are no more."""

    times: Vector

    def seen(self, y: Vector, rng: np.random.Generator) -> tuple[Vector, Vector]:
        """The times between which each value lies; itself where it has none."""
        low, high = _between(self.times, y)
        unseen = np.isinf(self.times).all(axis=1)
        return np.where(unseen, y, low), np.where(unseen, y, high)


@final
@dataclass(frozen=True, slots=True)
class CommonTimes(Inspection):
    """Times that all rows share, up to where a row drops out: after one of ``last``, up to each with ``reached``."""

    times: Vector
    last: Vector
    reached: Vector

    def seen(self, y: Vector, rng: np.random.Generator) -> tuple[Vector, Vector]:
        """The times between which each value lies, or those after which nothing is known."""
        low, high = _between(np.broadcast_to(self.times, (y.size, self.times.size)), y)
        place = np.searchsorted(self.reached, rng.random(y.size), side="right")
        out = np.append(self.last, np.inf)[place]
        beyond = y > out
        return np.where(beyond, out, low), np.where(beyond, np.inf, high)


@final
@dataclass(frozen=True, slots=True)
class DetectionLimits(Inspection):
    """Values are seen unless they lie up to a limit: ``limits`` in descending order, the probability ``reached``."""

    limits: Vector
    reached: Vector

    def seen(self, y: Vector, rng: np.random.Generator) -> tuple[Vector, Vector]:
        """The value itself, or all up to its limit."""
        place = np.searchsorted(self.reached, rng.random(y.size), side="right")
        limit = np.append(self.limits, -np.inf)[place]
        hidden = y <= limit
        return np.where(hidden, -np.inf, y), np.where(hidden, limit, y)


def _between(times: Vector, y: Vector) -> tuple[Vector, Vector]:
    after = (times < y[:, None]).sum(axis=1)
    padded = np.concatenate([np.full((y.size, 1), -np.inf), times, np.full((y.size, 1), np.inf)], axis=1)
    rows = np.arange(y.size)
    return padded[rows, after], padded[rows, after + 1]


def inspection_of(rows: PackedRows, censoring: Any, n_obs: int, unit: float) -> Inspection:
    """The inspections that are given, or those that the rows themselves tell.

    Raises
    ------
    InferenceError
        If they do not tell them.
    DataError
        If what is given has another shape.
    """
    if censoring is not None:
        return _given(np.asarray(censoring, dtype=float) / unit, n_obs)
    low, high, weight = rows.low, rows.high, _ones(rows.interval_weight, rows.low)
    one_end = np.isneginf(low) | np.isposinf(high)
    if not rows.y.size and one_end.all():
        # Each row was inspected once.
        times = np.where(np.isneginf(low), high, low)
        return OwnTimes(np.repeat(times, np.round(weight).astype(int))[:, None])
    if rows.y.size and np.isneginf(low).all():
        exact = _ones(rows.weight, rows.y)
        # A value at its limit would not have been seen.
        limits, mass = product_limit(-high, weight, -np.nextafter(rows.y, np.inf), exact)
        return DetectionLimits(-limits, np.cumsum(mass))
    if rows.y.size:
        raise InferenceError(
            "goodness_of_fit() draws rows that are seen as these were, and which values are seen themselves and which "
            f"are known to lie in an interval is not to be told from rows of both kinds: {_HOW}"
        )
    grid = np.unique(np.concatenate([low, high]))
    grid = grid[np.isfinite(grid)]
    closed = np.isfinite(high)
    inner = np.searchsorted(grid, high[closed], "left") - np.searchsorted(grid, low[closed], "right")
    if inner.any():
        raise InferenceError(
            "goodness_of_fit() draws rows that are inspected as these were, and their intervals overlap, so that they "
            f"were not all inspected at the same times: {_HOW}"
        )
    # Rows that are open above have dropped out where they begin; others had not where they end.
    last, mass = product_limit(
        low[~closed], weight[~closed], np.nextafter(high[closed], -np.inf), weight[closed]
    )
    return CommonTimes(grid, last, np.cumsum(mass))


def _given(times: Vector, n_obs: int) -> Inspection:
    shape = times.shape
    if times.ndim == 1 and shape[0] and np.isfinite(times).all():
        return CommonTimes(np.unique(times), np.zeros(0), np.zeros(0))
    if times.ndim != 2 or shape[0] != n_obs or not shape[1]:
        raise DataError(f"censoring= has the shape {shape}, and there are {n_obs:,} observations: {_HOW}")
    # NaN is no time, and neither is one that never comes.
    return OwnTimes(np.sort(np.where(np.isfinite(times), times, np.inf), axis=1))


@final
class IntervalRows(Experiment):
    """Rows known to lie in intervals, or exactly: by their self-consistent estimate.

    Inside an innermost interval, where that says nothing of the place of its mass, it is spread as the fitted
    distribution has it there.
    """

    reference: ClassVar[str] = ", by the self-consistent estimate"

    def __init__(self, distance: Distance, inspection: Inspection, *where: Any) -> None:
        super().__init__(*where)
        self._distance = distance
        self._inspection = inspection

    def refitted(self) -> IndependentModel:
        """Of the two ends of distinct intervals, with their counts."""
        response = self.window.response(IntervalCensored("low", "high"), self.model.unit)
        return self.model.changed(response=response, weight_column=COUNT)

    def of_rows(self, law: Family) -> float:
        """From the rows' own estimate."""
        rows = self.rows
        low, high = np.concatenate([rows.y, rows.low]), np.concatenate([rows.y, rows.high])
        weight = np.concatenate([_ones(rows.weight, rows.y), _ones(rows.interval_weight, rows.low)])
        return self._of(law, low, high, weight)

    def drawn(self, law: Family, rng: np.random.Generator) -> tuple[Block, Callable[[Family], float]]:
        """Values, seen as the rows were."""
        low, high = self._inspection.seen(self.sample(law, rng), rng)
        telling = np.isfinite(low) | np.isfinite(high)
        ends, counts = np.unique(np.stack([low, high], axis=1)[telling], axis=0, return_counts=True)
        weight = counts.astype(float)
        unit = self.model.unit
        block = Block(0, len(ends), {"low": ends[:, 0] * unit, "high": ends[:, 1] * unit, COUNT: weight})
        return block, lambda found: self._of(found, ends[:, 0], ends[:, 1], weight)

    def _of(self, law: Family, low: Vector, high: Vector, weight: Vector) -> float:
        masses = self_consistent(low, high, weight)
        reached = np.minimum(np.cumsum(masses.mass), 1.0)
        reached[-1] = 1.0
        before = np.concatenate([[0.0], reached[:-1]])
        # Pieces by turns: level up to an innermost interval, and through it; a jump where that is a point.
        starts = np.append(np.stack([before, before], axis=1).ravel(), 1.0)
        stops = np.append(np.stack([before, reached], axis=1).ravel(), 1.0)
        inner = np.stack([masses.begins, masses.ends], axis=1).ravel()
        finite = np.isfinite(inner)
        log_cdf, log_sf = np.where(inner < 0.0, -np.inf, 0.0), np.where(inner < 0.0, 0.0, -np.inf)
        tails = log_tails(self.window.of(law), inner[finite])
        log_cdf[finite], log_sf[finite] = (np.minimum(tail, 0.0) for tail in tails)
        log_cdf = np.concatenate([[-np.inf], log_cdf, [0.0]])
        log_sf = np.concatenate([[0.0], log_sf, [-np.inf]])
        below, above = np.exp(log_cdf), np.exp(log_sf)
        width = np.maximum(np.where(below[1:] < 0.5, np.diff(below), -np.diff(above)), 0.0)
        return self._distance(Lines(starts, stops, log_cdf, log_sf, width, float(self.n_obs)))


def _ones(weight: Vector | None, like: Vector) -> Vector:
    return np.ones(like.shape) if weight is None else weight
