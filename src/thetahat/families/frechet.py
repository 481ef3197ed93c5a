"""The Fréchet family: largest values whose parent has a heavy tail."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import EULER
from thetahat.families._gathering import Gathering
from thetahat.families._gumbel_kernel import LargestKernel
from thetahat.families._gumbel_start import largest_start
from thetahat.families._shape_scale import ShapeScale
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates
from thetahat.parameters import Parameter, Positive


@final
class Frechet(LargestKernel, ShapeScale):
    """Fréchet distribution: P(Y <= y) = exp(-(y/scale)^-shape), y > 0.

    Working coordinates are log shape and log scale. 1/Y is Weibull's, and log y is Gumbel's of maxima with
    location log scale and scale 1/shape: a log-concave density, so that the log-likelihood, censored or not,
    is concave in (shape, shape log scale) (Burridge, 1981). Moments exist below the order of the shape.

    Examples
    --------
    >>> import thetahat as th
    >>> frechet = th.Frechet(shape=3, scale=2)
    >>> round(frechet.mean(), 6)
    2.708236
    >>> frechet.log_cdf(0.2)
    -1000.0
    """

    declared = (Parameter("shape", Positive(), (0.2, 20.0)), Parameter("scale", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf},),
        lower=({"scale": 0.0},),
        both={"shape": 0.0},
        point={"shape": np.inf},
        centre=("scale", float),
    )
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "concave in (shape, shape log scale) (Burridge, 1981)"
    uniqueness_censored: ClassVar[str | None] = "concave in (shape, shape log scale) (Burridge, 1981)"
    primary: ClassVar[str] = "scale"
    single_maximum = MappingProxyType({"*": "concave in (shape, shape times coefficients) (Burridge, 1981)"})

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (π²/6 + (1 - γ)², (1 - γ) shape, shape²)."""
        shape = np.exp(eta[0])
        lag = 1.0 - np.euler_gamma
        return np.pi**2 / 6.0 + lag * lag, lag * shape, shape * shape

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """From Gumbel's distribution of log y."""
        location, scale = largest_start(np.log(points))
        return 1.0 / scale, float(np.exp(np.clip(location, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for scale = y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale (-log p)^(-1/shape)."""
        # The magnitude, since -log 1 is -0, an odd power of which may be minus infinity.
        return theta[1] * np.abs(np.log(probability)) ** (-1.0 / np.asarray(theta[0]))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale Γ(1 - 1/shape) above shape 1, infinite up to there."""
        shape = np.asarray(theta[0])
        finite = shape > 1
        return np.where(finite, theta[1] * special.gamma(1.0 - 1.0 / np.where(finite, shape, 2.0)), np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + γ + γ/shape + log(scale/shape)."""
        return 1.0 + EULER + EULER / np.asarray(theta[0]) + np.log(theta[1] / np.asarray(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² (Γ(1 - 2/shape) - Γ(1 - 1/shape)²) above shape 2, infinite up to there."""
        shape = np.asarray(theta[0])
        finite = shape > 2
        inverse = 1.0 / np.where(finite, shape, 3.0)
        # Relative to the squared mean, so that a large shape loses digits to one rounding of lgamma only.
        relative = np.expm1(special.gammaln(1.0 - 2.0 * inverse) - 2.0 * special.gammaln(1.0 - inverse))
        return np.where(finite, np.square(theta[1] * special.gamma(1.0 - inverse)) * relative, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Powers of standard exponentials."""
        return np.asarray(theta[1] * rng.standard_exponential(size) ** (-1.0 / np.asarray(theta[0])))
