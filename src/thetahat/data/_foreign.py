"""Series and arrays of other libraries as columns: through NumPy where they lie there, else through Arrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from numbers import Number
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from thetahat._errors import DataError
from thetahat._lazy import load
from thetahat.data._columns import from_array, from_sequence, shown, unusable_dtype
from thetahat.data._source import kind_of

if TYPE_CHECKING:
    from thetahat.data._source import Column, Kind


@runtime_checkable
class _ArrayLike(Protocol):
    def __array__(self, *args: Any, **options: Any) -> Column: ...


def from_foreign(values: Any, where: str) -> Column:
    """Turn a series (pandas, polars, Arrow, ...), an array (JAX, PyTorch, ...) or a collection into a column.

    Raises
    ------
    DataError
        If it is none of these, or its values cannot be used.
    """
    if isinstance(values, np.ndarray):
        return from_array(values, where)
    if values is None or isinstance(values, str | bytes | Number | np.generic):
        raise DataError(f"{where} is a single value, {shown(values)}; give a sequence of values")
    if isinstance(values, Iterator | AbstractSet | Mapping):
        raise DataError(
            f"{where} is a {type(values).__name__}, whose values have no lasting order; give a list"
        )
    if type(values).__module__.partition(".")[0] == "pyarrow":
        return column_of(_arrow_storage(values, where), where)
    narwhals = load("narwhals", "reading a series")
    series = narwhals.from_native(values, allow_series=True, pass_through=True)
    if isinstance(series, narwhals.Series):
        return column_of(storage_of(series, where), where)
    if isinstance(values, _ArrayLike):
        return from_array(np.asarray(values), where)
    if isinstance(values, Collection):
        return from_sequence(list(values), where)
    raise DataError(f"{where} is a {type(values).__name__}; give an array, a sequence or a series")


def storage_of(series: Any, where: str) -> Any:
    """Take what holds the values of a narwhals series: a NumPy array, or an Arrow array.

    Raises
    ------
    DataError
        If values of this type cannot be used.
    """
    narwhals = load("narwhals", "reading a series")
    native = series.to_native()
    if series.implementation.is_pandas_like() and isinstance(native.dtype, np.dtype):
        array = native.to_numpy()
        reason = unusable_dtype(array.dtype, where)
        if reason is not None:
            raise DataError(reason)
        return array
    if series.dtype in (narwhals.Object, narwhals.Int128, narwhals.UInt128):
        return from_sequence(series.to_list(), where)
    import pyarrow as pa

    try:
        return _arrow_storage(series.to_arrow(), where)
    except pa.ArrowException:
        # Types of pandas that Arrow has no match for: sparse columns, categories of several kinds.
        return np.asarray(native)


def kind_of_storage(storage: Any, where: str) -> Kind:
    """Tell the kind of the column that ``column_of`` would make.

    Raises
    ------
    DataError
        If Python objects among the values are of different kinds, or cannot be used.
    """
    if not isinstance(storage, np.ndarray):
        from thetahat.data._arrow import exact_kind_of

        return exact_kind_of(storage)
    return kind_of(storage if storage.dtype.kind in "fib" else from_array(storage, where))


def column_of(storage: Any, where: str) -> Column:
    """Make the column from what holds its values.

    Raises
    ------
    DataError
        If Python objects among the values are of different kinds, or cannot be used.
    """
    if isinstance(storage, np.ndarray):
        return from_array(storage, where)
    from thetahat.data._arrow import exact_kind_of, to_column

    return to_column(storage, exact_kind_of(storage))


def _arrow_storage(values: Any, where: str) -> Any:
    import pyarrow as pa

    from thetahat.data._arrow import declared_kind, unusable

    if not isinstance(values, pa.Array | pa.ChunkedArray):
        raise DataError(f"{where} is a {type(values).__name__}; give an array, a sequence or a series")
    if declared_kind(values.type) is None:
        raise DataError(unusable(values.type, where))
    return values
