"""What the data alone say of the distribution: a bounded sample and its nonparametric estimate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.diagnostics.product_limit import product_limit
from thetahat.diagnostics.self_consistent import self_consistent
from thetahat.likelihood import Likelihood
from thetahat.models._rows import PackedRows, join

Vector = NDArray[np.float64]

MOST_ROWS = 100_000
"""Rows that a picture is drawn from; more would not change it."""
_MOST_INTERVALS = 800
_GONE = 1e-9
"""What is left of the probability where a product-limit estimate has ended too early."""


@dataclass(frozen=True, slots=True)
class Empirical:
    """Probability ``mass`` at sorted ``points``, after ``below`` that lies before all of them.

    Under censoring some of the mass may lie beyond the last point, where the data say nothing of its place.
    Where rows are intervals, ``begins`` are the low ends of those that the masses lie in, at places unknown.
    """

    points: Vector
    mass: Vector
    below: float
    method: str
    begins: Vector | None = None

    @property
    def cumulative(self) -> Vector:
        """P(Y <= point)."""
        return self.below + np.cumsum(self.mass)

    @property
    def standing(self) -> Vector:
        """Where each point stands on the scale of probability: P(Y < point) + ½ P(Y = point).

        At the high end of an interval, inside which the mass may lie anywhere, P(Y <= point).
        """
        return self.cumulative - (0.5 * self.mass if self.begins is None else 0.0)

    def corners(self, lowest: float) -> tuple[Vector, Vector]:
        """The distribution function as a line: upright at points, straight across intervals.

        Parameters
        ----------
        lowest
            Where an interval begins that is open below: the low end of the support.
        """
        after = self.cumulative
        before = after - self.mass
        return np.stack(self.spans(lowest), axis=1).ravel(), np.stack([before, after], axis=1).ravel()

    def spans(self, lowest: float) -> tuple[Vector, Vector]:
        """The ends between which each mass lies; the same for a mass at a point."""
        begins = self.points if self.begins is None else np.maximum(self.begins, lowest)
        return np.where(np.isfinite(begins), begins, self.points), self.points

    def between(self, edges: Vector, lowest: float) -> Vector:
        """The mass in each bin, that of an interval in proportion to what of it the bin covers."""
        begins, ends = self.spans(lowest)
        wide = begins < ends
        found, _ = np.histogram(ends[~wide], edges, weights=self.mass[~wide])
        low, high = begins[wide, None], ends[wide, None]
        covered = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
        return np.asarray(found + self.mass[wide] @ (np.maximum(covered, 0.0) / (high - low)))

    @property
    def on_whole_numbers(self) -> bool:
        """Whether each mass of whole numbers lies at one of them."""
        return self.begins is None or bool((self.points - self.begins <= 1.0).all())


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows in the data's own unit, all of them or evenly spaced ones."""

    rows: PackedRows
    complete: bool

    @property
    def censored(self) -> bool:
        """Whether some rows are known only to lie in an interval."""
        return self.rows.low.size > 0

    @property
    def n_obs(self) -> float:
        """The sum of the weights."""
        return self.rows.n_exact + self.rows.n_interval

    @property
    def entered(self) -> bool:
        """Whether rows have limits of truncation of their own, so that proportions of them mean little."""
        limits = self.rows.truncation
        return limits is not None and not (limits.same and limits.place is None)

    @property
    def why_none(self) -> str | None:
        """Why there is no nonparametric estimate, where there is none."""
        limits = self.rows.truncation
        if limits is None or not self.entered:
            return None
        if np.isfinite(limits.high).any() or np.isfinite(self.rows.high).any():
            return (
                "Rows have upper limits of truncation, or intervals beside lower ones, for which there is no "
                "product-limit estimate to compare the fit with."
            )
        if self.empirical().cumulative[:-1].max(initial=0.0) > 1.0 - _GONE:
            return "So few rows are at risk at early values that the product-limit estimate ends there."
        return None

    def empirical(self) -> Empirical:
        """Proportions; product-limit under censoring from one side; self-consistent under any other.

        Under delayed entry it is that of the distribution above the lowest entry.
        """
        rows = self.rows
        weight = _ones(rows.weight, rows.y)
        if rows.truncation is not None and self.entered:
            entry = np.full(rows.y.size + rows.low.size, -np.inf)
            limits = rows.truncation
            entry[slice(None) if limits.place is None else limits.place] = limits.low
            interval_weight = _ones(rows.interval_weight, rows.low)
            return _product_limit(rows.y, weight, rows.low, interval_weight, entry)
        if not self.censored:
            return Empirical(*_proportions(rows.y, weight), 0.0, "proportions")
        interval_weight = _ones(rows.interval_weight, rows.low)
        if np.isposinf(rows.high).all():
            return _product_limit(rows.y, weight, rows.low, interval_weight)
        if np.isneginf(rows.low).all():
            mirrored = _product_limit(-rows.y, weight, -rows.high, interval_weight)
            mass = mirrored.mass[::-1]
            return replace(
                mirrored, points=-mirrored.points[::-1], mass=mass, below=max(1.0 - float(mass.sum()), 0.0)
            )
        low = np.concatenate([rows.y, rows.low])
        high = np.concatenate([rows.y, rows.high])
        return _self_consistent(low, high, np.concatenate([weight, interval_weight]))


def sample_of(likelihood: Likelihood, n_rows: int, unit: float) -> Sample:
    """Read at most about ``MOST_ROWS`` rows, evenly spaced, in one pass.

    Parameters
    ----------
    unit
        What the model divides its data by.
    """
    share = min(1.0, MOST_ROWS / n_rows)
    packs: Iterable[PackedRows] = likelihood.rows()
    kept = []
    complete = True
    for packed in packs:
        size = packed.y.size + packed.low.size
        thinned = packed.thinned(max(1, ceil(size * share))) if share < 1 else packed
        complete = complete and thinned.y.size + thinned.low.size == size
        kept.append(_alone(thinned) if share < 1 else thinned)
    rows = join(kept)
    if unit != 1.0:
        limits = rows.truncation
        if limits is not None:
            limits = replace(limits, low=limits.low * unit, high=limits.high * unit)
        rows = replace(rows, y=rows.y * unit, low=rows.low * unit, high=rows.high * unit, truncation=limits)
    return Sample(replace(rows, y=np.asarray(rows.y, dtype=float)), complete)


def _alone(rows: PackedRows) -> PackedRows:
    """Copies, since a view of a few rows would keep the whole block in memory."""

    def copied(value: Any) -> Any:
        return value.copy() if np.ndim(value) else value

    return replace(
        rows,
        y=rows.y.copy(),
        prepared=(),
        weight=copied(rows.weight),
        low=rows.low.copy(),
        high=rows.high.copy(),
        interval_weight=copied(rows.interval_weight),
        known={name: copied(value) for name, value in rows.known.items()},
        interval_known={name: copied(value) for name, value in rows.interval_known.items()},
    )


def _ones(weight: Vector | None, like: Vector) -> Vector:
    return np.ones(like.shape) if weight is None else weight


def _proportions(y: Vector, weight: Vector) -> tuple[Vector, Vector]:
    points, index = np.unique(y, return_inverse=True)
    counts = np.bincount(index, weight, points.size)
    return points, counts / counts.sum()


def _product_limit(
    time: Vector, weight: Vector, censored: Vector, censored_weight: Vector, entry: Vector | None = None
) -> Empirical:
    points, mass = product_limit(time, weight, censored, censored_weight, entry)
    return Empirical(points, mass, 0.0, "product-limit")


def _self_consistent(low: Vector, high: Vector, weight: Vector) -> Empirical:
    """The nonparametric maximum over innermost intervals; of many distinct rows, over evenly spaced ones."""
    ends, index = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    counts = np.bincount(index.ravel(), weight, ends.shape[0]).astype(float)
    if ends.shape[0] > _MOST_INTERVALS:
        every = np.linspace(0, ends.shape[0] - 1, _MOST_INTERVALS).astype(int)
        ends, counts = ends[every], counts[every]
    found = self_consistent(ends[:, 0], ends[:, 1], counts)
    kept = np.isfinite(found.ends)
    return Empirical(found.ends[kept], found.mass[kept], 0.0, "self-consistent", found.begins[kept])
