"""What a prediction with intervals returns."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.rendering import ABSENT, Table, alike, to_precision

Array = NDArray[Any]
SHOWN = 20


@final
@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """A quantity of every row with its uncertainty; renders as a table.

    Attributes
    ----------
    what
        The quantity.
    estimate, standard_error, low, high
        (n,), or (n, K) with a column a label. NaN for rows that were left out; of the last three also for rows on which
        the certificate allows no inference.
    level
        Of the interval from ``low`` to ``high``.
    labels
        Of the columns; empty where there is one.
    note
        Why there are rows without an estimate or an interval; empty where there are none.

    Examples
    --------
    >>> import thetahat as th
    >>> fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
    >>> fit.predict([[4.0]], level=0.95)
    mean, 95 % intervals
    row   estimate   standard error    low    high
    0        12.38             7.57   3.73   41.04
    """

    what: str
    estimate: Array
    standard_error: Array
    low: Array
    high: Array
    level: float
    labels: tuple[Any, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for array in (self.estimate, self.standard_error, self.low, self.high):
            array.flags.writeable = False

    def __len__(self) -> int:
        return int(self.estimate.shape[0])

    @property
    def title(self) -> str:
        """What the table shows."""
        return f"{self.what}, {100 * self.level:g} % intervals"

    def __repr__(self) -> str:
        return "\n".join([self.title, self._table().text(), *self._below()])

    def _repr_html_(self) -> str:
        return self._table().html("; ".join([self.title, *self._below()]))

    def _below(self) -> list[str]:
        more = len(self) - SHOWN
        notes = [f"and {more:,} more row{'s' * (more != 1)}"] if more > 0 else []
        return [*notes, self.note] if self.note else notes

    def _table(self) -> Table:
        headings = ("row", *(["label"] if self.labels else []), "estimate", "standard error", "low", "high")
        rows = []
        for row in range(min(len(self), SHOWN)):
            for column in range(len(self.labels) or 1):
                place: Any = (row, column) if self.labels else row
                label = [str(self.labels[column])] if self.labels else []
                rows.append((str(row), *label, *self._cells(place)))
        return Table(headings, tuple(rows))

    def _cells(self, place: Any) -> tuple[str, ...]:
        estimate, error = float(self.estimate[place]), float(self.standard_error[place])
        low, high = float(self.low[place]), float(self.high[place])
        ends = (ABSENT, ABSENT) if np.isnan(low) and np.isnan(high) else alike([low, high], error)
        return (to_precision(estimate, error), to_precision(error, error), *ends)
