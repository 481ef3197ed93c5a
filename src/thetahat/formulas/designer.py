"""The designer of one formula, with all that was learned from the rows of the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError, FormulaError, ModelError
from thetahat.designs import Design, Designer
from thetahat.formulas.checking import Checker
from thetahat.formulas.columns import Columns
from thetahat.formulas.contrasts import Level
from thetahat.formulas.evaluation import Rows, numbers_of
from thetahat.formulas.functions import Function
from thetahat.formulas.nodes import Category, Column, Factor, Value
from thetahat.formulas.selection import refuse_missing
from thetahat.formulas.terms import Term
from thetahat.formulas.transforms import State
from thetahat.response._response import RowNumbers

Array = NDArray[Any]
Vector = NDArray[np.float64]


@final
class FormulaDesigner(Designer):
    """Makes the design of a formula from any rows: those of the fit, a block of them, or new ones.

    Levels, knots, means and polynomials are those of the fit, so a column means the same wherever it is built.
    A design is dense where that is faster, and a ``SplitDesign`` where categorical factors have many levels.

    Parameters
    ----------
    text
        The formula, to be shown.
    terms, offsets
        Its terms, and the factors that are added to the predictor.
    factors
        The checked factors by their text.
    kinds
        The columns that it reads and what they hold.
    levels, states
        What was learned, by the text of factors and of calls of transforms.
    functions
        The user's own functions.
    n_rows
        How many rows of the fit count.
    prefix
        Stands before every name: ``sd:``.
    """

    def __init__(
        self,
        text: str,
        terms: tuple[Term, ...],
        offsets: tuple[str, ...],
        factors: Mapping[str, Factor],
        kinds: Mapping[str, Value],
        levels: Mapping[str, tuple[Level, ...]],
        states: Mapping[str, State],
        functions: Mapping[str, Function],
        n_rows: int,
        prefix: str = "",
    ) -> None:
        self.text = text
        self.prefix = prefix
        self.terms = terms
        self.n_rows = n_rows
        self._offsets = offsets
        self._factors = factors
        self._kinds = kinds
        self.levels = levels
        self._states = states
        self._functions = functions
        self._columns = Columns(terms, factors.__getitem__, levels, states, n_rows)
        self._numeric = tuple(name for name, kind in kinds.items() if kind == "number")
        self.columns = tuple(kinds)
        self.names = tuple(prefix + name for name in self._columns.names)
        self.intercept = self._columns.intercept

    @property
    def term_columns(self) -> tuple[str, ...]:
        """The columns that terms read, those of offsets alone left out."""
        factors = dict.fromkeys(text for term in self.terms for text in term)
        return tuple(dict.fromkeys(name for text in factors for name in self._factors[text].columns))

    @property
    def kinds(self) -> Mapping[str, Value]:
        """What the columns hold."""
        return self._kinds

    @property
    def categories(self) -> Mapping[str, tuple[tuple[Level, ...], int]]:
        """The columns that are put into categories as they stand: levels, and the position of the reference."""
        found = {}
        for text, levels in self.levels.items():
            content = self._factors[text].content
            if isinstance(content, Category) and isinstance(content.argument, Column):
                found[content.argument.name] = (levels, content.contrast.base(levels))
        return found

    def __repr__(self) -> str:
        return f"FormulaDesigner({self.text!r}, {len(self.names)} columns)"

    def build(self, columns: Mapping[str, Array], where: RowNumbers) -> Design:
        """Return the design of these rows.

        Raises
        ------
        DataError
            If a value is missing, or infinite after a transform, or a level was never seen.
        """
        return self._columns.build(self._rows(columns, where))

    def offset(self, columns: Mapping[str, Array], where: RowNumbers) -> Vector | None:
        """Return the sum of the offsets, or None where there are none.

        Raises
        ------
        DataError
            If an offset is missing or infinite.
        """
        if not self._offsets:
            return None
        rows = self._rows(columns, where)
        total = np.zeros(rows.n_rows)
        for text in self._offsets:
            content = self._factors[text].content
            assert not isinstance(content, Category)  # noqa: S101 - an offset is checked to be numbers
            total += numbers_of(text, content, rows)
        return total

    def _rows(self, columns: Mapping[str, Array], where: RowNumbers) -> Rows:
        for name in self.columns:
            if name not in columns:
                raise DataError(f"column {name!r}, which the formula {self.text!r} reads, is missing")
        refuse_missing(columns, self._numeric, where)
        # A formula of a constant alone reads no column: whatever else is there tells how many rows there are.
        n_rows = len(next(iter(columns.values()))) if columns else 0
        return Rows(columns, where, n_rows, self._states, self._functions)

    def describe(self) -> Mapping[str, Any]:
        """The formula and all that was learned, as plain data that JSON holds."""
        return {
            "kind": "formula",
            "formula": self.text,
            "prefix": self.prefix,
            "n_rows": self.n_rows,
            "columns": dict(self._kinds),
            "terms": [[self._spelled(factor) for factor in term] for term in self.terms],
            "offsets": list(self._offsets),
            "levels": {text: list(levels) for text, levels in self.levels.items()},
            "states": {text: dict(state) for text, state in self._states.items()},
            "functions": sorted(self._functions),
        }

    def _spelled(self, text: str) -> dict[str, str]:
        """A factor as a column or a call, since a column may be named like a call."""
        return {"column" if self._factors[text].columns == (text,) else "call": text}


def restore_designer(
    description: Mapping[str, Any], functions: Mapping[str, Function] | None = None
) -> FormulaDesigner:
    """Make a designer again from its description, which may have been through JSON; every factor is checked again.

    Parameters
    ----------
    description
        What ``FormulaDesigner.describe`` returned.
    functions
        The user's own functions, which no description holds.

    Raises
    ------
    FormulaError
        If the description is damaged, or calls what formulas may not.

    Examples
    --------
    >>> from thetahat.data import open_source
    >>> from thetahat.engines import Threads
    >>> from thetahat.formulas import designers, read_formula
    >>> rows = open_source({"x": [1.0, 2.0, 6.0]})
    >>> made = designers({"": read_formula("~ center(x)", rows)}, rows, Threads())[""]
    >>> again = restore_designer(made.describe())
    >>> new = {"x": np.array([4.0])}
    >>> again.build(new, RowNumbers(0)).dense().tolist()
    [[1.0, 1.0]]
    """
    own = dict(functions or {})
    try:
        kinds: dict[str, Value] = dict(description["columns"])
        checker = Checker(kinds, own, _lacking)
        terms = tuple(tuple(_factor_text(item, checker) for item in term) for term in description["terms"])
        offsets = tuple(checker.normal(str(text)) for text in description["offsets"])
        factors = {text: checker.factor(text) for term in (*terms, offsets) for text in term}
        levels = {
            text: tuple(_level(level) for level in found) for text, found in description["levels"].items()
        }
        states = {text: dict(state) for text, state in description["states"].items()}
        return FormulaDesigner(
            str(description["formula"]),
            terms,
            offsets,
            factors,
            kinds,
            levels,
            states,
            own,
            int(description["n_rows"]),
            str(description["prefix"]),
        )
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise FormulaError(
            f"the description of a formula is damaged ({type(error).__name__}: {error}); save the fit again"
        ) from error


def _factor_text(item: Mapping[str, str], checker: Checker) -> str:
    if "column" in item:
        return checker.column(str(item["column"]))
    return checker.normal(str(item["call"]))


def _level(level: Any) -> Level:
    if not isinstance(level, str | int | float):
        raise TypeError(f"{level!r} is no level")
    return level


def _lacking(name: str) -> Exception:
    return FormulaError(
        f"the description of a formula names no column {name!r}, which one of its terms reads"
    )
