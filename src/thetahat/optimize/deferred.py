"""Evidence that is worked out when it is first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, final

Value = TypeVar("Value")


@final
class Late(Generic[Value]):
    """A field of a frozen dataclass, which is handed over as a value or as a function that is called at the first look.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Square:
    ...     area: Late[float] = Late()
    >>> Square(4.0).area, Square(lambda: 9.0).area
    (4.0, 9.0)
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Value:
        if instance is None:
            # So that the dataclass sees a field without a default.
            raise AttributeError(self._name)
        held = vars(instance)
        value = held[self._name]
        if callable(value):
            value = held[self._name] = value()
        return cast("Value", value)

    def __set__(self, instance: Any, value: Value | Callable[[], Value]) -> None:
        vars(instance)[self._name] = value
