"""Log probability of an interval under Student's t, with derivatives in the degrees of freedom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from thetahat.numerics.elementary import log1p_minus
from thetahat.numerics.gamma_functions import half_step_excess, half_step_excess_slope, log_gamma_ratio
from thetahat.numerics.log_concave import LOG_DROP, log_concave_moments
from thetahat.numerics.log_mass import LogMass, filled, interval_log_mass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_LOG_2 = float(np.log(2.0))
_HALF_LOG_PI = 0.5 * float(np.log(np.pi))


def log_student_mass(
    low: ArrayLike, high: ArrayLike, df: ArrayLike, order: int = 0
) -> tuple[FloatArray, FloatArray | None, FloatArray | None]:
    """Return log P(low < T < high) for a standard Student t, and its derivatives in df at fixed endpoints.

    With v = asinh(t / sqrt(df)) the density is proportional to cosh(v)^(-df), which is log-concave. The
    derivatives are conditional moments of the score in df, written so that its terms of order 1/df are gone.

    Parameters
    ----------
    low, high : array_like
        Endpoints, -inf <= low < high <= inf; the result is -inf (with NaN derivatives) where low >= high.
    df : array_like
        Positive degrees of freedom, finite.
    order : int
        0: the value only. 1: and the first derivative. 2: and the second.

    Returns
    -------
    tuple of (value, first, second)
        In the broadcast shape; None beyond the order asked for.

    Examples
    --------
    >>> value, first, second = log_student_mass(1.0, np.inf, 1.0, order=1)
    >>> bool(abs(float(value) - np.log(0.25)) < 1e-14), second is None
    (True, True)
    """
    arrays = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in (low, high, df)))
    dimensions = arrays[0].shape
    lows, highs, freedoms = (np.ascontiguousarray(array).ravel() for array in arrays)
    with np.errstate(all="ignore"):
        proper = (freedoms > 0.0) & (freedoms < np.inf)
        result = filled(lows.size, 1, order, -np.inf, np.nan)
        result.value[np.isnan(lows) | np.isnan(highs) | ~proper] = np.nan
        rows = np.flatnonzero((lows < highs) & proper)
        if rows.size:
            result.put(rows, _valid_log_mass(lows[rows], highs[rows], freedoms[rows], order))
    return (
        result.value.reshape(dimensions),
        result.gradient[0].reshape(dimensions) if order >= 1 else None,
        result.hessian[0, 0].reshape(dimensions) if order >= 2 else None,
    )


def _valid_log_mass(low: FloatArray, high: FloatArray, df: FloatArray, order: int) -> LogMass:
    below = np.where(low > -np.inf, special.stdtr(df, low), 0.0)
    above = np.where(high < np.inf, special.stdtr(df, -high), 0.0)

    def direct(rows: NDArray[np.intp], start: FloatArray, stop: FloatArray) -> LogMass:
        return _integrated(start, stop, df[rows], order)

    return interval_log_mass(direct, low, high, (-np.inf, np.inf), below + above < 0.5, 1, order)


def _integrated(low: FloatArray, high: FloatArray, df: FloatArray, order: int) -> LogMass:
    mirrored = high <= 0.0
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    root = np.sqrt(df)
    nearest = np.maximum(low, 0.0)
    scaled = nearest / root
    centre = np.arcsinh(scaled)
    slope = scaled / np.hypot(1.0, scaled)
    reach = _effective_reach(df, slope)
    right = np.minimum(_arcsinh_gap(nearest, high, root), reach)
    left = np.minimum(np.arcsinh(np.maximum(-low, 0.0) / root), reach)
    constant_excess = half_step_excess(df)
    constant_slope = half_step_excess_slope(df) if order >= 2 else constant_excess
    score_at_centre = 0.5 * (constant_excess + _varying_score(centre, np.square(slope), df))

    def integrand(
        rows: NDArray[np.intp], s: FloatArray, narrow: bool
    ) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        freedom, here = df[rows], centre[rows]
        if narrow or np.max(np.abs(s)) < 600.0:
            half = np.sinh(0.5 * s)
            log_growth = np.log1p(2.0 * half * (half + slope[rows] * np.sqrt(1.0 + half * half)))
        else:
            v = np.abs(here + s)
            log_growth = (v - here) + (np.log1p(np.exp(-2.0 * v)) - np.log1p(np.exp(-2.0 * here)))
        if order == 0:
            return -freedom * log_growth, ()
        v = np.abs(here + s)
        share = np.square(np.tanh(v))
        score = 0.5 * (constant_excess[rows] + _varying_score(v, share, freedom)) - score_at_centre[rows]
        if order == 1:
            return -freedom * log_growth, (score,)
        bend = (share * share - (2.0 - share) * share / freedom) / freedom
        return -freedom * log_growth, (score, 0.5 * (constant_slope[rows] + bend))

    moments = log_concave_moments(integrand, left, right, order, order)
    log_cosh = np.where(scaled > 1e8, np.log(scaled), 0.5 * np.log1p(np.square(scaled)))
    log_density = log_gamma_ratio(0.5 * df, 0.5) - _HALF_LOG_PI - df * log_cosh
    gradient, hessian = moments.mean[:1], moments.covariance[:1, :1]
    if order >= 1:
        gradient = gradient + score_at_centre
    if order >= 2:
        hessian = hessian + moments.mean[1]
    return LogMass(log_density + moments.log_integral, gradient, hessian)


def _varying_score(v: FloatArray, share: FloatArray, df: FloatArray) -> FloatArray:
    """Return -[log(1 + w) - w/(1 + w)] + w/(1 + w)/df for w = sinh(v)², share = w/(1 + w) = tanh(v)²."""
    near = log1p_minus(-np.minimum(share, 0.35))
    far = 2.0 * (_LOG_2 - v - np.log1p(np.exp(-2.0 * v))) + share
    return np.asarray(np.where(share < 0.35, near, far) + share / df)


def _arcsinh_gap(low: FloatArray, high: FloatArray, root: FloatArray) -> FloatArray:
    """Return asinh(high / root) - asinh(low / root) for 0 <= low <= high, relatively accurate."""
    a, b = low / root, high / root
    secant_a, secant_b = np.hypot(1.0, a), np.hypot(1.0, b)
    gap = (high - low) / root
    growth = gap * (1.0 + (a + b) / (secant_a + secant_b)) / (a + secant_a)
    return np.where(growth < 1e8, np.log1p(growth), np.arcsinh(b) - np.arcsinh(a))


def _effective_reach(df: FloatArray, slope: FloatArray) -> FloatArray:
    """Return s with df log(cosh s + slope sinh s) = `LOG_DROP`, a quadratic in expm1(s)."""
    decades = LOG_DROP / df
    growth = np.expm1(np.minimum(decades, 30.0))
    weight = 0.5 * (1.0 + slope)
    linear = slope - growth
    root = np.sqrt(linear * linear + 4.0 * weight * growth)
    solution = np.where(linear >= 0.0, 2.0 * growth / (linear + root), (root - linear) / (2.0 * weight))
    return np.where(decades > 30.0, decades + np.log(2.0 / (1.0 + slope)), np.log1p(solution))
