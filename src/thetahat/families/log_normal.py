"""The log-normal family: products of many small effects, such as incomes, sizes and concentrations."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._end_kernel import EndKernel
from thetahat.families._end_sums import SummedByEnds
from thetahat.families._entropies import normal_divergence
from thetahat.families._gathering import Gathering
from thetahat.families._location_scale import LocationScale
from thetahat.families._normal_ends import normal_ends
from thetahat.families._normal_swift import NORMAL_ENDS
from thetahat.families._standard import Standard
from thetahat.families._starts import centre_and_spread
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive, Real


@final
class LogNormal(LocationScale, SummedByEnds):
    """Log-normal distribution: f(y) = exp(-z²/2) / (sd_log y √(2π)), z = (log y - mean_log)/sd_log, y > 0.

    Working coordinates are mean_log and log sd_log; the log density is that of log y less log y. The maximum
    is the mean and standard deviation of log y with divisor n. Censored or not, the log-likelihood is concave
    in (1/sd_log, mean_log/sd_log) (Burridge, 1981).

    Examples
    --------
    >>> import thetahat as th
    >>> log_normal = th.LogNormal(mean_log=0, sd_log=1)
    >>> round(log_normal.mean(), 6), round(log_normal.variance(), 6)
    (1.648721, 4.670774)
    >>> round(log_normal.quantile(0.5), 6)
    1.0
    """

    declared = (Parameter("mean_log", Real(), (-3.0, 3.0)), Parameter("sd_log", Positive(), (0.05, 3.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (1.0, 0.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean_log": np.inf},),
        lower=({"mean_log": -np.inf},),
        both={"sd_log": np.inf},
        point={"sd_log": 0.0},
        centre=("mean_log", np.log),
    )
    logged: ClassVar[bool] = True
    affine: ClassVar[str] = "quadratic"
    end_kernel: ClassVar[EndKernel] = NORMAL_ENDS
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "concave in (1/sd_log, mean_log/sd_log) (Burridge, 1981)"
    uniqueness_censored: ClassVar[str | None] = "concave in (1/sd_log, mean_log/sd_log) (Burridge, 1981)"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    single_maximum = MappingProxyType({"*": "concave in (1/sd_log, coefficients/sd_log) (Burridge, 1981)"})

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-z²/2 - log √(2π)."""
        return -0.5 * z * z - LOG_SQRT_2_PI

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -z."""
        square = z * z
        return Standard(-0.5 * square - LOG_SQRT_2_PI, -z, -1.0, -square, -2.0 * z, -2.0 * square)

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Through Mills' ratio."""
        return normal_ends(low, high, gap)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/sd_log², 0, 2)."""
        return np.exp(-2.0 * eta[1]), 0.0, 2.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Mean and standard deviation of log y."""
        return centre_and_spread(np.log(points))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean of x = log y and √(Σ(x - x̄)²/n)."""
        if not survey.spread > 0:
            return None
        return float(survey.means[0]), float(np.sqrt(survey.spread / survey.n_exact))

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Log y."""
        return np.log(y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Return exp(mean_log + sd_log Φ⁻¹(p))."""
        return np.exp(theta[0] + theta[1] * normal_quantile(probability))

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The normal integral of log y from either side."""
        z = (np.log(y) - theta[0]) / theta[1]
        return special.ndtr(z), special.ndtr(-z)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Return exp(mean_log + sd_log²/2)."""
        return np.exp(np.asarray(theta[0]) + 0.5 * np.square(theta[1]))

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """That of log y, and its mean."""
        return theta[0] + 0.5 + LOG_SQRT_2_PI + np.log(theta[1])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """That of the logs."""
        return normal_divergence(theta, other)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """(exp(sd_log²) - 1) exp(2 mean_log + sd_log²)."""
        return np.square(self.mean_at(theta, known)) * np.expm1(np.square(theta[1]))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Exponentials of normals."""
        return rng.lognormal(theta[0], theta[1], size)
