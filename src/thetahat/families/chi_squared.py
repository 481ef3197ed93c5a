"""The chi-squared family: sums of squares of standard normal variables."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._gamma_kernel import GammaKernel
from thetahat.families._gathering import Gathering
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.gamma_functions import trigamma
from thetahat.parameters import Parameter, Positive

_LOG_2 = float(np.log(2.0))


@final
class ChiSquared(GammaKernel, ChartedFamily):
    """Chi-squared distribution: f(y) = y^(df/2 - 1) exp(-y/2) / (2^(df/2) Γ(df/2)), y > 0.

    The working coordinate is log df, and df need not be whole. Mean df, variance 2 df. The maximum solves
    ψ(df/2) = mean log(y/2) and is unique (a minimal exponential family; Barndorff-Nielsen, 1978, theorem
    9.13).

    Examples
    --------
    >>> import thetahat as th
    >>> chi_squared = th.ChiSquared(df=3)
    >>> chi_squared.mean(), chi_squared.variance()
    (3.0, 6.0)
    >>> round(chi_squared.quantile(0.95), 6)
    7.814728
    """

    declared = (Parameter("df", Positive(), (0.2, 200.0)),)
    support = POSITIVE
    gathers: ClassVar[Gathering] = Gathering(upper=({"df": np.inf},), lower=({"df": 0.0},))
    affine: ClassVar[str] = "affine"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    single_maximum = MappingProxyType({"identity": "concave in df"})
    # log y - log df, of shape df/2
    chart = ((0.0, 1.0), (0.0, 0.0), (-_LOG_2, 1.0))

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and log y."""
        return y, xp.log(y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """(h - 1) log y - y/2 - h log 2 - log Γ(h), h = df/2."""
        y, log_y = rows
        half = 0.5 * xp.exp(eta[0])
        return half * (log_y - _LOG_2) - xp.gammaln(half) - log_y - 0.5 * y

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Score h (log(y/2) - ψ(h))."""
        y, log_y = rows
        half = 0.5 * np.exp(eta[0])
        score = half * ((log_y - _LOG_2) - special.digamma(half))
        value = half * (log_y - _LOG_2) - special.gammaln(half) - log_y - 0.5 * y
        return Terms(value, (score,), (score - half * half * trigamma(half),))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return h² ψ'(h)."""
        half = 0.5 * np.exp(eta[0])
        return (half * half * trigamma(half),)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The closed form from the mean of the logs."""
        return (2.0 * _inverse_digamma(float(np.mean(np.log(points))) - _LOG_2),)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """ψ(df/2) = mean log(y/2)."""
        return (2.0 * _inverse_digamma(float(survey.means[1]) - _LOG_2),)

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for ψ(df/2) = log(y/2)."""
        return 2.0 * np.array([_inverse_digamma(float(item)) for item in np.log(0.5 * y)])

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Twice the gamma quantile."""
        return 2.0 * special.gammaincinv(0.5 * np.asarray(theta[0]), probability)

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete gamma functions."""
        half = 0.5 * np.asarray(theta[0])
        return special.gammainc(half, 0.5 * y), special.gammaincc(half, 0.5 * y)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Df."""
        return theta[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """2 df."""
        return 2.0 * np.asarray(theta[0])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler."""
        return rng.chisquare(theta[0], size)


def _inverse_digamma(value: float) -> float:
    """x with ψ(x) = ``value``, by Newton's method in log x from Minka's (2002) start."""
    x = (
        float(np.exp(min(value, 700.0))) + 0.5
        if value > -2.22
        else -1.0 / (value - float(special.digamma(1.0)))
    )
    for _ in range(50):
        step = (value - float(special.digamma(x))) / (x * float(trigamma(x)))
        x *= float(np.exp(np.clip(step, -2.0, 2.0)))
        if abs(step) < 4e-16:
            break
    return x
