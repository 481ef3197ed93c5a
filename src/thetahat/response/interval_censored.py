"""Values known to lie in an interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import DataError
from thetahat.response._response import Array, Observed, Response, RowNumbers, numbers, rows_message


@final
@dataclass(frozen=True, slots=True)
class IntervalCensored(Response):
    """Values known to lie in (low, high]; low equal to high is exact, infinite ends leave that side open."""

    low: str
    high: str

    @property
    def form(self) -> str:
        """``interval``."""
        return "interval"

    @property
    def columns(self) -> tuple[str, ...]:
        """The two ends."""
        return (self.low, self.high)

    @property
    def censored(self) -> bool:
        """Rows may be."""
        return True

    @property
    def truncated(self) -> bool:
        """Never by itself."""
        return False

    def observe(self, columns: Mapping[str, Array], where: RowNumbers) -> Observed:
        """Part exact rows from intervals, refusing NaN, low > high and rows that say nothing."""
        low = numbers(self.low, columns[self.low], where, infinite=True).astype(float, copy=False)
        high = numbers(self.high, columns[self.high], where, infinite=True).astype(float, copy=False)
        bad = low > high
        if bad.any():
            raise DataError(
                f"{self.describe()}: {_rows(bad, 'has', 'have')} low above high: {rows_message(bad, low, where)}. Swap "
                "the columns or correct the rows"
            )
        bad = (low == high) & np.isinf(low)
        if bad.any():
            raise DataError(
                f"{self.describe()}: {_rows(bad, 'has', 'have')} both ends at the same infinity: "
                f"{rows_message(bad, low, where)}. Give the finite end, as in interval(8, inf) for a value above 8, or "
                "remove them"
            )
        bad = np.isneginf(low) & np.isposinf(high)
        if bad.any():
            raise DataError(
                f"{self.describe()}: {_rows(bad, 'runs', 'run')} from -inf to inf and tell nothing of the value: "
                f"{rows_message(bad, low, where)}. Remove them"
            )
        exact = low == high
        exact_rows, interval_rows = np.flatnonzero(exact), np.flatnonzero(~exact)
        return Observed(low[exact_rows], exact_rows, low[interval_rows], high[interval_rows], interval_rows)

    def describe(self) -> str:
        """Return ``interval(low, high)``."""
        return f"interval({self.low}, {self.high})"


def _rows(bad: Array, one: str, several: str) -> str:
    """How many rows do what: ``1 row has``, ``2 rows have``."""
    count = int(bad.sum())
    return f"{count:,} row{'s' * (count != 1)} {one if count == 1 else several}"
