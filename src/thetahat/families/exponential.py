"""The exponential family of waiting times without memory."""

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
class Exponential(Family):
    """Exponential distribution: f(y) = rate exp(-rate y), y >= 0.

    The working coordinate is log rate. The maximum is rate = 1/ȳ. With an interval (low, high] the log mass
    -rate low + log(1 - exp(-rate (high - low))) is concave in the rate, so that censored data have one
    maximum too (Johnson, Kotz & Balakrishnan, 1994).

    Examples
    --------
    >>> import thetahat as th
    >>> exponential = th.Exponential(rate=0.5)
    >>> exponential.mean(), exponential.variance()
    (2.0, 4.0)
    >>> exponential.log_sf(8.0)
    -4.0
    """

    declared = (Parameter("rate", Positive(), (0.01, 100.0)),)
    support = NON_NEGATIVE
    dilation: ClassVar[tuple[float, ...]] = (-1.0,)
    inverse_scales: ClassVar[tuple[str, ...]] = ("rate",)
    decreasing: ClassVar[bool] = True
    gathers: ClassVar[Gathering] = Gathering(upper=({"rate": 0.0},), lower=({"rate": np.inf},))
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "at 0"
    uniqueness: ClassVar[str | None] = "concave in the rate"
    uniqueness_censored: ClassVar[str | None] = "concave in the rate"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    uniqueness_entered: ClassVar[str | None] = "concave in the rate"
    increasing: ClassVar[bool] = False
    regresses_as: ClassVar[str] = "exponential_mean"
    single_maximum = MappingProxyType({"*": "concave in log rate", "identity": "concave in the rate"})

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y."""
        return (y,)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log rate - rate y."""
        (log_rate,) = eta
        return log_rate - xp.exp(log_rate) * rows[0]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score 1 - rate y."""
        (log_rate,) = eta
        scaled = np.exp(log_rate) * rows[0]
        return Terms(log_rate - scaled, (1.0 - scaled,), (-scaled,))

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """-rate low + log(1 - exp(-d)), d = rate (high - low), with score d/(exp(d) - 1) - rate low."""
        return log_mass_of(low, high, eta[0], order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return 1."""
        return (1.0,)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """One over the mean."""
        mean = half_mean(points)
        return (clipped(0.5 / mean) if mean > 0 else 1e300 if np.max(points) > 0 else 1.0,)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """One over the mean; None where all values are 0."""
        mean = float(survey.means[0])
        rate = 1.0 / mean if mean > 0 else np.inf
        return (rate,) if np.isfinite(rate) else None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """A zero pulls the rate to infinity."""
        return y == 0, False

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """1/y."""
        return 1.0 / y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """-log(1 - p) / rate."""
        return -np.log1p(-probability) / theta[0]

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """One over the rate."""
        return 1.0 / theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 - log rate."""
        return 1.0 - np.log(theta[0])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """r - 1 - log r, with r the ratio of the other rate to this one."""
        return excess(other[0], theta[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """One over the squared rate."""
        return np.square(1.0 / theta[0])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's ziggurat sampler."""
        return rng.standard_exponential(size) / theta[0]
