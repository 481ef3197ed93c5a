"""Functions of parameters alone, computed once for the many blocks of rows that share them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import numpy as np

SHORT, FEW = 128, 8
"""Sizes of an array, and of the distinct numbers in it, up to which these are looked up."""


def remembered(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """Remember a function's results for arguments that are single numbers; arrays go through it each time.

    Of one argument that is a short array of few distinct numbers, each is looked up by itself. A
    digamma function of one number costs as much as an exponential of thousands of rows, and a pass over the rows
    asks for the same one in every block.

    Examples
    --------
    >>> square = remembered(lambda x: (x * x,))
    >>> float(square(3.0)[0])
    9.0
    """

    @lru_cache(maxsize=512)
    def of_numbers(*numbers: float) -> tuple[Any, ...]:
        return tuple(np.float64(item) for item in function(*(np.float64(number) for number in numbers)))

    @wraps(function)
    def either(*arguments: Any) -> tuple[Any, ...]:
        if all(np.ndim(argument) == 0 for argument in arguments):
            return of_numbers(*(float(argument) for argument in arguments))
        if len(arguments) == 1 and 0 < arguments[0].size <= SHORT:
            numbers = arguments[0].ravel().tolist()
            distinct = {number: place for place, number in enumerate(dict.fromkeys(numbers))}
            if len(distinct) <= FEW:
                found = zip(*map(of_numbers, distinct), strict=True)
                places = np.array([distinct[number] for number in numbers]).reshape(arguments[0].shape)
                return tuple(np.array(items)[places] for items in found)
        return function(*arguments)

    return either
