"""The order in which a categorical column declares its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def declared_order(values: Any) -> tuple[Any, ...] | None:
    """Return the categories of a column of pandas, polars or Arrow in their order; None where none is declared.

    pandas' categorical types and polars' ``Enum`` list their categories, and so does an Arrow dictionary that says it
    is ordered. polars' ``Categorical`` and other dictionaries have them as they came.

    Examples
    --------
    >>> import polars as pl
    >>> declared_order(pl.Series(["low", "high"], dtype=pl.Enum(["low", "mid", "high"])))
    ('low', 'mid', 'high')
    """
    if isinstance(values, np.ndarray | list | tuple | range):
        return None
    library = type(values).__module__.partition(".")[0]
    if library == "pandas":
        categories = getattr(getattr(values, "dtype", None), "categories", None)
        return None if categories is None else tuple(categories.tolist())
    if library == "polars":
        import polars as pl

        return tuple(values.dtype.categories.to_list()) if isinstance(values.dtype, pl.Enum) else None
    if library == "pyarrow" and getattr(values.type, "ordered", False):
        chunk = values if hasattr(values, "dictionary") else values.unify_dictionaries().chunk(0)
        return tuple(chunk.dictionary.to_pylist())
    return None


def in_declared_order(found: Iterable[Any], declared: Sequence[Any] | None) -> list[Any]:
    """Sort the values that were found, by their declared order where there is one.

    Examples
    --------
    >>> in_declared_order({"high", "low"}, ("low", "mid", "high"))
    ['low', 'high']
    """
    places = {value: place for place, value in enumerate(declared or ())}
    found = list(found)
    return sorted(found, key=places.__getitem__) if all(value in places for value in found) else sorted(found)
