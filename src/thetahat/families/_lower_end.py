"""How densities of positive numbers behave as they near 0."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from thetahat.families._contract import Known
from thetahat.families._family import Family
from thetahat.families._location_scale import LocationScale
from thetahat.families._shape_scale import ShapeScale
from thetahat.families._terms import Coordinates
from thetahat.numerics.namespace import NUMPY

_NEAR = 1e-250
"""Of the median, a distance from 0 that is next to none."""
_NOTHING: Known = {}


def order_at_end(family: Family, eta: Coordinates) -> float:
    """The α of g(x) ~ x^(α - 1) at 0; huge where the density falls faster than any power.

    x d/dx log g = -1 - d·∂log g with the direction d of the family's dilation.
    """
    median = float(family.quantile_at(np.array(0.5), family.theta(eta), _NOTHING))
    near = np.array([max(_NEAR * median, np.finfo(float).tiny)])
    terms = family.derivatives(family.prepare(NUMPY, near, _NOTHING), eta)
    along = sum(d * np.broadcast_to(u, (1,))[0] for d, u in zip(family.dilation, terms.gradient, strict=True))
    return float(np.nan_to_num(-along, nan=np.inf))


def can_be_infinite(family: Family, fixed: Mapping[str, Any]) -> bool:
    """Whether the likelihood of a threshold can be without bound: the density at 0, or the spread of the logarithm.

    A log-location-scale density with both parameters free gives the smallest value as much as one likes, at less than
    that to the others (Hill, 1963).
    """
    logged = isinstance(family, ShapeScale) or (isinstance(family, LocationScale) and family.logged)
    if logged and not fixed:
        return True
    ends: list[tuple[Any, ...]] = []
    for parameter in family.declared:
        if parameter.name in fixed:
            ends.append((fixed[parameter.name],))
        elif parameter.domain.vector:
            ends.append((parameter.domain.from_free(np.zeros(parameter.domain.free_size)),))
        else:
            ends.append(parameter.typical)
    with np.errstate(all="ignore"):
        orders = [order_at_end(family, family.working(theta)) for theta in product(*ends)]
    return min(orders) < 1.0
