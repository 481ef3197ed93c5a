"""A limiting submodel of a family, declared as data and executed by the optimiser's floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thetahat.families._terms import Coordinates, Rows


@dataclass(frozen=True, slots=True)
class Limit:
    """The family that is reached as one parameter runs to infinity.

    Parameters
    ----------
    family
        Name of the limiting family in snake case, resolved by whoever executes the limit.
    parameter
        The parameter that runs to infinity.
    chart
        The coordinate ε that goes to 0 there, as text: ``1/df``.
    names
        The limit's parameters -> the family's other than ``parameter``, which keep their meaning there.
    slope
        ∂ log p / ∂ε at ε = 0, one per exact row, from prepared rows and the family's working coordinates (the entry of
        ``parameter`` is ignored). Summed at the limit's maximum it is ∂ℓ_profile/∂ε by the envelope theorem.
    scale
        Maps the limit's natural parameters to the natural value of ``parameter`` that counts as "of order one" here:
        ε is small when the parameter is far above it.
    """

    family: str
    parameter: str
    chart: str
    names: Mapping[str, str]
    slope: Callable[[Rows, Coordinates], Any]
    scale: Callable[[dict[str, float]], float]
