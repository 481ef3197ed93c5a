"""The modified Bessel functions that normalise circular densities, in log space and free of cancellation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from thetahat.numerics.elementary import horner

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_LARGE = 25.0
_TERMS = 26
"""As many as still help at 25, where the asymptotic series is at its best to 2e-17."""


def _log_series() -> FloatArray:
    """Coefficients in 1/κ of log(I₀(κ) √(2πκ) exp(-κ)) (Abramowitz & Stegun, 1964, 9.7.1), by power series."""
    k = np.arange(1, _TERMS + 1)
    terms = np.append(1.0, np.cumprod(np.square(2.0 * k - 1.0) / (8.0 * k)))
    log_terms = np.zeros(_TERMS + 1)
    for n in range(1, _TERMS + 1):
        inner = np.arange(1, n)
        log_terms[n] = terms[n] - np.sum(inner * log_terms[1:n] * terms[n - inner]) / n
    return log_terms


_LOG_SERIES = _log_series()
_SLOPE_SERIES = np.arange(_TERMS + 1.0) * _LOG_SERIES
_SPREAD_SERIES = np.arange(1.0, _TERMS + 2.0) * _SLOPE_SERIES


def log_bessel_i0(kappa: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log I₀(κ) - κ, κ (1 - A) and κ² dA/dκ, where A = I₁(κ)/I₀(κ) is d log I₀/dκ.

    The first derivative in log κ is -κ (1 - A), and the second is κ² dA/dκ - κ (1 - A).

    Notes
    -----
    From κ = 25 on by the asymptotic series of the logarithm, in which the leading terms have cancelled by hand.

    Examples
    --------
    >>> value, lack, spread = log_bessel_i0(1e8)
    >>> bool(abs(float(lack) - 0.5 - 0.125e-8) < 1e-15)
    True
    """
    kappa = np.asarray(kappa, dtype=np.float64)
    with np.errstate(all="ignore"):
        large = kappa > _LARGE
        inverse = np.asarray(1.0 / np.where(large, kappa, _LARGE))
        far = (
            horner(_LOG_SERIES, inverse) - 0.5 * np.log(2.0 * np.pi * np.where(large, kappa, 1.0)),
            0.5 + horner(_SLOPE_SERIES, inverse),
            0.5 + horner(_SPREAD_SERIES, inverse),
        )
        safe = np.where(large, 1.0, kappa)
        zeroth = special.i0e(safe)
        ratio = special.i1e(safe) / zeroth
        lack = safe * ((zeroth - special.i1e(safe)) / zeroth)
        # dA/dκ = 1 - A/κ - A²
        near = (np.log(zeroth), lack, np.square(safe) * (1.0 - ratio) * (1.0 + ratio) - safe * ratio)
        value, first, second = (np.where(large, a, b) for a, b in zip(far, near, strict=True))
    return value, first, second
