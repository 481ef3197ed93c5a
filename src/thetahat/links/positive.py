"""Links of positive parameters, whose working coordinate is their logarithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.links._link import Link, positive_only, unchanged

Array = NDArray[Any]

_ABOVE_0 = (0.0, np.inf)


def _power(exponent: float) -> Callable[[Array], tuple[Array, Array, Array]]:
    """The parameter is η to this power: w = exponent log η."""

    def working(predictor: Array) -> tuple[Array, Array, Array]:
        predictor = positive_only(predictor)
        slope = exponent / predictor
        return exponent * np.log(predictor), slope, -slope / predictor

    return working


LINKS = (
    Link("log", unchanged, np.log, np.exp, trivial=True),
    Link("identity", _power(1.0), np.asarray, np.asarray, everywhere=False, ends=_ABOVE_0),
    Link("inverse", _power(-1.0), np.reciprocal, np.reciprocal, everywhere=False, ends=_ABOVE_0),
    Link("sqrt", _power(2.0), np.sqrt, np.square, everywhere=False, ends=_ABOVE_0),
    Link(
        "inverse_squared",
        _power(-0.5),
        lambda value: value**-2.0,
        lambda predictor: predictor**-0.5,
        everywhere=False,
        ends=_ABOVE_0,
    ),
)
