"""The family that a regression fits in the place of another, found by its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thetahat._errors import ModelError

if TYPE_CHECKING:
    from thetahat.families._contract import FamilyContract


def in_regression(family: FamilyContract, name: str) -> FamilyContract:
    """Return the family of that name, with the numbers of equal name.

    Raises
    ------
    ModelError
        If a number was given that is no parameter there.
    """
    kind = _leaf(name)
    takes = [parameter.name for parameter in kind.declared]
    strange = [name for name in family.given if name not in takes]
    if strange:
        raise ModelError(
            f"{family!r} is regressed as {kind.__name__}({', '.join(takes)}), where {strange[0]} is no parameter; "
            f"leave {strange[0]} out, or fix one of: {', '.join(takes)}"
        )
    made: FamilyContract = kind(y=family.y, **family.given, **family.known_values)
    return made


def _leaf(name: str) -> Any:
    """The class in the file of that name: each holds one."""
    module = import_module(f"thetahat.families.{name}")
    return next(
        item
        for item in vars(module).values()
        if isinstance(item, type) and item.__module__ == module.__name__
    )
