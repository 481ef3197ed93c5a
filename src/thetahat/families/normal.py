"""The normal family: measurement errors, and sums of many small effects."""

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
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive, Real


@final
class Normal(LocationScale, SummedByEnds):
    """Normal distribution: f(y) = exp(-z²/2) / (sd √(2π)), z = (y - mean)/sd.

    Working coordinates are mean and log sd. The maximum is the sample's mean and standard deviation with
    divisor n (Gauss, 1809). Censored or not, the log-likelihood is concave in (1/sd, mean/sd) (Burridge,
    1981).

    Examples
    --------
    >>> import thetahat as th
    >>> normal = th.Normal(mean=1, sd=2)
    >>> normal.mean(), normal.variance()
    (1.0, 4.0)
    >>> round(normal.log_sf(81.0), 6)
    -804.608442
    """

    declared = (Parameter("mean", Real(), (-5.0, 5.0)), Parameter("sd", Positive(), (0.05, 20.0)))
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": np.inf},),
        lower=({"mean": -np.inf},),
        both={"sd": np.inf},
        point={"sd": 0.0},
        centre=("mean", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("mean", "sd")
    affine: ClassVar[str] = "quadratic"
    end_kernel: ClassVar[EndKernel] = NORMAL_ENDS
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "concave in (1/sd, mean/sd) (Burridge, 1981)"
    uniqueness_censored: ClassVar[str | None] = "concave in (1/sd, mean/sd) (Burridge, 1981)"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    single_maximum = MappingProxyType({"*": "concave in (1/sd, coefficients/sd) (Burridge, 1981)"})

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
        """Return (1/sd², 0, 2)."""
        return np.exp(-2.0 * eta[1]), 0.0, 2.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Mean and standard deviation."""
        return centre_and_spread(points)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean and √(Σ(y - ȳ)²/n)."""
        if not survey.spread > 0:
            return None
        return float(survey.means[0]), float(np.sqrt(survey.spread / survey.n_exact))

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Mean + sd Φ⁻¹(p)."""
        return theta[0] + theta[1] * normal_quantile(probability)

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The normal integral from either side."""
        z = (y - theta[0]) / theta[1]
        return special.ndtr(z), special.ndtr(-z)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """½ log 2πe + log sd."""
        return 0.5 + LOG_SQRT_2_PI + np.log(theta[1])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """½ (r - 1 - log r) + ½ z², with r the variances' ratio and z the means' distance in the other's sd."""
        return normal_divergence(theta, other)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Sd²."""
        return theta[1] ** 2

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's ziggurat sampler."""
        return rng.normal(theta[0], theta[1], size)
