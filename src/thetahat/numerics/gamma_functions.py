"""Gamma-function differences and remainders that keep their digits where lgamma and psi would cancel.

Everything rests on r(x), what Stirling's formula (x - 1/2) log x - x + log(2 pi)/2 leaves of lgamma(x),
by its asymptotic series from x = 8 on, and by exact recurrences below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from scipy import special

from thetahat.numerics import _gamma_series as single
from thetahat.numerics._gamma_series import (
    BATEMAN_SERIES,
    BATEMAN_SLOPE_SERIES,
    FIRST_SERIES,
    SECOND_SERIES,
    SHIFT,
    STEP_FIRST_SERIES,
    STEP_SECOND_SERIES,
    STEP_SERIES,
    VALUE_SERIES,
)
from thetahat.numerics.elementary import horner, log1p_minus

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_LOW, _HIGH = single.ORDINARY
_STEPS = np.arange(float(SHIFT))[:, np.newaxis]


def _ordinary(x: object) -> TypeGuard[float]:
    """Tell whether x is one float, NumPy's included, at whose size plain floats do not overflow."""
    return isinstance(x, float) and _LOW < x < _HIGH


def _number(x: float) -> Any:
    return np.float64(x)


def _divided_difference(
    coefficients: FloatArray, s: FloatArray, t: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return p(s) and (p(s) - p(t)) / (s - t) for p = sum_k coefficients[k] s**k."""
    at_t = np.full_like(t, coefficients[-1])
    difference = np.zeros_like(t)
    for coefficient in coefficients[-2::-1]:
        difference = difference * s + at_t
        at_t = at_t * t + coefficient
    return at_t + (s - t) * difference, difference


def _descending_sum(total: FloatArray, steps: FloatArray) -> FloatArray:
    """Add the rows of ``steps`` to ``total``, the last and smallest first."""
    for step in steps[::-1]:
        total = total + step
    return total


def _where_small(
    x: FloatArray,
    small: NDArray[np.bool_],
    large_value: FloatArray,
    small_value: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Return large_value, overwritten by small_value(x[small]) there."""
    if not small.any():
        return large_value
    result = np.array(large_value, dtype=np.float64, copy=True)
    result[small] = small_value(x[small])
    return result


def _remainder_series(x: FloatArray, order: int) -> FloatArray:
    inverse = 1.0 / x
    s: FloatArray = inverse * inverse
    if order == 0:
        return np.asarray(inverse * horner(VALUE_SERIES, s))
    if order == 1:
        return np.asarray(-s * horner(FIRST_SERIES, s))
    return np.asarray(s * inverse * horner(SECOND_SERIES, s))


def _remainder_step(x: FloatArray, order: int) -> FloatArray:
    """Return the derivative of r(x) - r(x + 1) = (x + 1/2) log(1 + 1/x) - 1."""
    z: FloatArray = 1.0 / np.square(2.0 * x + 1.0)
    if order == 0:
        series = z * horner(STEP_SERIES, z)
        return np.asarray(np.where(x < 1.0, (x + 0.5) * np.log1p(1.0 / x) - 1.0, series))
    if order == 1:
        # dz/dx = -4 z^(3/2)
        series = -4.0 * z * np.sqrt(z) * horner(STEP_FIRST_SERIES, z)
        return np.asarray(np.where(x < 1.0, np.log1p(1.0 / x) - (x + 0.5) / (x * (x + 1.0)), series))
    # d(z^k)/dx twice: 2k (2k + 1) 4 z^(k + 1)
    series = z * z * horner(STEP_SECOND_SERIES, z)
    return np.asarray(np.where(x < 1.0, 0.5 / np.square(x * (x + 1.0)), series))


def stirling_remainder(x: ArrayLike, order: int = 0) -> FloatArray:
    """Return lgamma(x) - [(x - 1/2) log x - x + log(2 pi)/2] for x > 0, or its first or second derivative.

    Notes
    -----
    Abramowitz and Stegun (1964), 6.1.41; below x = 8 by r(x) - r(x + 1) = (x + 1/2) log(1 + 1/x) - 1.

    Examples
    --------
    >>> bool(abs(float(stirling_remainder(1e8)) * 12e8 - 1) < 1e-14)
    True
    """
    if _ordinary(x):
        return _number(single.stirling_remainder(float(x), order))
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        result = _remainder_series(np.where(small, float(SHIFT), x), order)

        def shifted(y: FloatArray) -> FloatArray:
            return _descending_sum(_remainder_series(y + SHIFT, order), _remainder_step(y + _STEPS, order))

        return _where_small(x, small, result, shifted)


def log_minus_digamma(x: ArrayLike) -> FloatArray:
    """Return log x - psi(x) for x > 0, to full relative precision however large x is.

    Examples
    --------
    >>> bool(abs(float(log_minus_digamma(1e200)) * 2e200 - 1) < 1e-14)
    True
    """
    if _ordinary(x):
        return _number(single.log_minus_digamma(float(x)))
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        safe = np.where(small, float(SHIFT), x)
        large = np.asarray(0.5 / safe - _remainder_series(safe, 1))
        return _where_small(x, small, large, lambda y: np.asarray(np.log(y) - special.psi(y)))


def trigamma(x: ArrayLike) -> FloatArray:
    """Return psi'(x) for x > 0, many times faster than scipy.special.polygamma.

    Examples
    --------
    >>> bool(abs(float(trigamma(1.0)) - np.pi**2 / 6) < 1e-15)
    True
    """
    if _ordinary(x):
        return _number(single.trigamma(float(x)))
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        large = _trigamma_large(np.where(small, float(SHIFT), x))

        def shifted(y: FloatArray) -> FloatArray:
            return _descending_sum(_trigamma_large(y + SHIFT), 1.0 / np.square(y + _STEPS))

        return _where_small(x, small, large, shifted)


def _trigamma_large(x: FloatArray) -> FloatArray:
    return np.asarray(1.0 / x + (0.5 / x) / x + _remainder_series(x, 2))


def trigamma_minus_inverse(x: ArrayLike) -> FloatArray:
    """Return psi'(x) - 1/x for x > 0, to full relative precision however large x is.

    Examples
    --------
    >>> bool(abs(float(trigamma_minus_inverse(1e100)) * 2e200 - 1) < 1e-14)
    True
    """
    if _ordinary(x):
        return _number(single.trigamma_minus_inverse(float(x)))
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        safe = np.where(small, float(SHIFT), x)
        large = np.asarray((0.5 / safe) / safe + _remainder_series(safe, 2))
        return _where_small(x, small, large, lambda y: np.asarray(trigamma(y) - 1.0 / y))


def _broadcast(x: ArrayLike, a: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, a = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(a, dtype=np.float64))
    return x, a


def log_gamma_ratio(x: ArrayLike, a: ArrayLike) -> FloatArray:
    """Return lgamma(x + a) - lgamma(x) for x > 0 and a >= 0, without cancellation.

    Notes
    -----
    Stirling's formula at both ends, a log(x + a) + x [log1p(a/x) - a/x] - log1p(a/x)/2 + r(x + a) - r(x), the
    last difference as a divided difference of the series. Below x = 8, minus sum_j log1p(a/(x + j)).

    Examples
    --------
    >>> float(log_gamma_ratio(1e300, 0.5)) == 0.5 * float(np.log(1e300))
    True
    """
    if _ordinary(x) and _ordinary(a):
        return _number(single.log_gamma_ratio(float(x), float(a)))
    x, a = _broadcast(x, a)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        direct = small & (a >= 1.0)
        shifted = small & ~direct
        result = _log_gamma_ratio_large(np.where(small, float(SHIFT), x), a)
        if direct.any():
            result[direct] = special.gammaln((x + a)[direct]) - special.gammaln(x[direct])
        if shifted.any():
            y, b = x[shifted], a[shifted]
            result[shifted] = _descending_sum(
                _log_gamma_ratio_large(y + SHIFT, b), -np.log1p(b / (y + _STEPS))
            )
        infinite = np.isposinf(x)
        result[infinite] = np.where(a[infinite] > 0.0, np.inf, 0.0)
        return result


def _log_gamma_ratio_large(x: FloatArray, a: FloatArray) -> FloatArray:
    ratio = a / x
    w, u = 1.0 / x, 1.0 / (x + a)
    gap = -ratio * u
    total_inverse = u + w
    at_u, difference = _divided_difference(VALUE_SERIES, u * u, w * w)
    remainder = gap * (at_u + w * total_inverse * difference)
    return np.array(a * np.log(x + a) + x * log1p_minus(ratio) - 0.5 * np.log1p(ratio) + remainder)


def digamma_difference(x: ArrayLike, a: ArrayLike) -> FloatArray:
    """Return psi(x + a) - psi(x) for x > 0 and a >= 0, without cancellation.

    Examples
    --------
    >>> bool(abs(float(digamma_difference(1e200, 0.5)) * 2e200 - 1) < 1e-14)
    True
    """
    if _ordinary(x) and _ordinary(a):
        return _number(single.digamma_difference(float(x), float(a)))
    x, a = _broadcast(x, a)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        result = _digamma_difference_large(np.where(small, float(SHIFT), x), a)
        if small.any():
            y, b = x[small], a[small]
            steps = (b / (y + b + _STEPS)) / (y + _STEPS)
            result[small] = _descending_sum(_digamma_difference_large(y + SHIFT, b), steps)
        return result


def _digamma_difference_large(x: FloatArray, a: FloatArray) -> FloatArray:
    ratio = a / x
    w, u = 1.0 / x, 1.0 / (x + a)
    gap = -ratio * u
    s = u * u
    at_s, difference = _divided_difference(FIRST_SERIES, s, w * w)
    # s q(s) - t q(t) = (s - t) (q(s) + t q[s, t]) with s - t = (u - w)(u + w)
    return np.array(np.log1p(ratio) - 0.5 * gap - gap * (u + w) * (at_s + w * w * difference))


def trigamma_difference(x: ArrayLike, a: ArrayLike) -> FloatArray:
    """Return psi'(x + a) - psi'(x) (never positive) for x > 0 and a >= 0, without cancellation.

    Examples
    --------
    >>> bool(abs(float(trigamma_difference(1e100, 0.5)) * -2e200 - 1) < 1e-14)
    True
    """
    if _ordinary(x) and _ordinary(a):
        return _number(single.trigamma_difference(float(x), float(a)))
    x, a = _broadcast(x, a)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        result = _trigamma_difference_large(np.where(small, float(SHIFT), x), a)
        if small.any():
            y, b = x[small], a[small]
            low, high = y + _STEPS, y + b + _STEPS
            steps = -(b / high) / low * (1.0 / low + 1.0 / high)
            result[small] = _descending_sum(_trigamma_difference_large(y + SHIFT, b), steps)
        return result


def _trigamma_difference_large(x: FloatArray, a: FloatArray) -> FloatArray:
    w, u = 1.0 / x, 1.0 / (x + a)
    gap = -(a / x) * u
    s, t = u * u, w * w
    at_s, difference = _divided_difference(SECOND_SERIES, s, t)
    # u s q(s) - w t q(t) = (u - w) [(s + u w + t) q(s) + w t (u + w) q[s, t]]
    series = (s + u * w + t) * at_s + w * t * (u + w) * difference
    return np.array(gap * (1.0 + 0.5 * (u + w) + series))


def half_step_excess(z: ArrayLike) -> FloatArray:
    """Return psi((z + 1)/2) - psi(z/2) - 1/z for z > 0, to full relative precision however large z is.

    Notes
    -----
    Bateman's G(z) - 1/z = 1/(2 z²) - 1/(4 z⁴) + ...: what is left of the score of Student's t in its
    degrees of freedom after the leading terms cancel.

    Examples
    --------
    >>> bool(abs(float(half_step_excess(1e100)) * 2e200 - 1) < 1e-14)
    True
    """
    if _ordinary(z):
        return _number(single.half_step_excess(float(z)))
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = z < 2 * SHIFT
        s: FloatArray = np.square(1.0 / np.where(small, 2.0 * SHIFT, z))
        large = np.asarray(s * horner(BATEMAN_SERIES, s))
        return _where_small(z, small, large, lambda y: digamma_difference(0.5 * y, 0.5) - 1.0 / y)


def half_step_excess_slope(z: ArrayLike) -> FloatArray:
    """Return the derivative of `half_step_excess`, [psi'((z + 1)/2) - psi'(z/2)]/2 + 1/z², likewise accurate.

    Examples
    --------
    >>> bool(abs(float(half_step_excess_slope(1e50)) * -1e150 - 1) < 1e-14)
    True
    """
    if _ordinary(z):
        return _number(single.half_step_excess_slope(float(z)))
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = z < 2 * SHIFT
        inverse = 1.0 / np.where(small, 2.0 * SHIFT, z)
        s: FloatArray = np.square(inverse)
        large = np.asarray(-inverse * s * horner(BATEMAN_SLOPE_SERIES, s))
        return _where_small(
            z,
            small,
            large,
            lambda y: np.asarray(0.5 * trigamma_difference(0.5 * y, 0.5) + 1.0 / np.square(y)),
        )
