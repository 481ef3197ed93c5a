"""Families whose censored rows are summed by a kernel of their standardised variable, without an array a derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families._end_kernel import EndKernel
from thetahat.families._row_sums import Vector
from thetahat.families._terms import Array, Coordinates, Terms


class SummedByEnds(ABC):
    """A family of (location, log scale) of x, which is y or log y, whose intervals of x a kernel sums."""

    end_kernel: ClassVar[EndKernel]

    @abstractmethod
    def ends_of(self, low: Array, high: Array) -> tuple[Array, Array, Array]:
        """Ends of y as ends of x, and how far they are apart."""

    @abstractmethod
    def mass_between(self, ends: tuple[Array, Array, Array], eta: Coordinates, order: int) -> Terms:
        """The log mass of ``ends_of``, in working coordinates."""

    @abstractmethod
    def located(self, eta: Coordinates) -> tuple[Any, Any]:
        """Working coordinates -> location and log scale of x."""

    @abstractmethod
    def renamed(self, terms: Terms) -> Terms:
        """From derivatives in location and log scale of x to those in working coordinates."""


@dataclass(frozen=True, slots=True)
class SortedEnds:
    """Ends of x by kind: rows between two finite ends, above one, and below one; rows that say nothing are left out."""

    low: Vector
    high: Vector
    gap: Vector
    weight: Vector | None
    above: Vector
    above_weight: Vector | None
    below: Vector
    below_weight: Vector | None


def sorted_ends(family: SummedByEnds, low: Array, high: Array, weight: Vector | None) -> SortedEnds:
    """The rows of intervals of y, for ``family``."""
    low, high, gap = family.ends_of(low, high)
    has_low, has_high = np.isfinite(low), np.isfinite(high)

    def rows(mask: NDArray[np.bool_], *columns: Any) -> list[Any]:
        if mask.all():
            return list(columns)
        return [None if column is None else column[mask] for column in columns]

    return SortedEnds(
        *rows(has_low & has_high, low, high, gap, weight),
        *rows(has_low & ~has_high, low, weight),
        *rows(has_high & ~has_low, high, weight),
    )
