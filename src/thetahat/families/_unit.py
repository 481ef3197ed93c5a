"""A unit in which values and parameters far from 1 have squares that floating point holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.families._contract import FamilyContract, Theta

Array = NDArray[np.float64]
_LARGE_SCALE, _LARGE_VALUE = 1e50, 1e150


def in_unit(family: FamilyContract, y: Array, theta: Theta) -> tuple[Array, Theta, float]:
    """Values and parameters over a unit, and the unit: 1 where nothing is far from it, or the family has no scale.

    Values of scale s are compared with s by squares and products, which overflow long before what they stand for does.
    """
    if not family.scales or not y.size:
        return y, theta, 1.0
    names = [parameter.name for parameter in family.declared]
    sizes = [float(np.max(np.abs(theta[names.index(name)]))) for name in family.scales]
    size = max(sizes)
    usual = 1.0 / _LARGE_SCALE < size < _LARGE_SCALE
    if (usual and not np.max(np.abs(y)) > _LARGE_VALUE) or not 0.0 < size < np.inf:
        return y, theta, 1.0
    unit = float(2.0 ** np.clip(np.round(np.log2(size)), -1000, 1000))
    with np.errstate(all="ignore"):
        values = y / unit
        moved = [
            item / unit if name in family.scales else item * unit if name in family.inverse_scales else item
            for name, item in zip(names, theta, strict=True)
        ]
    held = np.isinf(values) <= np.isinf(y)
    # A parameter that over- or underflows would be another distribution.
    pairs = [(np.asarray(here), np.asarray(there)) for here, there in zip(theta, moved, strict=True)]
    same = all(bool((np.isfinite(there) & ((there != 0) | (here == 0))).all()) for here, there in pairs)
    return (values, tuple(moved), unit) if same and bool(held.all()) else (y, theta, 1.0)
