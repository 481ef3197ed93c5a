"""What the factors of a formula may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from thetahat._dataclass import dataclass
from thetahat.formulas.functions import Function
from thetahat.formulas.nodes import Column, Value


@dataclass(frozen=True, slots=True)
class Scope:
    """What a formula may name: columns, the user's own functions, and the error for any other column."""

    kinds: Mapping[str, Value]
    functions: Mapping[str, Function]
    lacking: Callable[[str], Exception]

    def column(self, name: str) -> Column:
        """A column, or the error that says which there are."""
        if name not in self.kinds:
            raise self.lacking(name)
        return Column(name, self.kinds[name])
