"""What a density of one's own is handed: values by attribute or key, which remembers what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, final


@final
class Record:
    """Read-only values by attribute (``data.time``) or key (``data["time"]``).

    ``refuse`` returns the error for a name that is not there.
    The record has no methods of its own, so that any name can be a column's.
    """

    __slots__ = ("_asked", "_refuse", "_values")

    def __init__(self, values: Mapping[str, Any], refuse: Callable[[str], Exception]) -> None:
        object.__setattr__(self, "_values", dict(values))
        object.__setattr__(self, "_refuse", refuse)
        object.__setattr__(self, "_asked", {})

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            raise self._refuse(name)
        self._asked[name] = True
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name!r} cannot be set: parameters and data are not to be changed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __repr__(self) -> str:
        return f"Record({', '.join(self._values)})"


def asked(record: Record) -> tuple[str, ...]:
    """Return the names that were read, in order."""
    return tuple(record._asked)  # noqa: SLF001 - a method would take a name away from the columns
