"""Families made of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from thetahat._errors import ModelError
from thetahat.families._family import Family
from thetahat.families._text import snake_case


class Wrapper(Family):
    """A family made of another one, ``inner``, or of ``several``; those hold no numbers: the wrapper has them.

    A leaf takes the family as its first argument, or a list of them, and its own ``options`` by name.
    """

    several: ClassVar[bool] = False
    inner: Family

    @property
    def made_of(self) -> tuple[Family, ...]:
        """The families inside."""
        return (self.inner,)

    @classmethod
    def around(cls, families: Sequence[Family], **arguments: Any) -> Self:
        """Make the wrapper of these families.

        Raises
        ------
        ModelError
            If it takes one family, and there are several or none.
        """
        make: Any = cls
        if cls.several:
            return make(list(families), **arguments)
        if len(families) != 1:
            name = snake_case(cls.__name__)
            raise ModelError(f"{name} is made of one family, not {len(families)}; write {name}(poisson)")
        return make(families[0], **arguments)

    @property
    def singly(self) -> tuple[str, ...]:  # type: ignore[override]
        """Both, where one of the families inside is: it may be made of either."""
        return ("quantile_at", "sample_at") if any(family.singly for family in self.made_of) else ()

    @property
    def title(self) -> str:
        """``"Truncated(Normal)"``."""
        return f"{type(self).__name__}({', '.join(family.title for family in self.made_of)})"

    def specification(self) -> Mapping[str, Any]:
        """Name and options, beside those of the family inside, or of each in a list."""
        inside = [dict(family.specification()) for family in self.made_of]
        return {**super().specification(), "of": inside if self.several else inside[0]}


def family_inside(wrapper: str, family: Any) -> Family:
    """Return the family to be wrapped, given as an instance or a class."""
    if isinstance(family, type) and issubclass(family, Family):
        family = family()
    if not isinstance(family, Family):
        raise ModelError(f"th.{wrapper}({family!r}): give a family, as in th.{wrapper}(th.Poisson(), ...)")
    if family.labelled:
        raise ModelError(
            f"th.{wrapper}({type(family).__name__}): labels have no order and no zero; give an ordered family"
        )
    return family
