"""Values in memory, of any numeric or text type, as columns of the four kinds."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thetahat.data._source import Column

_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**63 - 1
_SHOWN_CHARACTERS = 40


def from_sequence(values: Sequence[Any], where: str) -> Column:
    """Turn a list, tuple, range or other sequence into a column.

    Raises
    ------
    DataError
        If elements are of different kinds, of different lengths, or of a kind that cannot be used.
    """
    if isinstance(values, range):
        return np.arange(values.start, values.stop, values.step, dtype=np.int64)
    values = values if isinstance(values, list) else list(values)
    try:
        array = np.array(values)
    except ValueError as error:
        raise DataError(_ragged(values, where)) from error
    except OverflowError:
        array = np.array(values, dtype=object)
    if array.ndim == 1 and array.dtype.kind in "USM":
        # NumPy makes "1.5" out of 1.5 where a single neighbour is text, so the elements are looked at again.
        array = np.empty(len(values), dtype=object)
        array[:] = values
    return from_array(array, where)


def from_array(array: Column, where: str) -> Column:
    """Turn a NumPy array into a column: float64, int64, bool, or str objects; a view of it where it is one.

    Raises
    ------
    DataError
        If the array is no column, or its elements cannot be used.
    """
    if type(array) is not np.ndarray:
        array = _plain(array)
    if array.ndim != 1:
        array = _one_dimensional(array, where)
    kind = array.dtype.kind
    if kind == "f":
        return np.ascontiguousarray(array, dtype=np.float64)
    if kind == "i":
        return np.ascontiguousarray(array, dtype=np.int64)
    if kind == "b":
        return np.ascontiguousarray(array)
    if kind == "u":
        fits = array.dtype.itemsize < 8 or not array.size or int(array.max()) <= _INTEGER_MAX
        return array.astype(np.int64 if fits else np.float64)
    if kind == "O":
        return from_objects(array, where)
    if kind in "UT":
        return from_objects(array.astype(object), where)
    raise DataError(unusable_dtype(array.dtype, where))


def from_objects(array: Column, where: str) -> Column:
    """Turn an array of Python objects into a column of the one kind that they are all of.

    None, NaN and pandas' NA are missing values. Text that looks like a number stays text.

    Raises
    ------
    DataError
        If the objects are of different kinds, or of a kind that cannot be used; says which row.
    """
    values = array.tolist()
    classes = {cls: _class_of(cls) for cls in set(map(type, values))}
    present = set(classes.values()) - {"missing"}
    if "float" in present and "text" in present:
        # In a column of text, NaN is how pandas and NumPy users write a missing value.
        values = [None if isinstance(value, Real) and value != value else value for value in values]  # noqa: PLR0124
        classes = {cls: _class_of(cls) for cls in set(map(type, values))}
        present = set(classes.values()) - {"missing"}
    if (
        "other" in present
        or ("text" in present and len(present) > 1)
        or ("boolean" in present and len(present) > 1)
    ):
        raise DataError(_mixed(values, classes, where))
    missing = "missing" in classes.values()
    if present == {"text"}:
        column = np.empty(len(values), dtype=object)
        column[:] = [str(value) if classes[type(value)] == "text" else None for value in values]
        return column
    if present == {"boolean"} and not missing:
        return np.array(values, dtype=bool)
    if present == {"integer"} and not missing and min(values) >= _INTEGER_MIN and max(values) <= _INTEGER_MAX:
        return np.array(values, dtype=np.int64)
    try:
        return np.array(
            [np.nan if classes[type(value)] == "missing" else float(value) for value in values],
            dtype=np.float64,
        )
    except OverflowError as error:
        raise DataError(
            f"{where} holds an integer beyond the range of float64; rescale the column"
        ) from error


def unusable_dtype(dtype: np.dtype[Any], where: str) -> str | None:
    """Say what to do about an element type that is no column's, or return None if it is one's."""
    if dtype.kind == "c":
        return f"{where} holds complex numbers ({dtype}); take the real part or the modulus first"
    if dtype.kind in "Mm":
        return times(where, str(dtype))
    if dtype.kind == "S":
        return f"{where} holds bytes ({dtype}); decode them to text first, for example with .astype(str)"
    if dtype.kind == "V":
        return f"{where} holds records ({dtype}); give its fields as columns of a dictionary"
    return None


def times(where: str, type_name: str) -> str:
    """Say what to do about dates, times and durations."""
    return (
        f"{where} holds dates or times ({type_name}); convert it to numbers first, such as days since a start"
    )


def nested(where: str, type_name: str) -> str:
    """Say what to do about lists, records and other values that are no single number or text."""
    return f"{where} holds {type_name} values; give one number, boolean or text per row"


def shown(value: object) -> str:
    """Write a value short enough for an error message."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def _class_of(cls: type) -> str:
    if cls is type(None) or (cls.__name__ == "NAType" and cls.__module__.startswith("pandas")):
        return "missing"
    if issubclass(cls, str):
        return "text"
    if issubclass(cls, bool | np.bool_):
        return "boolean"
    if issubclass(cls, Integral):
        return "integer"
    from decimal import Decimal

    return "float" if issubclass(cls, Real | Decimal) else "other"


def _plain(array: Column) -> Column:
    import numpy.ma

    if not isinstance(array, numpy.ma.MaskedArray):
        return np.asarray(array)
    if not numpy.ma.is_masked(array):
        return np.asarray(array.data)
    numeric = array.dtype.kind in "fiub"
    values = np.array(array.data, dtype=np.float64 if numeric else object)
    values[numpy.ma.getmaskarray(array)] = np.nan if numeric else None
    return values


def _one_dimensional(array: Column, where: str) -> Column:
    if array.ndim == 0:
        raise DataError(f"{where} is a single value, {shown(array.item())}; give a sequence of values")
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    shape = " × ".join(str(length) for length in array.shape)
    raise DataError(
        f"{where} has {array.ndim} dimensions ({shape}); name its columns with a dictionary, "
        "such as {'y': array[:, 0], 'x': array[:, 1]}"
    )


def _mixed(values: list[Any], classes: dict[type, str], where: str) -> str:
    words = {"text": "text", "boolean": "booleans", "integer": "numbers", "float": "numbers"}
    first: str | None = None
    for row, value in enumerate(values):
        kind = classes[type(value)]
        if kind == "missing":
            continue
        if kind == "other":
            return _other(value, row, where)
        first = first or words[kind]
        if words[kind] != first:
            return (
                f"{where} mixes {first} and {words[kind]}: row {row} (counted from 0) is {shown(value)}, a "
                f"{type(value).__name__}; give values of one kind, with None or NaN where missing"
            )
    raise AssertionError(where)


def _other(value: object, row: int, where: str) -> str:
    where = f"row {row} (counted from 0) of {where}"
    kind = type(value)
    if isinstance(value, complex | np.complexfloating):
        return f"{where} is a complex number, {shown(value)}; take the real part or the modulus first"
    if kind.__module__ in {"datetime", "pandas"} or isinstance(value, np.datetime64 | np.timedelta64):
        return times(where, kind.__name__)
    return f"{where} is {shown(value)}, a {kind.__name__}; give one number, boolean or text per row"


def _ragged(values: list[Any], where: str) -> str:
    lengths = [len(value) if isinstance(value, list | tuple | np.ndarray) else None for value in values]
    row = next((row for row, length in enumerate(lengths) if length != lengths[0]), 0)
    return (
        f"{where} holds rows of different lengths: row {row} (counted from 0) is {shown(values[row])} "
        f"and row 0 is {shown(values[0])}; give one value per row"
    )
