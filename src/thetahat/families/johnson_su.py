"""Johnson's SU family: a bent normal, skewed at will and with tails heavier than the normal's."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._carried import Carried, NormalScoreFamily
from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import NORMAL_NODES, expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._growth import log_one_plus_square
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import clipped, robust_centre_and_spread
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Terms
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive, Real

_START_DELTA = 1.5
_SKEWS = np.array([-3.0, -1.0, 1.0, 3.0])


@final
class JohnsonSU(NormalScoreFamily, ChartedFamily):
    """Johnson's SU distribution: gamma + delta asinh(z) is standard normal, z = (y - location)/scale.

    Working coordinates are gamma, log delta, location and log scale (Johnson, 1949). Mean location - scale
    exp(1/(2 delta²)) sinh(gamma/delta). Above, delta is large where the tails are light: with the scale it
    grows without end on data whose tails are no heavier than the normal's or log-normal's.

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
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    primary: ClassVar[str] = "location"
    unbounded_in_theory: ClassVar[str | None] = (
        "the likelihood rises without bound as the scale shrinks on a datum with delta near 0"
    )
    logged: ClassVar[bool] = False
    chart = (
        (0.0, 0.0, 0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0, 0.0),
    )

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
        """Symmetric, of delta 3/2, with the median and the median distance from it."""
        middle, spread = robust_centre_and_spread(points)
        return 0.0, _START_DELTA, middle, clipped(spread / 1.4826 / np.sinh(0.6745 / _START_DELTA))

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Skewed to either side."""
        middle, spread = robust_centre_and_spread(points)
        delta = np.full(_SKEWS.size, _START_DELTA)
        shift = np.sinh(_SKEWS / delta)
        scale = spread / 1.4826 / np.sinh(0.6745 / delta) / np.cosh(_SKEWS / delta)
        return ((_SKEWS, delta, middle + scale * shift, np.maximum(scale, 1e-300)),)

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
