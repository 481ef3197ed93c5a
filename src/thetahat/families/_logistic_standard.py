"""The standard logistic density with its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from thetahat.families._standard import Standard
from thetahat.numerics.elementary import softplus


def logistic_log_density(xp: Any, z: Any) -> Any:
    """-log(1 + exp(z)) - log(1 + exp(-z))."""
    return -xp.softplus(z) - xp.softplus(-z)


def logistic_terms(z: Any) -> Standard:
    """g' = -tanh(z/2)."""
    pull = np.tanh(0.5 * z)
    second = -2.0 * special.expit(z) * special.expit(-z)
    stretched = z * second
    return Standard(
        -softplus(z) - softplus(-z),
        -pull,
        second,
        -z * pull,
        stretched - pull,
        z * (stretched - pull),
    )
