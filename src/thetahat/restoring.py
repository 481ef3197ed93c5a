"""A regression made again from its description, which was read from a file and is trusted in nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from thetahat._errors import DataError, FormulaError, ModelError
from thetahat.designs import Centred, ConstantDesigner, Designer, MatrixDesigner, WithoutConstant
from thetahat.families import Family
from thetahat.formulas import Selection, restore_designer
from thetahat.models._predictors import predictors
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.parameters import ParameterTable
from thetahat.response._response import RowNumbers
from thetahat.response.grammar import parse_response

Functions = Mapping[str, Callable[..., Any]]
DEEPEST: Final = 4
"""Designers inside one another that a description may have."""
_KINDS: Final = {"text": object, "boolean": bool, "number": float}


def restored_regression(
    description: Mapping[str, Any],
    family: Family,
    table: ParameterTable,
    columns: tuple[str, ...],
    functions: Functions,
) -> RegressionModel | None:
    """Make a regression from its description.

    Parameters
    ----------
    description
        What ``RegressionModel.describe`` returned; its types were checked one level deep.
    family
        In its regression form, its levels known.
    table
        The parameters of the fit, which the regression must have too.
    columns
        Those that the fit read.
    functions
        The user's own, which no description holds; None is returned where one is lacking.

    Raises
    ------
    ValueError
        If the description is damaged.
    """
    counts = _counts(description, table)
    try:
        if any(name not in functions for name in _called(description["designs"])):
            return None
        designers = {
            owner: _designer(held, functions, DEEPEST) for owner, held in description["designs"].items()
        }
        unit = float(description["unit"])
        laid_out = predictors(family, designers, dict(description["links"]), dict(table.fixed), unit)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(f"its designs cannot be read ({type(error).__name__}: {error})") from error
    ours = [(p.name, p.domain.size, type(p.domain)) for p in laid_out.table.parameters]
    theirs = [(p.name, p.domain.size, type(p.domain)) for p in table.parameters]
    if ours != theirs:
        raise ValueError("its parameters are not those of its designs")
    spans = {
        laid_out.owners[g.design]: g.span.stop - g.span.start for g in laid_out.groups if g.design is not None
    }
    if counts != spans:
        raise ValueError("its coefficients are not those of its designs")
    known = {
        name: np.asarray(value) if isinstance(value, list) else value
        for name, value in description["known"].items()
    }
    reader = IndependentModel(
        family,
        parse_response(description["response"], columns),
        weight_column=description["weights"],
        known=known,
        unit=unit,
    )
    text = {str(name): str(formula) for name, formula in description["formulas"].items()}
    return RegressionModel(reader, laid_out, text, _selection(description, columns))


def _counts(description: Mapping[str, Any], table: ParameterTable) -> dict[str, int]:
    """How many coefficients each design has; that much is told even where the designs cannot be made again."""
    counts = dict(description["coefficients"])
    whole = all(type(count) is int and count >= 0 for count in counts.values())
    if not (counts and whole and counts.keys() == description["designs"].keys()):
        raise ValueError("it does not tell how many coefficients each design has")
    if sum(counts.values()) > len(table.names):
        raise ValueError("its designs have more coefficients than there are parameters")
    return counts


def _selection(description: Mapping[str, Any], columns: tuple[str, ...]) -> Selection | None:
    missing, weights = description["missing"], description["weights"]
    if missing != "drop" and weights is None:
        return None
    return Selection(columns, weights, missing)


def _called(designs: Mapping[str, Any]) -> tuple[str, ...]:
    """The user's own functions that formulas call."""
    names: list[str] = []
    inside = list(designs.values())
    for _ in range(DEEPEST):
        names += [name for held in inside for name in held.get("functions", ())]
        inside = [held["of"] for held in inside if "of" in held]
    return tuple(names)


def _designer(held: Any, functions: Functions, deepest: int) -> Designer:
    if not isinstance(held, dict):
        raise TypeError(f"{held!r} describes no design")
    kind = held.get("kind")
    if kind == "constant":
        if deepest == 0 or not isinstance(held["prefix"], str):
            raise ValueError("a constant stands for no design")
        return ConstantDesigner(_designer(held["of"], functions, deepest - 1), held["prefix"])
    if kind == "without_constant":
        if deepest == 0:
            raise ValueError("designs stand inside one another too deeply")
        return WithoutConstant(_designer(held["of"], functions, deepest - 1))
    if kind == "centred":
        if deepest == 0:
            raise ValueError("designs stand inside one another too deeply")
        return _centred(_designer(held["of"], functions, deepest - 1), held["centres"], held.get("constant"))
    if kind == "matrix":
        return MatrixDesigner.restored(held)
    if kind != "formula":
        raise ValueError(f"there is no kind of design {kind!r}")
    made = restore_designer(held, {name: functions[name] for name in held.get("functions", ())})
    _refuse_unless_it_builds(made, held)
    return made


def _centred(of: Designer, centres: Mapping[str, float], constant: Any) -> Centred:
    at = of.intercept if constant is None else constant
    if not isinstance(at, int) or at not in range(len(of.names)):
        raise ValueError("a centred design has no constant")
    made = Centred(of, {int(column): float(centre) for column, centre in centres.items()}, at)
    if not set(made.centres) <= set(range(len(of.names))) - {at}:
        raise ValueError("centres are of no columns beside a constant")
    return made


def _refuse_unless_it_builds(made: Designer, held: Mapping[str, Any]) -> None:
    """Build a design of no rows, which needs all that was learned and no data."""
    none = RowNumbers(0)
    columns = {
        name: np.zeros(0, dtype=_KINDS[kind])
        for name, kind in held["columns"].items()
        if isinstance(kind, str)
    }
    try:
        with np.errstate(all="ignore"):
            made.offset(columns, none)
            design = made.build(columns, none)
    except (FormulaError, DataError) as error:
        raise ModelError(f"a formula's description is damaged: {error}") from error
    if design.n_columns != len(made.names):
        raise ValueError("a design has another number of columns than names")
