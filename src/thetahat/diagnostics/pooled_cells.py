"""Cells of values for the chi-square statistic, pooled so that each is expected often enough."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.families import Family
from thetahat.families._support import Support

Vector = NDArray[np.float64]
LEAST_EXPECTED = 5.0
"""How often a cell is to be expected at least (Cochran, 1954)."""
_MOST_VALUES = 1_000_000


@dataclass(frozen=True, slots=True)
class PooledCells:
    """Cells (high[j - 1], high[j]], the first open below and the last above."""

    high: Vector

    @property
    def n_cells(self) -> int:
        """How many."""
        return int(self.high.size) + 1

    def expected(self, law: Family) -> Vector:
        """The probability of each under a distribution."""
        return np.diff(np.concatenate([[0.0], np.atleast_1d(law.cdf(self.high)), [1.0]]))

    def observed(self, y: Vector, weight: Vector | None) -> Vector:
        """How often each occurs."""
        return np.bincount(np.searchsorted(self.high, y, side="left"), weight, self.n_cells).astype(float)

    def labels(self, unit: float, support: Support) -> tuple[str, ...]:
        """The cells in words, in the unit of the data."""
        ends = [f"{end * unit:.6g}" for end in self.high]
        if not support.discrete:
            between = [f"{low} to {high}" for low, high in pairwise(ends)]
            return (f"up to {ends[0]}", *between, f"above {ends[-1]}")
        firsts = [int(end) + 1 for end in self.high]
        inner = [
            f"{first}" if first == last else f"{first} to {last}"
            for first, last in zip(firsts[:-1], (int(end) for end in self.high[1:]), strict=True)
        ]
        lowest = ends[0] if self.high[0] == support.lower else f"up to {ends[0]}"
        highest = str(firsts[-1]) if firsts[-1] == support.upper else f"{firsts[-1]} or more"
        return (lowest, *inner, highest)


def statistic(observed: Vector, probability: Vector, n_obs: float) -> float:
    """Σ (O - E)²/E (Pearson, 1900)."""
    expected = n_obs * probability
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(observed == expected, 0.0, np.square(observed - expected) / expected)
    return float(parts.sum())


def pooled_cells(law: Family, n_obs: float, y: Vector, n_parameters: int) -> PooledCells:
    """Neighbouring counts pooled until each cell is expected five times; equally likely cells of other values.

    Of those there are 2 n^(2/5) (Moore, 1986), as far as five are expected in each.

    Raises
    ------
    InferenceError
        If that leaves no more cells than parameters.
    """
    high = _counts(law, n_obs, y) if law.support.discrete else _quantiles(law, n_obs, n_parameters)
    cells = PooledCells(high)
    if cells.n_cells <= n_parameters + 1:
        raise InferenceError(
            f"chi_square has {cells.n_cells} cell{'s' * (cells.n_cells != 1)} that are expected {LEAST_EXPECTED:g} "
            f"times or more, which is no more than the {n_parameters} estimated parameters and one take; choose "
            "anderson_darling, or gather more rows"
        )
    return cells


def _counts(law: Family, n_obs: float, y: Vector) -> Vector:
    low, high = max(float(y.min()), law.support.lower), min(float(y.max()), law.support.upper)
    if high - low > _MOST_VALUES:
        raise InferenceError(
            f"chi_square would go through {high - low:,.0f} whole numbers; anderson_darling and the others likewise. "
            "Compare the fit with the data in fit.report(...)"
        )
    values = np.arange(low, high + 1.0)
    below = n_obs * np.atleast_1d(law.cdf(values))
    ends: list[float] = []
    reached = 0.0
    for value, cumulative in zip(values.tolist(), below.tolist(), strict=True):
        if cumulative - reached >= LEAST_EXPECTED and n_obs - cumulative >= LEAST_EXPECTED:
            ends.append(value)
            reached = cumulative
    return np.array(ends)


def _quantiles(law: Family, n_obs: float, n_parameters: int) -> Vector:
    wanted = max(ceil(2.0 * n_obs**0.4), n_parameters + 2)
    number = min(wanted, int(n_obs // LEAST_EXPECTED))
    return np.asarray(law.quantile(np.arange(1, number) / number)) if number > 1 else np.zeros(0)
