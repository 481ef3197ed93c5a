"""Links of parameters on the real line, whose working coordinate is the parameter itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.links._link import Link, unchanged

Array = NDArray[Any]


def _log(predictor: Array) -> tuple[Array, Array, Array]:
    value = np.exp(predictor)
    return value, value, value


def _inverse(predictor: Array) -> tuple[Array, Array, Array]:
    value = 1.0 / np.where(predictor == 0, np.nan, predictor)
    return value, -(value**2), 2.0 * value**3


LINKS = (
    Link("identity", unchanged, np.asarray, np.asarray, trivial=True),
    Link("log", _log, np.log, np.exp),
    Link("inverse", _inverse, np.reciprocal, np.reciprocal, everywhere=False),
)
