"""The inverse Gaussian family: first passage times, and amounts more skewed than the gamma's."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._family import Family
from thetahat.families._gathering import Gathering
from thetahat.families._starts import clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms, end_terms
from thetahat.numerics.inverse_gaussian import inverse_gaussian_quantile, log_inverse_gaussian_mass
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.parameters import Parameter, Positive

_CLOSE = 1e-2


@final
class InverseGaussian(Family):
    """Inverse Gaussian distribution: f(y) = √(shape/(2π y³)) exp(-shape (y - mean)²/(2 mean² y)), y > 0.

    Working coordinates are log mean and log shape, which are orthogonal: the expected information has no
    cross term. Variance mean³/shape. The maximum is mean = ȳ and 1/shape = mean(1/y) - 1/ȳ (Schrödinger,
    1915; Tweedie, 1957), the only stationary point.

    Examples
    --------
    >>> import thetahat as th
    >>> passage = th.InverseGaussian(mean=2, shape=4)
    >>> passage.mean(), passage.variance()
    (2.0, 2.0)
    >>> round(passage.log_sf(200.0), 6)
    -105.504769
    """

    declared = (Parameter("mean", Positive(), (0.01, 100.0)), Parameter("shape", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (1.0, 1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"mean": np.inf, "shape": np.inf},),
        lower=({"mean": 0.0}, {"shape": 0.0}),
        point={"shape": np.inf},
        centre=("mean", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("mean", "shape")
    affine: ClassVar[str] = "affine"
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "the only stationary point is in closed form (Tweedie, 1957)"
    single_maximum = MappingProxyType(
        {"inverse_squared": "concave in the coefficients, whose maximum does not depend on the shape"}
    )

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return y, log y and 1/y."""
        return y, xp.log(y), 1.0 / y

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """log(shape/2π)/2 - 3/2 log y - shape q/2, q = (y/mean - 1)²/y."""
        log_mean, log_shape = eta
        _, q = _distance(xp, rows, log_mean)
        return (0.5 * log_shape - LOG_SQRT_2_PI) - 1.5 * rows[1] - 0.5 * xp.exp(log_shape) * q

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """u = (shape (y/mean - 1)/mean, (1 - shape q)/2)."""
        log_mean, log_shape = eta
        shape, precision = np.exp(log_shape), np.exp(log_shape - log_mean)
        excess, q = _distance(np, rows, log_mean)
        half = 0.5 * shape * q
        by_mean = precision * excess
        return Terms(
            (0.5 * log_shape - LOG_SQRT_2_PI) - 1.5 * rows[1] - half,
            (by_mean, 0.5 - half),
            (-(2.0 * by_mean + precision), by_mean, -half),
        )

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """In w = log(y/mean), whose distribution depends on shape/mean alone."""
        log_mean, log_shape = eta
        log_precision = np.asarray(log_shape - log_mean)
        precision = np.exp(log_precision)
        with np.errstate(all="ignore"):
            ends = [np.log(np.maximum(end, 0.0) * np.exp(-np.asarray(log_mean))) for end in (low, high)]
        mass, by_precision, by_precision_twice = log_inverse_gaussian_mass(ends[0], ends[1], precision, order)
        if by_precision is None or by_precision_twice is None:
            return Terms(mass)

        def at(w: Array) -> tuple[Array, Array, tuple[Array]]:
            """Log density of w at an end, with its derivatives in w and in log precision."""
            half = np.sinh(0.5 * w)
            t = -2.0 * precision * half * half
            level = 0.5 * log_precision - LOG_SQRT_2_PI - 0.5 * w + t
            density = np.where(np.isfinite(w), level, -np.inf)
            return density, -0.5 - precision * np.sinh(w), (0.5 + t,)

        with np.errstate(all="ignore"):
            end = end_terms(mass, at(ends[0]), at(ends[1]), (by_precision,), (by_precision_twice,))
        mixed = end.low_s[0] + end.high_s[0]
        return Terms(
            mass,
            (-(end.low + end.high) - by_precision, by_precision),
            (
                end.low_low + 2 * end.low_high + end.high_high + 2 * mixed + by_precision_twice,
                -mixed - by_precision_twice,
                by_precision_twice,
            ),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (shape/mean, 0, 1/2)."""
        return np.exp(eta[1] - eta[0]), 0.0, 0.5

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The mean, and the shape from the mean of the reciprocals."""
        scale = float(np.max(points))
        mean = scale * float(np.mean(points / scale))
        with np.errstate(over="ignore"):
            gap = float(np.mean(np.square(points / mean - 1.0) * (mean / points)))
        return mean, clipped(mean / min(max(gap, 1e-6), 1e300))

    def refinement(self, survey: Survey) -> Any:
        """For values close together, what the mean reciprocal exceeds 1/ȳ by, summed without cancellation."""
        mean = float(survey.means[0])
        if survey.means[2] * mean - 1.0 > _CLOSE:
            return None
        return lambda rows: np.square((rows[0] - mean) / mean) * rows[2]

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean, and one over the excess of the mean reciprocal."""
        mean = float(survey.means[0])
        excess = survey.refined if survey.refined is not None else float(survey.means[2]) - 1.0 / mean
        return (mean, 1.0 / excess) if 0 < excess < np.inf else None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y, whatever the shape."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """By Newton's method on the logarithm of the smaller tail."""
        mean, shape = theta
        return mean * np.exp(inverse_gaussian_quantile(probability, np.asarray(shape) / mean))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Mean."""
        return theta[0]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Mean³/shape."""
        return np.square(theta[0]) * (theta[0] / theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler (Michael, Schucany & Haas, 1976)."""
        return rng.wald(theta[0], theta[1], size)


def _distance(xp: Any, rows: Rows, log_mean: Any) -> tuple[Any, Any]:
    """y/mean - 1 and its square over y.

    For a pseudo row of means, whose 1/y is no reciprocal of its y, the difference of the two is added.
    """
    y, _, inverse = rows
    excess = xp.exp(-log_mean) * y - 1.0
    return excess, excess * (excess / y) + (inverse - 1.0 / y)
