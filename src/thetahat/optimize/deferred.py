"""Evidence that is worked out when it is first read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast, final

Value = TypeVar("Value")


@final
class Deferred(Mapping[str, float]):
    """Numbers by name, computed at the first look at any of them; the names are known before.

    Most fits are looked at for their estimates, and pay nothing for the evidence that nobody reads.

    Examples
    --------
    >>> numbers = Deferred(("a", "b"), lambda: {"a": 1.0, "b": 2.0})
    >>> numbers["b"], len(numbers)
    (2.0, 2)
    """

    __slots__ = ("_compute", "_found", "_names")

    def __init__(self, names: tuple[str, ...], compute: Callable[[], Mapping[str, float]]) -> None:
        self._names = names
        self._compute: Callable[[], Mapping[str, float]] | None = compute
        self._found: Mapping[str, float] = {}

    def __getitem__(self, name: str) -> float:
        if self._compute is not None:
            self._found, self._compute = self._compute(), None
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


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
