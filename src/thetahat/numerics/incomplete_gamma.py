"""Log probability of an interval under the gamma distribution, with derivatives in its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from thetahat.numerics.elementary import expm1_minus, log1p_minus
from thetahat.numerics.gamma_functions import (
    log_minus_digamma,
    stirling_remainder,
    trigamma,
    trigamma_minus_inverse,
)
from thetahat.numerics.log_concave import LOG_DROP, log_concave_moments
from thetahat.numerics.log_mass import LogMass, filled, interval_log_mass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_LOG_2_PI = float(np.log(2.0 * np.pi))


def log_gamma_mass(
    low: ArrayLike, high: ArrayLike, shape: ArrayLike, order: int = 0, *, relative: bool = False
) -> tuple[FloatArray, FloatArray | None, FloatArray | None]:
    """Return log P(low < X < high) for X ~ Gamma(shape, rate 1), and its derivatives in the shape.

    With v = log X the density is proportional to exp(shape v - e^v), which is log-concave, and the
    derivatives are E[v | low < X < high] - psi(shape) and Var[v | low < X < high] - psi'(shape). Where the ends are
    ``relative`` to the mean they are those of t = log(X/shape) + 1 - X/shape in the place of v, plus log shape, and
    with psi' less 1/shape; neither then cancels however large the shape is.

    Parameters
    ----------
    low, high : array_like
        Endpoints, 0 <= low < high <= inf; the result is -inf (with NaN derivatives) where low >= high.
    shape : array_like
        Positive shape.
    order : int
        0: the value only. 1: and the first derivative. 2: and the second.
    relative : bool
        Whether low/shape and high/shape, and not low and high, are held as the shape varies.

    Returns
    -------
    tuple of (value, first, second)
        In the broadcast shape; None beyond the order asked for.

    Examples
    --------
    >>> value, first, second = log_gamma_mass(1000.0, np.inf, 1.0, order=1)
    >>> float(value), second is None
    (-1000.0, True)
    """
    arrays = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in (low, high, shape)))
    dimensions = arrays[0].shape
    lows, highs, shapes = (np.ascontiguousarray(array).ravel() for array in arrays)
    with np.errstate(all="ignore"):
        lows = np.maximum(lows, 0.0)
        valid = (lows < highs) & (shapes > 0.0) & (shapes < np.inf)
        result = filled(lows.size, 1, order, -np.inf, np.nan)
        result.value[np.isnan(lows) | np.isnan(highs) | ~((shapes > 0.0) & (shapes < np.inf))] = np.nan
        rows = np.flatnonzero(valid)
        if rows.size:
            result.put(rows, _valid_log_mass(lows[rows], highs[rows], shapes[rows], order, relative=relative))
    return (
        result.value.reshape(dimensions),
        result.gradient[0].reshape(dimensions) if order >= 1 else None,
        result.hessian[0, 0].reshape(dimensions) if order >= 2 else None,
    )


def _valid_log_mass(
    low: FloatArray, high: FloatArray, shape: FloatArray, order: int, *, relative: bool
) -> LogMass:
    below = np.where(low > 0.0, special.gammainc(shape, low), 0.0)
    above = np.where(high < np.inf, special.gammaincc(shape, high), 0.0)

    def direct(rows: NDArray[np.intp], start: FloatArray, stop: FloatArray) -> LogMass:
        return _integrated(start, stop, shape[rows], order, relative=relative)

    return interval_log_mass(direct, low, high, (0.0, np.inf), below + above < 0.5, 1, order)


def _log_ratio(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return log(x / y), accurate where x is close to y."""
    relative = (x - y) / y
    return np.where(np.abs(relative) < 0.5, np.log1p(relative), np.log(x) - np.log(y))


def _log_ratio_minus(excess: FloatArray, log_ratio: FloatArray) -> FloatArray:
    """Return log(1 + t) - t from t and log(1 + t), accurate where t is near 0."""
    near = np.abs(excess) < 0.5
    return np.where(near, log1p_minus(np.where(near, excess, 0.0)), log_ratio - excess)


def _integrated(
    low: FloatArray, high: FloatArray, shape: FloatArray, order: int, *, relative: bool
) -> LogMass:
    # Below shape 1 the density in v bends at x = 1, not at its mode, and is within a factor e of the mode's.
    centre = np.clip(np.maximum(shape, 1.0), low, high)
    fall = shape - centre
    bend = LOG_DROP / centre
    right = np.where(high == centre, 0.0, _log_ratio(high, centre))
    left = np.where(low == centre, 0.0, _log_ratio(centre, low))
    right = np.minimum(right, np.minimum(np.sqrt(2.0 * bend), np.log1p(bend) + 1.0))
    right = np.where(fall < 0.0, np.minimum(right, LOG_DROP / -fall), right)
    # expm1(-s) + s >= s² / (2 + s) for s >= 0
    rounded = 0.5 * (bend + np.sqrt(bend * (bend + 8.0)))
    left = np.minimum(left, (LOG_DROP + centre) / shape)
    left = np.where(fall >= 0.0, np.minimum(left, np.minimum(rounded, LOG_DROP / fall)), left)

    offset = _log_ratio(centre, shape)
    excess = (centre - shape) / shape
    core = _log_ratio_minus(excess, offset)

    def statistic(rows: NDArray[np.intp], s: FloatArray) -> FloatArray:
        if not relative:
            return s
        growth = np.expm1(s)
        moved = _log_ratio_minus(excess[rows] + growth + excess[rows] * growth, offset[rows] + s)
        return moved - core[rows]

    def integrand(
        rows: NDArray[np.intp], s: FloatArray, narrow: bool
    ) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        if narrow:
            return fall[rows] * s - centre[rows] * expm1_minus(s), (statistic(rows, s),)
        return shape[rows] * s - centre[rows] * (np.exp(s) - 1.0), (statistic(rows, s),)

    moments = log_concave_moments(integrand, left, right, 1, order)
    kernel = shape * core
    log_density = kernel + 0.5 * (np.log(shape) - _LOG_2_PI) - stirling_remainder(shape)
    gradient, hessian = moments.mean, moments.covariance
    if order >= 1:
        gradient = gradient + (core if relative else offset) + log_minus_digamma(shape)
    if order >= 2:
        hessian = hessian - (trigamma_minus_inverse(shape) if relative else trigamma(shape))
    return LogMass(log_density + moments.log_integral, gradient, hessian)
