"""What makes a family immutable, and lets it be pickled all the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class Frozen:
    """An object whose attributes stand once ``_values``, the last of them, does."""

    def __setattr__(self, name: str, value: object) -> None:
        if "_values" in vars(self):
            raise AttributeError(
                f"a family is immutable; {name!r} cannot be set. Make another: {type(self).__name__}({name}=...)"
            )
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a family is immutable; {name!r} cannot be deleted")

    def __getstate__(self) -> dict[str, Any]:
        # Not by way of the constructor, which refuses the edges that a fitted distribution may lie on.
        return {
            name: dict(value) if isinstance(value, MappingProxyType) else value
            for name, value in vars(self).items()
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(
            (name, MappingProxyType(value) if isinstance(value, dict) else value)
            for name, value in state.items()
        )
