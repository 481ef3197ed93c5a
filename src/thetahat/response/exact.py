"""Values known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from thetahat._dataclass import dataclass
from thetahat.response._response import NO_VALUES, Array, Observed, Response, RowNumbers


@final
@dataclass(frozen=True, slots=True)
class Exact(Response):
    """One column of values, each known exactly; text and booleans are passed on to the family to judge."""

    column: str

    @property
    def form(self) -> str:
        """``truncated``, once there are limits of truncation."""
        return "truncated"

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)

    @property
    def censored(self) -> bool:
        """Never."""
        return False

    @property
    def truncated(self) -> bool:
        """Never by itself."""
        return False

    def observe(self, columns: Mapping[str, Array], where: RowNumbers) -> Observed:
        """Return the column as it is."""
        return Observed(columns[self.column], None, NO_VALUES, NO_VALUES, NO_VALUES)

    def describe(self) -> str:
        """Return the column's name."""
        return self.column
