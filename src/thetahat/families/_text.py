"""The text of a family, which makes it again, and its name in snake case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


def misnamed(
    name: str, takes: Sequence[str], y: object, unnamed: tuple[Any, ...], named: Mapping[str, Any]
) -> str | None:
    """Say what is wrong with the names of a family's arguments; None where nothing is.

    Examples
    --------
    >>> misnamed("Gamma", ["shape", "rate"], None, (2, 1), {})
    'Gamma(2, 1): numbers are given by name, as in Gamma(shape=2, rate=1)'
    """
    if unnamed:
        shown = ", ".join(map(repr, unnamed))
        example = ", ".join(f"{item}={value!r}" for item, value in zip(takes, unnamed, strict=False))
        if not example or len(unnamed) > len(takes):
            example = ", ".join(f"{item}=..." for item in takes)
        return f"{name}({shown}): numbers are given by name, as in {name}({example})"
    if y is not None and not isinstance(y, str):
        return f"{name}(y={y!r}): y is the name of the response as text, as in {name}(y='wait')"
    unknown = [item for item in named if item not in takes]
    if unknown:
        return f"{name} has no parameter {unknown[0]!r}; its parameters are: {', '.join(takes) or 'none'}"
    return None


def _text(value: Any) -> str:
    # A vector's every digit, so that the text makes the distribution again; a column's beginning and end.
    return repr(value.tolist() if isinstance(value, np.ndarray) and value.size <= LONGEST_VECTOR else value)


@cache
def snake_case(name: str) -> str:
    """``NegativeBinomial`` -> ``negative_binomial``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
