"""Elementary functions in log space that lose no digits to cancellation."""

from __future__ import annotations

from math import log1p
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_LOG_2 = float(np.log(2.0))
_ATANH_TERMS = 14
_EXPM1_TERMS = 16


def horner(coefficients: NDArray[np.floating[Any]], x: NDArray[np.floating[Any]]) -> FloatArray:
    """Evaluate sum_k coefficients[k] x**k, each coefficient a number or an array that broadcasts with x."""
    total: FloatArray = np.empty(x.shape)
    total[...] = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


_ATANH_SERIES = 2.0 / (2.0 * np.arange(1, _ATANH_TERMS + 1) + 1.0)
_ATANH_DESCENDING = tuple(reversed(_ATANH_SERIES.tolist()))
_NEAR = 0.25
_NEAR_SERIES = _ATANH_SERIES[:9]
_EXPM1_SERIES = 1.0 / special.factorial(np.arange(2.0, _EXPM1_TERMS + 2.0))


def expit(x: ArrayLike) -> FloatArray:
    """Logistic function 1 / (1 + exp(-x)).

    Examples
    --------
    >>> float(expit(0.0))
    0.5
    """
    return np.asarray(special.expit(np.asarray(x, dtype=np.float64)))


def log_expit(x: ArrayLike) -> FloatArray:
    """Logarithm of the logistic function, -log(1 + exp(-x)).

    Examples
    --------
    >>> float(log_expit(-800.0))
    -800.0
    """
    return np.asarray(-softplus(-np.asarray(x, dtype=np.float64)))


def softplus(x: ArrayLike) -> FloatArray:
    """Return log(1 + exp(x)), without overflow and with full relative precision on the left.

    Examples
    --------
    >>> float(softplus(800.0))
    800.0
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(under="ignore"):
        return np.asarray(np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))))


def log1p_of_small(small: FloatArray, whole: FloatArray) -> FloatArray:
    """Return log(1 + x) for arrays of 0 <= x <= 1, given x and its rounded sum with 1, in half the time of ``log1p``.

    What the sum lost to rounding is put back to first order (Kahan's device), so that every digit stays.

    Examples
    --------
    >>> x = np.array([1e-300, 1.0])
    >>> log1p_of_small(x, 1.0 + x)
    array([1.00000000e-300, 6.93147181e-001])
    """
    return np.asarray(np.log(whole) - ((whole - 1.0) - small) / whole)


def log1mexp(x: ArrayLike) -> FloatArray:
    """Return log(1 - exp(x)) for x <= 0; NaN for x > 0.

    Notes
    -----
    The two branches meet at -log 2 (Mächler, 2012, "Accurately computing log(1 - exp(-|a|))").

    Examples
    --------
    >>> float(log1mexp(-1e-20))
    -46.051701859880914
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(np.where(x > -_LOG_2, np.log(-np.expm1(x)), np.log1p(-np.exp(x))))


def log_expm1(x: ArrayLike) -> FloatArray:
    """Return log(exp(x) - 1) for x >= 0; NaN for x < 0.

    Examples
    --------
    >>> float(log_expm1(1000.0))
    1000.0
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(np.where(x > 1.0, x + np.log1p(-np.exp(-x)), np.log(np.expm1(np.minimum(x, 1.0)))))


def log_diff_exp(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return log(exp(a) - exp(b)) for a >= b; NaN for a < b.

    Examples
    --------
    >>> float(log_diff_exp(-1000.0, -float("inf")))
    -1000.0
    """
    a, b = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    with np.errstate(all="ignore"):
        difference = a + log1mexp(b - a)
    return np.where(np.isneginf(b), a, difference)


def log1p_minus(x: ArrayLike) -> FloatArray:
    """Return log(1 + x) - x, to full relative precision for small x.

    Notes
    -----
    With r = x / (2 + x), log(1 + x) = 2 atanh(r), so the difference is r (2 r² (1/3 + r²/5 + ...) - x),
    in which the two terms differ by a factor of r (Loader, 2000).

    Examples
    --------
    >>> bool(abs(float(log1p_minus(1e-9)) / -5e-19 - 1) < 1e-9)
    True
    """
    if isinstance(x, float) and -0.9 < x < 1e75:
        return _as_number(log1p_minus_at(float(x)))
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = np.abs(x - 0.12) <= 0.5
        if not small.any():
            return np.asarray(np.log1p(x) - x)
        near: FloatArray = x if small.all() else np.where(small, x, 0.0)
        r: FloatArray = near / (2.0 + near)
        square: FloatArray = r * r
        series: FloatArray = np.asarray(r * (square * horner(_ATANH_SERIES, square) - near))
        return series if near is x else np.where(small, series, np.log1p(x) - x)


def log_quotient(x: FloatArray, quotient: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log(1 + x) and log(1 + x) - x for an array of x > -1, given 1 + x as a quotient that cancelled nothing.

    Where x is near 0 they are made of a series as in ``log1p_minus``, but of a shorter one.

    Examples
    --------
    >>> x = np.array([1e-9, 3.0])
    >>> log_quotient(x, 1.0 + x)
    (array([1.00000000e-09, 1.38629436e+00]), array([-5.00000000e-19, -1.61370564e+00]))
    """
    log: FloatArray = np.log(quotient)
    minus: FloatArray = log - x
    near = np.abs(x) < _NEAR
    if near.any():
        r: FloatArray = x / (2.0 + x)
        square: FloatArray = r * r
        series = r * (square * horner(_NEAR_SERIES, square) - x)
        np.copyto(minus, series, where=near)
        np.copyto(log, series + x, where=near)
    return log, minus


def log1p_minus_at(x: float) -> float:
    """``log1p_minus`` of one plain float from -0.9 up, without the overhead of NumPy's operations."""
    if not abs(x - 0.12) <= 0.5:
        return log1p(x) - x
    r = x / (2.0 + x)
    square = r * r
    total = 0.0
    for coefficient in _ATANH_DESCENDING:
        total = total * square + coefficient
    return r * (square * total - x)


def _as_number(x: float) -> Any:
    return np.float64(x)


def expm1_minus(x: ArrayLike) -> FloatArray:
    """Return exp(x) - 1 - x, to full relative precision for small x.

    Examples
    --------
    >>> bool(abs(float(expm1_minus(1e-9)) / 5e-19 - 1) < 1e-9)
    True
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = np.abs(x) <= 0.7
        if not small.any():
            return np.asarray(np.expm1(x) - x)
        near: FloatArray = x if small.all() else np.where(small, x, 0.0)
        series: FloatArray = np.asarray(near * near * horner(_EXPM1_SERIES, near))
        return series if near is x else np.where(small, series, np.expm1(x) - x)
