"""log(1 + z²), also where z² would overflow."""

from __future__ import annotations

from typing import Any

_HUGE = 1e8
"""From here on 1 + z² is z² in double precision."""


def log_one_plus_square(xp: Any, z: Any) -> Any:
    """Return log(1 + z²), for NumPy and JAX.

    Examples
    --------
    >>> from thetahat.numerics.namespace import NUMPY
    >>> round(float(log_one_plus_square(NUMPY, 1e200)), 6)
    921.034037
    """
    size = xp.abs(z)
    huge = size > _HUGE
    moderate = xp.where(huge, 1.0, size)
    return xp.where(huge, 2.0 * xp.log(xp.where(huge, size, 1.0)), xp.log1p(moderate * moderate))
