"""The Weibull family: lifetimes whose hazard is a power of time."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._end_sums import SummedByEnds
from thetahat.families._entropies import EULER
from thetahat.families._gathering import Gathering
from thetahat.families._gumbel_kernel import SmallestKernel
from thetahat.families._gumbel_start import smallest_start
from thetahat.families._row_sums import (
    SummedByRows,
    Sums,
    Vectors,
    block_scores,
    total,
    total_of_product,
    totals,
)
from thetahat.families._shape_scale import ShapeScale
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows
from thetahat.parameters import Parameter, Positive


@final
class Weibull(SmallestKernel, ShapeScale, SummedByRows, SummedByEnds):
    """Weibull distribution: P(Y > y) = exp(-(y/scale)^shape), y > 0.

    Working coordinates are log shape and log scale; with z = shape log(y/scale) the log density is
    z - exp(z) + log shape - log y. Log y is a location-scale variable of log-concave density (Gumbel's for
    minima), so that the log-likelihood, censored or not, is concave in (shape, shape log scale) (Burridge,
    1981).

    Examples
    --------
    >>> import thetahat as th
    >>> weibull = th.Weibull(shape=2, scale=3)
    >>> weibull.log_sf(6.0)
    -4.0
    >>> round(weibull.mean(), 6)
    2.658681
    """

    declared = (Parameter("shape", Positive(), (0.1, 20.0)), Parameter("scale", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf},),
        lower=({"scale": 0.0},),
        both={"shape": 0.0},
        point={"shape": np.inf},
        centre=("scale", float),
    )
    spikes: ClassVar[str] = "anywhere"
    n_scratch: ClassVar[int] = 6
    uniqueness: ClassVar[str | None] = "concave in (shape, shape log scale) (Burridge, 1981)"
    uniqueness_censored: ClassVar[str | None] = "concave in (shape, shape log scale) (Burridge, 1981)"
    primary: ClassVar[str] = "scale"
    single_maximum = MappingProxyType(
        {"*": "concave in (shape, shape times the coefficients) (Burridge, 1981)"}
    )

    def row_sums(
        self,
        rows: Rows,
        weight: Array | None,
        eta: Coordinates,
        scratch: Vectors,
        *,
        scores: bool,
    ) -> Sums | None:
        """From the sums of z, exp(z), z exp(z) and z² exp(z)."""
        (log_y,) = rows
        log_shape, log_scale = (float(coordinate) for coordinate in eta)
        shape = float(np.exp(log_shape))
        stretched, power, z = scratch[:3]
        work = scratch[3:]
        np.multiply(np.subtract(log_y, log_scale, out=z), shape, out=z)
        np.multiply(z, np.exp(z, out=power), out=stretched)
        n = float(z.shape[0]) if weight is None else float(np.add.reduce(weight))
        by_stretched, by_power, by_z = totals(scratch[:3], weight, work)
        by_stretched_twice = total_of_product(z, stretched, weight, work[0])
        if scores:
            np.add(np.subtract(z, stretched, out=stretched), 1.0, out=stretched)
        value = np.subtract(np.subtract(z, power, out=z), log_y, out=z)
        by_value = total(value, weight, work[0])
        highest = float(np.maximum.reduce(value)) + log_shape if scores else -np.inf
        absolute = total(np.abs(value, out=value), weight, work[0])
        row_scores: tuple[Sequence[float], Sequence[float]] = ((), ())
        if scores:
            np.multiply(np.subtract(power, 1.0, out=power), shape, out=power)
            row_scores = block_scores(scratch[:2], weight, work)
        return Sums(
            by_value + n * log_shape,
            absolute + n * abs(log_shape),
            (n + by_z - by_stretched, shape * (by_power - n)),
            (
                by_z - by_stretched - by_stretched_twice,
                shape * (by_power - n + by_stretched),
                -shape * shape * by_power,
            ),
            *row_scores,
            highest,
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (π²/6 + (1 - γ)², -(1 - γ) shape, shape²)."""
        shape = np.exp(eta[0])
        lag = 1.0 - np.euler_gamma
        return np.pi**2 / 6.0 + lag * lag, -lag * shape, shape * shape

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """From Gumbel's distribution of log y."""
        location, scale = smallest_start(np.log(points))
        return 1.0 / scale, float(np.exp(np.clip(location, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y, whatever the shape."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale (-log(1 - p))^(1/shape)."""
        return theta[1] * (-np.log1p(-probability)) ** (1.0 / np.asarray(theta[0]))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale Γ(1 + 1/shape)."""
        return theta[1] * special.gamma(1.0 + 1.0 / np.asarray(theta[0]))

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """γ (1 - 1/shape) + log(scale/shape) + 1."""
        return EULER * (1.0 - 1.0 / np.asarray(theta[0])) + np.log(theta[1] / np.asarray(theta[0])) + 1.0

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² (Γ(1 + 2/shape) - Γ(1 + 1/shape)²)."""
        inverse = 1.0 / np.asarray(theta[0])
        # Relative to the squared mean, so that a large shape loses digits to one rounding of lgamma only.
        relative = np.expm1(special.gammaln(1.0 + 2.0 * inverse) - 2.0 * special.gammaln(1.0 + inverse))
        return np.square(self.mean_at(theta, known)) * relative

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Powers of standard exponentials."""
        return theta[1] * rng.standard_exponential(size) ** (1.0 / np.asarray(theta[0]))
