"""The text of a family, which makes it again, and its name in snake case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

LONGEST_VECTOR = 100


def text_of(name: str, y: str | None, arguments: Mapping[str, Any]) -> str:
    """Return ``Name(y='column', argument=value, ...)``.

    Examples
    --------
    >>> text_of("Gamma", None, {"shape": 2.0})
    'Gamma(shape=2.0)'
    """
    given = [f"y={y!r}"] if y is not None else []
    given += [f"{argument}={_text(value)}" for argument, value in arguments.items()]
    return f"{name}({', '.join(given)})"


def _text(value: Any) -> str:
    # A vector's every digit, so that the text makes the distribution again; a column's beginning and end.
    return repr(value.tolist() if isinstance(value, np.ndarray) and value.size <= LONGEST_VECTOR else value)


@cache
def snake_case(name: str) -> str:
    """``NegativeBinomial`` -> ``negative_binomial``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
