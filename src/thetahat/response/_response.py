"""The contract of a response: what is known of each row's value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError

if TYPE_CHECKING:
    from thetahat.data import Source

Array = NDArray[Any]
SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """For each row of a block, the limits between which its value had to lie to be observed: (entry, exit]."""

    entry: Array
    exit: Array


@dataclass(frozen=True, slots=True)
class Observed:
    """The rows of one block, parted into values known exactly and values known to lie in (low, high].

    ``exact_rows`` and ``interval_rows`` are positions in the block; None means all of it. ``limits`` are those of
    truncation, for all rows of the block, or None where there are none. ``last_seen`` tells that every interval runs
    from a time of last sight to infinity.
    """

    y: Array
    exact_rows: Array | None
    low: Array
    high: Array
    interval_rows: Array | None
    limits: Limits | None = None
    last_seen: bool = False


@dataclass(frozen=True, slots=True)
class RowNumbers:
    """The numbers by which a user knows the rows of a block, some of which may have been left out."""

    start: int
    kept: Array | None = None

    def of(self, position: int | np.integer[Any]) -> int:
        """Number of the row at a position."""
        return self.start + int(position if self.kept is None else self.kept[position])


class Response(ABC):
    """Which columns hold the response and how they are to be read."""

    @property
    @abstractmethod
    def form(self) -> str:
        """What its text calls, as in ``censored(time, event, entry=start)``."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""

    @property
    @abstractmethod
    def censored(self) -> bool:
        """Whether rows may be known only to lie in an interval."""

    @property
    @abstractmethod
    def truncated(self) -> bool:
        """Whether rows are there only because their values lie between limits."""

    @abstractmethod
    def observe(self, columns: Mapping[str, Array], where: RowNumbers) -> Observed:
        """Read one block, which is numbered by ``where``."""

    @abstractmethod
    def describe(self) -> str:
        """Write the response as text: ``wait``, ``censored(time, event)``."""


NO_VALUES = np.zeros(0)


class TextOfNumbersError(DataError):
    """A column is text, and each text of the block could be a number, so that another tells why; holds its name."""

    def __str__(self) -> str:
        return str(self.args[0])


def rows_message(bad: Array, values: Array, where: RowNumbers) -> str:
    """List the first few offending rows and their values: ``row 3 (-1.0), row 8 (nan), counted from 0``."""
    positions = np.flatnonzero(bad)
    shown = ", ".join(f"row {where.of(i)} ({_text(values[i])})" for i in positions[:SHOWN_ROWS])
    return shown + (", ..." if positions.size > SHOWN_ROWS else "") + ", counted from 0"


def _text(value: Any) -> str:
    item = value.item() if isinstance(value, np.generic) else value
    return f"{item:.6g}" if isinstance(item, float) else repr(item)


def shown_column(column: str) -> str:
    """Name a column as the user knows it; one in parentheses was handed over beside the data."""
    if column.startswith("(") and column.endswith(")"):
        return f"{column[1:-1]}"
    return f"column {column!r}"


def numbers(
    column: str, values: Array, where: RowNumbers, *, infinite: bool = False, missing: bool = False
) -> Array:
    """Return a column as numbers, infinite or missing ones where allowed, or say why it cannot be read as such."""
    if values.dtype == bool:
        raise DataError(
            f"{shown_column(column)} holds True/False where numbers are needed; convert it if 0 and 1 are meant"
        )
    if values.dtype == object:
        bad = _no_numbers(values)
        rows = rows_message(bad if bad.any() else ~bad, values, where)
        told = (
            f"{shown_column(column)} holds text where numbers are needed: {rows}. "
            "Convert it, or choose another column"
        )
        raise DataError(told) if bad.any() else TextOfNumbersError(told, column)
    finite = ~np.isnan(values) if infinite else np.isfinite(values)
    if missing:
        finite = finite | np.isnan(values)
    return values if finite.all() else _refuse(column, values, where, finite)


def located(error: TextOfNumbersError, source: Source) -> DataError:
    """Say which rows made text of a column whose first block could be numbers, where there are such."""
    _, column = error.args
    for block in source.blocks([column]):
        values = block.columns[column]
        bad = _no_numbers(values)
        if bad.any():
            rows = rows_message(bad, values, RowNumbers(block.start))
            return DataError(
                f"{shown_column(column)} holds text where numbers are needed: {rows}. Correct these rows, or choose "
                "another column"
            )
    return DataError(error.args[0])


def _no_numbers(values: Array) -> NDArray[np.bool_]:
    """Which texts are not numbers."""
    return np.array(
        [value is not None and not _reads_as_number(value) for value in values.tolist()], dtype=bool
    )


def _reads_as_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _refuse(column: str, values: Array, where: RowNumbers, finite: Array) -> Array:
    bad = ~finite
    n_missing = int(np.isnan(values).sum())
    n_infinite = int(bad.sum()) - n_missing
    parts = [f"{n_missing:,} missing (NaN)"] if n_missing else []
    parts += [f"{n_infinite:,} infinite"] if n_infinite else []
    raise DataError(
        f"{shown_column(column)} has {' and '.join(parts)} value{'s' if n_missing + n_infinite > 1 else ''} in rows "
        f"{where.of(0)}-{where.of(values.size - 1)}: {rows_message(bad, values, where)}. Remove or impute these rows"
    )


def flags(column: str, values: Array, where: RowNumbers) -> NDArray[np.bool_]:
    """Return a column of 0/1 or True/False as booleans."""
    if values.dtype == bool:
        return values
    if values.dtype == object:
        raise DataError(
            f"{shown_column(column)} holds text; an event or detection column must hold 0/1 or True/False"
        )
    bad = ~((values == 0) | (values == 1))
    if bad.any():
        are = "value is" if np.count_nonzero(bad) == 1 else "values are"
        raise DataError(
            f"{shown_column(column)} must hold 0/1 or True/False; {int(bad.sum()):,} {are} neither: "
            f"{rows_message(bad, values, where)}"
        )
    return values == 1
