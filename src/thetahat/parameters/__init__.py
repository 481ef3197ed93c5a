"""Parameters: their domains, each with the bijection that frees it, and the table of a model's parameters."""

from __future__ import annotations

from thetahat.parameters._domain import Domain
from thetahat.parameters._parameter import Parameter
from thetahat.parameters.bounded import Bounded
from thetahat.parameters.positive import Positive
from thetahat.parameters.real import Real
from thetahat.parameters.simplex import Simplex
from thetahat.parameters.table import ParameterTable
from thetahat.parameters.unit_interval import UnitInterval

__all__ = ["Bounded", "Domain", "Parameter", "ParameterTable", "Positive", "Real", "Simplex", "UnitInterval"]
