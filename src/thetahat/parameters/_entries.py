"""Entries of vector parameters that are given by their own names: all of them together, as the vector they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from thetahat._errors import ParameterError
from thetahat.parameters._parameter import Parameter


def entries_joined(parameters: Iterable[Parameter], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return fixed values with those of a vector's entries put together.

    Raises
    ------
    ParameterError
        If some entries of a vector are given and others not, which is not the vector that its domain speaks of.

    Examples
    --------
    >>> from thetahat.parameters import Ordered
    >>> thresholds = Parameter("thresholds", Ordered(2))
    >>> entries_joined([thresholds], {"thresholds[0]": -1.0, "thresholds[1]": 2.0})
    {'thresholds': [-1.0, 2.0]}
    """
    joined = dict(fixed)
    if not any("[" in name for name in fixed):
        return joined
    for parameter in parameters:
        if not parameter.domain.vector or parameter.name in fixed:
            continue
        given = [name for name in parameter.names if name in fixed]
        if not given:
            continue
        if len(given) < len(parameter.names):
            raise ParameterError(
                f"fixed={{{given[0]!r}: ...}}: the entries of {parameter.name} are fixed all together or not at all; "
                f"give the {len(parameter.names)} of them as fixed={{{parameter.name!r}: [...]}}"
            )
        joined[parameter.name] = [joined.pop(name) for name in parameter.names]
    return joined
