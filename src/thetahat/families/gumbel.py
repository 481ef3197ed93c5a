"""The Gumbel family of largest values: yearly maxima whose parent has a light tail."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import EULER
from thetahat.families._gathering import Gathering
from thetahat.families._gumbel_kernel import LargestKernel
from thetahat.families._gumbel_start import largest_start
from thetahat.families._location_scale import LocationScale
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates
from thetahat.parameters import Parameter, Positive, Real


@final
class Gumbel(LargestKernel, LocationScale):
    """Gumbel distribution of maxima: F(y) = exp(-exp(-z)), z = (y - location)/scale.

    Working coordinates are location and log scale. Mean location + γ scale with Euler's γ, variance π²
    scale²/6 (Gumbel, 1958). The density is log-concave, so that the log-likelihood, censored or not, is
    concave in (1/scale, location/scale) (Burridge, 1981).

    Examples
    --------
    >>> import thetahat as th
    >>> gumbel = th.Gumbel(location=0, scale=1)
    >>> round(gumbel.mean(), 6)
    0.577216
    >>> round(gumbel.quantile(0.99), 6)
    4.600149
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

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/scale², -(1 - γ)/scale, π²/6 + (1 - γ)²)."""
        lag, scale = 1.0 - np.euler_gamma, np.exp(eta[1])
        return 1.0 / scale / scale, -lag / scale, np.pi**2 / 6.0 + lag * lag

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """By moments, or such that no point is too far out."""
        return largest_start(points)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode is the location."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location - scale log(-log p)."""
        return theta[0] - theta[1] * np.log(-np.log(probability))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location + γ scale."""
        return theta[0] + np.euler_gamma * np.asarray(theta[1])

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + γ + log scale."""
        return 1.0 + EULER + np.log(theta[1])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """π² scale²/6."""
        return np.pi**2 / 6.0 * np.square(theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Minus the log of a standard exponential."""
        return np.asarray(theta[0] - theta[1] * np.log(rng.standard_exponential(size)))
