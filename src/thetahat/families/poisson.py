"""The Poisson family: how many, where each comes by itself."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import NOTHING_KNOWN, Known, Theta
from thetahat.families._counts import lattice_quantile, positive_mean
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._lattice import lattice_mass
from thetahat.families._saddle import log_poisson
from thetahat.families._support import COUNTS
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.incomplete_gamma import log_gamma_mass
from thetahat.parameters import Parameter, Positive


@final
class Poisson(Family):
    """Poisson distribution: P(Y = y) = rate^y exp(-rate) / y!, y = 0, 1, 2, ...

    The working coordinate is log rate, in which the log-likelihood is concave, that of intervals too: each is
    the probability that log rate lies between two log arrival times, whose joint density is log-concave
    (Prékopa, 1973). The maximum is the mean. Tails are those of the gamma distribution,
    P(Y <= k) = Q(k + 1, rate).

    Examples
    --------
    >>> import thetahat as th
    >>> poisson = th.Poisson(rate=2.5)
    >>> poisson.mean(), poisson.variance()
    (2.5, 2.5)
    >>> round(poisson.log_sf(200), 6)
    -686.848402
    """

    declared = (Parameter("rate", Positive(), (0.05, 50.0)),)
    support = COUNTS
    gathers: ClassVar[Gathering] = Gathering(upper=({"rate": np.inf},), lower=({"rate": 0.0},))
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "concave in log rate"
    uniqueness_censored: ClassVar[str | None] = "concave in log rate (Prékopa, 1973)"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    single_maximum = MappingProxyType({"*": "concave in log rate", "identity": "concave in the rate"})
    tilted: ClassVar[bool] = True

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and log y!."""
        return y, xp.gammaln(y + 1.0)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Y log rate - rate - log y!."""
        y, log_factorial = rows
        return xp.where(y == 0, 0.0, y * eta[0]) - xp.exp(eta[0]) - log_factorial

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Gradient y - rate, Hessian -rate."""
        y, log_factorial = rows
        rate = np.exp(eta[0])
        value = np.where(y == 0, 0.0, y * eta[0]) - rate - log_factorial
        return Terms(value, (y - rate,), (-rate,))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """One tail by the incomplete gamma function, two-sided intervals by quadrature over their points."""
        rate = np.exp(eta[0])
        shape = np.floor(rate), rate, np.inf
        return lattice_mass(low, high, (eta[0],), shape, _point_terms, order, tail=_tail)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """The rate."""
        return (np.exp(eta[0]),)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The mean, or half a count among them all where there is none."""
        return (positive_mean(points),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean; 0, the edge, where every count is 0."""
        return (float(survey.means[0]),)

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A zero pulls the rate to 0."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Whole numbers around the inverse of the incomplete gamma function."""
        eta = self.working(theta)
        guess = special.pdtrik(probability, theta[0])
        return lattice_quantile(
            probability,
            lambda k: np.exp(self.log_mass(np.full_like(k, -np.inf), k, NOTHING_KNOWN, eta, 0).value),
            guess,
            np.inf,
        )

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """The rate."""
        return theta[0]

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """rate log(rate/other) + other - rate."""
        return special.kl_div(theta[0], other[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """The rate."""
        return theta[0]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's transformed rejection sampler."""
        return rng.poisson(theta[0], size)


def _point_terms(y: Array, order: int, log_rate: Array) -> Terms:
    value = log_poisson(y, log_rate)
    if order == 0:
        return Terms(value)
    rate = np.exp(log_rate)
    return Terms(value, (y - rate,), (-rate,))


def _tail(k: Array, upper: Array, log_rate: Array) -> tuple[Array, Array, Array]:
    rate = np.exp(log_rate)
    value = log_gamma_mass(np.where(upper, 0.0, rate), np.where(upper, rate, np.inf), k + 1.0)[0]
    return value, log_poisson(k, log_rate) + log_rate, k + 1.0 - rate
