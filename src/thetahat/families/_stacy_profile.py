"""The profile of the generalised gamma likelihood over the power of y that is gamma distributed.

For a given power c the c-th powers have one gamma distribution of highest likelihood, so that every stationary point
of the three parameters is one of a curve over c (Stacy & Mihram, 1965): nothing else has to be searched.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.families._starts import centre_and_spread
from thetahat.numerics.gamma_functions import log_minus_digamma, stirling_remainder, trigamma_minus_inverse

Array = NDArray[np.float64]

_SIDE = np.geomspace(0.04, 400.0, 48)
_POWERS = np.concatenate([-_SIDE[::-1], _SIDE])
"""In standard deviations of log y."""
_REFINEMENTS = 2


def profile_peaks(log_y: Array) -> tuple[Array, Array, Array, Array]:
    """mu, sigma and q where the curve has its peaks, and how high it is there, of one row; the highest first.

    Empty where the curve rises to an end, as it does where a power law is best, or all values are equal.
    """
    middle, spread = centre_and_spread(log_y)
    height, mu, sigma, q = _profile((log_y - middle) / spread, _POWERS)
    inner = height[1:-1]
    peaks = 1 + np.flatnonzero((inner >= height[:-2]) & (inner > height[2:]))
    peaks = peaks[np.argsort(-height[peaks], kind="stable")]
    return middle + spread * mu[peaks], spread * sigma[peaks], q[peaks], height[peaks] - np.log(spread)


def _profile(x: Array, power: Array) -> tuple[Array, Array, Array, Array]:
    """Mean log-likelihood of exp(x) times exp(x), mu, sigma and q at each power, for x of mean 0."""
    stretched = power[:, np.newaxis] * x
    largest = stretched.max(axis=1)
    log_mean = largest + np.log(np.mean(np.exp(stretched - largest[:, np.newaxis]), axis=1))
    gap = np.maximum(log_mean - power * float(np.mean(x)), 1e-12)
    # Minka's (2002) approximation, and Newton's method on the log of the shape.
    shape = (3.0 - gap + np.sqrt(np.square(gap - 3.0) + 24.0 * gap)) / (12.0 * gap)
    for _ in range(_REFINEMENTS):
        shape = shape * np.exp((log_minus_digamma(shape) - gap) / (shape * trigamma_minus_inverse(shape)))
    height = np.log(np.abs(power)) + 0.5 * np.log(shape) - stirling_remainder(shape) - shape * gap
    q = np.sign(power) / np.sqrt(shape)
    return height - 0.5 * np.log(2.0 * np.pi), log_mean / power, q / power, q
