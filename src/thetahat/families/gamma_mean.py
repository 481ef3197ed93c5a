"""The gamma family by its mean: costs, durations and amounts whose spread grows with their mean."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import gamma_divergence, gamma_entropy
from thetahat.families._family import Family
from thetahat.families._gamma_law import departure, refinement_of, solution_of, start_of
from thetahat.families._gamma_mass import gamma_mean_mass
from thetahat.families._gathering import Gathering
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.gamma_functions import log_minus_digamma, trigamma_minus_inverse
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive


@final
class GammaMean(Family):
    """Gamma distribution by its mean: f(y) = (shape/mean)^shape y^(shape - 1) exp(-shape y/mean) / Γ(shape), y > 0.

    Working coordinates are log mean and log shape, which are orthogonal: the expected information has no
    cross term (Cox & Reid, 1987). Variance mean²/shape. It is ``Gamma`` with rate = shape/mean, in the form
    that regressions use (McCullagh & Nelder, 1989, chapter 8).

    Examples
    --------
    >>> import thetahat as th
    >>> gamma = th.GammaMean(mean=4, shape=2)
    >>> gamma.mean(), gamma.variance()
    (4.0, 8.0)
    >>> round(gamma.log_prob(3.0), 6) == round(th.Gamma(shape=2, rate=0.5).log_prob(3.0), 6)
    True
    """

    declared = (Parameter("mean", Positive(), (0.01, 100.0)), Parameter("shape", Positive(), (0.05, 50.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (1.0, 0.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": np.inf},),
        lower=({"mean": 0.0}, {"shape": 0.0}),
        both={"mean": np.inf, "shape": 0.0},
        point={"shape": np.inf},
        centre=("mean", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("mean",)
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    single_maximum = MappingProxyType(
        {
            "*": "concave in the coefficients, whose maximum does not depend on the shape",
            "inverse": "concave in the coefficients, whose maximum does not depend on the shape",
        }
    )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and log y."""
        return y, xp.log(y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """shape (log r + 1 - r) + log(shape/2π)/2 - log y - (Stirling's remainder), r = y/mean."""
        log_mean, log_shape = eta
        core, _ = departure(xp, rows, log_mean)
        shape = xp.exp(log_shape)
        return shape * core + (0.5 * log_shape - LOG_SQRT_2_PI) - xp.stirling_remainder(shape) - rows[1]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """With r = y/mean: u = (shape (r - 1), shape (log r + 1 - r + log shape - ψ(shape)))."""
        log_mean, log_shape = eta
        shape = np.exp(log_shape)
        core, excess = departure(NUMPY, rows, log_mean)
        constant = (0.5 * log_shape - LOG_SQRT_2_PI) - NUMPY.stirling_remainder(shape)
        by_mean = shape * excess
        by_shape = shape * (core + log_minus_digamma(shape))
        return Terms(
            shape * core + constant - rows[1],
            (by_mean, by_shape),
            (-(by_mean + shape), by_mean, by_shape - shape * shape * trigamma_minus_inverse(shape)),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Incomplete gamma in log(y/mean), in log space."""
        return gamma_mean_mass(low, high, eta[0], eta[1], order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (shape, 0, shape² ψ'(shape) - shape)."""
        shape = np.exp(eta[1])
        return shape, 0.0, shape * shape * trigamma_minus_inverse(shape)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The mean, and Minka's (2002) approximation of the shape."""
        return start_of(points)

    def refinement(self, survey: Survey) -> Any:
        """For values close together, ȳ's gap to the geometric mean summed without cancellation."""
        return refinement_of(survey)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean, and log shape - ψ(shape) = log ȳ - mean(log y) (Choi & Wette, 1969)."""
        return solution_of(survey)

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y, whatever the shape."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Inverse of the regularised incomplete gamma function."""
        mean, shape = theta
        return special.gammaincinv(shape, probability) / shape * mean

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete gamma functions."""
        mean, shape = theta
        scaled = y / mean * shape
        return special.gammainc(shape, scaled), special.gammaincc(shape, scaled)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """That at rate 1, less log rate."""
        return gamma_entropy(theta[1]) + np.log(theta[0] / np.asarray(theta[1]))

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """That of the shapes, and that of the means."""
        return gamma_divergence(theta[1], theta[0], other[1], other[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean²/shape."""
        return theta[0] * (theta[0] / theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's Marsaglia-Tsang sampler."""
        return rng.standard_gamma(theta[1], size) * (theta[0] / theta[1])
