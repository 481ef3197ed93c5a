"""The inverse gamma family: reciprocals of gamma variables, such as unknown variances."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import inverse_gamma_entropy
from thetahat.families._gamma_kernel import gamma_log_density, gamma_mass, gamma_terms, of_shape
from thetahat.families._gathering import Gathering
from thetahat.families._standard import Standard, reflected, reflected_terms
from thetahat.families._starts import clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms
from thetahat.parameters import Parameter, Positive


@final
class InverseGamma(ChartedFamily):
    """Inverse gamma distribution: f(y) = scale^shape y^(-shape - 1) exp(-scale/y) / Γ(shape), y > 0.

    Working coordinates are log shape and log scale; 1/Y is gamma distributed with this shape and the rate
    ``scale``. Mean scale/(shape - 1) for shape > 1, variance mean²/(shape - 2) for shape > 2. The maximum is
    unique unless all values are equal (a minimal exponential family; Barndorff-Nielsen, 1978, theorem 9.13).

    Examples
    --------
    >>> import thetahat as th
    >>> inverse_gamma = th.InverseGamma(shape=3, scale=4)
    >>> inverse_gamma.mean(), inverse_gamma.variance()
    (2.0, 4.0)
    >>> round(inverse_gamma.log_cdf(0.004), 6)
    -986.875637
    """

    declared = (Parameter("shape", Positive(), (0.1, 50.0)), Parameter("scale", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf}, {"shape": 0.0}),
        lower=({"shape": np.inf}, {"scale": 0.0}),
        both={"shape": 0.0, "scale": 0.0},
        point={"shape": np.inf, "scale": np.inf},
    )
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    primary: ClassVar[str] = "scale"
    # log y - log(scale/shape), the log of the mean of a gamma variable over that variable
    chart = ((0.0, -1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0))

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """The gamma kernel, mirrored."""
        return gamma_log_density(xp, -z, shapes[0])

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """The gamma kernel, mirrored."""
        return reflected_terms(gamma_terms(-z, shapes[0]))

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """The gamma kernel, mirrored."""
        return reflected(gamma_mass(-high, -low, shapes[0], order))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (shape² ψ'(shape), -shape, shape)."""
        shape, _, _, bend = of_shape(eta[0])
        return bend + shape, -shape, shape

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Minka's (2002) approximation of the gamma shape of 1/y."""
        logs = -np.log(points)
        largest = float(np.max(logs))
        log_mean = largest + float(np.log(np.mean(np.exp(logs - largest))))
        gap = max(log_mean - float(np.mean(logs)), 1e-6)
        shape = float((3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap))
        return clipped(shape), float(np.exp(np.clip(np.log(shape) - log_mean, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for scale = shape y."""
        return np.asarray(theta[0]) * y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale over the upper gamma quantile."""
        return theta[1] / special.gammainccinv(theta[0], probability)

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete gamma functions of the inverse."""
        inverse = theta[1] / y
        return special.gammaincc(theta[0], inverse), special.gammainc(theta[0], inverse)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale/(shape - 1) above shape 1, infinite up to there."""
        shape = np.asarray(theta[0])
        return np.where(shape > 1, theta[1] / np.where(shape > 1, shape - 1.0, 1.0), np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """That at scale 1, and log scale."""
        return inverse_gamma_entropy(theta[0]) + np.log(theta[1])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean²/(shape - 2) above shape 2, infinite up to there."""
        shape = np.asarray(theta[0])
        safe = np.where(shape > 2, shape, 3.0)
        return np.where(shape > 2, np.square(theta[1] / (safe - 1.0)) / (safe - 2.0), np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Reciprocals of gamma variables."""
        return np.asarray(theta[1] / rng.standard_gamma(theta[0], size))
