"""The contract of a link, as data: three functions and a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Link:
    """How a linear predictor η sets a parameter: working coordinate w(η), with two derivatives.

    Parameters
    ----------
    name
        As users write it.
    working
        η -> (w, dw/dη, d²w/dη²); NaN where η has no parameter, such as a negative one under ``sqrt``.
    predictor
        Natural value -> η.
    natural
        η -> natural value.
    trivial
        Whether w(η) = η.
    everywhere
        Whether every η has a parameter, which is monotone in it, so that intervals can be made of η.
    ends
        Between which η has to be to have a parameter.
    """

    name: str
    working: Callable[[Array], tuple[Array, Any, Any]]
    predictor: Callable[[Array], Array]
    natural: Callable[[Array], Array]
    trivial: bool = False
    everywhere: bool = True
    ends: tuple[float, float] = (-np.inf, np.inf)


def unchanged(predictor: Array) -> tuple[Array, Any, Any]:
    """Return η itself, with derivatives 1 and 0."""
    return predictor, 1.0, 0.0


def positive_only(predictor: Array) -> Array:
    """Return η where it is above 0 and NaN elsewhere."""
    return np.where(predictor > 0, predictor, np.nan)
