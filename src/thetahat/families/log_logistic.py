"""The log-logistic family: lifetimes whose hazard rises and falls, and odds that are a power of time."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._logistic_ends import logistic_ends
from thetahat.families._logistic_standard import logistic_log_density, logistic_terms
from thetahat.families._shape_scale import ShapeScale
from thetahat.families._standard import Standard
from thetahat.families._starts import clipped, robust_centre_and_spread
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.numerics.elementary import horner
from thetahat.parameters import Parameter, Positive

_NEAR = 0.3
_ORDERS = np.arange(2.0, 14.0)
_TANGENT = 2.0 * (4.0**_ORDERS - 1.0) * special.zeta(2.0 * _ORDERS) / np.pi ** (2.0 * _ORDERS)


@final
class LogLogistic(ShapeScale):
    """Log-logistic distribution: P(Y > y) = 1/(1 + (y/scale)^shape), y > 0.

    Working coordinates are log shape and log scale; log y has a logistic distribution around log scale, whose
    density is log-concave, so that the log-likelihood, censored or not, is concave in (shape, shape log
    scale) (Burridge, 1981). The median is the scale. In a regression of the scale, coefficients are those of
    log time (an accelerated failure time model) and the odds of survival are proportional (Bennett, 1983).

    Examples
    --------
    >>> import thetahat as th
    >>> lifetime = th.LogLogistic(shape=2, scale=3)
    >>> round(float(lifetime.sf(6.0)), 12)
    0.2
    >>> round(lifetime.mean(), 6), lifetime.variance()
    (4.712389, inf)
    """

    declared = (Parameter("shape", Positive(), (0.1, 20.0)), Parameter("scale", Positive(), (0.01, 100.0)))
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
    single_maximum = MappingProxyType(
        {"*": "concave in (shape, shape times the coefficients) (Burridge, 1981)"}
    )

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
        """Return ((π² + 3)/9, 0, shape²/3)."""
        return (np.pi**2 + 3.0) / 9.0, 0.0, np.exp(2.0 * eta[0]) / 3.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The median, and a robust standard deviation of log y, which is π/(shape √3)."""
        middle, spread = robust_centre_and_spread(np.log(points))
        return clipped(np.pi / (np.sqrt(3.0) * spread)), float(np.exp(np.clip(middle, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y, whatever the shape."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale (p/(1 - p))^(1/shape)."""
        return theta[1] * (probability / (1.0 - probability)) ** (1.0 / np.asarray(theta[0]))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale b/sin b with b = π/shape above shape 1, infinite from there down."""
        shape = np.asarray(theta[0], dtype=float)
        finite = shape > 1
        return np.where(finite, theta[1] / np.sinc(1.0 / np.where(finite, shape, 2.0)), np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """2 + log(scale/shape)."""
        return 2.0 + np.log(theta[1] / np.asarray(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean² (tan b/b - 1) with b = π/shape above shape 2, infinite from there down."""
        shape = np.asarray(theta[0], dtype=float)
        finite = shape > 2
        b = np.pi / np.where(finite, shape, 3.0)
        near = np.minimum(b, _NEAR)
        # tan b = Σ 2 (4^n - 1) ζ(2n) b^(2n - 1)/π^(2n)
        series = np.square(near) * horner(_TANGENT, np.square(near))
        relative = np.where(b < _NEAR, series, np.tan(b) / b - 1.0)
        return np.where(finite, np.square(self.mean_at(theta, known)) * relative, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Powers of exponentials of NumPy's logistic variables."""
        return theta[1] * np.exp(rng.logistic(size=size) / theta[0])
