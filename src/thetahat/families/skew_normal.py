"""The skew normal family: a normal of which one side is taken away by degrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import Known, Theta
from thetahat.families._expected import expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._location_scale import LocationScale
from thetahat.families._log_concave_mass import log_concave_mass, log_concave_quantile
from thetahat.families._remembered import remembered
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import centre_and_spread, clipped
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_pull, normal_quantile
from thetahat.parameters import Parameter, Positive, Real

_LOG_2 = float(np.log(2.0))
_MEAN_OF_HALF = float(np.sqrt(2.0 / np.pi))
_SKEWS = np.array([2.0, 0.7, 4.0, 8.0, 30.0])
"""Of either sign, those of further starts."""
_BEYOND_NORMAL = 8.0
"""Standard deviations within which a normal lies to double precision."""
_NEWTON_STEPS = 12
_LOST = 1e-4
"""The skew up to which that of a sample cannot be told from 0: the likelihood changes by less than its cube."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def _slope_at_half_normal(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/|skew|) at an infinite skew, the location as far outside its limit as the chart says."""
    return -_BEYOND_NORMAL * np.abs(rows[0] - eta[0]) / np.exp(eta[1])


@final
class SkewNormal(LocationScale):
    """Skew normal distribution: f(y) = 2 φ(z) Φ(skew z)/scale, z = (y - location)/scale.

    Working coordinates are location, log scale and the skew itself (Azzalini, 1985). With d = skew/√(1 + skew²) the
    mean is location + scale d √(2/π), the variance scale² (1 - 2 d²/π). The density is log-concave, so that for a given
    skew the log-likelihood, censored or not, is concave in (1/scale, location/scale) (Burridge, 1981). At skew 0, where
    it is the normal, the information is singular: the score of the skew is a multiple of that of the location. At an
    infinite skew it is the half-normal that begins, or ends, at the location; that is a local supremum of every
    likelihood, with an outermost value for its end, and is told where no maximum inside is higher, as happens in small
    samples (Azzalini & Capitanio, 1999).

    Examples
    --------
    >>> import thetahat as th
    >>> skewed = th.SkewNormal(location=0, scale=1, skew=3)
    >>> round(skewed.mean(), 6), round(skewed.variance(), 6)
    (0.75694, 0.427042)
    >>> round(skewed.log_cdf(-10.0), 6)
    -509.154197
    """

    declared = (
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.05, 20.0)),
        Parameter("skew", Real(), (-6.0, 8.0)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    limits: ClassVar[tuple[Limit, ...]] = tuple(
        Limit(
            family=family,
            parameter="skew",
            chart=chart,
            names={"scale": "scale"},
            slope=_slope_at_half_normal,
            scale=lambda _: 1.0,
            moving={"location": location},
            sign=sign,
        )
        for family, chart, sign, location in (
            (
                "shifted_half_normal",
                "1/skew",
                1.0,
                lambda limit, skew: limit["threshold"] - _BEYOND_NORMAL * limit["scale"] / skew,
            ),
            (
                "reflected_shifted_half_normal",
                "-1/skew",
                -1.0,
                lambda limit, skew: -limit["threshold"] - _BEYOND_NORMAL * limit["scale"] / skew,
            ),
        )
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    region_of: ClassVar[tuple[str, ...]] = ("skew",)

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """log 2 - z²/2 - log √(2π) + log Φ(u), u = skew z."""
        u = shapes[0] * z
        below, above = xp.where(u < 0.0, u, 0.0), xp.where(u < 0.0, 0.0, u)
        outside = xp.log_scaled_ndtr(below) - 0.5 * below * below
        return (_LOG_2 - LOG_SQRT_2_PI) - 0.5 * z * z + xp.where(u < 0.0, outside, xp.log_ndtr(above))

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = skew h(u) - z with h = φ/Φ, and h' = -h (h + u)."""
        (skew,) = shapes
        u = skew * z
        pull, excess, _ = normal_pull(u)
        bend = pull * excess
        return unstretched(
            z,
            self.standard_log_density(NUMPY, z, shapes),
            skew * pull - z,
            -1.0 - skew * skew * bend,
            (z * pull,),
            (pull * (1.0 - u * excess),),
            (-z * z * bend,),
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """By quadrature outwards from the mode, near which the density bends within 1/|skew|."""
        (skew,) = shapes
        unit = 1.0 / np.hypot(1.0, skew)
        return log_concave_mass(self.standard_terms, low, high, shapes, _mode(skew), order, unit)

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over z; singular at skew 0."""
        _, log_scale, skew = eta
        parts = [_expected_at(float(item)) for item in np.ravel(skew)]
        found = [np.reshape(column, np.shape(skew)) for column in zip(*parts, strict=True)]
        inverse = np.exp(-np.asarray(log_scale))
        units = (inverse * inverse, inverse, 1.0, inverse, 1.0, 1.0)
        return tuple(item * unit for item, unit in zip(found, units, strict=True))

    def regularity(self, theta: Theta) -> str:
        """The information is singular at skew 0, and so near it what it has of curvature is lost to rounding."""
        return "singular" if np.any(np.abs(theta[2]) < _LOST) else "smooth"

    def region(self) -> str | None:
        """All of the parameter space but its singular points."""
        return "skew other than 0"

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """The density is log-concave."""
        if "skew" in fixed:
            return "concave in (1/scale, location/scale) for a given skew (Burridge, 1981)"
        return None

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """By moments, of a skewness inside what the family has and off 0."""
        middle, spread = centre_and_spread(points)
        z = (0.5 * points - 0.5 * middle) / spread * 2.0
        skewness = float(np.mean(z**3))
        size = np.clip(abs(skewness), 0.05, 0.9) ** (2.0 / 3.0)
        share = float(np.sqrt(0.5 * np.pi * size / (size + (2.0 - 0.5 * np.pi) ** (2.0 / 3.0))))
        return _of_moments(middle, spread, share if skewness >= 0 else -share)

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Skewed to either side."""
        middle, spread = centre_and_spread(points)
        shares = _SKEWS / np.hypot(1.0, _SKEWS)
        return tuple(
            tuple(
                np.array(items)
                for items in zip(*(_of_moments(middle, spread, share) for share in side), strict=True)
            )
            for side in (shares, -shares)
        )

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The mode is y."""
        return y - theta[1] * _mode(theta[2])

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """By Newton's method on the log of the smaller tail."""
        location, scale, skew = (np.asarray(item, dtype=float) for item in theta)
        p = np.asarray(probability, dtype=float)
        with np.errstate(all="ignore"):
            right, size = skew >= 0.0, np.abs(skew)
            # Of the distribution that is skewed to the right: its longer tail as the half-normal's.
            score = np.where(right, 1.0, -1.0) * normal_quantile(p)
            share = size / np.hypot(1.0, size)
            plain = share * _MEAN_OF_HALF + np.sqrt(1.0 - (share * _MEAN_OF_HALF) ** 2) * score
            short = np.maximum(plain, score / np.hypot(1.0, size))
            tail = np.where(right, -normal_quantile(0.5 - 0.5 * p), -normal_quantile(0.5 * p))
            begin = np.where(right, 1.0, -1.0) * np.where(score < 0.0, short, tail)
        z = log_concave_quantile(
            self.standard_terms, p, (skew,), _mode(skew), begin, 1.0 / np.hypot(1.0, skew)
        )
        return location + scale * z

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location + scale d √(2/π)."""
        return theta[0] + theta[1] * (theta[2] / np.hypot(1.0, theta[2]) * _MEAN_OF_HALF)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """scale² (1 - 2 d²/π)."""
        return np.square(theta[1]) * (1.0 - np.square(theta[2] / np.hypot(1.0, theta[2]) * _MEAN_OF_HALF))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """d |X| + √(1 - d²) X', of two normals."""
        location, scale, skew = theta
        root = np.hypot(1.0, skew)
        z = skew / root * np.abs(rng.standard_normal(size)) + rng.standard_normal(size) / root
        return np.asarray(location + scale * z)


def _of_moments(mean: float, sd: float, share: float) -> Theta:
    """Theta of this mean, standard deviation and d."""
    scale = clipped(sd / float(np.sqrt(1.0 - (share * _MEAN_OF_HALF) ** 2)))
    location = float(np.clip(mean - scale * share * _MEAN_OF_HALF, -1e307, 1e307))
    return location, scale, share / float(np.sqrt(1.0 - share**2))


def _mode(skew: Any) -> Array:
    """z at which skew h(skew z) is z."""
    skew = np.asarray(skew, dtype=float)
    with np.errstate(all="ignore"):
        square = skew * skew
        log_square = np.log(square)
        log_u = np.log(np.where(square < 1.0, _MEAN_OF_HALF * square, np.sqrt(1.0 + 2.0 * log_square)))
        for _ in range(_NEWTON_STEPS):
            pull, excess, _ = normal_pull(np.exp(log_u))
            log_u = log_u + (np.log(pull) + log_square - log_u) / (excess * np.exp(log_u) + 1.0)
        return np.where(square > 0.0, np.exp(log_u) / skew, 0.0)


@remembered
def _expected_at(skew: Any) -> tuple[Any, ...]:
    """E u uᵀ at scale 1, in panels that widen from where the density bends."""
    unit = 1.0 / float(np.hypot(1.0, skew))
    edges = np.arange(-12.0, 11.0)
    while edges[-1] * unit < 12.0:
        edges = np.append(edges, 1.5 * edges[-1])
    half = 0.5 * np.diff(edges)[:, None]
    w = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * _NODES).ravel()
    z = np.where(skew < 0.0, -unit, unit) * w
    family = SkewNormal()
    mass = (unit * half * _WEIGHTS).ravel() * np.exp(family.standard_log_density(NUMPY, z, (skew,)))
    return expected_products(family, (z, mass), lambda item, _: item, 0.0, (skew,))
