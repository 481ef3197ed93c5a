"""The generalised Pareto family: excesses over a high threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from thetahat.families._carried import Carried, LogHazardFamily
from thetahat.families._charted import ChartedFromZero
from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._reduced import at_end, reduced_terms, reduced_value, unreduced
from thetahat.families._standard import Standard, unstretched
from thetahat.families._starts import clipped
from thetahat.families._support import NON_NEGATIVE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, Rows
from thetahat.parameters import Parameter, Positive, Real

_SMALL = 1e-290
_AT_LARGEST = (
    "the likelihood rises without bound as the upper end-point nears the largest value (Smith, 1985)"
)
_ON_ZERO = "the likelihood rises without bound as the density piles up on the value 0 beside a heavy tail"
_TAILS = 10.0 ** np.arange(-3.0, 6.5, 0.5)
_GAPS = 10.0 ** np.arange(-4.0, 2.5, 0.5)
"""Values of shape/scale that are tried, in means and as distances of the end-point from the largest value."""


@final
class GeneralizedPareto(LogHazardFamily, ChartedFromZero):
    """Generalised Pareto distribution: P(Y > y) = (1 + shape y/scale)^(-1/shape), y >= 0.

    Working coordinates are log scale and shape itself. Shape 0 is the exponential, where everything is
    smooth; above 0 the tail is heavy, below 0 there is an upper end-point at -scale/shape (Pickands, 1975).
    With w = log(1 + shape y/scale)/shape the log density is -(1 + shape) w - log scale. Maximum likelihood is
    regular above shape -1/2; below shape -1 the density is unbounded at its end-point (Smith, 1985).

    Examples
    --------
    >>> import thetahat as th
    >>> excess = th.GeneralizedPareto(scale=2, shape=0.25)
    >>> round(excess.mean(), 6), round(excess.variance(), 6)
    (2.666667, 14.222222)
    >>> th.GeneralizedPareto(scale=1, shape=0).log_sf(700.0)
    -700.0
    """

    declared = (Parameter("scale", Positive(), (0.05, 20.0)), Parameter("shape", Real(), (-0.1, 0.8)))
    support = NON_NEGATIVE
    dilation: ClassVar[tuple[float, ...]] = (1.0, 0.0)
    decreasing: ClassVar[bool] = True
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"scale": np.inf},),
        lower=({"scale": 0.0},),
    )
    scales: ClassVar[tuple[str, ...]] = ("scale",)
    spikes: ClassVar[str] = "at 0"
    unbounded_in_theory: ClassVar[str | None] = f"for shape below -1 {_AT_LARGEST}"
    region_of: ClassVar[tuple[str, ...]] = ("shape",)
    chart = ((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))

    def log_density(self, xp: Any, rows: Rows, eta: Coordinates) -> Any:
        """-(1 + shape) w - log scale; -inf where 1 + shape y/scale <= 0."""
        log_scale, shape = eta
        ratio = rows[0] * xp.exp(-log_scale)
        inside = shape * ratio > -1.0
        w = reduced_value(xp, xp.where(inside, ratio, 0.0), shape)
        return xp.where(inside, -(1.0 + shape) * w - log_scale, -np.inf)

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """Return z - (1 + shape) w, z = log(y/scale)."""
        (shape,) = shapes
        ratio = xp.exp(z)
        inside = shape * ratio > -1.0
        w = reduced_value(xp, xp.where(inside, ratio, 0.0), shape)
        return xp.where(inside, z - (1.0 + shape) * w, -np.inf)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """With u = exp(z) = y/scale: g' = 1 - (1 + shape) u/(1 + shape u); slopes are 0 outside the support."""
        (shape,) = shapes
        u = np.exp(z)
        inside = np.asarray(shape * u > -1.0)
        u = np.where(inside, u, 0.0)
        w = reduced_terms(u, shape)
        pull = u * w.by_z
        bend = pull * w.by_z

        def kept(item: Any) -> Array:
            return np.where(inside, item, 0.0)

        return unstretched(
            z,
            np.where(inside, z - (1.0 + shape) * w.value, -np.inf),
            kept(1.0 - (1.0 + shape) * pull),
            kept(-(1.0 + shape) * bend),
            (kept(-w.value - (1.0 + shape) * w.by_shape),),
            (kept((u - 1.0) * bend),),
            (kept(-2.0 * w.by_shape - (1.0 + shape) * w.by_shape_shape),),
        )

    def log_hazard(self, z: Array, shapes: Coordinates) -> Carried:
        """log w, which is z itself near 0 and infinite from the end-point on."""
        (shape,) = shapes
        u = np.exp(z)
        inside = shape * u > -1.0
        tiny = u < _SMALL
        safe = np.where(inside & ~tiny, u, 1e-8)
        w = reduced_terms(safe, shape)
        slope = np.where(tiny, 1.0, safe * w.by_z / w.value)
        by_shape = np.where(tiny, 0.0, w.by_shape / w.value)
        bend = np.where(tiny, 0.0, w.by_shape_shape / w.value)
        value = np.where(tiny, z, np.log(w.value))
        return Carried(
            np.where(inside, value, np.inf),
            slope,
            slope * (w.by_z - slope),
            (by_shape,),
            (-slope * (safe * w.by_z + by_shape),),
            (bend - np.square(by_shape),),
        )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """(1, 1/(1 + shape), 2/(1 + shape))/(1 + 2 shape) (Smith, 1985); NaN from shape -1/2 down."""
        shape = np.asarray(eta[1], dtype=float)
        lead = np.where(shape > -0.5, 1.0 / (1.0 + 2.0 * shape), np.nan)
        return lead, lead / (1.0 + shape), 2.0 * lead / (1.0 + shape)

    def regularity(self, theta: Theta) -> str:
        """Irregular from shape -1/2 down, where the end-point is learned faster than √n."""
        return "smooth" if np.all(np.asarray(theta[1]) > -0.5) else "irregular"

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """Shape above -1."""
        return bool(np.all(np.asarray(eta[1]) > -1.0))

    def region(self) -> str | None:
        """The shapes whose density is bounded at the end-point; ℓ still has no bound over all of them."""
        return "shape above -1"

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where what is fixed keeps the end-point off the largest value and the density off zeros."""
        scale, shape = fixed.get("scale"), fixed.get("shape")
        at_largest = survey.maximum > 0 and survey.highest_low <= survey.maximum
        if shape is None:
            at_largest &= scale is None or scale > survey.maximum
            return self.unbounded_in_theory if at_largest else None
        if shape < -1 and at_largest:
            return f"shape is fixed outside the regular region, below -1, so that {_AT_LARGEST}"
        tie, others = survey.tie if survey.tie is not None else (1.0, survey.n_obs - 1.0)
        if survey.minimum == 0 and scale is None and shape * max(tie, 1.0) > others:
            return f"for so large a shape {_ON_ZERO}"
        return None

    def heights(self, survey: Survey) -> tuple[Theta, ...]:
        """A spike on the value 0 beside a tail heavy enough for the others: shape = -log scale."""
        if not 0 == survey.minimum < survey.maximum < np.inf:
            return ()
        powers = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
        return tuple((survey.maximum * 10.0**-k, k * float(np.log(10.0))) for k in powers)

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Profiles over shape/scale (Grimshaw, 1993): heavy tails, and end-points at several distances."""
        mean, largest = float(np.mean(points)), float(np.max(points))
        if not 0 < mean <= largest < np.inf:
            return ()
        return _profiled(points, 1.0 / (mean * _TAILS)), _profiled(points, -1.0 / (largest * (1.0 + _GAPS)))

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """The exponential with this mean, or the best of the heavier tails where that is better."""
        mean = float(np.mean(0.5 * points)) * 2.0
        if not 0 < mean < np.inf:
            return clipped(float(np.max(points))) if mean > 0 else 1.0, 0.0
        scale, shape = _profiled(points, 1.0 / (mean * _TAILS))
        heights = -np.log(scale) - 1.0 - shape
        best = int(np.argmax(heights))
        if heights[best] > -np.log(mean) - 1.0:
            return clipped(float(scale[best])), float(shape[best])
        return clipped(mean), 0.0

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def recession(self, y: Array, known: Known) -> tuple[Any, Any]:
        """Zeros pull the scale to 0."""
        return False, y == 0

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The density at y is highest for scale = y, or at the end-point where shape is below -1."""
        return y * np.maximum(1.0, -np.asarray(theta[1], dtype=float))

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Scale ((1 - p)^-shape - 1)/shape."""
        scale, shape = theta
        w = -np.log1p(-probability)
        y = scale * unreduced(w, np.asarray(shape, dtype=float))
        ends = np.isinf(w)
        return np.where(ends, at_end(y, 0.0, scale, shape), y) if ends.any() else y

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Scale/(1 - shape) below shape 1, infinite from there up."""
        shape = np.asarray(theta[1])
        return np.where(shape < 1, theta[0] / np.where(shape < 1, 1.0 - shape, 1.0), np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + shape + log scale."""
        return 1.0 + np.asarray(theta[1]) + np.log(theta[0])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale²/((1 - shape)² (1 - 2 shape)) below shape 1/2, infinite from there up."""
        shape = np.asarray(theta[1])
        safe = np.where(shape < 0.5, shape, 0.0)
        spread = np.square(theta[0] / (1.0 - safe)) / (1.0 - 2.0 * safe)
        return np.where(shape < 0.5, spread, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion of a standard exponential."""
        scale, shape = theta
        return np.asarray(scale * unreduced(rng.standard_exponential(size), np.asarray(shape, dtype=float)))


def _profiled(points: NDArray[np.float64], ratio: NDArray[np.float64]) -> tuple[Array, Array]:
    """The best (scale, shape) for each value of shape/scale: shape = mean log(1 + ratio y)."""
    shape = np.mean(np.log1p(ratio[:, np.newaxis] * points), axis=1)
    return shape / ratio, shape
