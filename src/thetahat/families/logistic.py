"""The logistic family: a symmetric location-scale family with tails heavier than the normal's."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._location_scale import LocationScale
from thetahat.families._logistic_ends import logistic_ends
from thetahat.families._logistic_standard import logistic_log_density, logistic_terms
from thetahat.families._standard import Standard
from thetahat.families._starts import clipped, robust_centre_and_spread
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.parameters import Parameter, Positive, Real


@final
class Logistic(LocationScale):
    """Logistic distribution: F(y) = 1/(1 + exp(-z)), z = (y - location)/scale.

    Working coordinates are location and log scale. Mean location, variance π² scale²/3. The density is
    log-concave, so that the log-likelihood, censored or not, is concave in (1/scale, location/scale)
    (Burridge, 1981).

    Examples
    --------
    >>> import thetahat as th
    >>> logistic = th.Logistic(location=0, scale=1)
    >>> round(logistic.variance(), 6)
    3.289868
    >>> logistic.log_sf(800.0)
    -800.0
    """

    declared = (Parameter("location", Real(), (-5.0, 5.0)), Parameter("scale", Positive(), (0.05, 20.0)))
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "concave in (1/scale, location/scale) (Burridge, 1981)"
    uniqueness_censored: ClassVar[str | None] = "concave in (1/scale, location/scale) (Burridge, 1981)"
    single_maximum = MappingProxyType({"*": "concave in (1/scale, coefficients/scale) (Burridge, 1981)"})

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-log(1 + exp(z)) - log(1 + exp(-z))."""
        return logistic_log_density(xp, z)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -tanh(z/2)."""
        return logistic_terms(z)

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """In closed form."""
        return logistic_ends(low, high, gap)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/(3 scale²), 0, (π² + 3)/9)."""
        return np.exp(-2.0 * eta[1]) / 3.0, 0.0, (np.pi**2 + 3.0) / 9.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Median, and a robust standard deviation times √3/π."""
        middle, spread = robust_centre_and_spread(points)
        return middle, clipped(np.sqrt(3.0) / np.pi * spread)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location + scale logit(p)."""
        return theta[0] + theta[1] * special.logit(probability)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """2 + log scale."""
        return 2.0 + np.log(theta[1])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """π² scale²/3."""
        return np.pi**2 / 3.0 * np.square(theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's inversion sampler."""
        return rng.logistic(theta[0], theta[1], size)
