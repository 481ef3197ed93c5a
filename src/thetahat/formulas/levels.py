"""The distinct values of categorical factors, and rows as positions among them."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, FormulaError
from thetahat.data._order import in_declared_order
from thetahat.formulas.contrasts import Level, listed
from thetahat.response._response import RowNumbers

Array = NDArray[Any]

MOST_LEVELS: Final = 100_000
TABLE: Final = 1 << 20
"""Whole numbers within such a range are looked up in a table."""


@final
@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct values of one factor; an associative record."""

    values: frozenset[Any]
    missing: bool = False

    @classmethod
    def of(cls, values: Array) -> Distinct:
        """Collect those of one block; missing ones are none."""
        if values.dtype == object:
            found = set(values.tolist())
            missing = None in found
            found.discard(None)
            return cls(frozenset(found), missing)
        if values.dtype.kind == "f":
            values = values[~np.isnan(values)]
            # Adding zero turns -0.0 into the zero that it equals.
            values = values + 0.0
        return cls(frozenset(np.unique(values).tolist()))

    def merge(self, other: Distinct) -> Distinct:
        """Join those of other rows, up to where they are too many."""
        missing = self.missing or other.missing
        if other.values <= self.values or len(self.values) > MOST_LEVELS:
            return Distinct(self.values, missing)
        return Distinct(self.values | other.values, missing)

    def ordered(self, text: str, declared: tuple[Level, ...] | None = None) -> tuple[Level, ...]:
        """Return the values in order, by that of ``declared`` where all are among them.

        Raises
        ------
        FormulaError
            If they are too many for a category.
        """
        if len(self.values) > MOST_LEVELS:
            raise FormulaError(
                f"{text} has more than {MOST_LEVELS:,} distinct values, which makes it hardly a category; leave it "
                "out, or put its values into fewer groups"
            )
        return tuple(in_declared_order(self.values, declared))


def codes_of(text: str, values: Array, levels: tuple[Level, ...], where: RowNumbers) -> NDArray[np.int32]:
    """Return the position of each row's value among the levels.

    Raises
    ------
    DataError
        If a value is missing or none of the levels.
    """
    if values.dtype == object:
        places = {level: place for place, level in enumerate(levels)}
        try:
            return np.fromiter(map(places.__getitem__, values.tolist()), np.int32, values.size)
        except KeyError:
            raise _unseen(text, values, levels, where) from None
    if any(isinstance(level, str) for level in levels):
        raise _unseen(text, values, levels, where)
    known = np.array(levels)
    known = known.astype(np.int64) if known.dtype == bool else known
    low, high = known.min(), known.max()
    if float(high) - float(low) < TABLE and (known == np.floor(known)).all():
        codes = _looked_up(values, known, low, high)
    else:
        order = np.argsort(known)
        found = np.clip(np.searchsorted(known[order], values), 0, known.size - 1)
        codes = np.where(known[order][found] == values, order[found], -1).astype(np.int32)
    if codes.size and codes.min() < 0:
        raise _unseen(text, values, levels, where)
    return codes


def _looked_up(values: Array, known: Array, low: Any, high: Any) -> NDArray[np.int32]:
    """Positions of whole numbers by a table; -1 where a value is none of them."""
    table = np.full(int(high - low) + 2, -1, dtype=np.int32)
    table[(known - low).astype(np.int64)] = np.arange(known.size)
    inside = (values >= low) & (values <= high)
    if values.dtype.kind == "f":
        inside &= values == np.floor(values)
    if inside.all():
        return table.take((values - low).astype(np.int64))
    # The last place of the table belongs to no level.
    at = np.full(values.shape, -1)
    at[inside] = (values[inside] - low).astype(np.int64)
    return table.take(at, mode="wrap")


def _unseen(text: str, values: Array, levels: tuple[Level, ...], where: RowNumbers) -> DataError:
    known = set(levels)
    found: dict[Any, list[int]] = {}
    for position, value in enumerate(values.tolist()):
        if value not in known:
            key = None if value is None or value != value else value  # noqa: PLR0124 - NaN differs from itself
            found.setdefault(key, []).append(position)
    missing = found.pop(None, [])
    parts = [
        f"{value!r} in {len(rows):,} row{'s' if len(rows) > 1 else ''} (first in row {where.of(rows[0])})"
        for value, rows in list(found.items())[:5]
    ]
    if len(found) > len(parts):
        parts.append(f"{len(found) - len(parts):,} more")
    if missing:
        several = "s" if len(missing) > 1 else ""
        parts.append(f"{len(missing):,} missing value{several} (first in row {where.of(missing[0])})")
    return DataError(
        f"{text} has values that are none of its levels: {', '.join(parts)}, rows counted from 0. "
        f"Its levels are {listed(levels)}. Correct the values, leave these rows out, or fit again with rows of every "
        "level"
    )
