"""Statistics of fit under a fitted model: its rows, and rows drawn from it and fitted again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.data import Block
from thetahat.diagnostics.distances import Cells, Lines, Steps
from thetahat.diagnostics.pooled_cells import PooledCells, statistic
from thetahat.diagnostics.product_limit import product_limit
from thetahat.families import Family
from thetahat.families.truncated import Truncated
from thetahat.first_pass import COUNT
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.response import Exact, Response, RightCensored
from thetahat.response import Truncated as TruncatedResponse

Vector = NDArray[np.float64]
Distance = Callable[[Steps | Cells | Lines], float]
_MOST_VALUES = 200_000
_BEYOND = 1e-9
"""Probability of the counts beyond the range that is summed over, unless the data lie there."""
_CERTAIN = 1e-12


@dataclass(frozen=True, slots=True)
class Window:
    """The limits of truncation that all rows share; infinite where there is none."""

    low: float
    high: float

    @property
    def open(self) -> bool:
        """Whether there is none."""
        return bool(np.isneginf(self.low) and np.isposinf(self.high))

    def of(self, law: Family) -> Family:
        """A distribution between the limits."""
        if self.open:
            return law
        low = self.low if np.isfinite(self.low) else None
        high = self.high if np.isfinite(self.high) else None
        inside = law.carrying({}, law.known_values)
        return Truncated(inside, low=low, high=high).carrying(law.given, law.known_values)

    def response(self, inner: Response, unit: float) -> Response:
        """A response with these limits."""
        if self.open:
            return inner
        low = self.low * unit if np.isfinite(self.low) else None
        high = self.high * unit if np.isfinite(self.high) else None
        return TruncatedResponse(inner, low, high)


class Experiment(ABC):
    """What is computed of the rows of a fit, and how such rows are drawn and fitted again.

    All values are in the model's unit, and in the data's where a block is made for a fit.
    """

    reference: ClassVar[str] = ""
    """In words, what the fit is compared with where that is not simply the rows."""

    def __init__(self, model: IndependentModel, rows: PackedRows, window: Window, n_obs: int) -> None:
        self.model = model
        self.rows = rows
        self.window = window
        self.n_obs = n_obs

    @abstractmethod
    def refitted(self) -> IndependentModel:
        """The model of the blocks that are drawn."""

    @abstractmethod
    def of_rows(self, law: Family) -> float:
        """The statistic of the fit's own rows."""

    @abstractmethod
    def drawn(self, law: Family, rng: np.random.Generator) -> tuple[Block, Callable[[Family], float]]:
        """Rows drawn from a distribution, and their statistic as a function of what is fitted to them."""

    def sample(self, law: Family, rng: np.random.Generator) -> Vector:
        """As many values as there are observations."""
        return np.asarray(self.window.of(law).sample(self.n_obs, rng=rng))


@final
class ContinuousRows(Experiment):
    """Values known exactly, beside a density."""

    def __init__(self, distance: Distance, *where: Any) -> None:
        super().__init__(*where)
        self._distance = distance

    def refitted(self) -> IndependentModel:
        """Of one column, without weights."""
        response = self.window.response(Exact("y"), self.model.unit)
        return self.model.changed(response=response, weight_column=None)

    def of_rows(self, law: Family) -> float:
        """From the weights that lie up to each value."""
        order = np.argsort(self.rows.y, kind="stable")
        y, weight = self.rows.y[order], self.rows.weight
        heights = np.arange(1.0, y.size + 1.0) if weight is None else np.cumsum(weight[order])
        return self._distance(self._steps(law, y, heights / heights[-1]))

    def drawn(self, law: Family, rng: np.random.Generator) -> tuple[Block, Callable[[Family], float]]:
        """Values, each with the same weight."""
        y = self.sample(law, rng)
        heights = np.arange(1.0, y.size + 1.0) / y.size
        block = Block(0, y.size, {"y": y * self.model.unit})
        return block, lambda found: self._distance(self._steps(found, np.sort(y), heights))

    def _steps(self, law: Family, y: Vector, heights: Vector) -> Steps:
        log_cdf, log_sf = log_tails(self.window.of(law), y)
        return Steps(heights, np.append(log_cdf, 0.0), np.append(log_sf, -np.inf), float(self.n_obs))


@final
class CensoredRows(Experiment):
    """Values some of which are known only to exceed a time, beside a density: by the product-limit estimate.

    Censoring times are drawn from the product-limit estimate of their own distribution, or are those that are given.
    """

    reference: ClassVar[str] = ", by the product-limit estimate"

    def __init__(self, distance: Distance, censoring: Vector | None, *where: Any) -> None:
        super().__init__(*where)
        self._distance = distance
        self._given = censoring
        rows = self.rows
        weight, censored = _ones(rows.weight, rows.y), _ones(rows.interval_weight, rows.low)
        # An event at a time of censoring came before it.
        events = np.nextafter(rows.y, -np.inf)
        self._times, mass = product_limit(rows.low, censored, events, weight)
        self._reached = np.cumsum(mass)

    def refitted(self) -> IndependentModel:
        """Of times and events, without weights."""
        response = self.window.response(RightCensored("time", "event"), self.model.unit)
        return self.model.changed(response=response, weight_column=None)

    def of_rows(self, law: Family) -> float:
        """From the product-limit estimate of the rows."""
        rows = self.rows
        weight, censored = _ones(rows.weight, rows.y), _ones(rows.interval_weight, rows.low)
        return self._distance(self._steps(law, rows.y, weight, rows.low, censored))

    def drawn(self, law: Family, rng: np.random.Generator) -> tuple[Block, Callable[[Family], float]]:
        """Values, of which each is censored where it exceeds its own time of censoring."""
        y = self.sample(law, rng)
        limit = self._given
        if limit is None:
            place = np.searchsorted(self._reached, rng.random(y.size), side="right")
            limit = np.append(self._times, np.inf)[place]
        event = y <= limit
        time = np.minimum(y, limit)
        block = Block(0, y.size, {"time": time * self.model.unit, "event": event})
        exact, censored = time[event], time[~event]

        def of(found: Family) -> float:
            ones = np.ones(y.size)
            return self._distance(self._steps(found, exact, ones[: exact.size], censored, ones[exact.size :]))

        return block, of

    def _steps(self, law: Family, y: Vector, weight: Vector, low: Vector, low_weight: Vector) -> Steps:
        points, mass = product_limit(y, weight, low, low_weight)
        heights = np.cumsum(mass)
        end = max(float(y.max(initial=-np.inf)), float(low.max(initial=-np.inf)))
        if heights.size and heights[-1] > 1.0 - _CERTAIN:
            heights[-1], end = 1.0, np.inf
        log_cdf, log_sf = log_tails(self.window.of(law), np.append(points, end))
        return Steps(heights, log_cdf, log_sf, float(self.n_obs))


class _CountedRows(Experiment):
    """Rows that come down to distinct values with their counts."""

    def refitted(self) -> IndependentModel:
        """Of distinct values with their counts."""
        response = self.window.response(Exact("y"), self.model.unit)
        return self.model.changed(response=response, weight_column=COUNT)

    def of_rows(self, law: Family) -> float:
        """From the weights of the values."""
        return self.of_values(law, self.rows.y, _ones(self.rows.weight, self.rows.y))

    def drawn(self, law: Family, rng: np.random.Generator) -> tuple[Block, Callable[[Family], float]]:
        """Distinct values with their counts."""
        values, counts = np.unique(self.sample(law, rng), return_counts=True)
        weight = counts.astype(float)
        block = Block(0, values.size, {"y": values, COUNT: weight})
        return block, lambda found: self.of_values(found, values, weight)

    @abstractmethod
    def of_values(self, law: Family, y: Vector, weight: Vector) -> float:
        """The statistic of distinct values with weights."""


@final
class CountRows(_CountedRows):
    """Whole numbers beside a probability mass."""

    def __init__(self, distance: Distance, law: Family, *where: Any) -> None:
        super().__init__(*where)
        self._distance = distance
        within, y = self.window.of(law), self.rows.y
        support = within.support
        lowest = (
            support.lower
            if np.isfinite(support.lower)
            else min(float(within.quantile(_BEYOND)), float(y.min()))
        )
        reached = min(float(within.quantile(1.0 - _BEYOND)), lowest + _MOST_VALUES)
        highest = min(max(reached, float(y.max())), support.upper)
        if highest - lowest > _MOST_VALUES:
            raise InferenceError(
                f"the statistics of counts sum over all whole numbers from {lowest:,.0f} to {highest:,.0f}, which are "
                "too many; compare the fit with the data in fit.report(...)"
            )
        self._values = np.arange(lowest, highest + 1.0)

    def of_values(self, law: Family, y: Vector, weight: Vector) -> float:
        """Over the fixed range; what lies beyond counts for the heights alone."""
        place = np.clip(np.searchsorted(self._values, y), 0, self._values.size)
        counts = np.bincount(place, weight, self._values.size + 1)[:-1]
        with np.errstate(all="ignore"):
            mass = np.exp(self.window.of(law).log_prob(self._values))
        return self._distance(Cells(np.cumsum(counts) / weight.sum(), mass, float(self.n_obs)))


@final
class PooledRows(Experiment):
    """Cells of values beside their probabilities."""

    def __init__(self, cells: PooledCells, *where: Any) -> None:
        super().__init__(*where)
        self.cells = cells

    def refitted(self) -> IndependentModel:
        """Of one column, without weights."""
        response = self.window.response(Exact("y"), self.model.unit)
        return self.model.changed(response=response, weight_column=None)

    def of_rows(self, law: Family) -> float:
        """Of the observed weights."""
        return self._of(law, self.cells.observed(self.rows.y, self.rows.weight))

    def drawn(self, law: Family, rng: np.random.Generator) -> tuple[Block, Callable[[Family], float]]:
        """Values, counted in the same cells."""
        y = self.sample(law, rng)
        observed = self.cells.observed(y, None)
        return Block(0, y.size, {"y": y * self.model.unit}), lambda found: self._of(found, observed)

    def _of(self, law: Family, observed: Vector) -> float:
        return statistic(observed, self.cells.expected(self.window.of(law)), float(self.n_obs))


def log_tails(law: Family, y: Vector) -> tuple[Vector, Vector]:
    """log F and log(1 - F), by whatever takes least."""
    with np.errstate(all="ignore"):
        found = law.tails_at(y, law.distribution_theta(), law.known_values)
        if found is not None:
            below, above = (np.asarray(item, dtype=float) for item in found)
            # Beyond the smallest numbers only logarithms tell how far.
            if np.isinf(y).any() or (below.min(initial=1.0) > 0.0 and above.min(initial=1.0) > 0.0):
                return np.log(below), np.log(above)
        return np.asarray(law.log_cdf(y)), np.asarray(law.log_sf(y))


def _ones(weight: Vector | None, like: Vector) -> Vector:
    return np.ones(like.shape) if weight is None else weight
