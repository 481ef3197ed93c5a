"""Johnson's SU family: a bent normal, skewed at will and with tails heavier than the normal's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._carried import Carried, NormalScoreFamily
from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import NORMAL_NODES, expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._growth import log_one_plus_square
from thetahat.families._johnson_start import johnson_hills, johnson_start
from thetahat.families._limit import Limit
from thetahat.families._standard import Standard, unstretched
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive, Real

_LEAST_DELTA = 0.2


def _slope_at_log_normal(sign: float) -> Any:
    """∂ log p/∂(scale²) at scale 0, where asinh z is log 2z + 1/(4z²).

    Location and gamma move along, which leaves of 1/x² its difference from what is linear in 1/x at the median x₀: the
    sum is then small, and keeps its sign, where x hardly varies.
    """

    def slope(rows: Rows, eta: Coordinates) -> Any:
        gamma, log_delta, location, log_scale = eta
        delta, scale = np.exp(log_delta), np.exp(log_scale)
        # 1/x₀, and the threshold: gamma and location less what they moved by.
        inverse = 2.0 * np.exp(sign * gamma / delta) / scale
        inverse = inverse * np.exp(-0.25 * np.square(scale * inverse))
        distance = sign * (rows[0] - location) + 0.5 * scale * scale * inverse
        x = np.where(distance > 0, distance, np.inf)
        w = delta * np.log(x * inverse)
        gap = 1.0 / x - inverse
        return np.where(distance > 0, -0.25 * w * delta * gap * gap - 0.5 * gap / x, 0.0)

    return slope


def _delta(limit: Mapping[str, float], _: float) -> Any:
    return 1.0 / np.float64(limit["sd_log"])


def _gamma(sign: float) -> Any:
    """Of a scale at which 2/scale times the distance has this normal logarithm."""

    def gamma(limit: Mapping[str, float], scale: float) -> Any:
        relative = np.float64(scale) * np.exp(-limit["mean_log"])
        return sign * (np.log(0.5 * relative) + 0.25 * relative * relative) / limit["sd_log"]

    return gamma


def _location(sign: float) -> Any:
    """The threshold, and half the scale squared over the median beyond it."""

    def location(limit: Mapping[str, float], scale: float) -> Any:
        relative = np.float64(scale) * np.exp(-limit["mean_log"])
        return sign * (limit["threshold"] + 0.5 * relative * scale)

    return location


def _slope_at_normal(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p/∂(1/delta²) at infinite delta and gamma 0: asinh z is z - z³/6 there."""
    _, log_delta, location, log_scale = eta
    square = np.square((rows[0] - location) * np.exp(log_delta - log_scale))
    return square * square / 6.0 - 0.5 * square


@final
class JohnsonSU(NormalScoreFamily, ChartedFamily):
    """Johnson's SU distribution: gamma + delta asinh(z) is standard normal, z = (y - location)/scale.

    Working coordinates are gamma, log delta, location and log scale (Johnson, 1949). Mean location - scale
    exp(1/(2 delta²)) sinh(gamma/delta). Tails are between the log-normal's and any power law: on data with lighter
    ones the supremum lies at a limit, the log-normal family with a threshold, as the scale falls to 0 and gamma grows,
    or the normal one, as delta and the scale grow together.

    Examples
    --------
    >>> import thetahat as th
    >>> johnson = th.JohnsonSU(gamma=-1, delta=2, location=0, scale=1)
    >>> round(johnson.mean(), 6)
    0.590478
    >>> round(johnson.quantile(0.5), 6)
    0.521095
    """

    declared = (
        Parameter("gamma", Real(), (-2.0, 2.0)),
        Parameter("delta", Positive(), (0.7, 5.0)),
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.05, 20.0)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf}, {"gamma": -np.inf}),
        lower=({"location": -np.inf}, {"gamma": np.inf}),
        both={"scale": np.inf},
        point={"scale": 0.0},
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        *(
            Limit(
                family=family,
                parameter="scale",
                chart="scale²",
                names={},
                slope=_slope_at_log_normal(sign),
                scale=lambda limit: float(np.exp(limit["mean_log"])),
                moving={"gamma": _gamma(sign), "delta": _delta, "location": _location(sign)},
                order=-2.0,
            )
            for family, sign in (("shifted_log_normal", 1.0), ("reflected_shifted_log_normal", -1.0))
        ),
        Limit(
            family="normal",
            parameter="delta",
            chart="1/delta²",
            names={"mean": "location"},
            slope=_slope_at_normal,
            scale=lambda _: 2.0,
            moving={"gamma": lambda _limit, _delta: 0.0, "scale": lambda limit, delta: limit["sd"] * delta},
            order=2.0,
        ),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    primary: ClassVar[str] = "location"
    unbounded_in_theory: ClassVar[str | None] = (
        "the likelihood rises without bound as the scale shrinks on a datum with delta near 0"
    )
    region_of: ClassVar[tuple[str, ...]] = ("delta",)
    logged: ClassVar[bool] = False
    chart = (
        (0.0, 0.0, 0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0, 0.0),
    )

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """Whether delta is clear of 0."""
        return bool(np.min(eta[1]) > np.log(_LEAST_DELTA))

    def region(self) -> str | None:
        """Delta above 0.2."""
        return f"delta > {_LEAST_DELTA}"

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where delta or the scale is fixed, unless all values are equal, which is told as a spike."""
        return None if "delta" in fixed or "scale" in fixed else self.unbounded_in_theory

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-w²/2 - log(1 + z²)/2 + log delta - log √(2π), w = gamma + delta asinh(z)."""
        gamma, log_delta = shapes
        w = gamma + xp.exp(log_delta) * xp.arcsinh(z)
        return -0.5 * w * w - 0.5 * log_one_plus_square(xp, z) + log_delta - LOG_SQRT_2_PI

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -w w' - z/(1 + z²)."""
        gamma, log_delta = shapes
        root = np.hypot(1.0, z)
        tilt, level = z / root, 1.0 / root
        stretched = np.exp(log_delta) * np.arcsinh(z)
        slope = np.exp(log_delta) * level
        w = gamma + stretched
        return unstretched(
            z,
            -0.5 * w * w - 0.5 * log_one_plus_square(NUMPY, z) + log_delta - LOG_SQRT_2_PI,
            -(w * slope + tilt * level),
            (w * slope * tilt - level * (level - tilt) * (level + tilt)) * level - slope * slope,
            (-w, 1.0 - w * stretched),
            (-slope, -(w + stretched) * slope),
            (-1.0, -stretched, -(w + stretched) * stretched),
        )

    def normal_score(self, z: Array, shapes: Coordinates) -> Carried:
        """gamma + delta asinh(z)."""
        gamma, log_delta = shapes
        level = 1.0 / np.hypot(1.0, z)
        stretched = np.exp(log_delta) * np.arcsinh(z)
        slope = np.exp(log_delta) * level
        one, none = np.ones_like(z), np.zeros_like(z)
        return Carried(
            gamma + stretched,
            slope,
            -slope * (z * level) * level,
            (one, stretched),
            (none, slope),
            (none, none, stretched),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over the normal score."""
        _, log_scale, *shapes = self.charted(eta)
        found = expected_products(self, NORMAL_NODES, _placed, log_scale, tuple(shapes))
        return self.charted_back(Terms(0.0, (0.0,) * 4, found)).hessian

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Near the maximum, by a search in coordinates in which all limits are near."""
        return johnson_start(points)

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Other hills in those coordinates, a kind for each."""
        return tuple(tuple(np.array([item]) for item in theta) for theta in johnson_hills(points))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location + scale sinh((Φ⁻¹(p) - gamma)/delta)."""
        gamma, delta, location, scale = theta
        return location + scale * np.sinh((normal_quantile(probability) - gamma) / delta)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location - scale exp(1/(2 delta²)) sinh(gamma/delta)."""
        gamma, delta, location, scale = theta
        return location - scale * np.exp(0.5 / np.square(delta)) * np.sinh(gamma / np.asarray(delta))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """scale² (e - 1)(e cosh(2 gamma/delta) + 1)/2, e = exp(1/delta²)."""
        gamma, delta, _, scale = theta
        inverse = 1.0 / np.square(delta)
        spread = np.exp(inverse) * np.cosh(2.0 * gamma / np.asarray(delta)) + 1.0
        return 0.5 * np.square(scale) * np.expm1(inverse) * spread

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """From normal scores."""
        gamma, delta, location, scale = theta
        return np.asarray(location + scale * np.sinh((rng.standard_normal(size) - gamma) / delta))


def _placed(w: Array, shapes: Coordinates) -> Array:
    gamma, log_delta = shapes
    return np.asarray(np.sinh((w - gamma) * np.exp(-log_delta)))
