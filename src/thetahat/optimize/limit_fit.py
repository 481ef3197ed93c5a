"""A limiting submodel that was fitted to the same rows, beside which a maximum is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families._limit import Limit
from thetahat.models import Tally
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
FAR_OUT = 10.0
"""Times the order of one, a parameter on the way to its limit."""


@dataclass(frozen=True, slots=True)
class LimitFit:
    """A limiting submodel fitted to the same rows.

    ``natural`` holds the family's parameters there, with inf or 0 for the one that ran away; ``at_limit`` the limit's
    own; ``tally`` is in the free coordinates of ``names``, empty for a parameter that the family has no name for;
    ``slope_and_noise`` takes a pass over the rows, at its first call only. ``point`` is that of the family's free
    coordinates, where its natural parameters do not tell. ``edges`` tells which of ``names`` are on the edge of the
    limit's own parameter space, and ``breaks_off`` whether a parameter of the limit ends its support.
    """

    limit: Limit
    title: str
    value: float
    natural: Mapping[str, float]
    at_limit: Mapping[str, float]
    names: tuple[str, ...]
    tally: Tally
    scale: float
    slope_and_noise: Callable[[], tuple[float, float]]
    point: Vector | None = None
    edges: tuple[bool, ...] = ()
    breaks_off: bool = False

    def beside(self, factor: float) -> dict[str, float]:
        """The family's parameters on the way to the limit, so many times beyond the order of one."""
        value = self.limit.beyond(self.scale, factor)
        return {**self.natural, **self.limit.beside(self.at_limit, value)}

    def passed(self, table: ParameterTable, natural: Mapping[str, float]) -> float:
        """How many times beyond the order of one a point is; of a vector the entry that is least far out."""
        name, outwards = self.limit.parameter, self.limit.order > 0
        sizes = (self.limit.size_of(natural[entry]) for entry in table.by_name[name].names)
        ratio = (min(sizes) if outwards else max(sizes)) / table.unit(name) / self.scale
        if outwards:
            return ratio
        return 1.0 / ratio if ratio > 0 else 0.0

    @property
    def slope(self) -> float:
        """∂ℓ_profile/∂ε at ε = 0: where it is not positive, ℓ falls on leaving the limit."""
        return self.slope_and_noise()[0]

    @property
    def slope_noise(self) -> float:
        """What of the slope may be rounding, or curvature where a difference replaced a derivative."""
        return self.slope_and_noise()[1]
