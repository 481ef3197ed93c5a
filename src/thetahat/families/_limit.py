"""A limiting submodel of a family, declared as data and executed by the optimiser's floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.families._terms import Coordinates, Rows


@dataclass(frozen=True, slots=True)
class Limit:
    """The family that is reached as one parameter runs to infinity, to 0 or to another finite end.

    Parameters
    ----------
    family
        Name of the limiting family in snake case, resolved by whoever executes the limit; ``shifted_exponential`` is
        one that begins at a threshold, and with ``reflected_`` in front one of minus the values.
    parameter
        The parameter that runs there.
    chart
        The coordinate ε that goes to 0 there, as text: ``1/df``.
    names
        The limit's parameters -> those of the family, other than ``parameter``, that mean the same there.
    slope
        ∂ log p / ∂ε at ε = 0, one per exact row, from prepared rows and the family's working coordinates (the entry of
        ``parameter`` is ignored). Summed at the limit's maximum it is ∂ℓ_profile/∂ε by the envelope theorem.
    scale
        Maps the limit's natural parameters to the natural value of ``parameter`` that counts as "of order one" here:
        ε is small when the parameter is far beyond it.
    moving
        Other parameters on the way there: their values from the limit's natural parameters and that of ``parameter``,
        also where it is infinite.
    order
        ε is the parameter's size to the power of minus this; below 0 where the parameter runs to a finite end, its
        distance to which is its size.
    sign
        The parameter's on the way, or that of what it is more than its finite end.
    at
        The finite end.
    """

    family: str
    parameter: str
    chart: str
    names: Mapping[str, str]
    slope: Callable[[Rows, Coordinates], Any]
    scale: Callable[[dict[str, float]], float]
    moving: Mapping[str, Callable[[Mapping[str, Any], float], Any]] = field(default_factory=dict)
    order: float = 1.0
    sign: float = 1.0
    at: float = 0.0

    @property
    def end(self) -> float:
        """Where the parameter runs to."""
        return self.sign * float("inf") if self.order > 0 else self.at

    def placed(self, size: float) -> float:
        """The parameter's value of this size, or at this distance from its finite end."""
        return self.sign * size if self.order > 0 else self.at + self.sign * size

    def size_of(self, value: float) -> float:
        """The inverse of ``placed``."""
        return self.sign * value if self.order > 0 else self.sign * (value - self.at)

    def size_beyond(self, scale: float, factor: float) -> float:
        """The parameter's size this many times beyond ``scale``."""
        return scale * factor if self.order > 0 else scale / factor

    def beyond(self, scale: float, factor: float) -> float:
        """The parameter's value this many times beyond ``scale``, on the side of its end."""
        return self.placed(self.size_beyond(scale, factor))

    def beside(self, at_limit: Mapping[str, float], value: float) -> dict[str, float]:
        """Return the family's natural parameters where ``parameter`` has this value, from the limit's."""
        with np.errstate(over="ignore"):
            moved = {name: float(place(at_limit, np.float64(value))) for name, place in self.moving.items()}
        return {
            **{ours: at_limit[theirs] for theirs, ours in self.names.items()},
            self.parameter: value,
            **moved,
        }
