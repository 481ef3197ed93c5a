"""The beta distribution: what its parametrisations share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat.families._remembered import remembered
from thetahat.families._terms import Array, Terms
from thetahat.numerics.gamma_functions import digamma_difference, trigamma, trigamma_difference
from thetahat.numerics.incomplete_beta import log_beta_mass

_LOWEST, _HIGHEST = 0.01, 1e10


def shapes_of(points: NDArray[np.float64]) -> tuple[float, float]:
    """Alpha and beta by moments, kept between 0.01 and 10¹⁰."""
    mean, rest = float(np.mean(points)), float(np.mean(1.0 - points))
    variance = float(np.var(points))
    precision = mean * rest / variance - 1.0 if variance > 0 else 10.0
    alpha, beta = np.clip([mean * precision, rest * precision], _LOWEST, _HIGHEST)
    return float(alpha), float(beta)


def log_mass_of(low: Array, high: Array, alpha: Any, beta: Any, order: int) -> Terms:
    """Incomplete beta in logit y, in log space, with derivatives in alpha and beta themselves."""
    with np.errstate(all="ignore"):
        lower, upper = (special.logit(np.clip(end, 0.0, 1.0)) for end in (low, high))
    mass, first, second = log_beta_mass(lower, upper, alpha, beta, order)
    return Terms(mass) if first is None or second is None else Terms(mass, first, second)


@remembered
def working_moments(log_alpha: Any, log_beta: Any) -> tuple[Any, ...]:
    """-E log y and -E log(1 - y), and in working coordinates what the Hessian holds beside the score."""
    alpha, beta = np.exp(log_alpha), np.exp(log_beta)
    return (
        digamma_difference(alpha, beta),
        digamma_difference(beta, alpha),
        alpha * alpha * trigamma_difference(alpha, beta),
        alpha * beta * trigamma(alpha + beta),
        beta * beta * trigamma_difference(beta, alpha),
    )
