"""What one pass over rows of vectors tells: counts, ranges and centred moments of their statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted moments of rows, an associative record merged by Chan, Golub & LeVeque's (1983) formula.

    ``mean`` is rounded, and ``rest`` what the true mean has beyond it; ``scatter`` is Σ w (t - t̄)(t - t̄)ᵀ about the
    true one, so that an offset of 10⁹ costs no digits. ``n_positive`` counts the rows of positive weight.
    """

    n_rows: int
    n_positive: int
    n_obs: float
    minimum: Array
    maximum: Array
    mean: Array
    rest: Array
    scatter: Array

    @classmethod
    def of(cls, statistics: Array, weight: Array | None, n_rows: int) -> Moments:
        """Those of the rows of a matrix, of which those of weight 0 were left out before."""
        n, size = statistics.shape
        if n == 0:
            none = np.zeros(size)
            nowhere = np.full(size, np.inf)
            return cls(n_rows, 0, 0.0, nowhere, -nowhere, none, none, np.zeros((size, size)))
        shares = np.ones(n) if weight is None else weight
        n_obs = float(np.add.reduce(shares))
        mean = statistics[0] + (shares @ (statistics - statistics[0])) / n_obs
        centred = statistics - mean
        rest = (shares @ centred) / n_obs
        scatter = (centred * shares[:, np.newaxis]).T @ centred - n_obs * np.outer(rest, rest)
        return cls(
            n_rows, n, n_obs, statistics.min(axis=0), statistics.max(axis=0), mean, rest, _symmetric(scatter)
        )

    def merge(self, other: Moments) -> Moments:
        """Join the moments of the rows that follow."""
        n_rows, n_positive = self.n_rows + other.n_rows, self.n_positive + other.n_positive
        if not (self.n_obs and other.n_obs):
            held = self if self.n_obs else other
            return Moments(
                n_rows,
                n_positive,
                held.n_obs,
                held.minimum,
                held.maximum,
                held.mean,
                held.rest,
                held.scatter,
            )
        n_obs = self.n_obs + other.n_obs
        share = other.n_obs / n_obs
        step = (other.mean - self.mean) + (other.rest - self.rest)
        mean = self.mean + share * step
        return Moments(
            n_rows,
            n_positive,
            n_obs,
            np.minimum(self.minimum, other.minimum),
            np.maximum(self.maximum, other.maximum),
            mean,
            # What the rounding of the new mean left behind.
            ((self.mean - mean) + share * step) + self.rest,
            self.scatter + other.scatter + share * self.n_obs * np.outer(step, step),
        )

    @property
    def size(self) -> int:
        """How many statistics there are."""
        return int(self.mean.size)

    @property
    def covariance(self) -> Array:
        """Scatter over Σ w."""
        return np.asarray(self.scatter / self.n_obs)

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which statistics are the same in all rows."""
        return self.minimum == self.maximum


def _symmetric(matrix: Array) -> Array:
    return np.asarray(0.5 * (matrix + matrix.T))
