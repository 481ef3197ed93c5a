"""Normal probabilities in log space."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

LOG_SQRT_2_PI = 0.5 * float(np.log(2.0 * np.pi))
_FAR_BELOW = -5.0
"""Below this the continued fraction of so many levels is exact to rounding."""
_FRACTION_LEVELS = 40


@cache
def _unit_rule() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(14)
    return 0.5 * (nodes + 1.0), 0.5 * weights


def log_normal_density(z: ArrayLike) -> FloatArray:
    """Return the log density of the standard normal, -z²/2 - log(2 pi)/2.

    Examples
    --------
    >>> float(log_normal_density(0.0))
    -0.9189385332046727
    """
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(-0.5 * z * z - LOG_SQRT_2_PI)


def log_normal_cdf(z: ArrayLike) -> FloatArray:
    """Return log P(Z < z) for a standard normal Z, to full relative precision in both tails.

    Examples
    --------
    >>> bool(abs(float(log_normal_cdf(-100.0)) + 5005.524208694205) < 1e-11)
    True
    """
    with np.errstate(all="ignore"):
        return np.asarray(special.log_ndtr(np.asarray(z, dtype=np.float64)))


def log_normal_mass(low: ArrayLike, high: ArrayLike) -> FloatArray:
    """Return log P(low < Z < high) for a standard normal Z, however narrow or remote the interval.

    Parameters
    ----------
    low, high : array_like
        Endpoints, -inf <= low < high <= inf; the result is -inf where low >= high.

    Notes
    -----
    Narrow intervals are integrated from the endpoint nearer to zero. Wide ones on one side of zero are a
    difference of tails that differ by a factor of e at least, and those around zero are 1 less two tails.

    Examples
    --------
    >>> bool(abs(float(log_normal_mass(30.0, 30.0 + 1e-9)) + 471.6422043024107) < 1e-12)
    True
    """
    low, high = np.broadcast_arrays(np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))
    with np.errstate(all="ignore"):
        mirrored = low + high < 0.0
        start, stop = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
        width = stop - start
        around = start < 0.0
        # Which of the two holds is decided by the fall of the log density over the interval.
        narrow = np.where(around, width < 1.0, width * (start + 0.5 * width) < 1.0)
        result = np.array(np.log1p(-(special.ndtr(start) + special.ndtr(-stop))))
        one_sided = ~around & ~narrow
        if one_sided.any():
            upper = special.log_ndtr(-start[one_sided])
            beyond = special.log_ndtr(-stop[one_sided])
            # Beyond 1e154 even the logarithm overflows, in both.
            gap = np.where(np.isneginf(beyond), beyond, beyond - upper)
            result[one_sided] = upper + np.log1p(-np.exp(gap))
        if narrow.any():
            result[narrow] = _narrow_log_mass(start[narrow], width[narrow])
        result[np.isneginf(low) & np.isposinf(high)] = 0.0
        result[~(low < high)] = -np.inf
        result[np.isnan(low) | np.isnan(high)] = np.nan
        return result


def _narrow_log_mass(start: FloatArray, width: FloatArray) -> FloatArray:
    total = np.zeros_like(start)
    for node, weight in zip(*_unit_rule(), strict=True):
        step = node * width
        total += weight * np.exp(-step * (start + 0.5 * step))
    return np.asarray(np.log(total) + np.log(width) - 0.5 * start * start - LOG_SQRT_2_PI)


def normal_quantile(probability: ArrayLike) -> FloatArray:
    """Return z with P(Z < z) = probability.

    Examples
    --------
    >>> float(normal_quantile(0.5))
    0.0
    """
    return np.asarray(special.ndtri(np.asarray(probability, dtype=np.float64)))


def normal_quantile_of_log(log_probability: ArrayLike) -> FloatArray:
    """Return z with log P(Z < z) = log_probability.

    Examples
    --------
    >>> bool(abs(float(normal_quantile_of_log(-5005.524208694205)) + 100.0) < 1e-12)
    True
    """
    return np.asarray(special.ndtri_exp(np.asarray(log_probability, dtype=np.float64)))


def log_scaled_normal_cdf(z: ArrayLike) -> FloatArray:
    """Return log Φ(z) + z²/2, which keeps its digits far below 0; -inf and inf where they belong.

    Examples
    --------
    >>> round(float(log_scaled_normal_cdf(-1e10)), 6)
    -23.944789
    """
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(all="ignore"):
        below = np.log(0.5 * special.erfcx(-np.minimum(z, 0.0) / np.sqrt(2.0)))
        return np.where(z < 0.0, below, special.log_ndtr(z) + 0.5 * z * z)


def normal_pull(z: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return h = φ(z)/Φ(z), the derivative of log Φ; the excess e = h + z; and its slope 1 - h e.

    The last two vanish far below 0. Each keeps its relative precision: far below 0, e is
    1/(x + 2/(x + 3/(x + ...))) at x = -z (Laplace, 1805).

    Examples
    --------
    >>> ratio, excess, slope = normal_pull(-1e6)
    >>> float(ratio), round(1e6 * float(excess), 6), round(1e12 * float(slope), 6)
    (1000000.000001, 1.0, 1.0)
    """
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(all="ignore"):
        ratio = np.where(
            z < 0.0,
            np.sqrt(2.0 / np.pi) / special.erfcx(-np.minimum(z, 0.0) / np.sqrt(2.0)),
            np.exp(-0.5 * z * z - LOG_SQRT_2_PI - special.log_ndtr(np.maximum(z, 0.0))),
        )
        excess = ratio + z
        slope = 1.0 - ratio * excess
        far = np.asarray(z < _FAR_BELOW)
        if far.any():
            x = -np.where(far, z, _FAR_BELOW)
            rest = np.zeros_like(x)
            for level in range(_FRACTION_LEVELS, 1, -1):
                rest = level / (x + rest)
            over = 1.0 / (x + rest)
            ratio = np.where(far, x + over, ratio)
            excess = np.where(far, over, excess)
            slope = np.where(far, over * (rest - over), slope)
        return ratio, excess, slope
