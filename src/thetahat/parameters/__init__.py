"""Parameters: their domains, each with the bijection that frees it, and the table of a model's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from thetahat.parameters._domain import Domain
from thetahat.parameters._parameter import Parameter
from thetahat.parameters.above import Above
from thetahat.parameters.bounded import Bounded
from thetahat.parameters.concentration import Concentration
from thetahat.parameters.ordered import Ordered
from thetahat.parameters.positive import Positive
from thetahat.parameters.positive_definite import PositiveDefinite
from thetahat.parameters.real import Real
from thetahat.parameters.reals import Reals
from thetahat.parameters.simplex import Simplex
from thetahat.parameters.table import ParameterTable
from thetahat.parameters.unit_interval import UnitInterval
from thetahat.parameters.unit_vector import UnitVector
from thetahat.parameters.whole import Whole

DOMAINS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "real": Real,
        "positive": Positive,
        "unit_interval": UnitInterval,
        "bounded": Bounded,
        "simplex": Simplex,
        "ordered": Ordered,
        "above": Above,
        "whole": Whole,
        "reals": Reals,
        "concentration": Concentration,
        "positive_definite": PositiveDefinite,
        "unit_vector": UnitVector,
    }
)
"""Every domain by its name; a new one adds its file and its line here."""

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
