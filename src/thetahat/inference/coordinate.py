"""The coordinate along which a likelihood is profiled: its scale, and how far it may go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.optimize.constrained import Constrained

Vector = NDArray[np.float64]
FARTHEST = 700.0
"""A log or logit beyond this is the edge of its domain in double precision."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One entry on the scale on which it is profiled: its free coordinate, or in a vector its domain's line."""

    name: str
    estimate: float
    standard_error: float
    lower: float
    upper: float
    to_natural: Callable[[float], float]
    solve: Callable[[float, Vector], Constrained]
    held: bool
    allowed: Callable[[float], bool] = lambda _: True
    line: bool = False


def edge_between(coordinate: Coordinate, inside: float, outside: float) -> float:
    """Where the regular region ends between a value inside and one outside."""
    while True:
        middle = 0.5 * (inside + outside)
        if middle in {inside, outside}:
            return outside
        if coordinate.allowed(middle):
            inside = middle
        else:
            outside = middle


def not_known(coordinate: Coordinate, at: float) -> InferenceError:
    """The error that a profile is not known beyond a value."""
    return InferenceError(
        f"the profile of {coordinate.name} is not known beyond {coordinate.to_natural(at):.6g}: with "
        f"{coordinate.name} held there the search for the best other parameters does not converge, or ends at the edge "
        "of the regular region, so that the interval has no known end on that side. Use a parametric "
        "bootstrap"
    )


def farthest(coordinate: Coordinate) -> float:
    """How far out an end is looked for."""
    # On a log or logit scale 700 is the edge; on the line, a million standard errors never come back.
    if not coordinate.line:
        return FARTHEST
    error = coordinate.standard_error
    spread = 1e6 * error if np.isfinite(error) else 0.0
    return max(FARTHEST, abs(coordinate.estimate) + spread)
