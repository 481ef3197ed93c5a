"""Coefficients of the series around Stirling's formula, and their sums at a single number.

Families call these functions with one parameter many times a fit, where NumPy would spend its time on the
overhead of each operation: plain floats are thirty times faster. Arguments lie in ``ORDINARY``, so that no
operation of Python's, which raises where NumPy gives an infinity, can overflow or divide by zero.
"""

from __future__ import annotations

from math import log, log1p
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from thetahat.numerics.elementary import log1p_minus_at as log1p_minus

if TYPE_CHECKING:
    from collections.abc import Sequence

SHIFT = 8
ORDINARY = (1e-75, 1e75)
# Even Bernoulli numbers B_2 ... B_26; at x = 8 the next term is below one unit of rounding.
BERNOULLI = special.bernoulli(26)[2::2].astype(np.float64)
ORDERS = 2.0 * np.arange(1, BERNOULLI.size + 1)
# With s = 1/x²: r = (1/x) p(s), r' = -s q(s), r'' = (s/x) t(s).
VALUE_SERIES = BERNOULLI / (ORDERS * (ORDERS - 1.0))
FIRST_SERIES = BERNOULLI / ORDERS
SECOND_SERIES = BERNOULLI
# (x + 1/2) log(1 + 1/x) - 1 = sum_k z^k / (2k + 1) with z = 1/(2x + 1)², k >= 1.
_POWERS = np.arange(1.0, 20.0)
STEP_SERIES = 1.0 / (2.0 * _POWERS + 1.0)
# dz/dx = -4 z^(3/2), and d(z^k)/dx twice is 2k (2k + 1) 4 z^(k + 1).
STEP_FIRST_SERIES = STEP_SERIES * _POWERS
STEP_SECOND_SERIES = STEP_SERIES * 8.0 * _POWERS * (2.0 * _POWERS + 1.0)
BATEMAN_SERIES = (np.exp2(ORDERS) - 1.0) * 2.0 * BERNOULLI / ORDERS
BATEMAN_SLOPE_SERIES = BATEMAN_SERIES * ORDERS

_VALUE, _FIRST, _SECOND, _STEP, _STEP_FIRST, _STEP_SECOND, _BATEMAN, _BATEMAN_SLOPE = (
    tuple(reversed(series.tolist()))
    for series in (
        VALUE_SERIES,
        FIRST_SERIES,
        SECOND_SERIES,
        STEP_SERIES,
        STEP_FIRST_SERIES,
        STEP_SECOND_SERIES,
        BATEMAN_SERIES,
        BATEMAN_SLOPE_SERIES,
    )
)


def _sum(descending: Sequence[float], x: float) -> float:
    total = 0.0
    for coefficient in descending:
        total = total * x + coefficient
    return total


def _sums(descending: Sequence[float], s: float, t: float) -> tuple[float, float]:
    """Return p(s) and (p(s) - p(t)) / (s - t)."""
    at_t, difference = descending[0], 0.0
    for coefficient in descending[1:]:
        difference = difference * s + at_t
        at_t = at_t * t + coefficient
    return at_t + (s - t) * difference, difference


def _series(x: float, order: int) -> float:
    inverse = 1.0 / x
    s = inverse * inverse
    if order == 0:
        return inverse * _sum(_VALUE, s)
    if order == 1:
        return -s * _sum(_FIRST, s)
    return s * inverse * _sum(_SECOND, s)


def _step(x: float, order: int) -> float:
    if x < 1.0:
        if order == 0:
            return (x + 0.5) * log1p(1.0 / x) - 1.0
        if order == 1:
            return log1p(1.0 / x) - (x + 0.5) / (x * (x + 1.0))
        step = x * (x + 1.0)
        return 0.5 / (step * step)
    root = 1.0 / (2.0 * x + 1.0)
    z = root * root
    if order == 0:
        return z * _sum(_STEP, z)
    if order == 1:
        return -4.0 * z * root * _sum(_STEP_FIRST, z)
    return z * z * _sum(_STEP_SECOND, z)


def stirling_remainder(x: float, order: int) -> float:
    """As in ``gamma_functions``."""
    if x >= SHIFT:
        return _series(x, order)
    total = _series(x + SHIFT, order)
    for step in range(SHIFT - 1, -1, -1):
        total += _step(x + step, order)
    return total


def log_minus_digamma(x: float) -> float:
    """As in ``gamma_functions``."""
    return 0.5 / x - _series(x, 1) if x >= SHIFT else log(x) - float(special.psi(x))


def _trigamma_large(x: float) -> float:
    return 1.0 / x + (0.5 / x) / x + _series(x, 2)


def trigamma(x: float) -> float:
    """As in ``gamma_functions``."""
    if x >= SHIFT:
        return _trigamma_large(x)
    total = _trigamma_large(x + SHIFT)
    for step in range(SHIFT - 1, -1, -1):
        y = x + step
        total += 1.0 / (y * y)
    return total


def trigamma_minus_inverse(x: float) -> float:
    """As in ``gamma_functions``."""
    return (0.5 / x) / x + _series(x, 2) if x >= SHIFT else trigamma(x) - 1.0 / x


def log_gamma_ratio(x: float, a: float) -> float:
    """As in ``gamma_functions``."""
    if x >= SHIFT:
        return _log_gamma_ratio_large(x, a)
    if a >= 1.0:
        return float(special.gammaln(x + a)) - float(special.gammaln(x))
    total = _log_gamma_ratio_large(x + SHIFT, a)
    for step in range(SHIFT - 1, -1, -1):
        total -= log1p(a / (x + step))
    return total


def _log_gamma_ratio_large(x: float, a: float) -> float:
    ratio = a / x
    w, u = 1.0 / x, 1.0 / (x + a)
    gap = -ratio * u
    at_u, difference = _sums(_VALUE, u * u, w * w)
    remainder = gap * (at_u + w * (u + w) * difference)
    return a * log(x + a) + x * log1p_minus(ratio) - 0.5 * log1p(ratio) + remainder


def digamma_difference(x: float, a: float) -> float:
    """As in ``gamma_functions``."""
    if x >= SHIFT:
        return _digamma_difference_large(x, a)
    total = _digamma_difference_large(x + SHIFT, a)
    for step in range(SHIFT - 1, -1, -1):
        total += (a / (x + a + step)) / (x + step)
    return total


def _digamma_difference_large(x: float, a: float) -> float:
    ratio = a / x
    w, u = 1.0 / x, 1.0 / (x + a)
    gap = -ratio * u
    at_s, difference = _sums(_FIRST, u * u, w * w)
    return log1p(ratio) - 0.5 * gap - gap * (u + w) * (at_s + w * w * difference)


def trigamma_difference(x: float, a: float) -> float:
    """As in ``gamma_functions``."""
    if x >= SHIFT:
        return _trigamma_difference_large(x, a)
    total = _trigamma_difference_large(x + SHIFT, a)
    for step in range(SHIFT - 1, -1, -1):
        low, high = x + step, x + a + step
        total -= (a / high) / low * (1.0 / low + 1.0 / high)
    return total


def _trigamma_difference_large(x: float, a: float) -> float:
    w, u = 1.0 / x, 1.0 / (x + a)
    gap = -(a / x) * u
    s, t = u * u, w * w
    at_s, difference = _sums(_SECOND, s, t)
    series = (s + u * w + t) * at_s + w * t * (u + w) * difference
    return gap * (1.0 + 0.5 * (u + w) + series)


def half_step_excess(z: float) -> float:
    """As in ``gamma_functions``."""
    if z < 2 * SHIFT:
        return digamma_difference(0.5 * z, 0.5) - 1.0 / z
    s = 1.0 / (z * z)
    return s * _sum(_BATEMAN, s)


def half_step_excess_slope(z: float) -> float:
    """As in ``gamma_functions``."""
    inverse = 1.0 / z
    if z < 2 * SHIFT:
        return 0.5 * trigamma_difference(0.5 * z, 0.5) + inverse * inverse
    s = inverse * inverse
    return -inverse * s * _sum(_BATEMAN_SLOPE, s)
