"""How many columns the numbers have that a family of vectors was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thetahat._errors import ParameterError
from thetahat.numerics.namespace import namespace
from thetahat.parameters import Parameter, PositiveDefinite


def size_of(title: str, parameters: Sequence[Parameter], fewest: int, given: Mapping[str, Any]) -> int | None:
    """The number of columns that the numbers given have; None where none tells.

    Raises
    ------
    ParameterError
        If they do not agree, or there are fewer than ``fewest``.
    """
    sizes: dict[str, int] = {}
    for parameter in parameters:
        if parameter.name not in given or not parameter.domain.vector:
            continue
        value = given[parameter.name]
        shape = value.shape if namespace(value).is_jax else _shape(title, parameter.name, value)
        triangle = isinstance(parameter.domain, PositiveDefinite) and len(shape) == 1
        sizes[parameter.name] = round(np.sqrt(2.0 * shape[0] + 0.25) - 0.5) if triangle else shape[0]
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} is of {size}" for name, size in sizes.items())
        raise ParameterError(f"{title}: {told} columns; give both for the same columns")
    size = next(iter(sizes.values()), None)
    if size is not None and size < fewest:
        raise ParameterError(f"{title} needs at least {fewest} columns, and was given {size}")
    return size


def _shape(title: str, name: str, value: Any) -> tuple[int, ...]:
    try:
        shape = np.asarray(value, dtype=float).shape
    except (TypeError, ValueError):
        shape = ()
    if len(shape) not in {1, 2} or not shape[0]:
        raise ParameterError(f"{title}({name}={value!r}): give one number for each column")
    return shape
