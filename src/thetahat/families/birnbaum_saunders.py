"""The Birnbaum-Saunders family: lifetimes under fatigue, when a crack has grown too long."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._carried import Carried, NormalScoreFamily
from thetahat.families._charted import ChartedFamily
from thetahat.families._contract import Known, Theta
from thetahat.families._expected import NORMAL_NODES, expected_products
from thetahat.families._gathering import Gathering
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import clipped
from thetahat.families._support import POSITIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Terms
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile
from thetahat.parameters import Parameter, Positive

_LOG_2 = float(np.log(2.0))


@final
class BirnbaumSaunders(NormalScoreFamily, ChartedFamily):
    """Birnbaum-Saunders distribution: F(y) = Φ((√(y/scale) - √(scale/y))/shape), y > 0.

    Working coordinates are log shape and log scale; 2 sinh(log(y/scale)/2)/shape is standard normal (Birnbaum
    & Saunders, 1969). The scale is the median; mean scale (1 + shape²/2), variance (shape scale)² (1 + 5
    shape²/4). The maximum of exact rows is unique (Balakrishnan & Zhu, 2014).

    Examples
    --------
    >>> import thetahat as th
    >>> fatigue = th.BirnbaumSaunders(shape=0.5, scale=8)
    >>> fatigue.mean(), fatigue.variance()
    (9.0, 21.0)
    >>> round(fatigue.quantile(0.5), 6)
    8.0
    """

    declared = (Parameter("shape", Positive(), (0.1, 3.0)), Parameter("scale", Positive(), (0.01, 100.0)))
    support = POSITIVE
    dilation: ClassVar[tuple[float, ...]] = (0.0, 1.0)
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf},),
        lower=({"scale": 0.0},),
        both={"shape": np.inf},
        point={"shape": 0.0},
        centre=("scale", float),
    )
    spikes: ClassVar[str] = "anywhere"
    uniqueness: ClassVar[str | None] = "unique (Balakrishnan & Zhu, 2014)"
    primary: ClassVar[str] = "scale"
    chart = ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0))

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-w²/2 + log cosh(z/2) - log shape - log √(2π), w = 2 sinh(z/2)/shape."""
        (log_shape,) = shapes
        half = 0.5 * xp.abs(z)
        # sinh and cosh by expm1, which both namespaces have
        score = (xp.expm1(half) - xp.expm1(-half)) * xp.exp(-log_shape)
        log_cosh = half + xp.log1p(xp.exp(-2.0 * half)) - _LOG_2
        return -0.5 * score * score + log_cosh - log_shape - LOG_SQRT_2_PI

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = -w w' + tanh(z/2)/2."""
        (log_shape,) = shapes
        half = np.abs(0.5 * z)
        w, slope, _ = _score(z, log_shape)
        log_cosh = half + np.log1p(np.exp(-2.0 * half)) - _LOG_2
        pull = np.tanh(0.5 * z)
        square = w * w
        return unstretched(
            z,
            -0.5 * square + log_cosh - log_shape - LOG_SQRT_2_PI,
            0.5 * pull - w * slope,
            0.25 * np.exp(-2.0 * log_cosh) - slope * slope - 0.25 * square,
            (square - 1.0,),
            (2.0 * w * slope,),
            (-2.0 * square,),
        )

    def normal_score(self, z: Array, shapes: Coordinates) -> Carried:
        """2 sinh(z/2)/shape."""
        w, slope, bend = _score(z, shapes[0])
        return Carried(w, slope, bend, (-w,), (-slope,), (w,))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """By quadrature over the normal score."""
        _, log_scale, *shapes = self.charted(eta)
        found = expected_products(self, NORMAL_NODES, _placed, log_scale, tuple(shapes))
        return self.charted_back(Terms(0.0, (0.0,) * 3, found)).hessian

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Modified moments (Ng, Kundu & Balakrishnan, 2003): from the arithmetic and the harmonic mean."""
        logs = np.log(points)
        middle = float(np.mean(logs))
        mean, harmonic = (
            float(np.mean(np.exp(np.clip(s * (logs - middle), -600.0, 600.0)))) for s in (1.0, -1.0)
        )
        scale = np.exp(np.clip(middle + 0.5 * (np.log(mean) - np.log(harmonic)), -700.0, 700.0))
        excess = np.sqrt(mean) * np.sqrt(harmonic) - 1.0
        return clipped(float(np.sqrt(2.0 * excess))) if excess > 1e-14 else 0.1, float(scale)

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y up to shape 2, from where on the density of log y has two modes; then the scale above y."""
        return y * np.exp(2.0 * np.arccosh(np.maximum(0.5 * np.asarray(theta[0]), 1.0)))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale exp(2 asinh(shape Φ⁻¹(p)/2))."""
        return theta[1] * np.exp(2.0 * np.arcsinh(0.5 * theta[0] * normal_quantile(probability)))

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale (1 + shape²/2)."""
        return theta[1] * (1.0 + 0.5 * np.square(theta[0]))

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """(shape scale)² (1 + 5 shape²/4)."""
        square = np.square(theta[0])
        return np.square(theta[1]) * square * (1.0 + 1.25 * square)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """From normal scores."""
        return np.asarray(theta[1] * np.exp(2.0 * np.arcsinh(0.5 * theta[0] * rng.standard_normal(size))))


def _score(z: Any, log_shape: Any) -> tuple[Any, Any, Any]:
    """w = 2 sinh(z/2)/shape with two derivatives in z."""
    inverse = np.exp(-log_shape)
    w = 2.0 * np.sinh(0.5 * z) * inverse
    return w, np.cosh(0.5 * z) * inverse, 0.25 * w


def _placed(w: Array, shapes: Coordinates) -> Array:
    return np.asarray(2.0 * np.arcsinh(0.5 * np.exp(shapes[0]) * w))
