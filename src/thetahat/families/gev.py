"""The generalised extreme-value family: maxima of blocks, such as yearly floods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._entropies import EULER
from thetahat.families._gathering import Gathering
from thetahat.families._gev_moments import (
    ORDERS,
    ZETA,
    by_l_moments,
    information_in_closed_form,
    log_gamma_one_less,
    power_sum,
)
from thetahat.families._gev_sums import gev_sums
from thetahat.families._gumbel_ends import gumbel_ends
from thetahat.families._location_scale import LocationScale
from thetahat.families._reduced import Reduced, at_end, in_shape, reduced_terms, reduced_value, unreduced
from thetahat.families._row_sums import SummedByRows, Sums, Vectors
from thetahat.families._standard import Standard
from thetahat.families._starts import centre_and_spread, clipped
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows
from thetahat.numerics.namespace import namespace
from thetahat.parameters import Parameter, Positive, Real

_TINY = 1e-100
_AT_LARGEST = (
    "the likelihood rises without bound as the upper end-point nears the largest value (Smith, 1985)"
)
_ON_SMALLEST = "the likelihood rises without bound as the density piles up on the smallest value"
_BEYOND = np.array([1e-3, 0.01, 0.1, 1.0, 10.0])
"""Distances of an end-point from the outermost value, in ranges of the values."""


@final
class GEV(LocationScale, SummedByRows):
    """Generalised extreme-value distribution: F(y) = exp(-(1 + shape z)^(-1/shape)).

    With z = (y - location)/scale. Working coordinates are location, log scale and shape itself. Shape 0 is
    Gumbel's distribution, where everything is smooth; above 0 the upper tail is heavy and there is a lower
    end-point, below 0 an upper one, at location - scale/shape (Jenkinson, 1955; Coles, 2001). With w = log(1
    + shape z)/shape the log density is -(1 + shape) w - exp(-w) - log scale. Maximum likelihood is regular
    above shape -1/2 (Smith, 1985); below shape -1 the density is unbounded at its end-point.

    Examples
    --------
    >>> import thetahat as th
    >>> gev = th.GEV(location=0, scale=1, shape=0.25)
    >>> round(gev.mean(), 6)
    0.901667
    >>> round(gev.quantile(0.99), 6)
    8.633243
    >>> gev.log_prob(-4.0)
    -inf
    """

    declared = (
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.05, 20.0)),
        Parameter("shape", Real(), (-0.4, 0.8)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.nan, "shape": np.nan},),
        lower=({"location": np.nan, "shape": np.nan},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    n_scratch: ClassVar[int] = 10
    unbounded_in_theory: ClassVar[str | None] = (
        f"for shape below -1 {_AT_LARGEST}, and for large shapes as the density piles up on the smallest"
    )
    region_of: ClassVar[tuple[str, ...]] = ("shape",)

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """-(1 + shape) w - exp(-w); -inf where 1 + shape z <= 0."""
        (shape,) = shapes
        inside = shape * z > -1.0
        w = reduced_value(xp, xp.where(inside, z, 0.0), shape)
        return xp.where(inside, -(1.0 + shape) * w - xp.exp(-w), -np.inf)

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """Chain rule through w, with t = exp(-w); derivatives are 0 outside the support."""
        (shape,) = shapes
        inside = np.asarray(shape * z > -1.0)
        z = np.where(inside, z, 0.0)
        v = shape * z
        w, by_shape, by_shape_shape = in_shape(z, v, shape)
        t, share, one_more = np.exp(-w), 1.0 / (1.0 + v), 1.0 + shape
        pull = t - one_more
        first = pull * share
        second = one_more * (shape - t) * share * share
        # What z g'' and its like leave of g' is gathered over u², where at huge z it would cancel.
        radial_first = (t * (1.0 - z) - one_more) * share * share
        mixed = ((z * (1.0 - t) - 1.0) * share - t * by_shape) * share
        value = -one_more * w - t
        terms = Standard(
            value,
            first,
            second,
            z * first,
            radial_first,
            z * radial_first,
            (pull * by_shape - w,),
            (mixed,),
            (z * mixed,),
            (pull * by_shape_shape - by_shape * (2.0 + t * by_shape),),
        )
        return terms if inside.all() else _without_slope(terms, inside)

    def row_sums(
        self,
        rows: Rows,
        weight: Array | None,
        eta: Coordinates,
        scratch: Vectors,
        *,
        scores: bool,
    ) -> Sums | None:
        """Away from shape 0, where what cancels in w needs ``standard_terms``, and inside the support."""
        return gev_sums(rows[0], weight, eta, scratch, scores=scores)

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Gumbel's distribution of w, and the chain rule."""
        (shape,) = shapes
        with np.errstate(all="ignore"):
            low, high, gap, shape = np.broadcast_arrays(low, high, gap, shape)
            low_within, w_low, at_low = _end(low, shape)
            high_within, w_high, at_high = _end(high, shape)
            # w_high - w_low = log(1 + shape gap/u_low)/shape
            both = low_within & high_within
            step = np.where(both, gap * at_low.by_z, 1.0)
            w_gap = np.where(both, reduced_value(namespace(), step, shape), np.inf)
            end = gumbel_ends(w_low, w_high, w_gap)
            value = np.where(w_low < w_high, end.value, -np.inf)
            lows = np.where(low_within, end.low, 0.0), np.where(low_within, end.low_low, 0.0)
            highs = np.where(high_within, end.high, 0.0), np.where(high_within, end.high_high, 0.0)
            cross = np.where(both, end.low_high, 0.0)
            low_row = lows[1] * at_low.by_shape + cross * at_high.by_shape
            high_row = cross * at_low.by_shape + highs[1] * at_high.by_shape
            return EndTerms(
                value,
                lows[0] * at_low.by_z,
                highs[0] * at_high.by_z,
                lows[1] * np.square(at_low.by_z) + lows[0] * at_low.by_z_z,
                cross * at_low.by_z * at_high.by_z,
                highs[1] * np.square(at_high.by_z) + highs[0] * at_high.by_z_z,
                (lows[0] * at_low.by_shape + highs[0] * at_high.by_shape,),
                (at_low.by_z * low_row + lows[0] * at_low.by_z_shape,),
                (at_high.by_z * high_row + highs[0] * at_high.by_z_shape,),
                (
                    at_low.by_shape * low_row
                    + at_high.by_shape * high_row
                    + lows[0] * at_low.by_shape_shape
                    + highs[0] * at_high.by_shape_shape,
                ),
            )

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Prescott & Walden (1980), near shape 0 as an integral over w; NaN from shape -1/2 down."""
        _, log_scale, shape = eta
        scale, shape = np.exp(log_scale), np.asarray(shape, dtype=float)
        with np.errstate(all="ignore"):
            near_gumbel, closed = self._information_near_gumbel(shape), information_in_closed_form(shape)
        near = np.abs(shape) < 0.1
        entries = [np.where(near, a, b) for a, b in zip(near_gumbel, closed, strict=True)]
        entries = [np.where(shape > -0.5, entry, np.nan) for entry in entries]
        return (
            entries[0] / scale / scale,
            entries[1] / scale,
            entries[2],
            entries[3] / scale,
            entries[4],
            entries[5],
        )

    def _information_near_gumbel(self, shape: Array) -> list[Any]:
        """E u uᵀ by the trapezoidal rule in w, exponentially accurate for Gumbel's density."""
        w = np.arange(-4.0, 50.0, 0.25)
        shape = np.clip(shape, -0.1, 0.1)[..., None]
        terms = self.standard_terms(unreduced(w, shape), (shape,))
        score = (-terms.first, -1.0 - terms.radial, terms.shape[0])
        mass = 0.25 * np.exp(-w - np.exp(-w))
        return [(mass * score[j] * score[k]).sum(axis=-1) for j in range(3) for k in range(j + 1)]

    def regularity(self, theta: Theta) -> str:
        """Irregular from shape -1/2 down, where the end-point is learned faster than √n."""
        return "smooth" if np.all(np.asarray(theta[2]) > -0.5) else "irregular"

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """Shape above -1."""
        return bool(np.min(eta[2]) > -1.0 if np.ndim(eta[2]) else eta[2] > -1.0)

    def region(self) -> str | None:
        """The shapes whose density is bounded at the end-point; ℓ still has no bound over all of them."""
        return "shape above -1"

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where what is fixed keeps the end-points off the outermost values, or the shape is moderate."""
        location, scale, shape = (fixed.get(name) for name in ("location", "scale", "shape"))
        at_largest = survey.highest_low <= survey.maximum
        at_smallest = survey.lowest_high >= survey.minimum
        if location is not None:
            above, below = survey.maximum - location, location - survey.minimum
            at_largest &= above > 0 and (scale is None or above < scale)
            at_smallest &= scale is None and (below > 0 if shape is None else below == 0)
        if shape is None:
            if at_largest and at_smallest:
                return self.unbounded_in_theory
            if at_smallest:
                return f"for large shapes {_ON_SMALLEST}"
            return f"for shape below -1 {_AT_LARGEST}" if at_largest else None
        if shape < -1:
            free = location is None or scale is None
            return (
                f"shape is fixed outside the regular region, below -1, so that {_AT_LARGEST}"
                if at_largest and free
                else None
            )
        tie, others = survey.tie if survey.tie is not None else (1.0, survey.n_obs - 1.0)
        if at_smallest and scale is None and shape * max(tie, 1.0) > others:
            return f"for so large a shape {_ON_SMALLEST}"
        return None

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """The density is log-concave for shapes from -1 to 0, Gumbel's among them."""
        if "shape" not in fixed or not -1 < fixed["shape"] <= 0:
            return None
        return "concave in (1/scale, location/scale) for shape fixed between -1 and 0 (Burridge, 1981)"

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """End-points at several distances: the log of the distance from one is Gumbel's, fitted by its moments."""
        low, high = float(np.min(points)), float(np.max(points))
        width = high - low
        if not 0 < width < np.inf:
            return ()
        gaps = _BEYOND * width
        sign = np.repeat((1.0, -1.0), gaps.size)
        outermost, gaps = np.repeat((low, high), gaps.size), np.concatenate((gaps, gaps))
        logs = np.log(np.abs(points - outermost[:, np.newaxis]) + gaps[:, np.newaxis])
        shape = np.sqrt(6.0) / np.pi * np.std(logs, axis=1)
        distance = np.exp(np.mean(logs, axis=1) - sign * np.euler_gamma * shape)
        starts = np.array((outermost - sign * gaps + sign * distance, shape * distance, sign * shape))
        return tuple(tuple(start) for start in starts.T[..., np.newaxis])

    def heights(self, survey: Survey) -> tuple[Theta, ...]:
        """A spike on the smallest value beside a tail heavy enough for the others: shape = -log scale."""
        width = survey.maximum - survey.minimum
        if not 0 < width < np.inf:
            return ()
        powers = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
        return tuple((survey.minimum, width * 10.0**-k, k * float(np.log(10.0))) for k in powers)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """From L-moments (Hosking, 1985); Gumbel's moments where that leaves a point outside the support."""
        middle, spread = centre_and_spread(points)
        z = np.sort((points - middle) / spread)
        if np.all(np.isfinite(z)) and z[-1] > z[0]:
            location, scale, shape = by_l_moments(z)
            with np.errstate(all="ignore"):
                density = self.standard_log_density(namespace(), (z - location) / scale, (shape,))
            if np.all(density > -1e3):
                return float(middle + location * spread), clipped(scale * spread), float(shape)
        # Wide enough that exp(-z) stays moderate at the smallest point.
        scale = max(np.sqrt(6.0) / np.pi, -float(np.min(z, initial=0.0, where=np.isfinite(z))) / 6.0)
        return middle, clipped(scale * spread), 0.0

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """The location that puts the mode on y; from shape -1 down, where there is none, the end-point."""
        shape = np.maximum(theta[2], -1.0)
        tiny = np.abs(shape) < 1e-9
        with np.errstate(divide="ignore"):
            mode = np.expm1(-shape * np.log1p(shape)) / np.where(tiny, 1.0, shape)
        return y - theta[1] * np.where(
            tiny, -shape, np.where(shape > -1.0, mode, -1.0 / np.asarray(theta[2]))
        )

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location + scale (exp(shape w) - 1)/shape with w = -log(-log p)."""
        location, scale, shape = theta
        w = -np.log(-np.log(probability))
        y = location + scale * unreduced(w, np.asarray(shape, dtype=float))
        ends = np.isinf(w)
        return np.where(ends, at_end(y, location, scale, shape), y) if ends.any() else y

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location + scale (Γ(1 - shape) - 1)/shape below shape 1, infinite from there up."""
        location, scale, shape = theta
        shape = np.asarray(shape, dtype=float)
        safe = np.where((shape < 1) & (np.abs(shape) > _TINY), shape, 0.0)
        divisor = np.where(safe == 0, 1.0, safe)
        ratio = np.where(safe == 0, np.euler_gamma, np.expm1(log_gamma_one_less(safe)) / divisor)
        return np.where(shape < 1, location + scale * ratio, np.inf)

    def entropy_at(self, theta: Theta, known: Known) -> Any:
        """1 + γ + γ shape + log scale."""
        return 1.0 + EULER + EULER * np.asarray(theta[2]) + np.log(theta[1])

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² (Γ(1 - 2 shape) - Γ(1 - shape)²)/shape² below shape 1/2, infinite from there up."""
        _, scale, shape = theta
        shape = np.asarray(shape, dtype=float)
        safe = np.where((shape < 0.5) & (np.abs(shape) > _TINY), shape, 0.0)
        divisor = np.where(safe == 0, 1.0, safe)
        excess = np.where(
            np.abs(safe) < 0.05,
            power_sum((np.exp2(ORDERS) - 2.0) * ZETA / ORDERS, safe),
            special.gammaln(1.0 - 2.0 * safe) - 2.0 * special.gammaln(1.0 - safe),
        )
        ratio = np.exp(2.0 * log_gamma_one_less(safe)) * np.expm1(excess) / divisor / divisor
        ratio = np.where(safe == 0, np.pi**2 / 6.0, ratio)
        return np.where(shape < 0.5, np.square(scale) * ratio, np.inf)

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """By inversion of w, minus the log of a standard exponential."""
        location, scale, shape = theta
        w = -np.log(rng.standard_exponential(size))
        return np.asarray(location + scale * unreduced(w, np.asarray(shape, dtype=float)))


def _without_slope(terms: Standard, inside: NDArray[np.bool_]) -> Standard:
    """Zero derivatives where a row lies outside the support."""

    def kept(item: Any) -> Array:
        return np.where(inside, item, 0.0)

    return Standard(
        np.where(inside, terms.value, -np.inf),
        kept(terms.first),
        kept(terms.second),
        kept(terms.radial),
        kept(terms.radial_first),
        kept(terms.radial_second),
        (kept(terms.shape[0]),),
        (kept(terms.shape_first[0]),),
        (kept(terms.shape_radial[0]),),
        (kept(terms.shape_shape[0]),),
    )


def _end(z: Array, shape: Array) -> tuple[NDArray[np.bool_], Array, Reduced]:
    """Whether an end lies inside the support, its w (infinite outside), and the terms of w."""
    within = np.isfinite(z) & (shape * z > -1.0)
    terms = reduced_terms(np.where(within, z, 0.0), shape)
    outside = np.where(np.isneginf(z) | (~np.isposinf(z) & (shape > 0)), -np.inf, np.inf)
    return within, np.where(within, terms.value, outside), terms
