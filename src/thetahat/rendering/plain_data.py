"""Plain data that JSON can hold: what is no finite number becomes None, and its reader is told where it stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

import numpy as np

Path = tuple[str, ...]


def finite_data(value: Any, note: Callable[[Path, float], None], path: Path = ()) -> Any:
    """Copy plain data with None for every NaN and infinity, each of which ``note`` is told with its path.

    Mappings become dicts, tuples lists, and NumPy's numbers Python's.

    Examples
    --------
    >>> found = {}
    >>> finite_data({"a": (1.0, float("inf"))}, lambda path, number: found.update({path: number}))
    {'a': [1.0, None]}
    >>> found
    {('a', '1'): inf}
    """
    if isinstance(value, Mapping):
        return {name: finite_data(item, note, (*path, str(name))) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite_data(item, note, (*path, str(index))) for index, item in enumerate(value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        note(path, value)
        return None
    return value
