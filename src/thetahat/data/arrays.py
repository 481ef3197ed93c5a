"""Arrays and sequences in memory."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np

from thetahat._errors import DataError, SourceError
from thetahat.data._columns import from_array, from_sequence, nested, shown
from thetahat.data._memory import MemorySource
from thetahat.data._source import kind_of, missing_column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thetahat.data._source import Column, Kind

_PLURALS: dict[Kind, str] = {
    "number": "numbers",
    "integer": "integers",
    "boolean": "booleans",
    "text": "texts",
}


@final
class ArraySource(MemorySource):
    """Named columns of arrays, lists, tuples, ranges or series, all of one length.

    A contiguous float64, int64 or bool array is used where it lies. A column whose values cannot be used
    (dates, mixed kinds) is an error only when it is asked for.

    Parameters
    ----------
    columns
        Column name -> values, one per row.
    title
        What to call them together in error messages.

    Raises
    ------
    DataError
        If there are no columns or no rows, lengths differ, or a name is no text.

    Examples
    --------
    >>> source = ArraySource({"wait": [12.5, None, 40.0], "size": [1, 3, 2]})
    >>> dict(source.schema)
    {'wait': 'number', 'size': 'integer'}
    >>> next(source.blocks(["wait"])).columns["wait"]
    array([12.5,  nan, 40. ])
    >>> source.describe()
    '2 columns of 3 rows'
    """

    def __init__(self, columns: Mapping[str, Any], title: str = "dictionary") -> None:
        self._title = title
        self._columns: dict[str, Column] = {}
        self._orders: dict[str, tuple[Any, ...]] = {}
        self._unusable: dict[str, str] = {}
        lengths: dict[str, int] = {}
        for name, values in columns.items():
            if not isinstance(name, str):
                raise DataError(f"column names must be text; {shown(name)} is a {type(name).__name__}")
            lengths[name] = _length(values, name)
            order = _order(values)
            if order is not None:
                self._orders[name] = order
            try:
                self._columns[name] = as_column(values, f"column {name!r}")
            except DataError as error:
                self._unusable[name] = str(error)
        if not lengths:
            raise DataError(f"the {title} has no columns; give at least one, such as {{'y': values}}")
        first = next(iter(lengths))
        for name, length in lengths.items():
            if length != lengths[first]:
                raise DataError(
                    f"columns have different lengths: {first!r} has {lengths[first]:,} rows and "
                    f"{name!r} has {length:,}; give one value per row in each"
                )
        if lengths[first] == 0:
            raise DataError("the columns are empty; give at least one row")
        self._n_rows = lengths[first]

    @classmethod
    def single(cls, values: Any) -> ArraySource:
        """One column, named ``"y"``.

        Raises
        ------
        DataError
            If the values are no column of at least one row.

        Examples
        --------
        >>> ArraySource.single(range(1000)).describe()
        'array of 1,000 integers'
        """
        column = as_column(values, "the array")
        if column.shape[0] == 0:
            raise DataError("the array is empty; give at least one value")
        source = cls.__new__(cls)
        n_rows = int(column.shape[0])
        order = _order(values)
        orders = {} if order is None else {"y": order}
        vars(source).update(
            _title="array", _columns={"y": column}, _orders=orders, _unusable={}, _n_rows=n_rows
        )
        return source

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The columns that can be used: name -> kind."""
        return {name: kind_of(column) for name, column in self._columns.items()}

    @property
    def unusable(self) -> Mapping[str, str]:
        """The columns whose values cannot be used: name -> what is wrong."""
        return MappingProxyType(self._unusable)

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return self._n_rows

    @property
    def title(self) -> str:
        """``"array"``, ``"dictionary"`` or ``"record array"``."""
        return self._title

    def level_order(self, column: str) -> tuple[Any, ...] | None:
        """The categories of a series of a categorical type, in their order."""
        return self._orders.get(column)

    def column(self, name: str) -> Column:
        """The whole column.

        Raises
        ------
        SourceError
            If there is none of this name.
        DataError
            If its values cannot be used.
        """
        if name in self._columns:
            return self._columns[name]
        if name in self._unusable:
            raise DataError(self._unusable[name])
        raise SourceError(missing_column(self._title, name, [*self._columns, *self._unusable]))

    def describe(self) -> str:
        """Say how many columns and rows there are."""
        if self._title == "array":
            return f"array of {self._n_rows:,} {_PLURALS[kind_of(self._columns['y'])]}"
        count = len(self._columns) + len(self._unusable)
        return f"{count:,} column{'s' * (count != 1)} of {self._n_rows:,} row{'s' * (self._n_rows != 1)}"


def as_column(values: Any, where: str) -> Column:
    """Turn an array, sequence or series into a column.

    Raises
    ------
    DataError
        If it is none, or its values cannot be used; ``where`` is the subject of the message.

    Examples
    --------
    >>> as_column((1, 2, 3), "column 'size'")
    array([1, 2, 3])
    """
    if type(values) is np.ndarray:
        column = from_array(values, where)
    elif isinstance(values, list | tuple | range):
        column = from_sequence(values, where)
    else:
        from thetahat.data._foreign import from_foreign

        column = from_foreign(values, where)
    if column.flags.writeable:
        column = column.view()
        column.flags.writeable = False
    return column


def _length(values: Any, name: str) -> int:
    if values is None or isinstance(values, str | bytes):
        raise DataError(f"column {name!r} is {shown(values)}, no sequence; give one value per row")
    try:
        return len(values)
    except TypeError as error:
        raise DataError(nested(f"column {name!r}", type(values).__name__)) from error


def _order(values: Any) -> tuple[Any, ...] | None:
    """The order that a series' categories declare; arrays and lists declare none."""
    if isinstance(values, np.ndarray | list | tuple | range):
        return None
    from thetahat.data._order import declared_order

    return declared_order(values)
