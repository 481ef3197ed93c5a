"""The negative binomial family: counts that vary more than Poisson's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import NOTHING_KNOWN, Known, Theta
from thetahat.families._counts import lattice_quantile, positive_mean
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass, lattice_mean
from thetahat.families._limit import Limit
from thetahat.families._saddle import (
    half_deviance,
    log_powers,
    log_ratio_minus,
    log_rising,
    log_rising_terms,
    log_saturated,
    rising_of_small,
    small_counts,
)
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms, complement
from thetahat.numerics.elementary import log_quotient
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive


def _poisson_slope(rows: Rows, eta: Coordinates) -> Any:
    y, mean = rows[0], np.exp(eta[0])
    return 0.5 * (np.square(y - mean) - y)


def _poisson_scale(values: Mapping[str, float]) -> float:
    return max(values["rate"], 1.0)


MOST_STEPS, NEAR_ENOUGH = 6, 1e-3
"""Newton's steps for a start, and the step in log size below which the next would leave next to nothing."""
LARGEST_STARTED = 1e6
"""A mean up to which digamma functions of counts are worth their difference."""


@final
class NegativeBinomial(Family):
    """Negative binomial distribution: P(Y = y) = Γ(size + y)/(Γ(size) y!) p^size (1 - p)^y.

    p = size/(size + mean), y = 0, 1, 2, ...

    Working coordinates are log mean and log size. The variance is mean + mean²/size, and the limit of large
    size is Poisson. Where the sample's variance (with divisor n) exceeds its mean, and only there, a finite
    maximum exists, and it is unique (Aragón, Eberly & Eberly, 1992). All is written as Poisson's mass at the
    rate mean (size + y)/(size + mean) times a correction of order 1/size (in the manner of Loader, 2000), so
    that the score in size keeps its digits however large size is.

    Examples
    --------
    >>> import thetahat as th
    >>> counts = th.NegativeBinomial(mean=4, size=2)
    >>> counts.mean(), counts.variance()
    (4.0, 12.0)
    >>> round(counts.log_prob(3), 6)
    -2.027326
    """

    declared = (Parameter("mean", Positive(), (0.05, 50.0)), Parameter("size", Positive(), (0.1, 50.0)))
    support = COUNTS
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": np.inf},),
        lower=({"mean": 0.0}, {"size": 0.0}),
        both={"mean": np.inf, "size": 0.0},
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit("poisson", "size", "1/size", {"rate": "mean"}, _poisson_slope, _poisson_scale),
    )
    uniqueness: ClassVar[str | None] = (
        "unique where the variance exceeds the mean (Aragón, Eberly & Eberly, 1992)"
    )
    tilted: ClassVar[bool] = True

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """The score in the mean is n (average - mean) size/(mean (size + mean))."""
        if "size" not in fixed or not survey.all_exact:
            return None
        return "with size fixed, the score in the mean vanishes at the average alone"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and the log of Poisson's mass of y at rate y."""
        return y, log_saturated(xp, y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Poisson's mass at rate mean (size + y)/(size + mean), corrected."""
        y, saturated = rows
        log_mean, log_size = eta
        distance = log_mean - log_size
        mean, size = xp.exp(log_mean), xp.exp(log_size)
        excess = (mean - y) * xp.expit(-distance)
        log_rate = xp.log(size + y) + xp.log_expit(distance)
        relative = (y - mean) / (size + mean)
        log_ratio = xp.log1p(y / size) - xp.softplus(distance)
        return (
            saturated
            - half_deviance(xp, y, excess, log_rate)
            + size * log_ratio_minus(xp, relative, log_ratio)
            + log_rising(xp, size, y)
        )

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score (y - mean) p, size (W' + log(1 + t) - t); t = (y - mean)/(size + mean), W ``log_rising``."""
        y, saturated = rows
        log_mean, log_size = eta
        mean, size = np.exp(log_mean), np.exp(log_size)
        total, whole = y + size, size + mean
        t = (y - mean) / whole
        places = small_counts(y) if np.ndim(log_size) == 0 else None
        if places is not None:
            rising, first, second = (column[places] for column in rising_of_small(float(size)))
            log_ratio, unexplained = log_quotient(t, total / whole)
            value = saturated + rising + total * log_ratio + log_powers(y, places, log_mean)
            unexplained *= size
        else:
            distance = log_mean - log_size
            rising, first, second = log_rising_terms(size, y)
            log_ratio = np.log1p(y / size) - NUMPY.softplus(distance)
            unexplained = size * log_ratio_minus(NUMPY, t, log_ratio)
            log_rate = np.log(total) + NUMPY.log_expit(distance)
            value = saturated - half_deviance(NUMPY, y, -size * t, log_rate) + unexplained + rising
        p, q = size / whole, mean / whole
        by_mean = size * t
        by_size = first + unexplained
        return Terms(
            value,
            (by_mean, by_size),
            (-p * q * total, by_mean * q, by_size + second + by_mean * (by_mean / total)),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of the other tail where that is the smaller.

        P(Y > 0) is one less P(Y = 0), whose log keeps its digits however near 0 it is.
        """
        positive = (np.floor(low) == 0) & np.isposinf(high)
        some = bool(np.any(positive))
        if some and np.all(positive):
            return complement(self._point_terms(np.zeros(np.shape(positive)), order, *eta))
        terms = lattice_mass(
            np.where(positive, -np.inf, low),
            high,
            eta,
            _shape(eta),
            self._point_terms,
            order,
            n_coordinates=2,
        )
        if not some:
            return terms
        apart = complement(self._point_terms(np.zeros(np.shape(positive)), order, *eta))
        return Terms(
            np.where(positive, apart.value, terms.value),
            tuple(np.where(positive, *pair) for pair in zip(apart.gradient, terms.gradient, strict=True)),
            tuple(np.where(positive, *pair) for pair in zip(apart.hessian, terms.hessian, strict=True)),
        )

    def _point_terms(self, y: Array, order: int, log_mean: Array, log_size: Array) -> Terms:
        rows, eta = self.prepare(NUMPY, y, NOTHING_KNOWN), (log_mean, log_size)
        return self.derivatives(rows, eta) if order else Terms(self.log_density(NUMPY, rows, eta))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (mean p, 0, E[u²]), the last summed: as a difference it would cancel for large size."""
        log_mean, log_size = eta

        def square(y: Array, log_mean: Array, log_size: Array) -> tuple[Array, Array]:
            terms = self._point_terms(y, 2, log_mean, log_size)
            return terms.value, np.square(terms.gradient[1])

        return (
            np.exp(log_mean) * special.expit(log_size - log_mean),
            np.zeros(np.broadcast_shapes(np.shape(log_mean), np.shape(log_size))),
            lattice_mean(eta, _shape(eta), square),
        )

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Moments, or a size far above the mean where the counts do not vary more than Poisson's."""
        mean = positive_mean(points)
        return mean, _size_of(mean, float(np.mean(np.square(points / mean - 1.0))))

    def start_weighted(self, points: NDArray[np.float64], weight: Array, known: Known) -> Theta | None:
        """The mean, which is its own maximum, and a few of Newton's steps for the log of the size."""
        share = weight / weight.sum()
        mean = float(share @ points)
        if not 0.0 < mean < LARGEST_STARTED:
            return None
        size = _size_of(mean, float(share @ np.square(points / mean - 1.0)))
        for _ in range(MOST_STEPS):
            further = points + size
            slope = size * (float(share @ special.digamma(further)) - float(special.digamma(size)))
            slope -= size * float(np.log1p(mean / size))
            bend = size * size * (float(share @ special.zeta(2.0, further)) - float(special.zeta(2.0, size)))
            curvature = slope + bend + mean * size / (size + mean)
            step = -slope / curvature if curvature < 0.0 else np.sign(slope)
            if not np.isfinite(step):
                break
            size *= float(np.exp(np.clip(step, -1.0, 1.0)))
            if abs(step) < NEAR_ENOUGH:
                break
        return mean, min(size, _most(mean))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The size has no closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A zero pulls the mean to 0."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y, whatever the size."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers around the inverse of the incomplete beta function."""
        mean, size = theta
        eta = self.working(theta)
        return lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, NOTHING_KNOWN, eta, 0).value),
            special.nbdtrik(probability, size, size / (size + mean)),
            np.inf,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean + mean²/size."""
        return theta[0] + theta[0] * (theta[0] / theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Poisson counts at gamma rates."""
        return rng.poisson(rng.gamma(theta[1], theta[0] / theta[1], size))


def _most(mean: float) -> float:
    return 100.0 * max(mean, 1.0)


def _size_of(mean: float, relative_variance: float) -> float:
    """The size at which this is the variance over the squared mean, within bounds."""
    excess, most = relative_variance - 1.0 / mean, _most(mean)
    return min(1.0 / excess, most) if excess * most > 1.0 else most


def _shape(eta: Coordinates) -> tuple[Any, Any, float]:
    mean, size = np.exp(eta[0]), np.exp(eta[1])
    return np.floor(np.where(size > 1.0, mean - mean / size, 0.0)), mean, np.inf
