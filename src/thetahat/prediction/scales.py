"""Intervals of quantities that stay in their range: made on a coordinate, a logarithm or a logit, and mapped back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families import Family
from thetahat.parameters import Domain, Ordered
from thetahat.prediction.laws import LawRows, Laws
from thetahat.prediction.quantities import Point, Quantity
from thetahat.prediction.uncertainty import Uncertainty

Array = NDArray[Any]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity of rows, its slopes by coordinate and standard errors, ``width`` of which an end is away."""

    uncertainty: Uncertainty
    rows: LawRows
    quantity: Quantity
    value: Array
    slopes: Sequence[Any]
    error: Array
    width: float


Ends = Callable[[Found], tuple[Array, Array]]


def scale_of(family: Family) -> Range:
    """The range of what is measured as the values are."""
    if family.labelled:
        labelled: Any = family
        numbers = np.asarray(labelled.numbers(), dtype=float)
        return float(np.min(numbers)), float(np.max(numbers))
    return float(family.support.lower), float(family.support.upper)


def scale_of_domain(domain: Domain) -> Range:
    """The range of a parameter."""
    return (-np.inf, np.inf) if isinstance(domain, Ordered) else (domain.lower, domain.upper)


def by_scale(between: Range) -> Ends:
    """Symmetric on the real line, on the logarithm of the distance to one end, or on the logit between two."""

    def ends(found: Found) -> tuple[Array, Array]:
        low, high = _spread(found.value, found.width * found.error, *between)
        # What has reached its end, as far as double precision tells, has no logarithm to be spread on.
        certain = found.error == 0.0
        return np.where(certain, found.value, low), np.where(certain, found.value, high)

    return ends


def _spread(value: Array, spread: Array, lower: float, upper: float) -> tuple[Array, Array]:
    """Ends that a delta-method interval on the scale of a range has on the range itself.

    Examples
    --------
    >>> low, high = _spread(np.array([0.5]), np.array([0.5]), 0.0, 1.0)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.1192], [0.8808])
    """
    if np.isinf(lower) and np.isinf(upper):
        return value - spread, value + spread
    if np.isinf(upper):
        gap = value - lower
        return lower + gap * np.exp(-spread / gap), lower + gap * np.exp(spread / gap)
    if np.isinf(lower):
        gap = upper - value
        return upper - gap * np.exp(spread / gap), upper - gap * np.exp(-spread / gap)
    below, above = value - lower, upper - value
    factor = np.exp(spread * (1.0 / below + 1.0 / above))
    # A logit is moved by this many units: odds below/above are divided and multiplied by the factor.
    return (
        lower + (upper - lower) * below / (below + above * factor),
        lower + (upper - lower) * below / (below + above / factor),
    )


def by_coordinate(laws: Laws, between: Range) -> Ends:
    """By the two ends of the one coordinate on which the quantity depends; on a scale where it depends on several."""

    def ends(found: Found) -> tuple[Array, Array]:
        concerned = [k for k, slope in enumerate(found.slopes) if slope is not None]
        if len(concerned) != 1:
            return by_scale(between)(found)
        (k,) = concerned
        link = laws.group_of[k].link
        rows = found.rows
        reached = []
        if link is None or link.trivial or not link.everywhere:
            spread = found.width * found.uncertainty.of_coordinate(rows, k)
            moved = [rows.full(rows.eta[k]) + sign * spread for sign in (-1.0, 1.0)]
        else:
            spread = found.width * found.uncertainty.of_predictor(rows, k)
            moved = [
                laws.within(k, link.working(rows.predictors[k] + sign * spread)[0]) for sign in (-1.0, 1.0)
            ]
        for end in moved:
            eta = (*rows.eta[:k], end, *rows.eta[k + 1 :])
            reached.append(found.quantity(Point(eta, rows.known, rows.n_rows)).value)
        return np.fmin(*reached), np.fmax(*reached)

    return ends
