"""Student's t family: location and scale of data with heavy tails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, log
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._contract import Known, Theta
from thetahat.families._gathering import Gathering
from thetahat.families._limit import Limit
from thetahat.families._location_scale import LocationScale
from thetahat.families._remembered import remembered
from thetahat.families._row_sums import (
    SummedByRows,
    Sums,
    Vectors,
    block_scores,
    totals,
    totals_of_products,
)
from thetahat.families._standard import Standard
from thetahat.families._starts import robust_centre_and_spread
from thetahat.families._support import REAL_LINE
from thetahat.families._survey import Survey
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows, end_terms
from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.gamma_functions import half_step_excess, half_step_excess_slope
from thetahat.numerics.namespace import NUMPY, namespace
from thetahat.numerics.normal import LOG_SQRT_2_PI
from thetahat.numerics.student import log_student_mass
from thetahat.parameters import Parameter, Positive, Real

_HALF_LOG_2 = 0.5 * float(np.log(2.0))
_HUGE = 1e150
_CLUSTERS = (0.125, 0.25, 0.375, 0.5, 0.75)
"""Shares of the rows whose shortest interval is taken for a cluster."""
_SHARES_OF_WIDTH, _FEW_DEGREES = (
    grid.ravel() for grid in np.meshgrid((0.1, 0.2, 0.4), (0.15, 0.3, 0.6, 2.0))
)
_MODERATE = 10.0
"""Up to these degrees of freedom the rounding of log(1 + z²/df) costs less than a digit."""


def _slope_at_normal(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p / ∂(1/df) at df = ∞: (z⁴ - 2z² - 1)/4."""
    square = np.square((rows[0] - eta[0]) / np.exp(eta[1]))
    return 0.25 * (square * (square - 2.0) - 1.0)


@final
class StudentT(LocationScale, SummedByRows):
    """Student's t distribution: f(y) ∝ (1 + z²/df)^(-(df + 1)/2) / scale, z = (y - location)/scale.

    Working coordinates are location, log scale and log df. As df grows it becomes the normal distribution,
    and every derivative in df is written so that nothing is left of the terms that cancel there. Its
    likelihood rises without bound as the scale shrinks on m equal values when df < m/(n - m) (Fernández &
    Steel, 1999); censored rows that admit the value do not count in n.

    Examples
    --------
    >>> import thetahat as th
    >>> student = th.StudentT(location=0, scale=1, df=3)
    >>> student.mean(), student.variance()
    (0.0, 3.0)
    >>> round(student.log_prob(2.0), 6)
    -2.695485
    """

    declared = (
        Parameter("location", Real(), (-5.0, 5.0)),
        Parameter("scale", Positive(), (0.05, 20.0)),
        Parameter("df", Positive(), (0.5, 100.0)),
    )
    support = REAL_LINE
    gathers: ClassVar[Gathering] = Gathering(
        upper=({"location": np.inf},),
        lower=({"location": -np.inf},),
        both={"scale": np.inf},
        point={"scale": 0.0},
        centre=("location", float),
    )
    scales: ClassVar[tuple[str, ...]] = ("location", "scale")
    spikes: ClassVar[str] = "anywhere"
    n_scratch: ClassVar[int] = 8
    limits: ClassVar[tuple[Limit, ...]] = (
        Limit(
            family="normal",
            parameter="df",
            chart="1/df",
            names={"mean": "location", "sd": "scale"},
            slope=_slope_at_normal,
            scale=lambda _: 1.0,
        ),
    )
    unbounded_in_theory: ClassVar[str | None] = (
        "the likelihood rises without bound as the scale shrinks on a datum with df near 0 "
        "(Fernández & Steel, 1999)"
    )
    region_of: ClassVar[tuple[str, ...]] = ("df",)

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """log Γ((df + 1)/2) - log Γ(df/2) - log(π df)/2 - (df + 1)/2 log(1 + z²/df)."""
        (log_df,) = shapes
        growth = _log_growth(xp, z, log_df)
        if xp.is_jax:
            df, constant = xp.exp(log_df), _log_constant(xp, log_df)
        else:
            df, constant, _, _ = _of_df(log_df)
        return constant - 0.5 * (df + 1.0) * growth

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """With w = z²/(df + z²) and r = 1 - w: z g' = -(df + 1) w."""
        (log_df,) = shapes
        df, constant, score, bend = _of_df(log_df)
        square = np.square(z * np.exp(-0.5 * log_df))
        r, w = 1.0 / (1.0 + square), 1.0 / (1.0 + 1.0 / square)
        pull = 1.0 / (z + df / z)
        growth = _log_growth(namespace(), z, log_df)
        # log(1 + z²/df) - w, which is w²/2 + w³/3 + ...; df times its rounding is harmless while df is small.
        excess = growth - w
        if np.max(df) > _MODERATE:
            excess = np.where(w < 0.35, -log1p_minus(-np.minimum(w, 0.35)), excess)
        radial = -(df + 1.0) * w
        return Standard(
            constant - 0.5 * (df + 1.0) * growth,
            -(df + 1.0) * pull,
            (df + 1.0) * (w - r) * r / df,
            radial,
            -2.0 * (df + 1.0) * r * pull,
            2.0 * radial * r,
            (0.5 * (score + w - df * excess),),
            ((r - df * w) * pull,),
            (w * (r - df * w),),
            (0.5 * (score + bend - w * r - df * (excess - w * w)),),
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
        """From the sums of log(1 + u²), r = 1/(1 + u²), w = 1 - r and their products, u = z/√df.

        Only for moderate df: above, what cancels needs ``standard_terms``.
        """
        location, log_scale, log_df = eta
        df, constant, score, bend = (float(item) for item in _of_df(log_df))
        if df > _MODERATE:
            return None
        log_scale, unit = float(log_scale), float(np.exp(log_scale)) * df**0.5
        pulled, w, r, grown = scratch[:4]
        pulled_w, work = scratch[:2], scratch[4:]
        (y,) = rows
        np.divide(np.subtract(y, location, out=pulled), unit, out=pulled)
        np.multiply(pulled, pulled, out=w)
        np.log1p(w, out=grown)
        np.divide(1.0, np.add(w, 1.0, out=r), out=r)
        np.multiply(pulled_w, r, out=pulled_w)
        n = float(r.shape[0]) if weight is None else float(np.add.reduce(weight))
        by_pull, by_w, _, growth = totals(scratch[:4], weight, work)
        if not isfinite(growth):
            return None
        pull_r, w_r, r_r = totals_of_products(scratch[:3], r, weight, work)
        pull_w, w_w = totals_of_products(pulled_w, w, weight, work)
        excess = growth - by_w
        one_more = df + 1.0
        height = constant - log_scale
        highest = -np.inf
        row_scores: tuple[Sequence[float], Sequence[float]] = ((), ())
        if scores:
            highest = height - 0.5 * one_more * float(grown.min())
            # By df: (score + w - df (growth - w))/2.
            by_df = np.subtract(
                np.multiply(w, 0.5 * one_more, out=r), np.multiply(grown, 0.5 * df, out=grown), out=r
            )
            np.add(by_df, 0.5 * score, out=by_df)
            np.subtract(np.multiply(w, one_more, out=w), 1.0, out=w)
            np.multiply(pulled, one_more / unit, out=pulled)
            row_scores = block_scores(scratch[:3], weight, work)
        return Sums(
            n * height - 0.5 * one_more * growth,
            n * abs(height) + 0.5 * one_more * growth,
            (one_more / unit * by_pull, one_more * by_w - n, 0.5 * (n * score + by_w - df * excess)),
            (
                one_more * (w_r - r_r) / unit / unit,
                -2.0 * one_more * pull_r / unit,
                -2.0 * one_more * w_r,
                (df * pull_w - pull_r) / unit,
                df * w_w - w_r,
                0.5 * (n * (score + bend) - w_r - df * (excess - w_w)),
            ),
            *row_scores,
            highest,
        )

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """The incomplete beta function and its derivatives in df, from the numerics floor."""
        df = np.exp(shapes[0])
        mass, by_df, by_df_twice = log_student_mass(low, high, df, order)
        if by_df is None or by_df_twice is None:
            return EndTerms(mass, 0.0, 0.0, 0.0, 0.0, 0.0)
        ends = []
        for end in (low, high):
            inside = np.isfinite(end)
            here = self.standard_terms(np.where(inside, end, 1.0), shapes)
            ends.append((np.where(inside, here.value, -np.inf), here.first, here.shape))
        return end_terms(mass, ends[0], ends[1], (df * by_df,), (df * (by_df + df * by_df_twice),))

    def expected_information(self, eta: Coordinates, known: Known) -> tuple[Any, ...]:
        """Lange, Little & Taylor (1989), its entry in df as 7/(2 df²) + ..., without cancellation."""
        _, log_scale, log_df = eta
        df, inverse = np.exp(log_df), np.exp(-log_df)
        # What df³ [ψ'((df + 1)/2) - ψ'(df/2)]/2 + df leaves beyond its -1: 1/df² - 3/df⁴ + ...
        remainder = np.where(
            df > 1e3,
            inverse**2 * (1.0 - 3.0 * inverse**2),
            1.0 + np.minimum(df, 1e3) ** 3 * half_step_excess_slope(np.minimum(df, 1e3)),
        )
        leading = inverse * (7.0 + 3.0 * inverse) / ((1.0 + inverse) * (1.0 + 3.0 * inverse))
        return (
            (df + 1.0) / (df + 3.0) * np.exp(-2.0 * log_scale),
            0.0,
            2.0 * df / (df + 3.0),
            0.0,
            -2.0 / ((1.0 + inverse) * (df + 3.0)),
            0.5 * inverse * (leading - remainder),
        )

    def in_region(self, eta: Coordinates, survey: Survey | None) -> bool:
        """df above m/k for every exact value, which m rows equal and k rows exclude."""
        if survey is None:
            return True
        tie, others = survey.tie if survey.tie is not None else (1.0, survey.n_obs - 1.0)
        if others <= 0:
            return True
        log_df = float(np.min(eta[2]) if np.ndim(eta[2]) else eta[2])
        return log_df > (log(tie) if tie > 0 else -np.inf) - log(others)

    def region(self) -> str | None:
        """The degrees of freedom that keep the likelihood bounded."""
        return (
            "df above m/k for every value, which m rows equal and k exclude; rows that admit it do not count"
        )

    def unbounded_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Bounded where the scale is fixed, or the location off every value, or df inside the region."""
        tie, others = survey.tie if survey.tie is not None else (1.0, survey.n_obs - 1.0)
        if "scale" in fixed or tie == 0:
            return None
        if "df" not in fixed:
            return self.unbounded_in_theory
        if fixed["df"] * others >= tie:
            return None
        return (
            "df is fixed outside the regular region, below m/k for a value that m rows equal and k exclude, so that "
            "the likelihood rises without bound as the scale shrinks on it (Fernández & Steel, 1999)"
        )

    def uniqueness_given(self, fixed: Mapping[str, Any], survey: Survey) -> str | None:
        """Location and scale have one stationary point from one degree of freedom on (Kent & Tyler, 1991)."""
        if set(fixed) != {"df"} or not fixed["df"] >= 1 or not survey.all_exact:
            return None
        if not self.in_region((0.0, 0.0, np.log(fixed["df"])), survey):
            return None
        return "unique in location and scale for df fixed at 1 or above (Copas, 1975; Kent & Tyler, 1991)"

    def outweighed(self, fixed: Mapping[str, Any]) -> float | None:
        """For df fixed at 1 or above a row gains one log scale on its value and loses df off it."""
        return float(fixed["df"]) if "scale" not in fixed and fixed.get("df", 0.0) >= 1 else None

    def further_starts(self, points: NDArray[np.float64]) -> tuple[Theta, ...]:
        """Small scales with few degrees of freedom at the densest clusters of several sizes, a kind for each."""
        ordered = np.sort(points)
        kinds: list[Theta] = []
        for size in sorted({max(3, int(np.ceil(share * ordered.size))) for share in _CLUSTERS}):
            widths = ordered[size - 1 :] - ordered[: ordered.size - size + 1]
            if not widths.size:
                continue
            first = int(np.argmin(widths))
            if 0 < widths[first] < np.inf:
                centre = np.full(_FEW_DEGREES.size, ordered[first + size // 2])
                kinds.append((centre, widths[first] * _SHARES_OF_WIDTH, _FEW_DEGREES))
        return tuple(kinds)

    def start(self, points: NDArray[np.float64], known: Known) -> Theta:
        """Median and median distance from it, at five degrees of freedom."""
        return *robust_centre_and_spread(points), 5.0

    def solve(self, survey: Survey, known: Known) -> Theta | None:
        """No closed form."""
        return None

    def saturated(self, y: Array, theta: Theta, known: Known) -> Any:
        """Y."""
        return y

    def quantile_at(self, probability: Array, theta: Theta, known: Known) -> Any:
        """Location + scale times the standard quantile."""
        # By the lower tail, whose sign is certain: SciPy's inverse is +inf at 0 and for the smallest probabilities.
        tail = np.minimum(probability, 1.0 - probability)
        lower = -np.abs(special.stdtrit(theta[2], tail))
        # P(T < -t) -> (df/t²)^(df/2) / (df B(df/2, 1/2)) where that inverse gives up.
        leading = tail * theta[2] * special.beta(np.asarray(theta[2]) / 2.0, 0.5)
        far = -np.sqrt(theta[2]) * leading ** (-1.0 / np.asarray(theta[2]))
        lower = np.where(np.isinf(lower) & (tail > 0), far, lower)
        return theta[0] + theta[1] * np.where(probability < 0.5, lower, -lower)

    def tails_at(self, y: Array, theta: Theta, known: Known) -> tuple[Any, Any] | None:
        """SciPy's distribution function of t, from either side."""
        z = (y - theta[0]) / theta[1]
        return special.stdtr(theta[2], z), special.stdtr(theta[2], -z)

    def mean_at(self, theta: Theta, known: Known) -> Any:
        """Location where df > 1."""
        return np.where(np.asarray(theta[2]) > 1, theta[0], np.nan)

    def variance_at(self, theta: Theta, known: Known) -> Any:
        """Scale² df/(df - 2) where df > 2, infinite from 1 to 2."""
        df = np.asarray(theta[2])
        finite = df > 2
        ratio = 1.0 / (1.0 - 2.0 / np.where(finite, df, 3.0))
        return np.where(finite, np.square(theta[1]) * ratio, np.where(df > 1, np.inf, np.nan))

    def sample_at(self, rng: np.random.Generator, size: int, theta: Theta, known: Known) -> Array:
        """A normal over the root of a chi-squared over df."""
        return theta[0] + theta[1] * rng.standard_t(theta[2], size)


@remembered
def _of_df(log_df: Any) -> tuple[Any, ...]:
    """Of df alone: itself, the log constant, and df h and df² h' for h = ψ((df + 1)/2) - ψ(df/2) - 1/df."""
    df = np.exp(log_df)
    constant = _log_constant(NUMPY, log_df)
    return df, constant, df * half_step_excess(df), df * df * half_step_excess_slope(df)


def _log_constant(xp: Any, log_df: Any) -> Any:
    """log Γ((df + 1)/2) - log Γ(df/2) - log(π df)/2."""
    return xp.log_gamma_ratio(0.5 * xp.exp(log_df), 0.5) - (0.5 * log_df - _HALF_LOG_2) - LOG_SQRT_2_PI


def _log_growth(xp: Any, z: Any, log_df: Any) -> Any:
    """log(1 + z²/df), also where z² would overflow."""
    ratio = z * xp.exp(-0.5 * log_df)
    if not xp.is_jax:
        square = ratio * ratio
        if np.max(square, initial=0.0) <= _HUGE * _HUGE:
            return np.log1p(square)
    ratio = xp.abs(ratio)
    huge = ratio > _HUGE
    moderate = xp.where(huge, 1.0, ratio)
    return xp.where(huge, 2.0 * xp.log(xp.where(huge, ratio, 1.0)), xp.log1p(moderate * moderate))
