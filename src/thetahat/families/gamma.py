"""The gamma family: waiting times, claim sizes, rainfall; the reference for how a family is written."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import gamma_divergence, gamma_entropy
from thetahat.families._family import Family
from thetahat.families._gamma_law import departure, refinement_of, solution_of, start_of
from thetahat.families._gathering import Gathering
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms, end_terms
from thetahat.numerics.gamma_functions import log_minus_digamma, trigamma
from thetahat.numerics.incomplete_gamma import log_gamma_mass
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI as _LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive


@final
class Gamma(Family):
    """Gamma distribution: f(y) = rate^shape y^(shape - 1) exp(-rate y) / Γ(shape), y > 0.

    Working coordinates are log shape and log rate. Mean shape/rate, variance shape/rate². The maximum is unique
    unless all values are equal (a minimal exponential family; Barndorff-Nielsen, 1978, theorem 9.13), and solves
    log shape - ψ(shape) = log ȳ - mean(log y), rate = shape/ȳ (Choi & Wette, 1969).

    Examples
    --------
    >>> import thetahat as th
    >>> gamma = th.Gamma(shape=2, rate=0.5)
    >>> gamma.mean(), gamma.variance()
    (4.0, 8.0)
    >>> round(gamma.log_prob(3.0), 6)
    -1.787682
    """

    declared = (Parameter("shape", Positive(), (0.05, 50.0)), Parameter("rate", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, -1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"rate": 0.0}, {"shape": np.inf}),
        lower=({"shape": 0.0}, {"rate": np.inf}),
        both={"shape": 0.0, "rate": 0.0},
        point={"shape": np.inf, "rate": np.inf},
    )
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    uniqueness_truncated: ClassVar[str | None] = (
        "exponential family, also between limits (Barndorff-Nielsen, 1978)"
    )
    primary: ClassVar[str] = "rate"
    increasing: ClassVar[bool] = False
    regresses_as: ClassVar[str] = "gamma_mean"

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y and log y."""
        return y, xp.log(y)

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """shape (log r + 1 - r) + log(shape/2π)/2 - log y - (Stirling's remainder), r = rate y/shape."""
        log_shape, log_rate = eta
        core, _ = departure(xp, rows, log_shape - log_rate)
        shape = xp.exp(log_shape)
        return shape * core + (0.5 * log_shape - _LOG_SQRT_2_PI) - xp.stirling_remainder(shape) - rows[1]

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """With r = rate y/shape: u = (shape (log r + log shape - ψ(shape)), shape (1 - r))."""
        shape = np.exp(eta[0])
        core, excess = departure(NUMPY, rows, eta[0] - eta[1])
        by_shape = shape * (core + (excess + log_minus_digamma(shape)))
        curvature = by_shape - shape * shape * trigamma(shape)
        scaled = np.exp(eta[1]) * rows[0]
        return Terms(
            self.log_density(NUMPY, rows, eta), (by_shape, -shape * excess), (curvature, shape, -scaled)
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Incomplete gamma in v = log(rate y), in log space."""
        log_shape, log_rate = eta
        shape, rate = np.exp(log_shape), np.exp(log_rate)
        lower = np.maximum(low, 0.0) * rate
        upper = high * rate
        mass, by_shape, by_shape_twice = log_gamma_mass(lower, upper, shape, order)
        if by_shape is None or by_shape_twice is None:
            return Terms(mass)

        def at(end: Array) -> tuple[Array, Array, tuple[Array]]:
            """Log density of v at an end, with its derivatives in v and in the shape."""
            v = np.log(end)
            density = np.where(np.isfinite(v), shape * v - end - special.gammaln(shape), -np.inf)
            return density, shape - end, (v - special.digamma(shape),)

        with np.errstate(all="ignore"):
            end = end_terms(mass, at(lower), at(upper), (by_shape,), (by_shape_twice,))
        return Terms(
            mass,
            (shape * by_shape, end.low + end.high),
            (
                shape * by_shape + shape * shape * by_shape_twice,
                shape * (end.low_s[0] + end.high_s[0]),
                end.low_low + 2 * end.low_high + end.high_high,
            ),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (shape² ψ'(shape), -shape, shape)."""
        shape = np.exp(eta[0])
        return shape * shape * trigamma(shape), -shape, shape

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Minka's (2002) approximation, from the log of the mean less the mean of the logs."""
        mean, shape = start_of(points)
        return shape, shape / mean

    def refinement(self, survey: Survey) -> Any:
        """For values close together, ȳ's gap to the geometric mean summed without cancellation."""
        return refinement_of(survey)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """Newton on log shape for log shape - ψ(shape) = gap, globally convergent from below."""
        found = solution_of(survey)
        return None if found is None else (found[1], found[1] / found[0])

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The rate at which y is the mean."""
        return theta[0] / y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Inverse of the regularised incomplete gamma function."""
        shape, rate = theta
        return special.gammaincinv(shape, probability) / rate

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """The regularised incomplete gamma functions."""
        scaled = theta[1] * y
        return special.gammainc(theta[0], scaled), special.gammaincc(theta[0], scaled)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Shape / rate."""
        return theta[0] / theta[1]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """That at rate 1, less log rate."""
        return gamma_entropy(theta[0]) - np.log(theta[1])

    def divergence_at(self, theta: Theta, other: Theta, known: Known) -> Any:
        """That of the shapes, and that of the means."""
        return gamma_divergence(theta[0], theta[0] / theta[1], other[0], other[0] / other[1])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Shape / rate²."""
        return theta[0] / theta[1] ** 2

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's Marsaglia-Tsang sampler."""
        return rng.gamma(theta[0], 1 / theta[1], size)
