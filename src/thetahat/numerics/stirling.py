"""What Stirling's formula leaves of lgamma, r(x), with two derivatives at once, and how it falls by whole steps.

On the few distinct values of counts NumPy's overhead is what costs, so that all three come from one sum of series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thetahat.numerics._gamma_series import (
    FIRST_SERIES,
    SECOND_SERIES,
    SHIFT,
    STEP_FIRST_SERIES,
    STEP_SECOND_SERIES,
    STEP_SERIES,
    VALUE_SERIES,
)
from thetahat.numerics.elementary import horner

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    Triple = tuple[FloatArray, FloatArray, FloatArray]

_DIGITS = 42.0
"""In nats, how far below 1 a term of a series is lost in its rounding, whatever its coefficient."""
_STEPS = np.arange(float(SHIFT))[:, np.newaxis]
_SERIES_TRIPLE = np.stack([VALUE_SERIES, FIRST_SERIES, SECOND_SERIES], axis=1)
_STEP_TRIPLE = np.stack([STEP_SERIES, STEP_FIRST_SERIES, STEP_SECOND_SERIES], axis=1)


def stirling_remainders(x: ArrayLike) -> Triple:
    """Return `stirling_remainder` of an array of positive numbers with its first and second derivatives.

    Examples
    --------
    >>> from thetahat.numerics.gamma_functions import stirling_remainder
    >>> value, first, second = stirling_remainders(np.array([0.5, 20.0]))
    >>> bool(np.allclose(first, stirling_remainder(np.array([0.5, 20.0]), 1), rtol=1e-14))
    True
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        small = x < SHIFT
        remainders = _remainders(np.where(small, x + SHIFT, x))
        if small.any():
            for total, steps in zip(remainders, _steps(x[small] + _STEPS), strict=True):
                shifted = total[small]
                for step in steps[::-1]:
                    shifted = shifted + step
                total[small] = shifted
        return remainders


def stirling_rises(x: float, most: int) -> Triple:
    """Return r(x + k) - r(x) for k = 0, ..., ``most`` with its first and second derivatives in x.

    Sums of steps that all have one sign: to full relative precision however large x is.

    Examples
    --------
    >>> from thetahat.numerics.gamma_functions import stirling_remainder
    >>> value, first, second = stirling_rises(2.5, 3)
    >>> bool(abs(value[3] - (stirling_remainder(5.5) - stirling_remainder(2.5))) < 1e-15)
    True
    """
    with np.errstate(all="ignore"):
        value, first, second = (-np.cumsum(steps) for steps in _steps(x + np.arange(float(most))))
    return tuple(np.concatenate([[0.0], sums]) for sums in (value, first, second))  # type: ignore[return-value]


def _remainders(x: FloatArray) -> Triple:
    inverse = 1.0 / x
    s: FloatArray = inverse * inverse
    value, first, second = _triple(_SERIES_TRIPLE, s)
    return np.asarray(inverse * value), np.asarray(-s * first), np.asarray(s * inverse * second)


def _steps(x: FloatArray) -> Triple:
    """Return r(x) - r(x + 1) = (x + 1/2) log(1 + 1/x) - 1 with its first and second derivatives."""
    root: FloatArray = 1.0 / (2.0 * x + 1.0)
    z = root * root
    near = x < 1.0
    any_near = bool(near.any())
    # No more terms than the largest argument needs; where x is near 0 the series is not used.
    largest = float(np.max(z, initial=0.0, where=~near if any_near else True))
    terms = min(int(_DIGITS / -np.log(largest)) + 2, len(_STEP_TRIPLE)) if 0.0 < largest < 1.0 else 2
    value, first, second = _triple(_STEP_TRIPLE[:terms], z)
    value, first, second = z * value, -4.0 * z * root * first, z * z * second
    if any_near:
        log_step, by_step = np.log1p(1.0 / x), 1.0 / (x * (x + 1.0))
        value = np.where(near, (x + 0.5) * log_step - 1.0, value)
        first = np.where(near, log_step - (x + 0.5) * by_step, first)
        second = np.where(near, 0.5 * np.square(by_step), second)
    return value, first, second


def _triple(coefficients: FloatArray, x: FloatArray) -> FloatArray:
    return horner(coefficients.reshape((-1, 3) + (1,) * x.ndim), np.broadcast_to(x, (3, *x.shape)))
