"""The Lomax family: Pareto's power law from 0 up, for claims, file sizes and mixed waiting times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._burr_kernel import BurrKernel
from thetahat.families._charted import ChartedFromZero
from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._starts import clipped
from thetahat.families._support import NON_NEGATIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows
from thetahat.parameters import Parameter, Positive

_ON_ZERO = (
    "the likelihood rises without bound as the density piles up on the value 0 beside an ever heavier tail"
)
_SCALES = 10.0 ** np.arange(-3.0, 6.5, 0.5)
"""Scales that are tried as starts, in means of the values."""


def _slope_at_exponential(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/shape) at shape = ∞, in q = shape y/scale."""
    q = rows[0] * np.exp(eta[0] - eta[1])
    return q * (0.5 * q - 1.0)


@final
class Lomax(BurrKernel, ChartedFromZero):
    """Lomax distribution: P(Y > y) = (1 + y/scale)^-shape, y >= 0.

    Working coordinates are log shape and log scale. Mean scale/(shape - 1) for shape > 1, variance shape
    scale²/((shape - 1)² (shape - 2)) for shape > 2 (Lomax, 1954). An exponential whose rate is gamma
    distributed; as shape and scale grow together it becomes the exponential. The likelihood of data with an exact
    zero has no bound as both shrink; give zeros that were rounded as intervals.

    Examples
    --------
    >>> import thetahat as th
    >>> lomax = th.Lomax(shape=3, scale=4)
    >>> lomax.mean(), lomax.variance()
    (2.0, 12.0)
    >>> round(lomax.log_sf(1e100), 6)
    -686.616645
    """

    declared = (Parameter("shape", Positive(), (0.2, 20.0)), Parameter("scale", Positive(), (0.01, 100.0)))
    support = NON_NEGATIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 1.0)
    decreasing: ClassVar[bool] = True
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf}, {"shape": 0.0}),
        lower=({"scale": 0.0}, {"shape": np.inf}),
        both={"shape": 0.0, "scale": 0.0},
    )
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="exponential",
            parameter="shape",
            chart="1/shape",
            names={},
            slope=_slope_at_exponential,
            scale=lambda _: 1.0,
            moving={"scale": lambda limit, shape: shape / limit["rate"]},
        ),
    )
    spikes: ClassVar[str] = "at 0"
    primary: ClassVar[str] = "scale"
    chart = ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """Log shape - log scale - (shape + 1) log(1 + y/scale)."""
        log_shape, log_scale = eta
        growth = xp.log1p(rows[0] * xp.exp(-log_scale))
        return log_shape - log_scale - (1.0 + xp.exp(log_shape)) * growth

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (1, -shape/(shape + 1), shape/(shape + 2))."""
        inverse = np.exp(-eta[0])
        return 1.0, -1.0 / (1.0 + inverse), 1.0 / (1.0 + 2.0 * inverse)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The best of several scales, each with the shape that is best there: 1/mean log(1 + y/scale)."""
        mean = float(np.mean(points))
        unit = clipped(mean if np.isfinite(mean) else float(np.max(points))) if mean > 0 else 1.0
        growth = np.array([float(np.mean(np.log1p(points / (unit * scale)))) for scale in _SCALES])
        growth = np.maximum(growth, 1e-12)
        best = int(np.argmax(-np.log(growth) - np.log(_SCALES) - growth))
        return clipped(1.0 / growth[best]), clipped(unit * float(_SCALES[best]))

    def unbounded_by(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """At scale s with the best shape, about n_+/log(1/s) of it, ℓ is n_0 log(1/s) to first order."""
        return None if survey.minimum > 0 or fixed else _ON_ZERO

    def outweighed(self, fixed: Mapping[str, Any]) -> float | None:
        """For a fixed shape a zero gains one log scale as the scale shrinks, and a row above 0 loses shape of them."""
        return float(fixed["shape"]) if "shape" in fixed and "scale" not in fixed else None

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros pull the scale to 0."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for scale = shape y."""
        return y * np.asarray(theta[0])

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale ((1 - p)^(-1/shape) - 1)."""
        return theta[1] * np.expm1(-np.log1p(-probability) / np.asarray(theta[0]))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale/(shape - 1) above shape 1, infinite up to there."""
        shape = np.asarray(theta[0])
        return np.where(shape > 1, theta[1] / np.where(shape > 1, shape - 1.0, 1.0), np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + 1/shape + log(scale/shape)."""
        return 1.0 + 1.0 / np.asarray(theta[0]) + np.log(theta[1] / np.asarray(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Shape scale²/((shape - 1)² (shape - 2)) above shape 2, infinite up to there."""
        shape = np.asarray(theta[0])
        safe = np.where(shape > 2, shape, 3.0)
        spread = np.square(theta[1] / (safe - 1.0)) * (safe / (safe - 2.0))
        return np.where(shape > 2, spread, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """NumPy's sampler."""
        return theta[1] * rng.pareto(theta[0], size)
