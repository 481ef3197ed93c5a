"""Log densities of priors with two derivatives in the value, from those that families have in their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError
from thetahat.families import Family
from thetahat.numerics.namespace import NUMPY

Vector = NDArray[np.float64]
LOCATION = frozenset(
    {"cauchy", "gumbel", "gumbel_min", "hyperbolic_secant", "logistic", "normal", "student_t"}
)
"""Families whose first coordinate is a location μ: f(y) = g(y - μ), so that ∂/∂y is -∂/∂μ."""
SCALE: Mapping[str, int] = MappingProxyType(
    {
        "exponential": 0,
        "gamma": 1,
        "half_normal": 0,
        "inverse_gamma": 1,
        "log_normal": 0,
        "maxwell": 0,
        "rayleigh": 0,
        "weibull": 1,
    }
)
"""Families of y/s, and the position of the coordinate that is log s or -log s."""
RATES = frozenset({"exponential", "gamma"})
"""Of those, the ones with -log s."""
LOG_CONCAVE = frozenset({"gumbel", "gumbel_min", "hyperbolic_secant", "logistic", "normal"})


def check_prior(prior: object, name: str) -> Family:
    """Return a complete distribution whose density has derivatives in the value, or say what else to give."""
    usable = ", ".join(sorted(LOCATION | set(SCALE) | {"beta"}))
    if not isinstance(prior, Family):
        raise ParameterError(
            f"Prior({{{name!r}: {prior!r}}}): give a distribution with all its numbers, such as "
            "th.Normal(mean=0, sd=2)"
        )
    prior.distribution_theta()
    if prior.name not in LOCATION and prior.name not in SCALE and prior.name != "beta":
        raise ParameterError(f"Prior({{{name!r}: {prior!r}}}): priors are one of {usable}")
    return prior


def log_density(prior: Family, y: Vector) -> tuple[Vector, Vector, Vector]:
    """Log f(y) with two derivatives in y.

    Of a location family they are those in the location, the first with its sign turned. Of f(y) = g(y/s)/s, with u and
    H the derivatives in log s, ∂ log f/∂ log y = -(1 + u) and the second derivative in log y is H. Of a beta density
    they are ((α - 1)/y - (β - 1)/(1 - y)) and its derivative.
    """
    theta = prior.distribution_theta()
    if prior.name == "beta":
        value = np.asarray(prior.log_prob(y))
        a, b = theta[0] - 1.0, theta[1] - 1.0
        return value, a / y - b / (1.0 - y), -a / y**2 - b / (1.0 - y) ** 2
    with np.errstate(all="ignore"):
        terms = prior.derivatives(prior.prepare(NUMPY, y, prior.known_values), prior.working(theta))
    at = SCALE.get(prior.name, 0)
    first, second = terms.gradient[at], terms.hessian[at * (at + 3) // 2]
    value = np.broadcast_to(terms.value, y.shape)
    if prior.name in LOCATION:
        return value, np.broadcast_to(-first, y.shape), np.broadcast_to(second, y.shape)
    along = -(1.0 + (-first if prior.name in RATES else first))
    return value, along / y, (second - along) / y**2
