"""Log probability of an interval under the inverse Gaussian distribution, with derivatives in its precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from thetahat.numerics.log_concave import LOG_DROP, effective_extent, log_concave_moments
from thetahat.numerics.log_mass import LogMass, filled, interval_log_mass
from thetahat.numerics.normal import LOG_SQRT_2_PI, normal_quantile

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    IndexArray: TypeAlias = NDArray[np.intp]

_NEWTON_STEPS = 100


def log_inverse_gaussian_mass(
    low: ArrayLike, high: ArrayLike, precision: ArrayLike, order: int = 0
) -> tuple[FloatArray, FloatArray | None, FloatArray | None]:
    """Return log P(low < w < high) for w = log(Y/mean), and its derivatives in log precision, shape/mean.

    The density √(precision/2π) exp(-w/2 - precision (cosh w - 1)) is log-concave, and with
    t = -precision (cosh w - 1) the derivatives are 1/2 + E[t | low < w < high] and E[t | ...] + Var[t | ...].

    Parameters
    ----------
    low, high : array_like
        Endpoints of log(Y/mean), -inf <= low < high <= inf; the result is -inf (with NaN derivatives) where
        low >= high.
    precision : array_like
        Positive; shape/mean.
    order : int
        0: the value only. 1: and the first derivative. 2: and the second.

    Returns
    -------
    tuple of (value, first, second)
        In the broadcast shape; None beyond the order asked for.

    Examples
    --------
    >>> value, first, second = log_inverse_gaussian_mass(0.0, np.inf, 2.0, order=1)
    >>> round(float(np.exp(value)), 6), second is None
    (0.372302, True)
    """
    arrays = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in (low, high, precision)))
    dimensions = arrays[0].shape
    lows, highs, precisions = (np.ascontiguousarray(array).ravel() for array in arrays)
    with np.errstate(all="ignore"):
        proper = (precisions > 0.0) & (precisions < np.inf)
        result = filled(lows.size, 1, order, -np.inf, np.nan)
        result.value[np.isnan(lows) | np.isnan(highs) | ~proper] = np.nan
        rows = np.flatnonzero((lows < highs) & proper)
        if rows.size:
            result.put(rows, _valid_log_mass(lows[rows], highs[rows], precisions[rows], order))
    return (
        result.value.reshape(dimensions),
        result.gradient[0].reshape(dimensions) if order >= 1 else None,
        result.hessian[0, 0].reshape(dimensions) if order >= 2 else None,
    )


def inverse_gaussian_quantile(probability: ArrayLike, precision: ArrayLike) -> FloatArray:
    """Return log(y/mean) at which the distribution function is ``probability``.

    Newton's method on the logarithm of the smaller tail, which is concave, so that it converges from one side.

    Examples
    --------
    >>> at = inverse_gaussian_quantile(0.25, 2.0)
    >>> round(float(np.exp(log_inverse_gaussian_mass(-np.inf, at, 2.0)[0])), 12)
    0.25
    """
    probability, precision = np.broadcast_arrays(
        np.asarray(probability, dtype=np.float64), np.asarray(precision, dtype=np.float64)
    )
    with np.errstate(all="ignore"):
        upper = probability > 0.5
        target = np.where(upper, np.log1p(-probability), np.log(probability))
        w = 2.0 * np.arcsinh(normal_quantile(probability) / (2.0 * np.sqrt(precision)))
        inside = np.isfinite(target)
        for _ in range(_NEWTON_STEPS):
            at = np.where(inside, w, 0.0)
            mass = log_inverse_gaussian_mass(
                np.where(upper, at, -np.inf), np.where(upper, np.inf, at), precision
            )[0]
            density = _log_density(at, precision)
            step = (target - mass) * np.exp(mass - density) * np.where(upper, -1.0, 1.0)
            step = np.where(inside & np.isfinite(step), step, 0.0)
            w = w + np.clip(step, -2.0, 2.0)
            if np.all(np.abs(step) <= 4e-16 * (1.0 + np.abs(w))):
                break
        return np.where(inside, w, np.where(upper, np.inf, -np.inf))


def _log_density(w: FloatArray, precision: FloatArray) -> FloatArray:
    half = np.sinh(0.5 * w)
    return np.asarray(0.5 * np.log(precision) - LOG_SQRT_2_PI - 0.5 * w - 2.0 * precision * half * half)


def _valid_log_mass(low: FloatArray, high: FloatArray, precision: FloatArray, order: int) -> LogMass:
    def tail(w: FloatArray, sign: float) -> FloatArray:
        # P(w' < w) for sign 1 and P(w' > w) for -1; e^(2 precision) Φ(-b) is φ(a) times Mills' ratio at b.
        a, b = 2.0 * np.sqrt(precision) * np.sinh(0.5 * w), 2.0 * np.sqrt(precision) * np.cosh(0.5 * w)
        shared = 0.5 * np.exp(-0.5 * a * a) * special.erfcx(b * np.sqrt(0.5))
        return np.where(np.isfinite(w), special.ndtr(sign * a) + sign * shared, 0.0)

    def direct(rows: IndexArray, start: FloatArray, stop: FloatArray) -> LogMass:
        return _halves(start, stop, precision[rows], order)

    wide = tail(low, 1.0) + tail(high, -1.0) < 0.5
    return interval_log_mass(direct, low, high, (-np.inf, np.inf), wide, 1, order)


def _halves(low: FloatArray, high: FloatArray, precision: FloatArray, order: int) -> LogMass:
    """Below and above the mean apart: the density bends at its mode and, where that is far, as far above."""
    result = filled(low.size, 1, order, -np.inf, 0.0)
    below, above = np.flatnonzero(low < 0.0), np.flatnonzero(high > 0.0)
    result.put(below, _integrated(low[below], np.minimum(high[below], 0.0), precision[below], order, -1.0))
    if not above.size:
        return result
    upper = _integrated(np.maximum(low[above], 0.0), high[above], precision[above], order, 1.0)
    lower = LogMass(result.value[above], result.gradient[:, above], result.hessian[:, :, above])
    total = np.logaddexp(lower.value, upper.value)
    p, q = np.exp(lower.value - total), np.exp(upper.value - total)
    gap = lower.gradient - upper.gradient
    gradient = p * lower.gradient + q * upper.gradient
    hessian = p * lower.hessian + q * upper.hessian
    if order >= 2:
        hessian = hessian + p * q * gap[0] * gap[0]
    result.put(above, LogMass(total, gradient, hessian))
    return result


def _integrated(low: FloatArray, high: FloatArray, precision: FloatArray, order: int, side: float) -> LogMass:
    bend = side * np.arcsinh(0.5 / precision)
    centre = np.clip(bend, low, high)

    def log_ratio(rows: IndexArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
        t = -2.0 * precision[rows] * np.sinh(centre[rows] + 0.5 * s) * np.sinh(0.5 * s)
        return t - 0.5 * s, t

    def integrand(
        rows: IndexArray, s: FloatArray, _narrow: bool
    ) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        ratio, t = log_ratio(rows, s)
        return ratio, (t,)

    def extent(limit: FloatArray, sign: float) -> FloatArray:
        def drop(rows: IndexArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
            ratio, _ = log_ratio(rows, sign * s)
            slope = -0.5 - precision[rows] * np.sinh(centre[rows] + sign * s)
            return -ratio, -sign * slope

        guess = np.sqrt(2.0 * LOG_DROP / (precision * np.cosh(centre)))
        # Far out the density falls along a line long before it bends.
        falls = sign * (0.5 + precision * np.sinh(centre))
        guess = np.minimum(guess, 1.2 * LOG_DROP / np.maximum(falls, 1e-3))
        return effective_extent(drop, limit, np.clip(guess, 1e-300, 2.0 * LOG_DROP))

    moments = log_concave_moments(integrand, extent(centre - low, -1.0), extent(high - centre, 1.0), 1, order)
    half = np.sinh(0.5 * centre)
    mean_t = moments.mean - 2.0 * precision * half * half
    return LogMass(
        _log_density(centre, precision) + moments.log_integral,
        0.5 + mean_t,
        moments.covariance + mean_t if order >= 2 else moments.covariance,
    )
