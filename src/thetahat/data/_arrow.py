"""Arrow arrays as columns, by their buffers: Arrow's own ``to_numpy`` would import pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from thetahat.data._columns import nested, times
from thetahat.data._source import BLOCK_ROWS

if TYPE_CHECKING:
    from thetahat.data._source import Column, Kind

# From this many rows on, each distinct text is decoded once; that needs pyarrow.compute, 60 ms to import.
_ENCODED_ROWS = BLOCK_ROWS // 4


def declared_kind(arrow_type: Any) -> Kind | None:
    """Tell which kind an Arrow type is when no value is missing, or None if it cannot be used."""
    types = pa.types
    if types.is_dictionary(arrow_type):
        return declared_kind(arrow_type.value_type)
    if types.is_integer(arrow_type):
        return "integer"
    if types.is_floating(arrow_type) or types.is_decimal(arrow_type) or types.is_null(arrow_type):
        return "number"
    if types.is_boolean(arrow_type):
        return "boolean"
    if types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_string_view(arrow_type):
        return "text"
    return None


def unusable(arrow_type: Any, where: str) -> str:
    """Say what to do about a column of a type for which ``declared_kind`` is None."""
    types = pa.types
    if types.is_temporal(arrow_type):
        return times(where, str(arrow_type))
    if (
        types.is_binary(arrow_type)
        or types.is_large_binary(arrow_type)
        or types.is_fixed_size_binary(arrow_type)
    ):
        return f"{where} holds bytes ({arrow_type}), which are no UTF-8 text; decode them to text first"
    return nested(where, str(arrow_type))


def exact_kind(declared: Kind, *, missing: bool, beyond_int64: bool) -> Kind:
    """Tell the kind of a column, given what its values are: int64 and bool have no room for some of them."""
    return "number" if declared != "text" and (missing or beyond_int64) else declared


def exact_kind_of(values: Any) -> Kind:
    """Tell the kind of an Arrow array or chunked array by its type and its values."""
    declared = declared_kind(values.type)
    if declared is None:
        raise TypeError(values.type)
    return exact_kind(declared, missing=values.null_count > 0, beyond_int64=beyond_int64(values))


def beyond_int64(values: Any) -> bool:
    """Whether an Arrow array or chunked array holds integers that only uint64 has room for."""
    if values.type != pa.uint64():
        return False
    return any(_primitive(chunk).max() > 2**63 - 1 for chunk in _chunks(values) if len(chunk))


def to_column(values: Any, kind: Kind) -> Column:
    """Turn an Arrow array or chunked array into a column of this kind, a view of its buffer if possible."""
    pieces = [_piece(chunk, kind) for chunk in _chunks(values) if len(chunk)]
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty(0)


def _chunks(values: Any) -> list[Any]:
    return list(values.chunks) if isinstance(values, pa.ChunkedArray) else [values]


def _piece(array: Any, kind: Kind) -> Column:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if kind == "text":
        return _texts(array)
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan)
    if pa.types.is_decimal(array.type):
        # Through text, which is parsed to the nearest float64; Arrow's direct cast is not always nearest.
        array = array.cast(pa.string()).cast(pa.float64())
    column = _boolean(array) if pa.types.is_boolean(array.type) else _primitive(array)
    if kind == "integer":
        return column.astype(np.int64, copy=False)
    if kind == "boolean":
        return column
    if array.null_count == 0:
        return column.astype(np.float64, copy=False)
    column = column.astype(np.float64)
    column[~_bits(array.buffers()[0], array.offset, len(array))] = np.nan
    return column


def _primitive(array: Any) -> Column:
    names = {"halffloat": "float16", "float": "float32", "double": "float64"}
    dtype = np.dtype(names.get(str(array.type), str(array.type)))
    return np.frombuffer(
        array.buffers()[1], dtype=dtype, count=len(array), offset=array.offset * dtype.itemsize
    )


def _boolean(array: Any) -> Column:
    return _bits(array.buffers()[1], array.offset, len(array))


def _bits(buffer: Any, offset: int, length: int) -> Column:
    first = offset // 8
    packed = np.frombuffer(buffer, dtype=np.uint8, count=(offset + length + 7) // 8 - first, offset=first)
    return np.unpackbits(packed, bitorder="little")[offset - 8 * first :][:length].view(np.bool_)


def _texts(array: Any) -> Column:
    column = np.empty(len(array), dtype=object)
    if len(array) < _ENCODED_ROWS or pa.types.is_null(array.type) or pa.types.is_string_view(array.type):
        column[:] = array.to_pylist()
        return column
    encoded = array.dictionary_encode()
    distinct = np.empty(len(encoded.dictionary) + 1, dtype=object)
    distinct[:-1] = encoded.dictionary.to_pylist()
    codes = _primitive(encoded.indices)
    if encoded.indices.null_count:
        present = _bits(encoded.indices.buffers()[0], encoded.indices.offset, len(array))
        codes = np.where(present, codes, len(distinct) - 1)
    return distinct[codes]
