"""What is done where it is first needed: imports of heavy libraries, and properties of what does not change."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, Self, TypeVar, final, overload

from thetahat._errors import MissingDependencyError

Value = TypeVar("Value")


@final
class once(Generic[Value]):  # noqa: N801 - it stands where ``property`` would
    """A property computed at the first look and kept with the instance; without a lock, unlike ``cached_property``.

    Two threads that look at once both compute it, and get the same.

    Examples
    --------
    >>> class Circle:
    ...     radius = 2.0
    ...
    ...     @once
    ...     def area(self) -> float:
    ...         return 3.0 * self.radius**2
    >>> Circle().area
    12.0
    """

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        # From now on the instance's own entry is found before this.
        value = vars(instance)[self._name] = self._function(instance)
        return value


def load(module: str, purpose: str) -> Any:
    """Import ``module`` now, or say what it was needed for and how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        package = missing.partition(".")[0]
        raise MissingDependencyError(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Install it with: pip install {package}"
        ) from error
