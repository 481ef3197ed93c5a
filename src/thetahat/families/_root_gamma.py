"""Positive families with one scale: y²/(2 scale²) is standard gamma of a shape that is a given number."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._gamma_kernel import GammaKernel
from thetahat.families._gathering import Gathering
from thetahat.families._starts import clipped
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY


class RootGamma(GammaKernel, ChartedFamily):
    """f(y) = 2^(1 - a) y^(2a - 1) exp(-y²/(2 scale²)) / (Γ(a) scale^(2a)), a being ``half_dimension``.

    The length of a normal vector in 2a dimensions. The working coordinate is log scale; log y is a location
    variable of log-concave density, so that the log-likelihood, censored or not, is concave in log scale.
    """

    half_dimension: ClassVar[float]
    gathers: ClassVar[Gathering] = Gathering(upper=({"scale": np.inf},), lower=({"scale": 0.0},))
    scales: ClassVar[tuple[str, ...]] = ("scale",)
    dilation: ClassVar[tuple[float, ...]] = (1.0,)
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "concave in log scale (Prékopa, 1973)"
    uniqueness_censored: ClassVar[str | None] = "concave in log scale (Prékopa, 1973)"
    single_maximum = MappingProxyType({"*": "concave in log scale (Prékopa, 1973)"})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        a = cls.half_dimension
        # 2 log y - log(2 a scale²), the log of the gamma variable over its mean.
        cls.chart = ((0.5 * float(np.log(2.0 * a)), 1.0), (-float(np.log(2.0)), 0.0), (float(np.log(a)), 0.0))

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y², and log y where the density has a power of y."""
        return (y * y,) if self.half_dimension == 0.5 else (y * y, xp.log(y))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """(2a - 1) log y - 2a log scale - y²/(2 scale²) + (1 - a) log 2 - log Γ(a)."""
        a = self.half_dimension
        constant = (1.0 - a) * float(np.log(2.0)) - float(special.gammaln(a))
        value = constant - 2.0 * a * eta[0] - 0.5 * _over_square(xp, rows[0], eta[0])
        return value if len(rows) == 1 else value + (2.0 * a - 1.0) * rows[1]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score y²/scale² - 2a."""
        square = _over_square(NUMPY, rows[0], eta[0])
        value = self.log_density(NUMPY, rows, eta)
        return Terms(value, (square - 2.0 * self.half_dimension,), (-2.0 * square,))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return 4a."""
        return (4.0 * self.half_dimension,)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Root of the mean square over 2a."""
        largest = float(np.max(points))
        if not largest > 0:
            return (1.0,)
        root = float(np.sqrt(np.mean(np.square(points / largest)) / (2.0 * self.half_dimension)))
        return (clipped(largest * root),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """scale² = mean(y²)/(2a); None where all values are 0."""
        scale = float(np.sqrt(survey.means[0] / (2.0 * self.half_dimension)))
        return (scale,) if 0 < scale < np.inf else None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros, where they are allowed, pull the scale to 0."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for scale = y/√(2a)."""
        return y / np.sqrt(2.0 * self.half_dimension)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale times the root of twice the gamma quantile."""
        return theta[0] * np.sqrt(2.0 * special.gammaincinv(self.half_dimension, probability))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale √2 Γ(a + 1/2)/Γ(a)."""
        return theta[0] * self._mean_of_one

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² (2a - (√2 Γ(a + 1/2)/Γ(a))²)."""
        return np.square(theta[0]) * (2.0 * self.half_dimension - self._mean_of_one**2)

    @property
    def _mean_of_one(self) -> float:
        a = self.half_dimension
        return float(np.sqrt(2.0) * special.gamma(a + 0.5) / special.gamma(a))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Roots of gamma variables."""
        return np.asarray(theta[0] * np.sqrt(2.0 * rng.standard_gamma(self.half_dimension, size)))


def _over_square(xp: Any, square: Any, log_scale: Any) -> Any:
    """y²/scale², which is 0 for a 0 over a scale whose square underflows."""
    inverse = xp.exp(-log_scale)
    return square * inverse * inverse
