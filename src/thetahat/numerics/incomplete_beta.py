"""Log probability of an interval under the beta distribution, with derivatives in both shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from thetahat.numerics.elementary import log1p_minus, softplus
from thetahat.numerics.gamma_functions import (
    log_minus_digamma,
    stirling_remainder,
    trigamma,
    trigamma_difference,
)
from thetahat.numerics.log_concave import LOG_DROP, Moments, effective_extent, log_concave_moments
from thetahat.numerics.log_mass import LogMass, filled, interval_log_mass

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    IndexArray: TypeAlias = NDArray[np.intp]
    Gradient: TypeAlias = tuple[FloatArray, FloatArray]
    Hessian: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]

_LOG_2_PI = float(np.log(2.0 * np.pi))


def log_beta_mass(
    low: ArrayLike, high: ArrayLike, a: ArrayLike, b: ArrayLike, order: int = 0
) -> tuple[FloatArray, Gradient | None, Hessian | None]:
    """Return log P(low < logit X < high) for X ~ Beta(a, b), and its derivatives in a and b.

    On the logit scale v the density is proportional to exp(a log expit(v) + b log expit(-v)), which is
    log-concave, and the derivatives are conditional moments of log X and log(1 - X) less unconditional ones.

    Parameters
    ----------
    low, high : array_like
        Endpoints on the logit scale, -inf <= low < high <= inf, so that x near 1 loses nothing; the
        result is -inf (with NaN derivatives) where low >= high.
    a, b : array_like
        Positive shapes.
    order : int
        0: the value only. 1: and the gradient. 2: and the Hessian.

    Returns
    -------
    tuple of (value, (d_a, d_b), (d_aa, d_ab, d_bb))
        In the broadcast shape; None beyond the order asked for.

    Examples
    --------
    >>> value, gradient, hessian = log_beta_mass(-np.inf, -1000.0, 2.0, 1.0, order=1)
    >>> float(value), hessian is None
    (-2000.0, True)
    """
    arrays = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in (low, high, a, b)))
    dimensions = arrays[0].shape
    lows, highs, first, second = (np.ascontiguousarray(array).ravel() for array in arrays)
    with np.errstate(all="ignore"):
        proper = (first > 0.0) & (first < np.inf) & (second > 0.0) & (second < np.inf)
        result = filled(lows.size, 2, order, -np.inf, np.nan)
        result.value[np.isnan(lows) | np.isnan(highs) | ~proper] = np.nan
        rows = np.flatnonzero((lows < highs) & proper)
        if rows.size:
            result.put(rows, _valid_log_mass(lows[rows], highs[rows], first[rows], second[rows], order))
    gradient, hessian = result.gradient, result.hessian
    return (
        result.value.reshape(dimensions),
        (gradient[0].reshape(dimensions), gradient[1].reshape(dimensions)) if order >= 1 else None,
        (
            hessian[0, 0].reshape(dimensions),
            hessian[0, 1].reshape(dimensions),
            hessian[1, 1].reshape(dimensions),
        )
        if order >= 2
        else None,
    )


def _valid_log_mass(low: FloatArray, high: FloatArray, a: FloatArray, b: FloatArray, order: int) -> LogMass:
    below = np.where(low > -np.inf, special.betainc(a, b, special.expit(low)), 0.0)
    above = np.where(high < np.inf, special.betainc(b, a, special.expit(-high)), 0.0)

    def direct(rows: IndexArray, start: FloatArray, stop: FloatArray) -> LogMass:
        return _integrated(start, stop, a[rows], b[rows], order)

    return interval_log_mass(direct, low, high, (-np.inf, np.inf), below + above < 0.5, 2, order)


def _integrated(low: FloatArray, high: FloatArray, a: FloatArray, b: FloatArray, order: int) -> LogMass:
    # The density bends at the logit of its mode, or at 0 on a side whose shape is below 1.
    centre = np.clip(np.log(np.maximum(a, 1.0) / np.maximum(b, 1.0)), low, high)
    # x and 1 - x exchange roles where that makes x <= 1/2 at the centre.
    flip = centre > 0.0
    centre, low, high = (
        np.where(flip, -centre, centre),
        np.where(flip, -high, low),
        np.where(flip, -low, high),
    )
    a, b = np.where(flip, b, a), np.where(flip, a, b)
    x, fall, log_kernel, log_x, log_y = _at_centre(centre, a, b)
    moments = _moments(a, b, x, fall, (centre - low, high - centre), order)
    total = a + b
    log_density = (
        log_kernel
        + 0.5 * (np.log(a) + np.log(b) - np.log(total) - _LOG_2_PI)
        + stirling_remainder(total)
        - stirling_remainder(a)
        - stirling_remainder(b)
    )
    gradient, hessian = moments.mean, moments.covariance
    if order >= 1:
        shared = log_minus_digamma(total)
        gradient[0] += log_x + (log_minus_digamma(a) - shared)
        gradient[1] += log_y + (log_minus_digamma(b) - shared)
        gradient = np.where(flip, gradient[::-1], gradient)
    if order >= 2:
        hessian[0, 0] += trigamma_difference(a, b)
        hessian[1, 1] += trigamma_difference(b, a)
        hessian[0, 1] += trigamma(total)
        hessian[1, 0] = hessian[0, 1]
        hessian = np.where(flip, hessian[::-1, ::-1], hessian)
    return LogMass(log_density + moments.log_integral, gradient, hessian)


def _at_centre(
    centre: FloatArray, a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return x and the slope a - (a + b) x; relative to the mode, the log kernel, log x and log(1 - x)."""
    total = a + b
    x = special.expit(centre)
    peak, other = a / total, b / total
    distance = centre - np.log(a / b)
    # In u = x / peak - 1 the kernel is a [log1p(u) - u] + b [log1p(-u a/b) + u a/b], both terms negative.
    growth = np.expm1(distance)
    relative = other * growth / (1.0 + peak * growth)
    mirrored = -(a / b) * relative
    near = np.abs(distance) < 1.0
    far_x = np.log1p(b / a) - softplus(-centre)
    far_y = np.log1p(a / b) - softplus(centre)
    log_x = np.where(near, np.log1p(relative), far_x)
    log_y = np.where(near & (mirrored > -0.9), np.log1p(mirrored), far_y)
    kernel = np.where(near, a * log1p_minus(relative) + b * log1p_minus(mirrored), a * far_x + b * far_y)
    slope = np.where(near, -a * relative, a - total * x)
    return x, slope, kernel, log_x, log_y


def _moments(
    a: FloatArray,
    b: FloatArray,
    x: FloatArray,
    fall: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    order: int,
) -> Moments:
    """Integrate around a centre x <= 1/2; the statistics are log(X / x) and log((1 - X) / (1 - x))."""
    total = a + b
    y = 1.0 - x

    def logs(rows: IndexArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
        # log(y + x e^s); the exponential overflows only where x e^s is all that counts.
        mean_log = np.log1p(x[rows] * np.expm1(np.minimum(s, 600.0)))
        mean_log += np.maximum(s - 600.0, 0.0)
        return s - mean_log, -mean_log

    def integrand(rows: IndexArray, s: FloatArray, narrow: bool) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        if not narrow:
            log_x, log_y = logs(rows, s)
            return a[rows] * log_x + b[rows] * log_y, (log_x, log_y)
        growth = np.expm1(s)
        relative = growth * y[rows] / (1.0 + x[rows] * growth)
        mirrored = -(x[rows] / y[rows]) * relative
        excess_x, excess_y = log1p_minus(relative), log1p_minus(mirrored)
        log_ratio = (fall[rows] / y[rows]) * relative + a[rows] * excess_x + b[rows] * excess_y
        return log_ratio, (excess_x + relative, excess_y + mirrored)

    def extent(limit: FloatArray, sign: float) -> FloatArray:
        def drop(rows: IndexArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
            log_ratio = integrand(rows, sign * s, narrow=False)[0]
            moved = x[rows] / (x[rows] + y[rows] * np.exp(-sign * s))
            return -log_ratio, -sign * (a[rows] - total[rows] * moved)

        bend = LOG_DROP / (total * x * y)
        guess = np.minimum(np.sqrt(2.0 * bend) + bend, 2.0 * LOG_DROP / np.where(sign > 0.0, b, a))
        outward = -sign * fall
        guess = np.where(outward > 0.0, np.minimum(guess, 1.2 * LOG_DROP / outward), guess)
        return effective_extent(drop, limit, np.clip(guess, 1e-300, 1e300))

    extents = (extent(limits[0], -1.0), extent(limits[1], 1.0))
    return log_concave_moments(integrand, *extents, 2, order)
