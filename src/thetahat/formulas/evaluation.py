"""Trees of a formula evaluated over a block of rows, by walking them; no text is ever run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, FormulaError
from thetahat.formulas.functions import ARITHMETIC, COMPARISONS, ELEMENTWISE, LOGICAL, Function
from thetahat.formulas.nodes import (
    Category,
    Column,
    Constant,
    Node,
    Operation,
    OwnCall,
    columns_of,
)
from thetahat.formulas.transforms import State
from thetahat.response._response import SHOWN_ROWS, RowNumbers, shown_column

Array = NDArray[Any]
Vector = NDArray[np.float64]

_UNARY = {"negative": np.negative, "positive": np.positive, "~": np.logical_not}
_FUNCTIONS: Mapping[str, np.ufunc] = {**ELEMENTWISE, **ARITHMETIC, **COMPARISONS, **LOGICAL, **_UNARY}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a block and what is needed to evaluate a formula over them."""

    columns: Mapping[str, Array]
    where: RowNumbers
    n_rows: int
    states: Mapping[str, State]
    functions: Mapping[str, Function]


def evaluate(node: Node, rows: Rows) -> Array:
    """Return one item a row: float64, bool, or text as objects; an (n, k) array for a basis.

    Raises
    ------
    DataError
        If a column does not hold what the formula was made for.
    FormulaError
        If a function of the user's own returns something else than one number a row.
    """
    with np.errstate(all="ignore"):
        value = _value(node, rows)
    return value if np.ndim(value) else np.full(rows.n_rows, value)


def category_of(category: Category, rows: Rows) -> Array:
    """Return the value by which each row is put into a category; whole numbers as they are stored."""
    argument = category.argument
    if isinstance(argument, Column):
        values = rows.columns[argument.name]
        column_values(argument, values)
        return values
    return evaluate(argument, rows)


def numbers_of(text: str, node: Node, rows: Rows) -> Array:
    """Evaluate a numeric factor and refuse what is not finite.

    Raises
    ------
    DataError
        If a value is infinite or not a number; the factor and rows are named.
    """
    value = evaluate(node, rows)
    if value.dtype == bool:
        value = value.astype(float)
    # One sum tells whether all are finite; where huge numbers overflow it, each is looked at.
    if not np.isfinite(value.sum()):
        finite: Array = np.isfinite(value) if value.ndim == 1 else np.asarray(np.isfinite(value).all(axis=1))
        if not finite.all():
            raise _not_finite(text, node, value, ~finite, rows)
    return value


def _not_finite(text: str, node: Node, value: Array, bad: Array, rows: Rows) -> DataError:
    positions = np.flatnonzero(bad)
    shown = []
    columns = [name for name in columns_of(node) if rows.columns[name].dtype != object]
    for position in positions[:SHOWN_ROWS]:
        given = ", ".join(f"{name} = {rows.columns[name][position].item():.6g}" for name in columns)
        shown.append(f"row {rows.where.of(position)} ({given})")
    more = ", ..." if positions.size > SHOWN_ROWS else ""
    what = "infinite" if np.isinf(value[bad]).any() else "not a number"
    return DataError(
        f"{text} is {what} in {positions.size:,} row{'s' if positions.size > 1 else ''}: {', '.join(shown)}{more}, "
        "counted from 0. Leave these rows out, or transform the column so that every row has a finite value"
    )


def _value(node: Node, rows: Rows) -> Any:
    if isinstance(node, Column):
        return column_values(node, rows.columns[node.name])
    if isinstance(node, Constant):
        return np.float64(node.value) if isinstance(node.value, float) else node.value
    if isinstance(node, Operation):
        arguments = [_value(argument, rows) for argument in node.arguments]
        if node.kind == "number":
            # True and False count as 1 and 0; NumPy's own arithmetic of them is another.
            arguments = [
                argument.astype(float)
                if getattr(argument, "dtype", np.dtype(float)).kind == "b"
                else argument
                for argument in arguments
            ]
        result = _FUNCTIONS[node.name](*arguments)
        return result.astype(bool) if node.kind == "boolean" and np.ndim(result) else result
    if isinstance(node, OwnCall):
        return _own(node, rows)
    values = np.asarray(evaluate(node.argument, rows), dtype=float)
    return node.transform.apply(node.text, values, rows.states[node.text])


def column_values(node: Column, values: Array) -> Array:
    """A column as the formula knows it: numbers as float64.

    Raises
    ------
    DataError
        If it holds something else than when the formula was read.
    """
    held = "text" if values.dtype == object else "boolean" if values.dtype == bool else "number"
    if held != node.kind:
        raise DataError(
            f"{shown_column(node.name)} holds {_PLURALS[held]} and the formula was made for {_PLURALS[node.kind]}; "
            "convert it"
        )
    return values.astype(float, copy=False) if held == "number" else values


_PLURALS = {"text": "text", "boolean": "True/False", "number": "numbers"}


def _own(node: OwnCall, rows: Rows) -> Vector:
    arguments = [_value(argument, rows) for argument in node.arguments]
    result = np.asarray(rows.functions[node.name](*arguments, **node.options))
    if result.shape != (rows.n_rows,) or result.dtype.kind not in "fiub":
        raise FormulaError(
            f"{node.text}: {node.name} must return one number a row, of shape ({rows.n_rows},), each from its own row "
            f"alone; it returned {result.dtype.name} of shape {result.shape}"
        )
    return result.astype(float)
