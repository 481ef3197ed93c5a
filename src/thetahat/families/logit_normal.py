"""The logit-normal family: proportions whose log odds are normal."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._normal_ends import normal_ends
from thetahat.families._standard import Standard, StandardFamily
from thetahat.families._starts import centre_and_spread
from thetahat.families._support import UNIT_INTERVAL
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows, Terms
from thetahat.numerics.elementary import log_expit
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive, Real

_CONCAVE = "concave in (1/scale, location/scale) (Burridge, 1981)"
_REACH = 40.0


def _logit(y: float) -> float:
    return float(special.logit(y))


@final
class LogitNormal(StandardFamily):
    """Logit-normal distribution: f(y) = exp(-z²/2) / (scale y (1 - y) √(2π)), 0 < y < 1.

    z = (logit y - location)/scale.

    Working coordinates are location and log scale. The maximum is the mean and standard deviation of logit y with
    divisor n. Censored or not, the log-likelihood is concave in (1/scale, location/scale) (Burridge, 1981). Mean and
    variance have no closed form (Aitchison & Shen, 1980) and are integrated by the trapezoidal rule.

    Examples
    --------
    >>> import thetahat as th
    >>> share = th.LogitNormal(location=0, scale=1)
    >>> round(share.mean(), 6), round(share.variance(), 6)
    (0.5, 0.043379)
    >>> round(share.quantile(0.975), 6)
    0.876529
    """

    declared = (Parameter("location", Real(), (-3.0, 3.0)), Parameter("scale", Positive(), (0.05, 3.0)))
    support = UNIT_INTERVAL
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", _logit),
    )
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = _CONCAVE
    uniqueness_censored: ClassVar[str | None] = _CONCAVE
    single_maximum = MappingProxyType({"*": "concave in (1/scale, coefficients/scale) (Burridge, 1981)"})

    def prepare(self, xp: Any, y: Any, known: Known) -> Rows:
        """Return logit y and log y (1 - y)."""
        log_y, log_rest = xp.log(y), xp.log1p(-y)
        return log_y - log_rest, log_y + log_rest

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

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-z²/2 - log √(2π) - log scale - log y (1 - y)."""
        x, jacobian = rows
        z = (x - eta[0]) / xp.exp(eta[1])
        return self.standard_log_density(xp, z, ()) - eta[1] - jacobian

    def derivatives(self, rows: Rows, eta: Coordinates) -> Terms:
        """Chain rule through z."""
        x, jacobian = rows
        terms = self.point_terms(x, eta[0], eta[1], ())
        return terms._replace(value=terms.value - jacobian)

    def log_mass(self, low: Array, high: Array, known: Known, eta: Coordinates, order: int) -> Terms:
        """Log mass of the interval of logit y."""
        with np.errstate(all="ignore"):
            low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
            x_low, x_high = special.logit(low), special.logit(high)
            # logit high - logit low = log(1 + d) with d = (high - low)/(low (1 - high))
            odds = (high - low) / (low * (1.0 - high))
            width = np.where(odds < 1.0, np.log1p(odds), x_high - x_low)
        return self.interval_terms((x_low, x_high, width), eta[0], eta[1], (), order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/scale², 0, 2)."""
        return np.exp(-2.0 * eta[1]), 0.0, 2.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Mean and standard deviation of logit y."""
        return centre_and_spread(special.logit(points))

    def refinement(self, survey: Survey) -> Any:
        """The variance of logit y about its mean."""
        mean = survey.means[0]
        return lambda rows: np.square(rows[0] - mean)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """The mean of x = logit y and √(Σ(x - x̄)²/n)."""
        if survey.refined is None or not survey.refined > 0:
            return None
        return float(survey.means[0]), float(np.sqrt(survey.refined))

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Logit y."""
        return special.logit(y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """The logistic function of location + scale Φ⁻¹(p)."""
        return special.expit(theta[0] + theta[1] * normal_quantile(probability))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """The mean of the logistic function of a normal variable."""
        smaller, larger, _ = _moments(*theta)
        return np.where(np.asarray(theta[0]) > 0, larger, smaller)[()]

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """The variance of the logistic function of a normal variable."""
        return _moments(*theta)[2][()]

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """The logistic function of normals, short of the ends that it is rounded to."""
        y = special.expit(rng.normal(theta[0], theta[1], size))
        return np.asarray(np.clip(y, np.finfo(float).tiny, np.nextafter(1.0, 0.0)))


def _moments(location: Any, scale: Any) -> tuple[Array, Array, Array]:
    """Mean of expit(-|location| + scale Z), one less it, and the variance, by the trapezoidal rule.

    For a small scale over z; for a large one over x, on which by parts the logistic density weighs the normal tail,
    since the integrand in z has its poles at a distance of π/scale.
    """
    location, scale = np.broadcast_arrays(np.asarray(location, dtype=float), np.asarray(scale, dtype=float))
    location, scale = -np.abs(location)[..., None], scale[..., None]
    with np.errstate(all="ignore"):
        step = 0.125
        z = np.arange(-9.5, 9.5 + step, step)
        weight = step * np.exp(-0.5 * z * z - LOG_SQRT_2_PI)
        y = special.expit(location + np.minimum(scale, 1.0) * z)
        mean = np.sum(weight * y, axis=-1)
        variance = np.sum(weight * np.square(y - mean[..., None]), axis=-1)
        step = 0.25
        # Where the mass of x lies, by the two factors' own tilts.
        x = np.arange(-_REACH, _REACH + step, step)
        log_slope = log_expit(x) + log_expit(-x)
        tail = special.ndtr((location - x) / np.maximum(scale, 1.0))
        first = step * np.sum(np.exp(log_slope) * tail, axis=-1)
        second = step * np.sum(2.0 * np.exp(log_slope + log_expit(x)) * tail, axis=-1)
        wide = scale[..., 0] > 1.0
        smaller = np.where(wide, first, mean)
        return smaller, 1.0 - smaller, np.where(wide, second - first * first, variance)
