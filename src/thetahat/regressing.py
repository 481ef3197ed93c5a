"""From the parts of a regression to its solved likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thetahat._errors import ModelError
from thetahat.arguments import DEFAULT_ENGINE, DEFAULT_OPTIMIZER, check_start, option, plain
from thetahat.data import Source
from thetahat.designs import Designer
from thetahat.engines import Engine
from thetahat.families import Family
from thetahat.likelihood import Likelihood
from thetahat.models._predictors import predictors
from thetahat.models.iid import IndependentModel
from thetahat.models.regression import RegressionModel
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.regression import conditions, maximise_regression
from thetahat.regression_pass import arrange_regression
from thetahat.response import Response
from thetahat.solution import Solution
from thetahat.solved import Solved


@dataclass(frozen=True, slots=True)
class Parts:
    """What a regression is made of; ``family`` is as the user gave it, ``text`` the formulas by parameter."""

    family: Family
    response: Response
    designers: Mapping[str, Designer]
    weight_column: str | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)


def solve_regression(
    parts: Parts,
    source: Source,
    *,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
) -> Solved:
    """Lay out the parameters, maximise, and examine what was found."""
    climber = option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    reader = _reader(parts, source, engine)
    laid_out = predictors(reader.family, parts.designers, parts.links, plain(fixed, "fixed"))
    model = RegressionModel(reader, laid_out, parts.text)
    check_start(start, model.table)
    arrangement = arrange_regression(model, source, engine)
    likelihood = Likelihood(model, arrangement.blocks, packed=arrangement.packed, engine=engine)
    outcome = maximise_regression(arrangement, likelihood, engine, climber, plain(start, "start"))
    solution = Solution.of(
        outcome,
        model.table,
        arrangement.n_rows,
        arrangement.n_obs,
        likelihood,
        model.describe(),
        conditions(arrangement, climber),
        Likelihood(model, lambda: source.blocks(model.columns), packed=False, engine=engine),
    )
    return Solved(solution, None, source, model.columns, outcome.trace, model)


def _reader(parts: Parts, source: Source, engine: Engine) -> IndependentModel:
    """Return the reader of responses, its family in regression form and, where rows are labels, its levels known."""
    family: Any = parts.family.regression_form()
    if family.edges:
        raise ModelError(
            f"{type(family).__name__} has no regression: its support ends at its parameters, so that the outermost "
            "row alone would settle the coefficients; choose a family of fixed support"
        )
    reader = IndependentModel(family, parts.response, weight_column=parts.weight_column, known=parts.known)
    if not family.labelled or family.option_values.get("levels") is not None:
        return reader
    levels = engine.reduce(reader.count_levels, source.blocks(reader.columns))
    return reader.changed(family=family.with_levels(levels.values))
