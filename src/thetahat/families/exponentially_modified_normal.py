"""The exponentially modified normal family: a normal measurement delayed by an exponential wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._log_concave_mass import log_concave_mass, log_concave_quantile
from thetahat.families._remembered import remembered
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import centre_and_spread, clipped
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_pull, normal_quantile
from thetahat.parameters import Parameter, Positive, Real

_SHARES = np.array([0.25, 0.5, 0.75, 0.9, 0.97])
"""Of the standard deviation, the exponential's in further starts."""
_BEYOND_NORMAL = 8.0
"""Standard deviations within which a normal lies to double precision."""
_NEWTON_STEPS = 8
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def _slope_at_normal(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(rate^-3) for a given mean and variance: Σ (rate sd)^(3 - n) He_n(z)/n, n = 3, 4, 5, of sd^-3.

    At an infinite rate only the first term is left.
    """
    inverse = np.exp(-eta[2])
    sd = np.hypot(np.exp(eta[1]), inverse)
    z, share = (rows[0] - (eta[0] + inverse)) / sd, inverse / sd
    square = z * z
    third, fourth = z * (square - 3.0), square * (square - 6.0) + 3.0
    fifth = z * (square * (square - 10.0) + 15.0)
    return (third / 3.0 + share * (0.25 * fourth + 0.2 * share * fifth)) / sd**3


def _slope_at_exponential(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂scale at scale = 0, the location as many scales below its limit as the chart says."""
    return np.broadcast_to(-_BEYOND_NORMAL * np.exp(eta[2]), np.shape(rows[0]))


@final
class ExponentiallyModifiedNormal(ChartedFamily):
    """Exponentially modified normal: the sum of Normal(location, scale) and Exponential(rate).

    f(y) = rate exp(k²/2 - k z) Φ(z - k), z = (y - location)/scale, k = rate scale. Working coordinates are location,
    log scale and log rate. Mean location + 1/rate, variance scale² + 1/rate², skewness 2 (1 + k²)^(-3/2) (Grushka,
    1972). The density of z is log-concave. As the rate grows it becomes the normal with the same mean and variance, and
    does so on data that are not skewed to the right. As the scale falls to 0 it becomes the exponential that begins at
    the location; that is a local supremum of every likelihood, with the smallest value for its beginning, and is told
    where no maximum inside is higher.

    Examples
    --------
    >>> import thetahat as th
    >>> delayed = th.ExponentiallyModifiedNormal(location=0, scale=1, rate=0.5)
    >>> delayed.mean(), delayed.variance()
    (2.0, 5.0)
    >>> round(delayed.log_sf(100.0), 6)
    -49.875
    """

    declared = (
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.1, 5.0)),
        Parameter("rate", Positive(), (0.1, 5.0)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf}, {"rate": 0.0}),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0, "rate": np.inf},
        centre=("location", float),
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="normal",
            parameter="rate",
            chart="1/rate³",
            names={"mean": "location", "sd": "scale"},
            slope=_slope_at_normal,
            scale=lambda limit: 2.0 / limit["sd"],
            moving={
                "location": lambda limit, rate: limit["mean"] - 1.0 / rate,
                "scale": lambda limit, rate: np.sqrt(
                    max(limit["sd"] - 1.0 / rate, 0.0) * (limit["sd"] + 1.0 / rate)
                ),
            },
            order=3.0,
        ),
        Limit(
            family="shifted_exponential",
            parameter="scale",
            chart="scale",
            names={"rate": "rate"},
            slope=_slope_at_exponential,
            scale=lambda limit: 1.0 / limit["rate"],
            moving={"location": lambda limit, scale: limit["threshold"] - _BEYOND_NORMAL * scale},
            order=-1.0,
        ),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    inverse_scales: ClassVar[tuple[str, ...]] = ("rate",)
    spikes: ClassVar[str] = "anywhere"
    logged: ClassVar[bool] = False
    # The shape is log k.
    chart = ((0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.0, 1.0))

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """log k + k²/2 - k z + log Φ(z - k), below k as log k - z²/2 + log(Φ exp(½(z - k)²))."""
        (log_k,) = shapes
        k = xp.exp(log_k)
        t = z - k
        below = -0.5 * z * z + xp.log_scaled_ndtr(xp.where(t < 0.0, t, 0.0))
        above = -k * (z - 0.5 * k) + xp.log_ndtr(xp.where(t < 0.0, 0.0, t))
        return log_k + xp.where(t < 0.0, below, above)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = h(t) - k with h = φ/Φ at t = z - k."""
        (log_k,) = shapes
        k = np.exp(log_k)
        t = z - k
        pull, excess, slope = normal_pull(t)
        return unstretched(
            z,
            self.standard_log_density(NUMPY, z, shapes),
            np.where(t < 0.0, excess - z, pull - k),
            -pull * excess,
            (1.0 - k * excess,),
            (-k * slope,),
            (k * (k * slope - excess),),
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """By quadrature outwards from the mode."""
        return log_concave_mass(self.standard_terms, low, high, shapes, _mode(shapes[0]), order)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over z."""
        _, log_scale, log_k = self.charted(eta)
        parts = [_expected_at(float(item)) for item in np.ravel(log_k)]
        found = [np.reshape(column, np.shape(log_k)) for column in zip(*parts, strict=True)]
        inverse = np.exp(-np.asarray(log_scale))
        units = (inverse * inverse, inverse, 1.0, inverse, 1.0, 1.0)
        products = tuple(item * unit for item, unit in zip(found, units, strict=True))
        return self.charted_back(Terms(0.0, (0.0,) * 3, products)).hessian

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """The density is log-concave."""
        if {"scale", "rate"} <= set(fixed):
            return "concave in the location for a given scale and rate (Prékopa, 1973)"
        return None

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """By moments: the exponential's share of the standard deviation is the cubic root of half the skewness."""
        middle, spread = centre_and_spread(points)
        z = (0.5 * points - 0.5 * middle) / spread * 2.0
        share = float(np.cbrt(np.clip(0.5 * np.mean(z**3), 0.02, 0.9)))
        return (
            middle - share * spread,
            clipped(spread * np.sqrt(1.0 - share**2)),
            clipped(1.0 / share / spread),
        )

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Other shares of the exponential in the same mean and variance, a kind for each half of them."""
        middle, spread = centre_and_spread(points)
        starts = (middle - _SHARES * spread, spread * np.sqrt(1.0 - _SHARES**2), 1.0 / (_SHARES * spread))
        return tuple(
            tuple(np.clip(item[part], -1e307, 1e307) for item in starts) for part in (slice(3), slice(3, 5))
        )

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode is y."""
        _, scale, rate = theta
        return y - scale * _mode(np.log(np.multiply(scale, rate)))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """By Newton's method on the log of the smaller tail."""
        location, scale, rate = (np.asarray(item, dtype=float) for item in theta)
        k = scale * rate
        with np.errstate(all="ignore"):
            normal = normal_quantile(probability) * np.hypot(1.0, 1.0 / k) + 1.0 / k
            tail = 0.5 * k - np.log1p(-np.asarray(probability)) / k
            begin = np.where(
                np.asarray(probability) < 0.5, normal_quantile(probability), np.minimum(normal, tail)
            )
        z = log_concave_quantile(
            self.standard_terms, np.asarray(probability), (np.log(k),), _mode(np.log(k)), begin
        )
        return location + scale * z

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location + 1/rate."""
        return theta[0] + 1.0 / np.asarray(theta[2])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² + 1/rate²."""
        return np.square(theta[1]) + np.square(1.0 / np.asarray(theta[2]))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """A normal and an exponential."""
        location, scale, rate = theta
        return np.asarray(
            location + scale * rng.standard_normal(size) + rng.standard_exponential(size) / rate
        )


def _mode(log_k: Any) -> Array:
    """z at which the pull h(z - k) is k."""
    log_k = np.asarray(log_k, dtype=float)
    with np.errstate(all="ignore"):
        k = np.exp(log_k)
        small = np.sqrt(np.maximum(-2.0 * (log_k + LOG_SQRT_2_PI), 0.0))
        t = np.where(log_k < -1.0, small, 1.0 / k - k)
        for _ in range(_NEWTON_STEPS):
            pull, excess, _ = normal_pull(t)
            t = t + (np.log(pull) - log_k) / excess
        # Far below, where t is -k and little more, the excess over x = -t is that little.
        return np.where(log_k > 2.0, normal_pull(t)[1], t + k)


@remembered
def _expected_at(log_k: Any) -> tuple[Any, ...]:
    """E u uᵀ in (location, log scale, log k) at scale 1."""
    reach = 45.0 / float(np.exp(log_k))
    edges = np.arange(-10.0, 11.0)
    while edges[-1] < 10.0 + reach:
        edges = np.append(edges, 10.0 + 2.0 * max(edges[-1] - 10.0, 0.5))
    half = 0.5 * np.diff(edges)[:, None]
    z = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * _NODES).ravel()
    family = ExponentiallyModifiedNormal()
    mass = (half * _WEIGHTS).ravel() * np.exp(family.standard_log_density(NUMPY, z, (log_k,)))
    return expected_products(family, (z, mass), lambda w, _: w, 0.0, (log_k,))
