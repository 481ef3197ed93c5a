"""The discrete uniform family: serial numbers, and dice of any number of sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np

from thetahat.families._censored_ends import Covering, Ends, best_whole_ends
from thetahat.families._contract import Known, Theta
from thetahat.families._counts import lattice_quantile
from thetahat.families._ends import BetweenEnds
from thetahat.families._entered_ends import Entered, best_entered_ends
from thetahat.families._mixed_ends import Mixed
from thetahat.families._mixed_search import best_mixed_ends
from thetahat.families._support import INTEGERS
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Whole


@final
class DiscreteUniform(BetweenEnds):
    """Discrete uniform distribution: P(Y = y) = 1/(high - low + 1), y = low, low + 1, ..., high.

    Working coordinates are low and high, whole numbers. The maximum is the smallest and the largest value (the German
    tank problem; Goodman, 1952). There are no standard errors: ℓ breaks off there. Of
    censored rows every pair of whole numbers that could be better is tried.

    Examples
    --------
    >>> import thetahat as th
    >>> die = th.DiscreteUniform(low=1, high=6)
    >>> die.mean(), round(die.variance(), 6), round(float(die.cdf(2)), 6)
    (3.5, 2.916667, 0.333333)
    >>> th.fit(th.DiscreteUniform(low=1), [19, 40, 42, 60]).estimates
    {'low': 1.0, 'high': 60.0}
    """

    declared = (Parameter("low", Whole(), (-10.0, 0.0)), Parameter("high", Whole(), (1.0, 20.0)))
    support = INTEGERS
    strictly: ClassVar[bool] = False
    uniqueness_censored: ClassVar[str | None] = "no other whole numbers can be higher"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-log(high - low + 1) from end to end."""
        (y,) = rows
        low, high = eta
        return xp.where((y >= low) & (y <= high), -xp.log(high - low + 1.0), -np.inf)

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Those of the formula between whole numbers."""
        mass = np.broadcast_to(1.0 / (np.asarray(eta[1]) - eta[0] + 1.0), np.shape(rows[0]))
        square = np.square(mass)
        return Terms(self.log_density(NUMPY, rows, eta), (mass, -mass), (square, -square, square))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """The share of the whole numbers that the interval covers."""
        first, last = np.maximum(np.floor(low) + 1.0, eta[0]), np.minimum(np.floor(high), eta[1])
        size = np.asarray(eta[1] - np.asarray(eta[0])) + 1.0
        covered = np.maximum(last - first + 1.0, 0.0)
        with np.errstate(all="ignore"):
            missed = ((first - eta[0]) + (eta[1] - last)) / size
            value = np.where(missed < 0.5, np.log1p(-missed), np.log(covered) - np.log(size))
            value = np.where(covered > 0, value, -np.inf)
            if not order:
                return Terms(value)
            at_low, at_high = eta[0] > np.floor(low), eta[1] < np.floor(high)
            inner, outer = np.where(covered > 0, 1.0 / covered, 0.0), 1.0 / size
            return Terms(
                value,
                (outer - at_low * inner, at_high * inner - outer),
                (
                    outer * outer - at_low * inner * inner,
                    (at_low & at_high) * inner * inner - outer * outer,
                    outer * outer - at_high * inner * inner,
                ),
            )

    def ends_of_rows(self, rows: Covering, fixed: Mapping[str, Any]) -> Ends | None:
        """As of intervals one wide, from low up to the first number beyond high."""
        stretched = Covering(
            np.floor(rows.lows) + 1.0,
            np.floor(rows.highs) + 1.0,
            rows.weight,
            rows.n_exact,
            rows.least,
            rows.most + 1.0,
        )
        low, high = (None if name not in fixed else float(fixed[name]) for name in self.edges)
        found = best_whole_ends(stretched, low, None if high is None else high + 1.0)
        return None if found is None else replace(found, high=found.high - 1.0)

    def ends_of_entered(self, rows: Entered | Mixed, fixed: Mapping[str, Any]) -> Ends | None:
        """As of intervals one wide."""
        low, high = (None if name not in fixed else float(fixed[name]) for name in self.edges)
        beyond = None if high is None else high + 1.0
        if isinstance(rows, Mixed):
            found = best_mixed_ends(rows.one_wide(), low, beyond, whole=True)
        else:
            found = best_entered_ends(rows.one_wide(), low, beyond, whole=True)
        return None if found is None else replace(found, high=found.high - 1.0)

    def outwards(self, low: float, high: float) -> Theta:
        """The whole numbers at or beyond."""
        return float(np.floor(low)), float(np.ceil(high))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """The whole number that p reaches on the way from low to high."""
        low, high = (np.asarray(item, dtype=float) for item in theta)
        size = high - low + 1.0
        return low + lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), low + k, known, (low, high), 0).value),
            np.ceil(probability * size) - 1.0,
            high - low,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """The middle."""
        return 0.5 * np.asarray(theta[0]) + 0.5 * np.asarray(theta[1])

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """log of the number of values."""
        return np.log1p(theta[1] - np.asarray(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """(n² - 1)/12 of n = high - low + 1."""
        return (np.square(theta[1] - np.asarray(theta[0]) + 1.0) - 1.0) / 12.0

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's generator."""
        return rng.integers(int(theta[0]), int(theta[1]), size, endpoint=True)
