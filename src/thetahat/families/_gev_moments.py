"""Moments and information of the generalised extreme-value distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._terms import Array

ZETA = special.zeta(np.arange(2.0, 16.0))
ORDERS = np.arange(2.0, 16.0)


def power_sum(coefficients: Array, x: Array) -> Array:
    """Sum of coefficients[k] x^(k + 2)."""
    return np.asarray(x * x * np.polyval(coefficients[::-1], x))


def log_gamma_one_less(x: Array) -> Array:
    """log Γ(1 - x) = γ x + ζ(2) x²/2 + ζ(3) x³/3 + ..., relatively accurate near 0."""
    near = np.euler_gamma * x + power_sum(ZETA / ORDERS, x)
    return np.asarray(np.where(np.abs(x) < 0.05, near, special.gammaln(1.0 - x)))


def by_l_moments(z: NDArray[np.float64]) -> tuple[float, float, float]:
    """Hosking, Wallis & Wood (1985): shape from the L-skewness of sorted points."""
    n = z.size
    rank = np.arange(n, dtype=float)
    ranked = z * rank
    b0, b1 = float(np.add.reduce(z)) / n, float(np.add.reduce(ranked)) / n / max(n - 1.0, 1.0)
    b2 = float(np.add.reduce(ranked * (rank - 1.0))) / n / max((n - 1.0) * (n - 2.0), 1.0)
    l2, l3 = 2.0 * b1 - b0, 6.0 * b2 - 6.0 * b1 + b0
    skew = min(max(l3 / l2, -0.3), 0.6) if n > 2 else 0.17
    c = 2.0 / (3.0 + skew) - np.log(2.0) / np.log(3.0)
    shape = -float(min(max(7.8590 * c + 2.9554 * c * c, -0.5), 0.3))
    if abs(shape) < 1e-3:
        shape = 1e-3
    gamma = float(special.gamma(1.0 - shape))
    scale = l2 * -shape / (gamma * (1.0 - 2.0**shape))
    return b0 - scale * (gamma - 1.0) / shape, scale, shape


def information_in_closed_form(shape: Array) -> tuple[Any, ...]:
    """Prescott & Walden (1980), lower triangle at scale 1; it cancels near shape 0."""
    k = -shape
    gamma = special.gamma(2.0 - k)
    p = np.square(1.0 - k) * special.gamma(1.0 - 2.0 * k)
    q = gamma * (special.digamma(1.0 - k) - (1.0 - k) / k)
    lag = 1.0 - np.euler_gamma
    return (
        p,
        (p - gamma) / k,
        (1.0 - 2.0 * gamma + p) / k / k,
        (q + p / k) / k,
        (q + p / k + (1.0 - gamma) / k - lag) / k / k,
        (np.pi**2 / 6.0 + np.square(lag - 1.0 / k) + 2.0 * q / k + p / k / k) / k / k,
    )
