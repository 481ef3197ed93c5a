"""From what a user hands over to a solved likelihood."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thetahat._errors import ModelError
from thetahat.arguments import (
    DEFAULT_ENGINE,
    DEFAULT_OPTIMIZER,
    WEIGHTS,
    Extra,
    as_family,
    check_start,
    column_of,
    known_quantities,
    open_rows,
    option,
    plain,
)
from thetahat.data import open_source
from thetahat.data.joined import JoinedSource
from thetahat.engines import Engine
from thetahat.first_pass import arrange, blocks_again
from thetahat.likelihood import Likelihood
from thetahat.models.iid import IndependentModel
from thetahat.models.specification import Regression
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.climb import Conditions
from thetahat.optimize.independent import conditions, maximise
from thetahat.optimize.penalised import maximise_penalised
from thetahat.penalised_likelihood import penalised, with_penalty
from thetahat.penalties import Penalty
from thetahat.regressing import solve_formulas
from thetahat.response import Observations
from thetahat.solution import Solution
from thetahat.solved import Solved

if TYPE_CHECKING:
    from thetahat.models.custom import Model


def solve(
    model: Any,
    data: Any,
    *,
    weights: Any,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
    penalty: Penalty | None = None,
) -> Solved:
    """Read model and data, maximise, and examine what was found."""
    if _is_custom(model):
        return _solve_custom(
            model,
            data,
            weights=weights,
            fixed=fixed,
            start=start,
            optimizer=optimizer,
            engine=engine,
            penalty=penalty,
        )
    if isinstance(model, Regression):
        return solve_formulas(
            model,
            data,
            weights=weights,
            fixed=fixed,
            start=start,
            optimizer=optimizer,
            engine=engine,
            penalty=penalty,
        )
    penalty = option("penalty", penalty, Penalty, None)
    family = as_family(model)
    optimizer = option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    source, response = open_rows(family.y, data)
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    known = known_quantities(family, extra)
    if extra:
        source = JoinedSource(source, open_source(extra))
    independent = IndependentModel(
        family, response, weight_column=weight_column, known=known, fixed=plain(fixed, "fixed")
    )
    check_start(start, independent.table)
    arrangement = arrange(independent, source, engine)
    likelihood = Likelihood(
        arrangement.model,
        arrangement.blocks,
        packed=arrangement.packed,
        engine=engine,
        condensed=arrangement.condensed,
        counted=arrangement.counted,
    )
    likelihood = penalised(likelihood, penalty)
    if penalty is None:
        outcome = maximise(arrangement, likelihood, engine, optimizer, start)
    else:
        outcome = maximise_penalised(arrangement, likelihood, engine, optimizer, start, penalty)
    how = conditions(arrangement, engine, optimizer)
    as_given = independent
    if arrangement.model.family is not independent.family or arrangement.model.unit != independent.unit:
        as_given = independent.changed(family=arrangement.model.family, unit=arrangement.model.unit)
    solution = Solution.of(
        outcome,
        arrangement.model.table,
        arrangement.survey.n_rows,
        arrangement.survey.n_obs,
        likelihood,
        as_given.describe(),
        replace(how, expected=with_penalty(how.expected, likelihood)),
        penalised(
            Likelihood(
                arrangement.model,
                lambda: blocks_again(arrangement, as_given, source, engine),
                packed=False,
                engine=engine,
            ),
            penalty,
        ),
    )
    return Solved(solution, arrangement.model.family, source, independent.columns, outcome.trace)


def _is_custom(model: Any) -> bool:
    """Whether it is a ``th.Model``, whose module has been loaded by whoever made one."""
    custom = sys.modules.get("thetahat.models.custom")
    return custom is not None and isinstance(model, custom.Model)


def _solve_custom(
    model: Model,
    data: Any,
    *,
    weights: Any,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
    penalty: Penalty | None = None,
) -> Solved:
    """Do the same for a density of one's own, which reads whatever columns it likes."""
    from thetahat.models._columns_model import arrange_columns
    from thetahat.optimize.custom import maximise_custom

    climber = option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    if isinstance(data, Observations):
        raise ModelError(
            f"a th.Model reads columns, and {data!r} has none to name. Give them, such as "
            "{'time': time, 'event': event}, and say in log_prob what a censored row contributes: "
            "jnp.where(data.event, law.log_prob(data.time), law.log_sf(data.time))"
        )
    source = open_source(data)
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    if extra:
        source = JoinedSource(source, open_source(extra))
    penalty = option("penalty", penalty, Penalty, None)
    bound = model.on(source, weight_column, plain(fixed, "fixed"))
    check_start(start, bound.table)
    arrangement = arrange_columns(bound, source, engine)
    likelihood = Likelihood(bound, arrangement.blocks, packed=arrangement.packed, engine=engine)
    likelihood = penalised(likelihood, penalty)
    outcome = maximise_custom(
        arrangement, likelihood, climber, plain(start, "start"), tries=optimizer is None
    )
    solution = Solution.of(
        outcome,
        bound.table,
        arrangement.n_rows,
        arrangement.n_obs,
        likelihood,
        bound.describe(),
        Conditions(climber),
        penalised(
            Likelihood(bound, lambda: source.blocks(bound.columns), packed=False, engine=engine), penalty
        ),
    )
    return Solved(solution, None, source, bound.columns, outcome.trace)
