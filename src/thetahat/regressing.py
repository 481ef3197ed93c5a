"""From the parts of a regression to its solved likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, ModelError
from thetahat.arguments import (
    DEFAULT_ENGINE,
    DEFAULT_OPTIMIZER,
    WEIGHTS,
    Extra,
    as_family,
    check_start,
    column_of,
    known_quantities,
    option,
    penalty_of,
    plain,
)
from thetahat.data import Source, open_source
from thetahat.data.joined import JoinedSource
from thetahat.designs import Centred, Designer, WithoutConstant
from thetahat.engines import Engine
from thetahat.families import Family
from thetahat.formulas import Selection, designers, learns_nothing, read_formula
from thetahat.likelihood import Likelihood
from thetahat.models._description import Description
from thetahat.models._levels import levels_in_order
from thetahat.models._predictors import predictors, primary_of
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.models.specification import Regression
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.certify import listed
from thetahat.optimize.regression.far_columns import Centres, ColumnsFarFromZeroError
from thetahat.optimize.regression.regression import conditions, maximise_regression
from thetahat.optimize.regression.theorem import single_maximum
from thetahat.optimize.regression.wide import needs_no_matrix
from thetahat.penalised_likelihood import layout_of, penalised
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement, arrange_regression
from thetahat.response import Observations, Response
from thetahat.response._response import TextOfNumbersError, located
from thetahat.solution import Solution
from thetahat.solved import Solved

ORDINARY_RESPONSES = (1e-75, 1e75)
"""Magnitudes between which fourth powers of responses stay inside double precision."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a regression is made of; ``family`` is as the user gave it, ``text`` the formulas by parameter."""

    family: Family
    response: Response
    designers: Mapping[str, Designer]
    weight_column: str | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    selection: Selection | None = None
    text: Mapping[str, str] = field(default_factory=dict)


def solve_regression(
    parts: Parts,
    source: Source,
    *,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
    penalty: Penalty | None = None,
) -> Solved:
    """Lay out the parameters, maximise, and examine what was found."""
    climber = option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    reader = _reader(parts, source, engine)
    parts = _with_its_constant(parts, reader.family)
    laid_out = predictors(reader.family, parts.designers, parts.links, plain(fixed, "fixed"))
    model = RegressionModel(reader, laid_out, parts.text, parts.selection)
    return solve_model(
        model,
        source,
        start=plain(start, "start"),
        climber=climber,
        engine=engine,
        penalty=penalty_of(penalty),
    )


def solve_model(
    model: RegressionModel,
    source: Source,
    *,
    start: Mapping[str, Any],
    climber: Optimizer,
    engine: Engine,
    penalty: Penalty | None = None,
) -> Solved:
    """Maximise the likelihood of a regression that is laid out, and examine what was found."""
    check_start(start, model.table)
    bound = None if penalty is None else penalty.bind(layout_of(model))
    matrix = not needs_no_matrix(model.table.n_free, bound, single_maximum(model, bound))
    try:
        arrangement = arrange_regression(model, source, engine, matrix=matrix)
    except TextOfNumbersError as error:
        raise located(error, source) from error
    unit = _unit_of(arrangement)
    if unit != 1.0:
        again = _in_unit(model, unit, penalty)
        return solve_model(again, source, start=start, climber=climber, engine=engine, penalty=penalty)
    likelihood = Likelihood(model, arrangement.blocks, packed=arrangement.packed, engine=engine)
    likelihood = penalised(likelihood, penalty)
    rows = Likelihood(model, lambda: source.blocks(model.columns), packed=False, engine=engine)
    try:
        outcome = maximise_regression(arrangement, likelihood, engine, climber, start, penalty)
    except ColumnsFarFromZeroError as far:
        again = _centred(model, far.centres)
        return solve_model(again, source, start=start, climber=climber, engine=engine, penalty=penalty)
    solution = Solution.of(
        outcome,
        model.table,
        arrangement.n_rows,
        arrangement.n_obs,
        likelihood,
        Description(model, dropped=arrangement.n_dropped),
        conditions(arrangement, engine, climber, likelihood, penalty),
        penalised(rows, penalty),
    )
    return Solved(solution, None, source, model.columns, outcome.trace, model)


def _unit_of(arrangement: RegressionArrangement) -> float:
    """The power of two in which responses are near 1, where their location is regressed; 1 in ordinary cases."""
    model = arrangement.model
    if not model.family.scales or model.predictors.owners[0] not in model.family.scales:
        return 1.0
    group = next((group for group in model.predictors.groups if group.design == 0), None)
    if group is None or group.size > 1 or group.link is None or not group.link.trivial:
        return 1.0
    if not np.isneginf(model.family.support.lower) or model.predictors.unit != 1.0:
        return 1.0
    largest = arrangement.largest
    if largest in {0.0, np.inf} or ORDINARY_RESPONSES[0] < largest < ORDINARY_RESPONSES[1]:
        return 1.0
    return float(np.exp2(np.floor(np.log2(largest))))


def _in_unit(model: RegressionModel, unit: float, penalty: Penalty | None) -> RegressionModel:
    """The same regression with responses measured in a unit."""
    laid_out = model.predictors
    links = [group.link for group in laid_out.groups if group.design is not None]
    if penalty is not None or any(link is not None and not link.trivial for link in links):
        raise DataError(
            f"{model.reader.response.describe()} has values of about {unit:.0e}, of which a regression's sums over- or "
            "underflow in double precision; with a penalty or a link given they have no other unit. Divide them by "
            f"{unit:.0e}, and multiply what is estimated of {listed(tuple(model.family.scales))} by it afterwards"
        )
    designers = dict(zip(laid_out.owners, laid_out.designers, strict=True))
    fixed = {name: value for name, value in model.table.fixed.items() if name not in model.family.given}
    again = predictors(model.family, designers, {}, fixed, unit)
    reader: Any = model.reader
    return RegressionModel(reader.changed(unit=unit), again, model.text, model.selection)


def _centred(model: RegressionModel, centres: Mapping[str, Centres]) -> RegressionModel:
    """The same regression with columns less their centres."""
    laid_out = model.predictors
    designers = {
        owner: Centred(designer, centres[owner].by_column, centres[owner].constant)
        if owner in centres
        else designer
        for owner, designer in zip(laid_out.owners, laid_out.designers, strict=True)
    }
    links = {
        laid_out.owners[group.design]: group.link.name
        for group in laid_out.groups
        if group.design is not None and group.link is not None
    }
    fixed = {name: value for name, value in model.table.fixed.items() if name not in model.family.given}
    again = predictors(model.family, designers, links, fixed, laid_out.unit)
    return RegressionModel(model.reader, again, model.text, model.selection)


def _with_its_constant(parts: Parts, family: Family) -> Parts:
    """Leave the constant out of the primary predictor where other parameters hold it."""
    primary = primary_of(family)
    designer = parts.designers[primary]
    if not family.holds_constant or designer.intercept is None:
        return parts
    return replace(parts, designers={**parts.designers, primary: WithoutConstant(designer)})


def _reader(parts: Parts, source: Source, engine: Engine) -> IndependentModel:
    """Return the reader of responses, its family in regression form and, where rows are labels, its levels known."""
    family: Any = parts.family.regression_form()
    primary_of(family)
    reader = IndependentModel(family, parts.response, weight_column=parts.weight_column, known=parts.known)
    if not family.labelled or family.option_values.get("levels") is not None:
        return reader
    levels = engine.reduce(reader.count_levels, source.blocks(reader.columns))
    if levels.values is not None and len(levels.values) < 2:
        raise DataError(
            f"{parts.response.describe()} has one class only, {levels.values.tolist()[0]!r}, so there is nothing to "
            "tell apart; a regression needs two classes at least"
        )
    return reader.changed(family=family.with_levels(levels_in_order(levels, parts.response, source)))


def solve_formulas(
    model: Regression,
    data: Any,
    *,
    weights: Any,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
    penalty: Penalty | None = None,
) -> Solved:
    """Read the formulas against the data, learn their levels and knots, and solve the regression."""
    family = as_family(model.family)
    if isinstance(data, Observations):
        raise ModelError(
            f"a th.Regression reads columns, and {data!r} has none to name. Give the columns, and on the left side of "
            "the formula censored(time, event) or the like; or call th.regress(X, observations, family)"
        )
    source = open_source(data)
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    known = known_quantities(family, extra)
    if extra:
        source = JoinedSource(source, open_source(extra))
    beside = [value for value in known.values() if isinstance(value, str)]
    if weight_column is not None:
        beside.append(weight_column)
    source.require(beside)
    primary = primary_of(family.regression_form())
    texts = {primary: model.formula, **model.formulas}
    if primary in model.formulas:
        raise ModelError(
            f"{primary}={model.formulas[primary]!r}: the first formula is that of {primary} already"
        )
    first = read_formula(model.formula, source, reserved=beside, functions=model.functions)
    response = _response(family, first.response, model.formula)
    taken = [*beside, *response.columns]
    formulas = {"": first}
    for name, text in model.formulas.items():
        formulas[name] = read_formula(text, source, reserved=taken, functions=model.functions)
        if formulas[name].response is not None:
            raise ModelError(f"{name}={text!r}: only the first formula has a response; write {name}='~ ...'")
    columns = tuple(dict.fromkeys([*response.columns, *(c for f in formulas.values() for c in f.columns)]))
    selection = Selection(columns, weight_column, model.missing)
    reader = option("engine", engine, Engine, DEFAULT_ENGINE)
    # A pass over a file is spared where it would only look for rows and columns that make the fit fail.
    unread = (
        not source.in_memory
        and source.n_rows is not None
        and weight_column is None
        and model.missing == "error"
        and penalty is None
        and not family.kinked
        and learns_nothing(formulas.values())
    )
    found = designers(formulas, source, reader, selection, unread=unread)
    parts = Parts(
        family,
        response,
        {name or primary: designer for name, designer in found.items()},
        weight_column=weight_column,
        known=known,
        links=model.links,
        selection=selection if weight_column is not None or model.missing == "drop" else None,
        text=texts,
    )
    try:
        return solve_regression(
            parts, source, fixed=fixed, start=start, optimizer=optimizer, engine=engine, penalty=penalty
        )
    except DataError:
        if unread:
            # It tells of all columns and rows at fault, and not of those alone that were met first.
            designers(formulas, source, reader, selection)
        raise


def _response(family: Family, found: Response | None, text: str) -> Response:
    if found is None:
        raise ModelError(f"{text!r} has no response; write it on the left: 'y ~ ...'")
    if family.y is not None:
        raise ModelError(
            f"{family!r} names its response, and the formula {text!r} names {found.describe()}; leave out y="
        )
    return found
