"""The factors of a formula, checked and kept under their normal text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, final

from thetahat._errors import FormulaError
from thetahat.formulas.functions import ELEMENTWISE, Function
from thetahat.formulas.nodes import Category, Factor, Value
from thetahat.formulas.scope import Scope
from thetahat.formulas.tokens import shown
from thetahat.formulas.transforms import TRANSFORMS
from thetahat.formulas.walk import Walk

_TAKEN: Final = frozenset({"I", "C", "Q", "offset", "np", "numpy", "contr", *ELEMENTWISE, *TRANSFORMS})


@final
class Checker:
    """Turns the text of factors into trees, for the columns of one source.

    Parameters
    ----------
    kinds
        What each usable column holds.
    functions
        The user's own functions by name.
    lacking
        Returns the error for a column that is not there or cannot be used.

    Raises
    ------
    FormulaError
        If a function's name is none, or one that formulas have already.

    Examples
    --------
    >>> checker = Checker({"a": "number"}, {}, lambda name: KeyError(name))
    >>> checker.normal("log( a+1 )")
    'log(a + 1)'
    >>> checker.normal("__import__('os').system('ls')")
    Traceback (most recent call last):
        ...
    thetahat._errors.FormulaError: "__import__('os').system('ls')": ...
    """

    def __init__(
        self,
        kinds: Mapping[str, Value],
        functions: Mapping[str, Function],
        lacking: Callable[[str], Exception],
    ) -> None:
        for name, function in functions.items():
            if not (isinstance(name, str) and name.isidentifier()) or name in _TAKEN:
                raise FormulaError(
                    f"functions={{{name!r}: ...}}: give it a name that is not one of the functions of formulas, "
                    "made of letters, digits and _"
                )
            if not callable(function):
                raise FormulaError(f"functions={{{name!r}: ...}} must be a function, not {function!r}")
        self._scope = Scope(kinds, functions, lacking)
        self._calls: dict[str, Factor] = {}
        self._named: dict[str, None] = {}

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that stood in the text by their bare names."""
        return tuple(self._named)

    def normal(self, text: str) -> str:
        """Check the text of a factor, unless it is a column's name, and return its normal spelling.

        Raises
        ------
        FormulaError
            If it holds anything but columns, numbers and what is listed.
        """
        quoted = text.startswith("`") and text.endswith("`") and "`" not in text[1:-1]
        if quoted or "(" not in text:
            return self.column(text[1:-1] if quoted else text)
        factor = Walk(self._scope, text).factor()
        self._calls.setdefault(factor.text, factor)
        self._refuse_two_meanings(factor.text)
        return factor.text

    def column(self, name: str) -> str:
        """Take a text as the name of a column, which is looked for only when its factor is asked for."""
        self._named[name] = None
        self._refuse_two_meanings(name)
        return name

    def factor(self, normal: str) -> Factor:
        """The factor of a normal spelling, a column if it is no call.

        Raises
        ------
        Exception
            The error for a column that is not there.
        """
        if normal in self._calls:
            return self._calls[normal]
        column = self._scope.column(normal)
        return Factor(normal, column if column.kind == "number" else Category(column), (normal,))

    def _refuse_two_meanings(self, text: str) -> None:
        if text in self._named and text in self._calls:
            raise FormulaError(
                f"{shown(text)} is a column as well as a call in this formula; rename the column"
            )
