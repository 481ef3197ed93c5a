"""The generalised normal family: from cusps over Laplace and normal distributions to nearly uniform ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._location_scale import LocationScale
from thetahat.families._power_ends import power_ends
from thetahat.families._standard import Standard
from thetahat.families._starts import centre_and_spread, clipped, median
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows
from thetahat.numerics.gamma_functions import trigamma
from thetahat.parameters import Parameter, Positive, Real

_LOG_2 = float(np.log(2.0))
_EULER = float(np.euler_gamma)
_LEAST = 0.5
"""The edge of the regular region: below this shape the location has no finite Fisher information."""
_SHAPES = np.array([0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 9.0])
_FEW = 256
_ON_THE_EDGE = 1e-9
_UNDERFLOW = 1e-290


def _slope_at_uniform(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p/∂(1/shape) at 1/shape = 0: Euler's constant inside, and without bound below 0 at the ends."""
    distance = np.abs((rows[0] - eta[0]) / np.exp(eta[1]))
    return np.where(distance < 1.0 - _ON_THE_EDGE, _EULER, -np.inf)


@final
class GeneralizedNormal(LocationScale):
    """Generalised normal distribution: f(y) = shape exp(-|z|^shape)/(2 scale Γ(1/shape)), z = (y - location)/scale.

    Working coordinates are location, log scale and log shape. Shape 1 is Laplace's distribution, 2 the normal one with
    scale √2 sd, and the limit of large shapes the uniform one (Subbotin, 1923). Mean location, variance scale²
    Γ(3/shape)/Γ(1/shape). ℓ has a kink in the location at every row where shape <= 1, and no second derivative where
    shape < 2, so that standard errors come from the expected information there (Daniels, 1961); at shape 1/2 and below
    the location has none. As shape falls to 0 the likelihood rises without bound at each row.

    Examples
    --------
    >>> import thetahat as th
    >>> law = th.GeneralizedNormal(location=0, scale=1, shape=1)
    >>> law.variance(), round(law.log_prob(2.0), 6)
    (2.0, -2.693147)
    >>> round(th.GeneralizedNormal(location=0, scale=2**0.5, shape=2).variance(), 12)
    1.0
    """

    declared = (
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.05, 20.0)),
        Parameter("shape", Positive(), (0.6, 4.0)),
    )
    support = REAL_LINE
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="uniform",
            parameter="shape",
            chart="1/shape",
            names={},
            slope=_slope_at_uniform,
            scale=lambda _: 10.0,
            moving={
                "location": lambda at, _: 0.5 * at["low"] + 0.5 * at["high"],
                "scale": lambda at, _: 0.5 * at["high"] - 0.5 * at["low"],
            },
        ),
    )
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    kinked: ClassVar[str] = "location"
    regressed: ClassVar[bool] = False
    unbounded_in_theory: ClassVar[str | None] = (
        "with the location on any one value it rises without bound as the shape falls to 0"
    )
    region_of: ClassVar[tuple[str, ...]] = ("shape",)

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-|z|^shape - log 2 - log Γ(1 + 1/shape)."""
        (log_shape,) = shapes
        size = xp.abs(z)
        power = xp.where(size > 0, xp.exp(xp.exp(log_shape) * xp.log(xp.where(size > 0, size, 1.0))), 0.0)
        return -power - _LOG_2 - xp.gammaln(1.0 + xp.exp(-log_shape))

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """With r = |z|^shape and t = log r: z g' = -shape r, and (log shape)-slope -r t + ψ(1 + 1/shape)/shape."""
        (log_shape,) = shapes
        shape, inverse = np.exp(log_shape), np.exp(-np.asarray(log_shape))
        size = np.abs(z)
        away = size > 0
        safe = np.where(away, size, 1.0)
        t = shape * np.log(safe)
        power = np.where(away, np.exp(t), 0.0)
        over = power / np.where(away, z, 1.0)
        second = np.where(away, -shape * (shape - 1.0) * over / np.where(away, z, 1.0), 0.0)
        second = np.where(~away & (np.abs(shape - 2.0) <= 0.0), -2.0, second)
        growth, psi = power * t, special.digamma(1.0 + inverse)
        constant = inverse * psi
        bend = constant + inverse * inverse * trigamma(1.0 + inverse)
        return Standard(
            -power - _LOG_2 - special.gammaln(1.0 + inverse),
            -shape * over,
            second,
            -shape * power,
            -shape * shape * over,
            -shape * shape * power,
            (constant - growth,),
            (-shape * over * (t + 1.0),),
            (-shape * power * (t + 1.0),),
            (-growth * (1.0 + t) - bend,),
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """By the incomplete gamma function on either side."""
        return power_ends(low, high, shapes[0], order)

    def _narrow(self, z_low: Array, z_high: Array, gap: Array, shapes: Coordinates) -> NDArray[np.bool_]:
        """Not around the kink, across which no quadrature is exact."""
        return super()._narrow(z_low, z_high, gap, shapes) & ((z_low > 0) | (z_high < 0))

    def kink(self, eta: Coordinates) -> tuple[Any, Any]:
        """None above shape 1, that of Laplace at 1, a cusp below."""
        shape, rate = np.exp(eta[2]), np.exp(-eta[1])
        up = np.where(shape > 1.0, 0.0, np.where(shape < 1.0, np.inf, rate))
        return up, -up

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """With a = 1/shape: shape² Γ(2 - a)/(Γ(a) scale²) for the location, infinite up to shape 1/2."""
        shape, a = np.exp(eta[2]), np.exp(-np.asarray(eta[2]))
        finite = a < 2.0
        ratio = np.exp(special.gammaln(np.where(finite, 2.0 - a, 1.0)) - special.gammaln(a))
        own = np.where(finite, np.square(shape * np.exp(-eta[1])) * ratio, np.inf)
        psi = special.digamma(a + 1.0)
        after = psi + 1.0 / (a + 1.0)
        power = a * (a + 1.0) * (np.square(after) + trigamma(a + 2.0)) - np.square(a * psi)
        return own, 0.0, shape, 0.0, -(psi + 1.0), power

    def regularity(self, theta: Theta) -> str:
        """Smooth from shape 2 on, kinked down to 1/2, irregular below."""
        shape = float(theta[2])
        if shape >= 2.0:
            return "smooth"
        return "kinked" if shape > _LEAST else "irregular"

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """Shapes above 1/2."""
        return bool(np.all(np.exp(eta[2]) > _LEAST))

    def region(self) -> str | None:
        """Shapes above 1/2."""
        return "shape above 1/2"

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where scale or shape is fixed, or the location where there is no row."""
        if "shape" in fixed or "scale" in fixed:
            return None
        empty = "location" in fixed and survey.tie is not None and not survey.tie[0] > 0
        return None if empty else self.unbounded_in_theory

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """For a given shape of at least 1 the density is a log-concave one, moved and stretched."""
        if float(fixed.get("shape", 0.0)) >= 1.0:
            return "concave in (1/scale, location/scale) (Burridge, 1981)"
        return None

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The best of a few shapes, each with its centre and scale."""
        found = _candidates(points)
        best = int(np.argmax(found[3]))
        return float(found[0][best]), float(found[1][best]), float(_SHAPES[best])

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """With a peak, like the normal distribution, and nearly uniform."""
        locations, scales, _, _ = _candidates(points)
        kinds = (slice(0, 3), slice(3, 4), slice(4, None))
        return tuple((locations[kind], scales[kind], _SHAPES[kind]) for kind in kinds)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Inverse of the incomplete gamma function on either side, to the power 1/shape."""
        a = 1.0 / np.asarray(theta[2])
        tail = 2.0 * np.minimum(probability, 1.0 - probability)
        inner = np.abs(2.0 * np.asarray(probability) - 1.0)
        power = np.where(tail < 0.5, special.gammainccinv(a, tail), special.gammaincinv(a, inner))
        # Where the power underflows the density is level.
        size = np.where(power > _UNDERFLOW, power**a, inner * special.gamma(1.0 + a))
        z = np.where(probability < 0.5, -1.0, 1.0) * size
        return theta[0] + theta[1] * z

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location."""
        return theta[0]

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1/shape + log(2 scale) + log Γ(1 + 1/shape)."""
        a = 1.0 / np.asarray(theta[2])
        return a + _LOG_2 + np.log(theta[1]) + special.gammaln(1.0 + a)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² Γ(3/shape)/Γ(1/shape)."""
        a = 1.0 / np.asarray(theta[2])
        return np.exp(2.0 * np.log(theta[1]) + special.gammaln(3.0 * a) - special.gammaln(a))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """A gamma variable to the power 1/shape, with either sign."""
        a = 1.0 / np.asarray(theta[2])
        # U^(1/a) times a gamma variable of shape 1 + a is one of shape a, which may underflow.
        distance = rng.standard_gamma(1.0 + a, size) ** a * rng.random(size)
        return np.asarray(theta[0] + theta[1] * np.where(rng.random(size) < 0.5, -distance, distance))


def _candidates(points: NDArray[np.float64]) -> tuple[Array, Array, Array, Array]:
    """For each of a few shapes: location, scale, and ℓ/n of the points there, the shapes among them."""
    few = points[:: max(points.size // _FEW, 1)]
    centre, spread = centre_and_spread(few)
    middle, low, high = median(few), float(np.min(few)), float(np.max(few))
    locations = np.array([middle] * 3 + [centre] + [0.5 * low + 0.5 * high] * 3)
    half = 2.0 * np.abs(0.5 * few - 0.5 * locations[:, None])
    largest = np.max(half, axis=1)
    tiny = ~((largest > 1e-300) & (largest < 1e300))
    largest = np.where(tiny, 1.0, largest)
    shape = _SHAPES[:, None]
    mean = np.mean((half / largest[:, None]) ** shape, axis=1)
    scales = largest * (_SHAPES * mean) ** (1.0 / _SHAPES)
    scales = np.where(tiny | ~(scales > 0), clipped(spread), np.clip(scales, 1e-307, 1e307))
    heights = -1.0 / _SHAPES - np.log(scales) - special.gammaln(1.0 + 1.0 / _SHAPES)
    return locations, scales, _SHAPES, np.where(tiny, -np.inf, heights)
