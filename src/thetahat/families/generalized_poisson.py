"""Consul's generalized Poisson family: counts whose every event may bring further ones."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import NOTHING_KNOWN, Known, Theta
from thetahat.families._counts import lattice_quantile, positive_mean
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass, lattice_mean
from thetahat.families._saddle import half_deviance, log_saturated
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter, Positive, UnitInterval


@final
class GeneralizedPoisson(Family):
    """Generalized Poisson distribution: P(Y = y) = θ (θ + λy)^(y - 1) exp(-θ - λy)/y!, y = 0, 1, 2, ...

    θ is ``rate`` and λ is ``dispersion``, between 0 and 1. Working coordinates are log rate and logit dispersion. The
    mean is θ/(1 - λ) and the variance θ/(1 - λ)³ (Consul & Jain, 1973); at λ = 0, the edge, the distribution is
    Poisson's. It is that of all who descend from a Poisson number of ancestors, each with a Poisson number of
    children of mean λ.

    Examples
    --------
    >>> import thetahat as th
    >>> claims = th.GeneralizedPoisson(rate=2, dispersion=0.5)
    >>> claims.mean(), claims.variance()
    (4.0, 16.0)
    >>> round(claims.log_prob(3), 6)
    -2.093086
    >>> th.fit(th.GeneralizedPoisson(), [3, 3, 4]).certificate.status["dispersion"]
    'boundary'
    """

    declared = (
        Parameter("rate", Positive(), (0.1, 20.0)),
        Parameter("dispersion", UnitInterval(), (0.02, 0.8)),
    )
    support = COUNTS
    gathers: ClassVar[Gathering] = Gathering(upper=({"rate": np.inf},), lower=({"rate": 0.0},))

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and the log of Poisson's mass of y at rate y."""
        return y, log_saturated(xp, y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log θ/(θ + λy) + log of Poisson's mass at rate θ + λy."""
        y, saturated = rows
        rate, dispersion = xp.exp(eta[0]), xp.expit(eta[1])
        excess = rate - xp.expit(-eta[1]) * y
        shift = xp.log1p(dispersion * y / rate)
        return saturated - half_deviance(xp, y, excess, eta[0] + shift) - shift

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """With r = θ + λy and B = (y - 1)/r - 1: u = (1 + θ B, λ(1 - λ) y B)."""
        y, saturated = rows
        rate, dispersion, rest = np.exp(eta[0]), special.expit(eta[1]), special.expit(-np.asarray(eta[1]))
        total = rate + dispersion * y
        excess = rate - rest * y
        shift = np.log1p(dispersion * y / rate)
        value = saturated - half_deviance(NUMPY, y, excess, eta[0] + shift) - shift
        pull = -(excess + 1.0) / total
        bend = (1.0 - y) / total / total
        moved = dispersion * rest * y
        # 1 - θ/r = λy/r, which the first entry would else lose for small rates.
        by_rate = (dispersion * y - rate * excess) / total
        return Terms(
            value,
            (by_rate, moved * pull),
            (
                rate * pull + rate * rate * bend,
                rate * moved * bend,
                moved * (rest - dispersion) * pull + moved * moved * bend,
            ),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Quadrature over the points of the interval, or of the other tail where that is the smaller."""
        return lattice_mass(low, high, eta, _shape(eta), self._point_terms, order, n_coordinates=2)

    def _point_terms(self, y: Array, order: int, log_rate: Array, logit: Array) -> Terms:
        rows, eta = self.prepare(NUMPY, y, NOTHING_KNOWN), (log_rate, logit)
        return self.derivatives(rows, eta) if order else Terms(self.log_density(NUMPY, rows, eta))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """E u uᵀ, summed."""

        def product(i: int, j: int) -> Any:
            def integrand(y: Array, *parameters: Array) -> tuple[Array, Array]:
                terms = self._point_terms(y, 2, *parameters)
                return terms.value, terms.gradient[i] * terms.gradient[j]

            return lattice_mean(eta, _shape(eta), integrand)

        return product(0, 0), product(1, 0), product(1, 1)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Moments: 1 - λ = √(mean/variance), kept between 0.01 and 0.99."""
        mean = positive_mean(points)
        ratio = float(np.mean(np.square(points / mean - 1.0))) * mean
        rest = float(np.clip(1.0 / np.sqrt(max(ratio, 1e-300)), 0.01, 0.99))
        return mean * rest, 1.0 - rest

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros pull the rate down."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The positive root θ of θ² - (1 - λ) y θ - λ y = 0."""
        dispersion = theta[1]
        half = 0.5 * (1.0 - dispersion) * y
        return half + np.sqrt(half * half + dispersion * y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers, from the mean on."""
        eta = self.working(theta)
        guess = np.broadcast_to(np.floor(self.mean_at(theta, known)), np.shape(probability))
        return lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, known, eta, 0).value),
            guess,
            np.inf,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """θ/(1 - λ)."""
        return theta[0] / (1.0 - np.asarray(theta[1]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """θ/(1 - λ)³."""
        return theta[0] / (1.0 - np.asarray(theta[1])) ** 3

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Generation by generation."""
        generation = rng.poisson(theta[0], size)
        total = generation.copy()
        while generation.any():
            generation = rng.poisson(theta[1] * generation)
            total += generation
        return total


def _shape(eta: Coordinates) -> tuple[Any, Any, float]:
    """Mode, by the skewness from the mean, which is exact enough to part the sum; mean; largest value."""
    rest = np.maximum(special.expit(-np.asarray(eta[1])), 1e-150)
    mean = np.exp(eta[0]) / rest
    mode = mean - 0.5 * (3.0 - 2.0 * rest) / rest / rest
    return np.floor(np.maximum(mode, 0.0)), mean, np.inf
