"""The log mass of an interval under the gamma distribution of a mean and a shape."""

from __future__ import annotations

import numpy as np

from thetahat.families._gamma_law import departure
from thetahat.families._terms import Array, Terms, end_terms
from thetahat.numerics.gamma_functions import log_minus_digamma
from thetahat.numerics.incomplete_gamma import log_gamma_mass
from thetahat.numerics.namespace import NUMPY
from thetahat.numerics.normal import LOG_SQRT_2_PI


def gamma_mean_mass(low: Array, high: Array, log_mean: Array, log_shape: Array, order: int) -> Terms:
    """log P(low < Y <= high), with derivatives in (log mean, log shape): incomplete gamma in log(y/mean).

    Examples
    --------
    >>> found = gamma_mean_mass(np.array([3.0]), np.array([np.inf]), np.array(0.0), np.array(0.0), 0)
    >>> float(found.value[0])
    -3.0
    """
    shape, rate = np.exp(log_shape), np.exp(-log_mean)
    lower, upper = np.maximum(low, 0.0) * rate, high * rate
    mass, by_shape, by_shape_twice = log_gamma_mass(lower * shape, upper * shape, shape, order, relative=True)
    if by_shape is None or by_shape_twice is None:
        return Terms(mass)

    def at(r: Array) -> tuple[Array, Array, tuple[Array]]:
        """Log density of log r at an end, with its derivatives in log r and in the shape."""
        core, excess = departure(NUMPY, (r, np.log(r)), 0.0)
        level = shape * core + 0.5 * log_shape - LOG_SQRT_2_PI - NUMPY.stirling_remainder(shape)
        density = np.where((r > 0) & (r < np.inf), level, -np.inf)
        return density, -shape * excess, (core + log_minus_digamma(shape),)

    with np.errstate(all="ignore"):
        end = end_terms(mass, at(lower), at(upper), (by_shape,), (by_shape_twice,))
    return Terms(
        mass,
        (-(end.low + end.high), shape * by_shape),
        (
            end.low_low + 2 * end.low_high + end.high_high,
            -shape * (end.low_s[0] + end.high_s[0]),
            shape * by_shape + shape * shape * by_shape_twice,
        ),
    )
