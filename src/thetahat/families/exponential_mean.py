"""The exponential family by its mean: waiting times without memory, in the form that regressions use."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import excess
from thetahat.families._exponential_law import half_mean, log_mass_of
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._starts import clipped
from thetahat.families._support import NON_NEGATIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Parameter, Positive


@final
class ExponentialMean(Family):
    """Exponential distribution by its mean: f(y) = exp(-y/mean)/mean, y >= 0.

    The working coordinate is log mean, in which the log-likelihood is concave, that of intervals (low, high]
    too: -low/mean + log(1 - exp(-(high - low)/mean)). It is ``Exponential`` with rate = 1/mean, and the
    maximum is the average (Johnson, Kotz & Balakrishnan, 1994).

    Examples
    --------
    >>> import thetahat as th
    >>> exponential = th.ExponentialMean(mean=2)
    >>> exponential.mean(), exponential.variance()
    (2.0, 4.0)
    >>> exponential.log_sf(8.0)
    -4.0
    """

    declared = (Parameter("mean", Positive(), (0.01, 100.0)),)
    support = NON_NEGATIVE
    dilation: ClassVar[tuple[float, ...]] = (1.0,)
    decreasing: ClassVar[bool] = True
    gathers: ClassVar[Gathering] = Gathering(upper=({"mean": np.inf},), lower=({"mean": 0.0},))
    scales: ClassVar[tuple[str, ...]] = ("mean",)
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "at 0"
    uniqueness: ClassVar[str | None] = "concave in log mean"
    uniqueness_censored: ClassVar[str | None] = "concave in log mean"
    single_maximum = MappingProxyType({"*": "concave in log mean", "inverse": "concave in the rate"})

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-log mean - y/mean."""
        (log_mean,) = eta
        return -log_mean - xp.exp(-log_mean) * rows[0]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score y/mean - 1."""
        (log_mean,) = eta
        scaled = np.exp(-log_mean) * rows[0]
        return Terms(-log_mean - scaled, (scaled - 1.0,), (-scaled,))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """-low/mean + log(1 - exp(-(high - low)/mean))."""
        terms = log_mass_of(low, high, -eta[0], order)
        return terms._replace(gradient=tuple(-item for item in terms.gradient))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return 1."""
        return (1.0,)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The mean."""
        mean = half_mean(points)
        return (clipped(2.0 * mean) if mean > 0 else 1e-300 if np.max(points) > 0 else 1.0,)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean; None where all values are 0."""
        mean = float(survey.means[0])
        return (mean,) if mean > 0 else None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A zero pulls the mean to 0."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """-log(1 - p) mean."""
        return -np.log1p(-probability) * theta[0]

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + log mean."""
        return 1.0 + np.log(theta[0])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """r - 1 - log r, with r the ratio of the means."""
        return excess(theta[0], other[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """The squared mean."""
        return np.square(theta[0])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's ziggurat sampler."""
        return rng.standard_exponential(size) * theta[0]
