"""Values of which some are known only to exceed the time of last sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.response._response import Array, Observed, Response, RowNumbers, flags, numbers


@final
@dataclass(frozen=True, slots=True)
class RightCensored(Response):
    """``event`` 1: the value is ``time``; 0: it is known only to exceed ``time``."""

    time: str
    event: str

    @property
    def form(self) -> str:
        """``censored``."""
        return "censored"

    @property
    def columns(self) -> tuple[str, ...]:
        """Time and event."""
        return (self.time, self.event)

    @property
    def censored(self) -> bool:
        """Rows may be."""
        return True

    @property
    def truncated(self) -> bool:
        """Never by itself."""
        return False

    def observe(self, columns: Mapping[str, Array], where: RowNumbers) -> Observed:
        """Part events from censored rows."""
        time = numbers(self.time, columns[self.time], where).astype(float, copy=False)
        event = flags(self.event, columns[self.event], where)
        exact_rows, interval_rows = np.flatnonzero(event), np.flatnonzero(~event)
        low = time[interval_rows]
        high = np.full(low.shape, np.inf)
        return Observed(time[exact_rows], exact_rows, low, high, interval_rows, last_seen=True)

    def describe(self) -> str:
        """Return ``censored(time, event)``."""
        return f"censored({self.time}, {self.event})"
