"""The Dagum family: incomes and wealth, with a power law in either tail."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._burr_kernel import (
    BEYOND,
    burr_log_density,
    burr_mass,
    burr_nodes,
    burr_quantile,
    burr_terms,
    slope_at_power_law,
)
from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import LOG_HAZARD_NODES, expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._standard import Standard, reflected, reflected_terms
from thetahat.families._starts import robust_centre_and_spread
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows, Terms
from thetahat.parameters import Parameter, Positive


def _slope_at_frechet(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/p) at p = ∞, in q = p (y/scale)^-a."""
    q = np.exp(eta[0] - np.exp(eta[1]) * (rows[0] - eta[2]))
    return q * (0.5 * q - 1.0)


@final
class Dagum(ChartedFamily):
    """Dagum distribution: P(Y <= y) = (1 + (y/scale)^-a)^-p, y > 0.

    Working coordinates are log p, log a and log scale. 1/Y has Burr's twelfth distribution: density and
    distribution function are powers of y, of order ap near 0 and -a far out (Dagum, 1977). At p = 1 it is the
    log-logistic, as p grows and the scale falls Fréchet's. As a grows, ap the same, it becomes the power law
    (y/scale)^(ap) below the scale; that is a local supremum of every likelihood, with the largest value for the
    scale, and is told where no maximum inside is higher. The r-th moment is scale^r p B(1 - r/a, p + r/a) for
    r < a.

    Examples
    --------
    >>> import thetahat as th
    >>> dagum = th.Dagum(p=3, a=2, scale=10)
    >>> round(dagum.mean(), 6)
    29.452431
    >>> round(dagum.log_sf(1e100), 6)
    -454.813236
    """

    declared = (
        Parameter("p", Positive(), (0.2, 3.0)),
        Parameter("a", Positive(), (0.3, 10.0)),
        Parameter("scale", Positive(), (0.01, 100.0)),
    )
    support = POSITIVE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf}, {"p": np.inf}),
        lower=({"scale": 0.0}, {"p": 0.0}),
        both={"a": 0.0},
        point={"a": np.inf},
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="frechet",
            parameter="p",
            chart="1/p",
            names={"shape": "a"},
            slope=_slope_at_frechet,
            scale=lambda _: 1.0,
            moving={"scale": lambda limit, p: limit["scale"] * p ** (-1.0 / limit["shape"])},
        ),
        Limit(
            family="exp_reflected_shifted_exponential",
            parameter="a",
            chart="1/a",
            names={},
            slope=slope_at_power_law,
            scale=lambda limit: limit["rate"],
            moving={
                "p": lambda limit, a: limit["rate"] / a,
                "scale": lambda limit, a: np.exp(BEYOND / a - limit["threshold"]),
            },
        ),
    )
    spikes: ClassVar[str] = "anywhere"
    primary: ClassVar[str] = "scale"
    chart = ((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, -1.0, 0.0), (0.0, 1.0, 0.0, 0.0))

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """Burr's, mirrored."""
        return burr_log_density(xp, -z, shapes[0])

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """Burr's, mirrored."""
        return reflected_terms(burr_terms(-z, shapes[0]))

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Burr's, mirrored."""
        return reflected(burr_mass(-high, -low, shapes[0], order))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over the log hazard."""
        _, log_scale, *shapes = self.charted(eta)
        found = expected_products(self, LOG_HAZARD_NODES, _nodes, log_scale, tuple(shapes))
        return self.charted_back(Terms(0.0, (0.0,) * 3, found)).hessian

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The log-logistic with this median and median distance of log y."""
        middle, spread = robust_centre_and_spread(np.log(points))
        c = float(np.clip(1.6 / spread, 1e-3, 1e3))
        return 1.0, c, float(np.exp(np.clip(middle, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for the scale with p (y/scale)^-a = 1."""
        return y * np.asarray(theta[0]) ** (-1.0 / np.asarray(theta[1]))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale (q^(-1/p) - 1)^(-1/a) at probability q."""
        p, a, scale = theta
        return scale * np.exp(-burr_quantile(-np.log(probability), p) / a)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale p B(1 - 1/a, p + 1/a) where a > 1, infinite elsewhere."""
        return theta[2] * _moment(theta, 1.0)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """From the second moment where a > 2, infinite elsewhere."""
        mean, square = _moment(theta, 1.0), _moment(theta, 2.0)
        finite = np.isfinite(square)
        spread = np.where(finite, square, 0.0) - np.square(np.where(finite, mean, 0.0))
        return np.where(finite, np.square(theta[2]) * spread, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion of a standard exponential."""
        p, a, scale = theta
        return np.asarray(scale * np.exp(-burr_quantile(rng.standard_exponential(size), p) / a))


def _moment(theta: Theta, order: float) -> Any:
    p, a = np.asarray(theta[0]), np.asarray(theta[1])
    finite = a > order
    rest = np.where(finite, 1.0 - order / a, 1.0)
    return np.where(finite, p * special.beta(rest, p + order / a), np.inf)


def _nodes(log_hazard: Array, shapes: Coordinates) -> Array:
    return -burr_nodes(log_hazard, shapes)
