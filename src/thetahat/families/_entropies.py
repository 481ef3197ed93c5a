"""Entropies and divergences that several families share, written so that nothing cancels at large shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from thetahat.numerics.gamma_functions import log_minus_digamma
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI

EULER = float(np.euler_gamma)


def gamma_entropy(shape: Any) -> Any:
    """Of a gamma variable of rate 1: a + log Γ(a) + (1 - a) ψ(a), by Stirling's series and log a - ψ(a)."""
    shape = np.asarray(shape, dtype=float)
    rest = LOG_SQRT_2_PI + NUMPY.stirling_remainder(shape)
    return 0.5 * np.log(shape) + rest - (1.0 - shape) * log_minus_digamma(shape)


def inverse_gamma_entropy(shape: Any) -> Any:
    """Of the reciprocal of a gamma variable of rate 1: a + log Γ(a) - (1 + a) ψ(a)."""
    shape = np.asarray(shape, dtype=float)
    rest = LOG_SQRT_2_PI + NUMPY.stirling_remainder(shape)
    return -1.5 * np.log(shape) + rest + (1.0 + shape) * log_minus_digamma(shape)


def beta_entropy(alpha: Any, beta: Any) -> Any:
    """log B(a, b) - (a - 1) ψ(a) - (b - 1) ψ(b) + (a + b - 2) ψ(a + b), likewise."""
    alpha, beta = np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float)
    both = alpha + beta
    logs = 0.5 * np.log(alpha) + 0.5 * np.log(beta) - 1.5 * np.log(both) + LOG_SQRT_2_PI
    remainders = [NUMPY.stirling_remainder(item) for item in (alpha, beta, both)]
    gaps = [log_minus_digamma(item) for item in (alpha, beta, both)]
    return (
        logs
        + (remainders[0] + remainders[1] - remainders[2])
        + ((alpha - 1.0) * gaps[0] + (beta - 1.0) * gaps[1] - (both - 2.0) * gaps[2])
    )


def gamma_divergence(shape: Any, mean: Any, other_shape: Any, other_mean: Any) -> Any:
    """Between two gamma distributions: that of the shapes, and a (r - 1 - log r) with r the means' ratio."""
    shape, other_shape = np.asarray(shape, dtype=float), np.asarray(other_shape, dtype=float)
    remainder = NUMPY.stirling_remainder(other_shape) - NUMPY.stirling_remainder(shape)
    of_shapes = (
        (other_shape - shape) * log_minus_digamma(shape) + 0.5 * np.log(shape / other_shape) + remainder
    )
    return of_shapes + other_shape * excess(mean, other_mean)


def excess(value: Any, other: Any) -> Any:
    """r - 1 - log r of the ratio r = value/other, which is 0 at 1 and above 0 elsewhere."""
    gap = (np.asarray(value, dtype=float) - other) / other
    return gap - np.log1p(gap)


def binary_entropy(prob: Any) -> Any:
    """Of one of two labels."""
    return special.entr(prob) + special.entr(1.0 - np.asarray(prob, dtype=float))


def binary_divergence(prob: Any, other: Any) -> Any:
    """Between two distributions over two labels; inf where the other lacks one."""
    rest, other_rest = 1.0 - np.asarray(prob, dtype=float), 1.0 - np.asarray(other, dtype=float)
    return special.kl_div(prob, other) + special.kl_div(rest, other_rest)


def normal_divergence(theta: Any, other: Any) -> Any:
    """Between two normal distributions, given as mean and standard deviation."""
    mean, spread = (np.asarray(item, dtype=float) for item in theta)
    return 0.5 * excess(np.square(spread / other[1]), 1.0) + 0.5 * np.square((mean - other[0]) / other[1])
