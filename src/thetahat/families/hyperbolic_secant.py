"""The hyperbolic secant family: symmetric, with a sharper peak and heavier tails than the logistic."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._location_scale import LocationScale
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import clipped, robust_centre_and_spread
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, end_terms
from thetahat.parameters import Parameter, Positive, Real

_LOG_2, _LOG_PI = float(np.log(2.0)), float(np.log(np.pi))


@final
class HyperbolicSecant(LocationScale):
    """Hyperbolic secant distribution: f(y) = sech(z)/(π scale), z = (y - location)/scale.

    Working coordinates are location and log scale. Mean location, variance π² scale²/4, distribution function
    2 arctan(exp(z))/π (Perks, 1932). The density is log-concave, so that the log-likelihood, censored or not,
    is concave in (1/scale, location/scale) (Burridge, 1981).

    Examples
    --------
    >>> import thetahat as th
    >>> secant = th.HyperbolicSecant(location=0, scale=1)
    >>> round(secant.variance(), 6)
    2.467401
    >>> round(secant.log_sf(800.0), 6)
    -800.451583
    """

    declared = (Parameter("location", Real(), (-5.0, 5.0)), Parameter("scale", Positive(), (0.05, 20.0)))
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "concave in (1/scale, location/scale) (Burridge, 1981)"
    uniqueness_censored: ClassVar[str | None] = "concave in (1/scale, location/scale) (Burridge, 1981)"
    single_maximum = MappingProxyType({"*": "concave in (1/scale, coefficients/scale) (Burridge, 1981)"})

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-log cosh z - log π."""
        return z - xp.softplus(2.0 * z) + (_LOG_2 - _LOG_PI)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -tanh z."""
        pull = np.tanh(z)
        far = np.exp(-np.abs(z))
        # sech², without overflow
        fall = np.square(2.0 * far / (1.0 + far * far))
        return unstretched(z, _log_density(z), -pull, -fall)

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """The mass is 2 arctan(r)/π, r = sinh(gap/2)/cosh(middle), a difference of arctangents in one."""
        with np.errstate(all="ignore"):
            low, high, gap = np.broadcast_arrays(low, high, gap)
            half = 0.5 * gap
            middle = np.abs(0.5 * (low + high))
            log_sinh = half + np.log(-np.expm1(-gap))
            log_cosh = middle + np.log1p(np.exp(-2.0 * middle))
            log_ratio = log_sinh - log_cosh
            log_ratio = np.where(np.isneginf(low), high, np.where(np.isposinf(high), -low, log_ratio))
            log_ratio = np.where(np.isneginf(low) & np.isposinf(high), np.inf, log_ratio)
            log_angle = np.where(
                log_ratio < -20.0,
                log_ratio,
                np.log(np.arctan(np.exp(np.clip(log_ratio, -20.0, 700.0)))),
            )
            beyond = 2.0 / np.pi * np.arctan(np.exp(-log_ratio))
            mass = np.where(log_ratio > 0.0, np.log1p(-beyond), log_angle + (_LOG_2 - _LOG_PI))
            mass = np.where(gap > 0, mass, -np.inf)
            if not order:
                return EndTerms(mass, 0.0, 0.0, 0.0, 0.0, 0.0)
            return end_terms(mass, _end(low), _end(high))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1/(2 scale²), 0, π²/8)."""
        return 0.5 * np.exp(-2.0 * eta[1]), 0.0, np.pi**2 / 8.0

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Median, and a robust standard deviation times 2/π."""
        middle, spread = robust_centre_and_spread(points)
        return middle, clipped(2.0 / np.pi * spread)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode is the location."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location + scale log tan(π p/2)."""
        lower = np.minimum(probability, 1.0 - probability)
        z = np.log(np.tan(0.5 * np.pi * lower))
        return theta[0] + theta[1] * np.where(probability < 0.5, z, -z)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """log(2π scale)."""
        return np.log(2.0 * np.pi * np.asarray(theta[1]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """π² scale²/4."""
        return np.pi**2 / 4.0 * np.square(theta[1])

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """The log of a half-Cauchy, a ratio of normals."""
        ratio = np.abs(rng.standard_normal(size) / rng.standard_normal(size))
        return np.asarray(theta[0] + theta[1] * np.log(ratio))


def _log_density(z: Any) -> Any:
    size = np.abs(z)
    return (_LOG_2 - _LOG_PI) - size - np.log1p(np.exp(-2.0 * size))


def _end(z: Array) -> tuple[Array, Array, tuple[Array, ...]]:
    return np.where(np.isfinite(z), _log_density(z), -np.inf), -np.tanh(z), ()
