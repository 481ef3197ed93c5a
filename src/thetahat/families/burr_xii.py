"""The Burr XII family: incomes, claims and toxicities, with a power law in either tail."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._burr_kernel import BEYOND, BurrKernel, burr_nodes, burr_quantile, slope_at_power_law
from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import LOG_HAZARD_NODES, expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._starts import robust_centre_and_spread
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Parameter, Positive


def _slope_at_weibull(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/k) at k = ∞, in q = k (y/scale)^c."""
    q = np.exp(eta[1] + np.exp(eta[0]) * (rows[0] - eta[2]))
    return q * (0.5 * q - 1.0)


@final
class BurrXII(BurrKernel, ChartedFamily):
    """Burr XII distribution: P(Y > y) = (1 + (y/scale)^c)^-k, y > 0.

    Working coordinates are log c, log k and log scale. Density and distribution function are powers of y, of
    order c near 0 and -ck far out (Burr, 1942; Singh & Maddala, 1976). At k = 1 it is the log-logistic, at
    c = 1 the Lomax family; as k and scale grow together it becomes Weibull's. As c grows, ck the same, it becomes
    Pareto's, which is a local supremum of every likelihood, with the smallest value for its minimum, and is told
    where no maximum inside is higher. The r-th moment is scale^r
    k B(k - r/c, 1 + r/c) for r < ck.

    Examples
    --------
    >>> import thetahat as th
    >>> burr = th.BurrXII(c=2, k=3, scale=10)
    >>> round(burr.mean(), 6)
    5.890486
    >>> round(burr.log_sf(1e100), 6)
    -1367.735545
    """

    declared = (
        Parameter("c", Positive(), (0.3, 10.0)),
        Parameter("k", Positive(), (0.2, 3.0)),
        Parameter("scale", Positive(), (0.01, 100.0)),
    )
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 0.0, 1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf}, {"k": 0.0}),
        lower=({"scale": 0.0}, {"k": np.inf}),
        both={"c": 0.0},
        point={"c": np.inf},
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="weibull",
            parameter="k",
            chart="1/k",
            names={"shape": "c"},
            slope=_slope_at_weibull,
            scale=lambda _: 1.0,
            moving={"scale": lambda limit, k: limit["scale"] * k ** (1.0 / limit["shape"])},
        ),
        Limit(
            family="pareto",
            parameter="c",
            chart="1/c",
            names={},
            slope=slope_at_power_law,
            scale=lambda limit: limit["shape"],
            moving={
                "k": lambda limit, c: limit["shape"] / c,
                "scale": lambda limit, c: limit["minimum"] * np.exp(-BEYOND / c),
            },
        ),
    )
    spikes: ClassVar[str] = "anywhere"
    primary: ClassVar[str] = "scale"
    chart = ((0.0, 0.0, 0.0, 1.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over the log hazard."""
        _, log_scale, *shapes = self.charted(eta)
        found = expected_products(self, LOG_HAZARD_NODES, burr_nodes, log_scale, tuple(shapes))
        return self.charted_back(Terms(0.0, (0.0,) * 3, found)).hessian

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The log-logistic with this median and median distance of log y."""
        middle, spread = robust_centre_and_spread(np.log(points))
        c = float(np.clip(1.6 / spread, 1e-3, 1e3))
        return c, 1.0, float(np.exp(np.clip(middle, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for the scale with k (y/scale)^c = 1."""
        return y * np.asarray(theta[1]) ** (1.0 / np.asarray(theta[0]))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale ((1 - p)^(-1/k) - 1)^(1/c)."""
        c, k, scale = theta
        return scale * np.exp(burr_quantile(-np.log1p(-probability), k) / c)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale k B(k - 1/c, 1 + 1/c) where ck > 1, infinite elsewhere."""
        return theta[2] * _moment(theta, 1.0)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """From the second moment where ck > 2, infinite elsewhere."""
        mean, square = _moment(theta, 1.0), _moment(theta, 2.0)
        finite = np.isfinite(square)
        spread = np.where(finite, square, 0.0) - np.square(np.where(finite, mean, 0.0))
        return np.where(finite, np.square(theta[2]) * spread, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion of a standard exponential."""
        c, k, scale = theta
        return np.asarray(scale * np.exp(burr_quantile(rng.standard_exponential(size), k) / c))


def _moment(theta: Theta, order: float) -> Any:
    c, k = np.asarray(theta[0]), np.asarray(theta[1])
    finite = c * k > order
    rest = np.where(finite, k - order / c, 1.0)
    return np.where(finite, k * special.beta(rest, 1.0 + order / c), np.inf)
