"""The first pass of formulas over the rows: levels, knots, means, and whether every row can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, FormulaError
from thetahat.data import Block, Source
from thetahat.engines import Engine
from thetahat.formulas.contrasts import Level
from thetahat.formulas.designer import FormulaDesigner
from thetahat.formulas.evaluation import Rows, category_of, numbers_of
from thetahat.formulas.formula import Formula
from thetahat.formulas.functions import Function
from thetahat.formulas.levels import Distinct
from thetahat.formulas.nodes import Category, Column, Node, TransformCall, transforms_of
from thetahat.formulas.selection import Selection, missing_message, missing_values
from thetahat.formulas.transforms import State, Summary

Array = NDArray[Any]

MOST_HELD_NUMBERS: Final = 1 << 28
"""Values of transformed columns kept in memory at once for knots and polynomials: 2 GB."""


def designers(
    formulas: Mapping[str, Formula],
    source: Source,
    engine: Engine,
    selection: Selection | None = None,
    *,
    unread: bool = False,
) -> dict[str, FormulaDesigner]:
    """Learn what formulas have to know of all rows, and return a designer for each.

    One pass counts missing values, collects the levels of categorical factors and sums up the columns of
    ``center`` and ``scale``. The columns that ``poly``, ``bs`` and ``cr`` need whole, for quantiles and
    polynomials, are held in memory, those columns alone, 8 bytes a row; with ``knots=``, ``lower_bound=`` and
    ``upper_bound=`` none is. A transform inside another takes one more pass.

    Parameters
    ----------
    formulas
        By parameter; ``""`` is the first. The names of any other start with ``parameter:``.
    source
        The rows.
    engine
        Who runs the pass.
    selection
        Which rows count; by default all, and a missing value in any column of the formulas is an error.
    unread
        Whether to go without a pass, where ``learns_nothing`` and all rows count. Rows that cannot be used are then met
        by whoever reads them first.

    Raises
    ------
    DataError
        If values are missing or infinite, a column is constant beside an intercept, or no row is left.
    FormulaError
        If a factor has one level or far too many, or a transform cannot do with the values.

    Examples
    --------
    >>> from thetahat.data import open_source
    >>> from thetahat.engines import Threads
    >>> from thetahat.formulas import read_formula
    >>> rows = open_source({"y": [1.0, 2.0, 4.0], "g": ["u", "v", "u"], "x": [0.5, 1.5, 2.0]})
    >>> made = designers({"": read_formula("y ~ g", rows), "sd": read_formula("~ x", rows)}, rows, Threads())
    >>> made[""].names, made["sd"].names
    (('Intercept', 'g[T.v]'), ('sd:Intercept', 'sd:x'))
    """
    columns = tuple(dict.fromkeys(name for formula in formulas.values() for name in formula.columns))
    selection = selection or Selection(columns)
    learner = _Learner(formulas, selection)
    read = tuple(dict.fromkeys((*columns, *selection.columns)))
    if selection.weights is not None:
        read = tuple(dict.fromkeys((*read, selection.weights)))
    if unread:
        learner.n_kept = source.n_rows or 0
    elif read:
        while learner.learn(source, read, engine):
            pass
    return {
        parameter: FormulaDesigner(
            formula.text,
            formula.terms,
            formula.offsets,
            formula.factors,
            formula.kinds,
            {text: learner.levels[text] for text in formula.factors if text in learner.levels},
            {call.text: learner.states[call.text] for call in _calls(formula)},
            formula.functions,
            learner.n_kept,
            f"{parameter}:" if parameter else "",
        )
        for parameter, formula in formulas.items()
    }


def learns_nothing(formulas: Iterable[Formula]) -> bool:
    """Whether formulas have all they need: no levels, means or knots of the rows.

    Examples
    --------
    >>> from thetahat.data import open_source
    >>> from thetahat.formulas import read_formula
    >>> rows = open_source({"y": [1.0, 2.0], "x": [0.5, 1.5]})
    >>> [learns_nothing([read_formula(text, rows)]) for text in ("y ~ log(x)", "y ~ center(x)", "y ~ C(x)")]
    [True, False, False]
    """
    contents = [factor.content for formula in formulas for factor in formula.factors.values()]
    return all(
        content.levels is not None if isinstance(content, Category) else not transforms_of(content)
        for content in contents
    )


def _calls(formula: Formula) -> tuple[TransformCall, ...]:
    return tuple(call for factor in formula.factors.values() for call in transforms_of(factor.content))


@dataclass(frozen=True, slots=True)
class _Found:
    """What a pass found in some rows; an associative record."""

    n_rows: int
    n_kept: int
    missing: Mapping[str, tuple[int, int]]
    distinct: Mapping[str, Distinct]
    summaries: Mapping[str, Summary]
    extents: Mapping[str, tuple[float, float]]

    def merge(self, other: _Found) -> _Found:
        return _Found(
            self.n_rows + other.n_rows,
            self.n_kept + other.n_kept,
            _merged(self.missing, other.missing, lambda a, b: (a[0] + b[0], min(a[1], b[1]))),
            _merged(self.distinct, other.distinct, Distinct.merge),
            _merged(self.summaries, other.summaries, Summary.merge),
            _merged(self.extents, other.extents, lambda a, b: (min(a[0], b[0]), max(a[1], b[1]))),
        )


def _merged(
    left: Mapping[str, Any], right: Mapping[str, Any], join: Callable[[Any, Any], Any]
) -> dict[str, Any]:
    result = dict(left)
    for name, value in right.items():
        result[name] = join(result[name], value) if name in result else value
    return result


@final
class _Learner:
    """What is known after each pass, and what the next one is to find out."""

    def __init__(self, formulas: Mapping[str, Formula], selection: Selection) -> None:
        self._selection = selection
        self._formulas = formulas
        self.levels: dict[str, tuple[Level, ...]] = {}
        self.states: dict[str, State] = {}
        self._functions: dict[str, Function] = {}
        self._categories: dict[str, Category] = {}
        self._calls: dict[str, TransformCall] = {}
        self._plain: dict[str, Node] = {}
        for formula in formulas.values():
            self._functions.update(formula.functions)
            for text, factor in formula.factors.items():
                content = factor.content
                if isinstance(content, Category):
                    if content.levels is None:
                        self._categories[text] = content
                    else:
                        self.levels[text] = content.levels
                elif not transforms_of(content):
                    self._plain[text] = content
            self._calls.update({call.text: call for call in _calls(formula)})
        self._first = True
        self.n_kept = 0

    def learn(self, source: Source, columns: tuple[str, ...], engine: Engine) -> bool:
        """Make one pass; return whether another is needed."""
        self._learn_from_nothing()
        ready = {
            text: call
            for text, call in self._calls.items()
            if text not in self.states and self._evaluable(call.argument)
        }
        categories = {
            text: category
            for text, category in self._categories.items()
            if text not in self.levels and self._evaluable(category.argument)
        }
        if not (self._first or ready or categories):
            return False
        plain = self._plain if self._first else {}
        found = engine.reduce(
            lambda block: self._block(block, ready, categories, plain), source.blocks(columns)
        )
        if self._first:
            self._refuse_rows(found, source)
            self.n_kept = found.n_kept
        self._first = False
        for text, distinct in found.distinct.items():
            argument = categories[text].argument
            declared = source.level_order(argument.name) if isinstance(argument, Column) else None
            self.levels[text] = distinct.ordered(text, declared)
        for text, call in ready.items():
            self.states[text] = call.transform.learn(text, found.summaries[text])
        return len(self.states) < len(self._calls) or any(
            text not in self.levels for text in self._categories
        )

    def _learn_from_nothing(self) -> None:
        nothing = Summary(0, 0.0, 0.0, np.inf, -np.inf)
        for text, call in self._calls.items():
            if call.transform.need == "nothing" and text not in self.states:
                self.states[text] = call.transform.learn(text, nothing)

    def _evaluable(self, node: Node) -> bool:
        return all(call.text in self.states for call in transforms_of(node))

    def _block(
        self,
        block: Block,
        ready: Mapping[str, TransformCall],
        categories: Mapping[str, Category],
        plain: Mapping[str, Node],
    ) -> _Found:
        columns, where = self._selection.of(block)
        n_kept = block.n_rows if where.kept is None else where.kept.size
        texts = {
            item.argument.name: Distinct.of(columns[item.argument.name])
            for item in categories.values()
            if isinstance(item.argument, Column) and item.argument.kind == "text"
        }
        missing = {}
        if self._first and self._selection.missing == "error":
            for name in self._selection.columns:
                # Where the distinct values are known already, they tell whether one is missing.
                bad = missing_values(columns[name]) if name not in texts or texts[name].missing else None
                if bad is not None:
                    missing[name] = (int(bad.sum()), where.of(int(np.argmax(bad))))
        if missing or n_kept == 0:
            return _Found(block.n_rows, n_kept, missing, {}, {}, {})
        rows = Rows(columns, where, n_kept, self.states, self._functions)
        distinct = {
            text: texts[item.argument.name]
            if isinstance(item.argument, Column) and item.argument.name in texts
            else Distinct.of(category_of(item, rows))
            for text, item in categories.items()
        }
        summaries = {}
        for text, call in ready.items():
            values = numbers_of(text, call.argument, rows)
            keep = call.transform.need == "values"
            if (
                keep
                and where.start * sum(c.transform.need == "values" for c in ready.values())
                > MOST_HELD_NUMBERS
            ):
                raise FormulaError(
                    f"{text} needs all values of a column at once, and there are too many rows for that; give its "
                    "knots= with lower_bound= and upper_bound=, or raw=True"
                )
            # The values are kept beyond the pass, and a block's are not ours to keep.
            summaries[text] = Summary.of(values.copy() if keep else values, keep=keep)
        extents = {}
        for text, node in plain.items():
            values = numbers_of(text, node, rows)
            extents[text] = (float(values.min()), float(values.max()))
        return _Found(block.n_rows, n_kept, missing, distinct, summaries, extents)

    def _refuse_rows(self, found: _Found, source: Source) -> None:
        if found.missing:
            raise DataError(missing_message(found.missing))
        if found.n_kept == 0:
            dropped = "missing values" if self._selection.missing == "drop" else "no weight"
            raise DataError(f"{source.title}: no row is left of {found.n_rows:,}: all have {dropped}")
        for formula in self._formulas.values():
            if () not in formula.terms:
                continue
            constant = [
                f"{term[0]} (= {found.extents[term[0]][0]:.6g})"
                for term in formula.terms
                if len(term) == 1 and term[0] in found.extents and len(set(found.extents[term[0]])) == 1
            ]
            if constant:
                raise DataError(
                    f"{', '.join(constant)} {'is' if len(constant) == 1 else 'are'} the same in every row, which the "
                    "intercept says already; leave it out, or leave the intercept out with '0 +'"
                )
