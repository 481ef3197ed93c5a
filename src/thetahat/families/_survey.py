"""What one pass over the rows tells a family before it is fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Survey:
    """Counts, range and centred moments of the rows; an associative record.

    ``means`` are the weighted means of the prepared columns over exact rows and ``spread`` is Σ w (x - x̄)²
    of the first one (0 where no quadratic family asked for it), merged by Chan, Golub & LeVeque's (1983)
    formula, so that an offset of 10⁹ costs no digits: what is left of the first mean beyond its rounding is
    ``mean_rest``. ``highest_low`` and
    ``lowest_high`` are the extremes of the ends of interval rows, ``n_positive`` counts the rows of positive
    weight, and ``refined`` is the mean that a family's ``refinement`` asked for. ``tie`` is, where it was
    looked for, the weight of the rows that equal one exact value and that of those which exclude it, for the value
    where the first is largest against the second. ``n_truncated`` is the weight of the rows that are there only because
    they lie between limits, ``n_exits`` that of those among them which have an upper one.
    """

    n_rows: int
    n_obs: float
    n_exact: float
    minimum: float
    maximum: float
    means: NDArray[np.float64]
    spread: float
    highest_low: float = -np.inf
    lowest_high: float = np.inf
    n_positive: int = 0
    refined: float | None = None
    tie: tuple[float, float] | None = None
    mean_rest: float = 0.0
    n_truncated: float = 0.0
    n_exits: float = 0.0

    def merge(self, other: Survey) -> Survey:
        """Join two surveys of neighbouring rows."""
        exact = self.n_exact + other.n_exact
        if exact > 0:
            share = other.n_exact / exact
            step = other.means - self.means if self.n_exact and other.n_exact else np.zeros_like(self.means)
            means = self.means + share * step if self.n_exact else other.means
            rest = self.mean_rest if self.n_exact else other.mean_rest
            between = 0.0
            if self.n_exact and other.n_exact and step.size:
                first = float(step[0]) + (other.mean_rest - self.mean_rest)
                between = share * self.n_exact * first * first
                means[0], rest = sum_and_rest(float(self.means[0]), self.mean_rest + share * first)
        else:
            means, rest, between = self.means, 0.0, 0.0
        return Survey(
            self.n_rows + other.n_rows,
            self.n_obs + other.n_obs,
            exact,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            means,
            self.spread + other.spread + between,
            max(self.highest_low, other.highest_low),
            min(self.lowest_high, other.lowest_high),
            self.n_positive + other.n_positive,
            mean_rest=rest,
            n_truncated=self.n_truncated + other.n_truncated,
            n_exits=self.n_exits + other.n_exits,
        )

    @property
    def all_exact(self) -> bool:
        """Whether no row is censored."""
        return self.n_exact == self.n_obs

    @property
    def truncated(self) -> bool:
        """Whether rows are there only because they lie between limits."""
        return self.n_truncated > 0

    @property
    def plain(self) -> bool:
        """Whether every row is a value known exactly, which could have been any: what sufficient statistics need."""
        return self.all_exact and not self.truncated

    @property
    def constant(self) -> bool:
        """Whether all exact rows hold one value that every interval row admits."""
        return (
            self.n_exact > 0
            and self.minimum == self.maximum
            and self.highest_low <= self.minimum <= self.lowest_high
        )


def sum_and_rest(a: float, b: float) -> tuple[float, float]:
    """A sum as it is rounded, and what the rounding left behind (Knuth, 1969)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)
