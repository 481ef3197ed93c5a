"""Parameters: their domains, each with the bijection that frees it, and the table of a model's parameters.

A domain is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thetahat.parameters._domain import Domain
from thetahat.parameters._parameter import Parameter
from thetahat.parameters.table import ParameterTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thetahat.parameters.above import Above
    from thetahat.parameters.bounded import Bounded
    from thetahat.parameters.concentration import Concentration
    from thetahat.parameters.ordered import Ordered
    from thetahat.parameters.positive import Positive
    from thetahat.parameters.positive_definite import PositiveDefinite
    from thetahat.parameters.real import Real
    from thetahat.parameters.reals import Reals
    from thetahat.parameters.simplex import Simplex
    from thetahat.parameters.unit_interval import UnitInterval
    from thetahat.parameters.unit_vector import UnitVector
    from thetahat.parameters.whole import Whole

    DOMAINS: Mapping[str, type[Any]]

_CLASSES = {
    "real": "Real",
    "positive": "Positive",
    "unit_interval": "UnitInterval",
    "bounded": "Bounded",
    "simplex": "Simplex",
    "ordered": "Ordered",
    "above": "Above",
    "whole": "Whole",
    "reals": "Reals",
    "concentration": "Concentration",
    "positive_definite": "PositiveDefinite",
    "unit_vector": "UnitVector",
}
"""Every domain by its name, which is that of its file; a new one adds its file and its line here."""
_NAMES = {kind: name for name, kind in _CLASSES.items()}

__all__ = [
    "DOMAINS",
    "Above",
    "Bounded",
    "Concentration",
    "Domain",
    "Ordered",
    "Parameter",
    "ParameterTable",
    "Positive",
    "PositiveDefinite",
    "Real",
    "Reals",
    "Simplex",
    "UnitInterval",
    "UnitVector",
    "Whole",
]


def __getattr__(name: str) -> Any:
    value: Any
    if name == "DOMAINS":
        value = {named: __getattr__(kind) for named, kind in _CLASSES.items()}
    elif name in _NAMES:
        value = getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
