"""The Nakagami family: amplitudes of faded signals, whose squares are gamma distributed."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._gamma_kernel import GammaKernel, of_shape
from thetahat.families._gathering import Gathering
from thetahat.families._starts import clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates
from thetahat.numerics.gamma_functions import log_gamma_ratio
from thetahat.parameters import Parameter, Positive


@final
class Nakagami(GammaKernel, ChartedFamily):
    """Nakagami distribution: f(y) = 2 (shape/spread)^shape y^(2 shape - 1) exp(-shape y²/spread) / Γ(shape).

    Working coordinates are log shape and log spread, and spread = E y²: Y² is gamma distributed with this mean
    and shape (Nakagami, 1960). At shape 1/2 it is the half-normal, at 1 Rayleigh's. The maximum is unique
    unless all values are equal (a minimal exponential family; Barndorff-Nielsen, 1978, theorem 9.13).

    Examples
    --------
    >>> import thetahat as th
    >>> nakagami = th.Nakagami(shape=2, spread=9)
    >>> round(nakagami.mean(), 6)
    2.819957
    >>> round(nakagami.mean() ** 2 + nakagami.variance(), 6)
    9.0
    """

    declared = (Parameter("shape", Positive(), (0.1, 50.0)), Parameter("spread", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 2.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"spread": np.inf},),
        lower=({"spread": 0.0}, {"shape": 0.0}),
        both={"shape": 0.0, "spread": np.inf},
        point={"shape": np.inf},
        centre=("spread", np.square),
    )
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "minimal exponential family (Barndorff-Nielsen, 1978)"
    primary: ClassVar[str] = "spread"
    # 2 log y - log spread
    chart = ((0.0, 0.0, 0.5), (-float(np.log(2.0)), 0.0, 0.0), (0.0, 1.0, 0.0))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Return (shape² ψ'(shape) - shape, 0, shape)."""
        shape, _, _, bend = of_shape(eta[0])
        return bend, 0.0, shape

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Minka's (2002) approximation of the gamma shape of y²."""
        logs = 2.0 * np.log(points)
        largest = float(np.max(logs))
        log_spread = largest + float(np.log(np.mean(np.exp(logs - largest))))
        gap = max(log_spread - float(np.mean(logs)), 1e-6)
        shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
        return clipped(float(shape)), float(np.exp(np.clip(log_spread, -700.0, 700.0)))

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for spread = y²."""
        return np.square(y)

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Root of the gamma quantile."""
        shape, spread = np.asarray(theta[0]), np.asarray(theta[1])
        return np.sqrt(special.gammaincinv(shape, probability) / shape) * np.sqrt(spread)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """√(spread/shape) Γ(shape + 1/2)/Γ(shape)."""
        return np.sqrt(theta[1]) * _mean_of_one(theta[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Spread less the squared mean."""
        mean = _mean_of_one(theta[0])
        return np.asarray(theta[1]) * (1.0 - mean) * (1.0 + mean)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """Roots of gamma variables."""
        return np.asarray(np.sqrt(rng.gamma(theta[0], np.asarray(theta[1]) / theta[0], size)))


def _mean_of_one(shape: Any) -> Any:
    return np.exp(log_gamma_ratio(shape, 0.5) - 0.5 * np.log(shape))
