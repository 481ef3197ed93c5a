"""Values of which some are known only not to exceed a detection limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.response._response import Array, Observed, Response, RowNumbers, flags, numbers


@final
@dataclass(frozen=True, slots=True)
class LeftCensored(Response):
    """``detected`` 1: the value is ``value``; 0: it is known only not to exceed ``value``."""

    value: str
    detected: str

    @property
    def form(self) -> str:
        """``left_censored``."""
        return "left_censored"

    @property
    def columns(self) -> tuple[str, ...]:
        """Value and detected."""
        return (self.value, self.detected)

    @property
    def censored(self) -> bool:
        """Rows may be."""
        return True

    @property
    def truncated(self) -> bool:
        """Never by itself."""
        return False

    def observe(self, columns: Mapping[str, Array], where: RowNumbers) -> Observed:
        """Part detected rows from those below their limit."""
        value = numbers(self.value, columns[self.value], where).astype(float, copy=False)
        detected = flags(self.detected, columns[self.detected], where)
        exact_rows, interval_rows = np.flatnonzero(detected), np.flatnonzero(~detected)
        high = value[interval_rows]
        return Observed(value[exact_rows], exact_rows, np.full(high.shape, -np.inf), high, interval_rows)

    def describe(self) -> str:
        """Return ``left_censored(value, detected)``."""
        return f"left_censored({self.value}, {self.detected})"
