"""The Gompertz family: lifetimes whose hazard grows exponentially with age."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._carried import Carried, LogHazardFamily
from thetahat.families._charted import ChartedFromZero
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import LOG_HAZARD_NODES, expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import clipped
from thetahat.families._support import NON_NEGATIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows, Terms
from thetahat.parameters import Parameter, Positive

_SMALL = 1e-300


def _slope_at_exponential(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂shape at shape = 0."""
    return rows[0] * (1.0 - 0.5 * np.exp(eta[1]) * rows[0])


@final
class Gompertz(LogHazardFamily, ChartedFromZero):
    """Gompertz distribution: P(Y > y) = exp(-rate (exp(shape y) - 1)/shape), y >= 0.

    The hazard is rate exp(shape y) (Gompertz, 1825). Working coordinates are log shape and log rate. The
    log-likelihood of exact rows is concave in (shape, log rate), the cumulative hazard being an integral of
    exponentials of affine functions of them. Where the hazard does not grow with age the maximum is at shape
    0, the exponential distribution.

    Examples
    --------
    >>> import thetahat as th
    >>> gompertz = th.Gompertz(shape=0.1, rate=0.0001)
    >>> round(gompertz.mean(), 6)
    63.378741
    >>> round(gompertz.log_sf(100.0), 6)
    -22.025466
    """

    declared = (Parameter("shape", Positive(), (0.01, 10.0)), Parameter("rate", Positive(), (0.01, 10.0)))
    support = NON_NEGATIVE
    dilation: ClassVar[tuple[float, ...]] = (-1.0, -1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"rate": 0.0},),
        lower=({"rate": np.inf}, {"shape": np.inf}),
        point={"shape": np.inf, "rate": 0.0},
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="exponential",
            parameter="shape",
            chart="shape",
            names={"rate": "rate"},
            slope=_slope_at_exponential,
            scale=lambda limit: limit["rate"],
            order=-1.0,
        ),
    )
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "concave in (shape, log rate)"
    primary: ClassVar[str] = "rate"
    increasing: ClassVar[bool] = False
    single_maximum = MappingProxyType({"*": "concave in (shape, coefficients)"})
    chart = ((0.0, -1.0, 0.0), (0.0, 0.0, 0.0), (0.0, -1.0, 1.0))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log rate + shape y - rate (exp(shape y) - 1)/shape."""
        log_shape, log_rate = eta
        grown = rows[0] * xp.exp(log_shape)
        return log_rate + grown - xp.exp(log_rate - log_shape) * xp.expm1(grown)

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """log c + z + u - c (exp(u) - 1), u = exp(z) = shape y and c = rate/shape."""
        u = xp.exp(z)
        return shapes[0] + z + u - xp.exp(shapes[0]) * xp.expm1(u)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = 1 + u - c u exp(u)."""
        u = np.exp(z)
        c = np.exp(shapes[0])
        growth = c * np.expm1(u)
        risk = u * (growth + c)
        return unstretched(
            z,
            shapes[0] + z + u - growth,
            1.0 + u - risk,
            u - risk * (1.0 + u),
            (1.0 - growth,),
            (-risk,),
            (-growth,),
        )

    def log_hazard(self, z: Array, shapes: Coordinates) -> Carried:
        """log c + log(exp(u) - 1)."""
        u = np.exp(z)
        tiny = u < _SMALL
        ratio = np.where(tiny, 1.0, u / -np.expm1(-np.where(tiny, 1.0, u)))
        logged = np.where(tiny, z, np.log(np.expm1(np.clip(u, _SMALL, 30.0))))
        logged = np.where(u > 30.0, u + np.log1p(-np.exp(-u)), logged)
        one, none = np.ones_like(z), np.zeros_like(z)
        return Carried(shapes[0] + logged, ratio, ratio * (1.0 + u - ratio), (one,), (none,), (none,))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over the log hazard."""
        _, log_scale, *shapes = self.charted(eta)
        found = expected_products(self, LOG_HAZARD_NODES, _placed, log_scale, tuple(shapes))
        return self.charted_back(Terms(0.0, (0.0,) * 3, found)).hessian

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Concavity outlives the fixing of a parameter."""
        return self.uniqueness if survey.all_exact else None

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Shape = rate, with this mean: exp(1) E₁(1)/shape = 0.596/shape."""
        mean = float(np.mean(0.5 * points)) * 2.0
        rate = clipped(0.596 / mean) if 0 < mean < np.inf else 1e-300 if mean > 0 else 1.0
        return rate, rate

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros pull the rate upwards."""
        return y == 0, False

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for rate = shape/(exp(shape y) - 1)."""
        shape = np.asarray(theta[0])
        return shape / np.expm1(shape * y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """log(1 - shape log(1 - p)/rate)/shape."""
        shape = np.asarray(theta[0])
        return np.log1p(-np.log1p(-probability) * shape / theta[1]) / shape

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Quantiles averaged over the hazard."""
        mass, y = _averaged(theta)
        return np.sum(mass * y, axis=-1)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Likewise."""
        mass, y = _averaged(theta)
        mean = np.sum(mass * y, axis=-1)
        return np.sum(mass * np.square(y - mean[..., None]), axis=-1)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion of a standard exponential."""
        shape = np.asarray(theta[0])
        return np.asarray(np.log1p(rng.standard_exponential(size) * shape / theta[1]) / shape)


def _placed(log_hazard: Array, shapes: Coordinates) -> Array:
    return np.asarray(np.log(np.log1p(np.exp(log_hazard - shapes[0]))))


def _averaged(theta: Theta) -> tuple[Array, Array]:
    log_hazard, mass = LOG_HAZARD_NODES
    shape, rate = (np.asarray(value, dtype=float)[..., None] for value in theta)
    return mass, np.log1p(np.exp(log_hazard) * shape / rate) / shape
