"""The family that a regression fits in the place of another, found by its name."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isabstract
from typing import TYPE_CHECKING, Any

from thetahat._errors import ModelError

if TYPE_CHECKING:
    from thetahat.families._contract import FamilyContract


def in_regression(family: FamilyContract, root: Any) -> FamilyContract:
    """Return the family that ``regresses_as`` names among the leaves of ``root``, with the numbers of equal name.

    Raises
    ------
    ModelError
        If a number was given that is no parameter there.
    """
    kind = next(kind for kind in _leaves(root) if kind().name == family.regresses_as)
    takes = [parameter.name for parameter in kind.declared]
    strange = [name for name in family.given if name not in takes]
    if strange:
        raise ModelError(
            f"{family!r} is regressed as {kind.__name__}({', '.join(takes)}), where {strange[0]} is no parameter; "
            f"leave {strange[0]} out, or fix one of: {', '.join(takes)}"
        )
    made: FamilyContract = kind(y=family.y, **family.given, **family.known_values)
    return made


def _leaves(root: Any) -> Iterator[Any]:
    for kind in root.__subclasses__():
        yield from _leaves(kind)
        # Bases declare no parameters.
        if not isabstract(kind) and "declared" in vars(kind):
            yield kind
