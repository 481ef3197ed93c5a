"""The logarithm of Riemann's zeta function with its derivatives, by the formula of Euler and Maclaurin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_FIRST = 12
"""Terms that are summed as they are; the rest is the formula's."""
_N = float(_FIRST)
_LOG_N = float(np.log(_N))
_LOGS = np.log(np.arange(2.0, _FIRST)).tolist()
_CORRECTIONS = 10
_RATIOS = (
    special.bernoulli(2 * _CORRECTIONS)[2::2] / special.factorial(2.0 * np.arange(1, _CORRECTIONS + 1))
).tolist()


def log_zeta(xp: Any, gap: Any) -> Any:
    """log ζ(1 + gap) for gap > 0, for NumPy and JAX.

    ζ(s) = Σ_{n<N} n^-s + N^(1-s)/(s - 1) + N^-s/2 + Σ_k B_2k/(2k)! s (s + 1)...(s + 2k - 2) N^(1-s-2k) (Edwards,
    1974, chapter 6), as 1 and a rest where that is small, and times gap where gap is.

    Examples
    --------
    >>> from thetahat.numerics.namespace import NUMPY
    >>> bool(abs(float(log_zeta(NUMPY, np.array(1.0))) - np.log(np.pi**2 / 6)) < 1e-15)
    True
    """
    large = gap > 1.0
    above, below = xp.where(large, gap, 1.0), xp.where(large, 1.0, gap)
    near = xp.log1p(below * (1.0 + _sum(xp, below)) + xp.expm1(-below * _LOG_N)) - xp.log(below)
    return xp.where(large, xp.log1p(_sum(xp, above) + xp.exp(-above * _LOG_N) / above), near)


def _sum(xp: Any, gap: Any) -> Any:
    """What ζ(1 + gap) has beside 1 and the integral from N on."""
    s = 1.0 + gap
    last = xp.exp(-s * _LOG_N)
    total, factor = 0.5 * last, last
    for k, ratio in enumerate(_RATIOS):
        factor = (
            factor * (s if k == 0 else (s + (2.0 * k - 1.0)) * (s + 2.0 * k)) / (_N if k == 0 else _N * _N)
        )
        total = total + ratio * factor
    for log_n in _LOGS[::-1]:
        total = total + xp.exp(-s * log_n)
    return total


def log_zeta_terms(gap: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log ζ(1 + gap) with its first and second derivatives, relatively accurate for large and small gaps.

    Examples
    --------
    >>> value, first, second = log_zeta_terms(1e-9)
    >>> bool(abs(float(first) * -1e-9 - 1) < 1e-8)
    True
    """
    gap = np.asarray(gap, dtype=np.float64)
    with np.errstate(all="ignore"):
        total, slope, bend = _sum_terms(gap)
        last = np.exp(-gap * _LOG_N)
        # The integral N^-gap/gap and its derivatives.
        tail = last / gap
        tail_slope = -tail * (_LOG_N + 1.0 / gap)
        tail_bend = tail * (np.square(_LOG_N + 1.0 / gap) + np.square(1.0 / gap))
        zeta = 1.0 + total + tail
        plain_slope = (slope + tail_slope) / zeta
        plain = (np.log1p(total + tail), plain_slope, (bend + tail_bend) / zeta - np.square(plain_slope))
        times = gap * (1.0 + total) + last
        ratio = (1.0 + total + gap * slope - _LOG_N * last) / times
        near = (
            np.log1p(gap * (1.0 + total) + np.expm1(-gap * _LOG_N)) - np.log(gap),
            ratio - 1.0 / gap,
            (2.0 * slope + gap * bend + _LOG_N * _LOG_N * last) / times - np.square(ratio) + 1.0 / gap / gap,
        )
        large = gap > 1.0
        value, first, second = (np.asarray(np.where(large, a, b)) for a, b in zip(plain, near, strict=True))
    return value, first, second


def _sum_terms(gap: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    s = 1.0 + gap
    last = np.exp(-s * _LOG_N)
    total, slope, bend = 0.5 * last, -0.5 * _LOG_N * last, 0.5 * _LOG_N * _LOG_N * last
    factor, rate, spread = last, np.zeros_like(s), np.zeros_like(s)
    for k, ratio in enumerate(_RATIOS):
        for step in [0.0] if k == 0 else [2.0 * k - 1.0, 2.0 * k]:
            factor = factor * (s + step) / _N
            rate = rate + 1.0 / (s + step)
            spread = spread + 1.0 / np.square(s + step)
        move = rate - _LOG_N
        total = total + ratio * factor
        slope = slope + ratio * factor * move
        bend = bend + ratio * factor * (move * move - spread)
    for log_n in _LOGS[::-1]:
        term = np.exp(-s * log_n)
        total, slope, bend = total + term, slope - log_n * term, bend + log_n * log_n * term
    return total, slope, bend
