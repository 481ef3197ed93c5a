"""What a distribution is asked about, as an array of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ParameterError

Array = NDArray[Any]


def points_of(values: Any, purpose: str) -> Array:
    """Return values as an array of real numbers or truth values, missing ones as NaN.

    Raises
    ------
    ParameterError
        If they are something else, such as text, dates or complex numbers.

    Examples
    --------
    >>> points_of([1, 2.5], "Gamma.log_prob")
    array([1. , 2.5])
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            array = array.astype(float)
    except (TypeError, ValueError) as error:
        raise ParameterError(_refusal(values, purpose)) from error
    if array.dtype.kind not in "biuf":
        raise ParameterError(_refusal(values, purpose))
    return array


def _refusal(values: Any, purpose: str) -> str:
    text = repr(values)
    shown = text if len(text) <= 60 else text[:57] + "..."
    return f"{purpose}({shown}): give real numbers, one or an array of them"
