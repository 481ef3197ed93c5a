"""The standard form behind Burr's family and Lomax's: P(Z > z) = (1 + exp(z))^-k."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from thetahat.families._carried import Carried, log_hazard_mass
from thetahat.families._standard import Standard, StandardFamily, unstretched
from thetahat.families._terms import Array, Coordinates, EndTerms, Rows
from thetahat.numerics.elementary import log_expm1, softplus
from thetahat.numerics.namespace import NUMPY

BEYOND = 400.0
"""Over the exponent of y, how far log scale lies beyond the outermost log y, where a power law ends."""
_FAR = -30.0
"""From here down log(1 + exp(z)) is exp(z) less half its square."""


def slope_at_power_law(rows: Rows, eta: Coordinates) -> Any:
    """∂ log p by one over the exponent of y, where that is infinite and its product with the other shape is given.

    The scale is as far from its limit as ``BEYOND`` says.
    """
    return np.broadcast_to(-BEYOND * np.exp(eta[0] + eta[1]), np.shape(rows[0]))


class BurrKernel(StandardFamily):
    """The shape coordinate is log k; at k = 1 z is logistic."""

    def standard_log_density(self, xp: Any, z: Any, shapes: Coordinates) -> Any:
        """log k + z - (k + 1) log(1 + exp(z))."""
        return burr_log_density(xp, z, shapes[0])

    def standard_terms(self, z: Any, shapes: Coordinates) -> Standard:
        """g' = 1 - (k + 1) expit(z)."""
        return burr_terms(z, shapes[0])

    def standard_mass(self, low: Array, high: Array, gap: Array, shapes: Coordinates, order: int) -> EndTerms:
        """Through the log hazard."""
        return burr_mass(low, high, shapes[0], order)


def burr_log_density(xp: Any, z: Any, log_k: Any) -> Any:
    """log k + z - (k + 1) log(1 + exp(z))."""
    # Far above 0, where log(1 + exp(z)) is z and little more, z itself would cancel.
    k = xp.exp(log_k)
    above = z > 0.0
    line = xp.where(above, -k * z, z)
    return log_k + line - (1.0 + k) * xp.softplus(xp.where(above, -z, z))


def burr_mass(low: Array, high: Array, log_k: Any, order: int) -> EndTerms:
    """Log mass of z between two ends, with derivatives in them and in log k."""
    return log_hazard_mass(burr_log_hazard, low, high, (log_k,), order)


def burr_log_hazard(z: Array, shapes: Coordinates) -> Carried:
    """log k + log log(1 + exp(z))."""
    slope = log_softplus_slope(z)
    one, none = np.ones_like(z), np.zeros_like(z)
    curvature = slope * (special.expit(-z) - slope)
    return Carried(shapes[0] + log_softplus(z), slope, curvature, (one,), (none,), (none,))


def burr_terms(z: Any, log_k: Any) -> Standard:
    """log k + z - (k + 1) log(1 + exp(z)) with its derivatives."""
    k = np.exp(log_k)
    share, growth = special.expit(z), softplus(z)
    hazard = k * growth
    return unstretched(
        z,
        burr_log_density(NUMPY, z, log_k),
        special.expit(-z) - k * share,
        -(1.0 + k) * share * special.expit(-z),
        (1.0 - hazard,),
        (-k * share,),
        (-hazard,),
    )


def log_softplus(z: Array) -> Array:
    """log log(1 + exp(z)), also where exp(z) underflows."""
    near = np.log(softplus(np.maximum(z, _FAR)))
    return np.where(z < _FAR, z - 0.5 * np.exp(z), near)


def log_softplus_slope(z: Array) -> Array:
    """expit(z)/log(1 + exp(z)), the derivative of ``log_softplus``."""
    inner = np.maximum(z, _FAR)
    return np.where(z < _FAR, 1.0 - 0.5 * np.exp(z), special.expit(inner) / softplus(inner))


def burr_quantile(hazard: Any, k: Any) -> Any:
    """z with k log(1 + exp(z)) = ``hazard``."""
    return log_expm1(hazard / k)


def burr_nodes(log_hazard: Array, shapes: Coordinates) -> Array:
    """z at nodes of the log hazard."""
    return np.asarray(burr_quantile(np.exp(log_hazard), np.exp(shapes[0])))
