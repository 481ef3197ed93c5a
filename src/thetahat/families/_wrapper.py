"""Families made of another family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thetahat._errors import ModelError
from thetahat.families._family import Family


class Wrapper(Family):
    """A family made of another one, ``inner``, which holds no numbers: the wrapper has them.

    A leaf takes the family as its first argument and its own ``options`` by name.
    """

    inner: Family

    @property
    def singly(self) -> tuple[str, ...]:  # type: ignore[override]
        """Both, where one of the family inside is: it may be made of either."""
        return ("quantile_at", "sample_at") if self.inner.singly else ()

    @property
    def title(self) -> str:
        """``"Truncated(Normal)"``."""
        return f"{type(self).__name__}({self.inner.title})"

    def specification(self) -> Mapping[str, Any]:
        """Name and options, beside those of the family inside."""
        return {**super().specification(), "of": dict(self.inner.specification())}


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
