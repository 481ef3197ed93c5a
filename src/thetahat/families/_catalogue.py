"""Classes that are found by name, and whose file is loaded when one of them is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Generic, TypeVar

from thetahat.families._text import snake_case

Kind = TypeVar("Kind")


class Catalogue(Generic[Kind]):
    """The classes of a package, each in the file of its name in snake case."""

    def __init__(self, package: str, names: tuple[str, ...]) -> None:
        self.names = names
        self._package = package
        self._class_of = {snake_case(name): name for name in names}

    @property
    def snake_names(self) -> list[str]:
        """The names in snake case, in the order of the classes."""
        return list(self._class_of)

    def named(self, name: str) -> type[Kind] | None:
        """The class of a name in snake case, if there is one."""
        if name not in self._class_of:
            return None
        found: type[Kind] = getattr(import_module(f"{self._package}.{name}"), self._class_of[name])
        return found

    def called(self, name: str) -> type[Kind] | None:
        """The class of a name as in Python, if there is one."""
        return self.named(snake_case(name)) if name in self.names else None

    def kinds(self) -> tuple[type[Kind], ...]:
        """All of them, loaded."""
        return tuple(kind for kind in map(self.named, self._class_of) if kind is not None)
