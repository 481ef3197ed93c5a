"""From what a user hands over to a solved likelihood."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError
from thetahat.arguments import (
    DEFAULT_ENGINE,
    DEFAULT_OPTIMIZER,
    WEIGHTS,
    Extra,
    as_family,
    as_multivariate,
    check_start,
    column_of,
    known_quantities,
    open_rows,
    open_vectors,
    option,
    penalty_of,
    plain,
    refuse_other_size,
)
from thetahat.data import Source, open_source
from thetahat.engines import Engine
from thetahat.families import Family, Wrapper
from thetahat.first_pass import arrange, blocks_again
from thetahat.likelihood import Likelihood
from thetahat.models._description import Description
from thetahat.models._levels import Levels
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.climb import Conditions
from thetahat.optimize.independent import conditions, maximise
from thetahat.response import Observations, Response
from thetahat.response._response import TextOfNumbersError, located
from thetahat.solution import Solution
from thetahat.solved import Solved

if TYPE_CHECKING:
    from thetahat.families import MultivariateFamily
    from thetahat.models.custom import Model
    from thetahat.penalties import Penalty


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
    how: dict[str, Any] = {
        "fixed": fixed,
        "start": start,
        "optimizer": optimizer,
        "engine": engine,
        "penalty": penalty,
    }
    if _is_a(model, "custom", "Model"):
        return _solve_custom(model, data, weights=weights, **how)
    if _is_a(model, "specification", "Regression"):
        from thetahat.regressing import solve_formulas

        return solve_formulas(model, data, weights=weights, **how)
    vectors = as_multivariate(model)
    if vectors is not None:
        return _solve_vectors(vectors, data, weights=weights, **how)
    family = as_family(model)
    return solve_family(family, opened(family.y, data, weights, _naming(family)), **how)


@dataclass(frozen=True, slots=True)
class Opened:
    """Data that were opened, with the response that was found in them and the column of weights."""

    source: Source
    response: Response
    weight_column: str | None


def _naming(family: Family) -> str:
    """How the response of such a family is named."""
    inside = "..., " if isinstance(family, Wrapper) else ""
    return f"th.{type(family).__name__}({inside}y='...')"


def opened(y: str | None, data: Any, weights: Any, naming: str) -> Opened:
    """Open the data, find the response in them, and put the weights beside it; ``naming`` says how it is named."""
    source, response = open_rows(y, data, naming)
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    return Opened(_beside(source, extra), response, weight_column)


def solve_family(
    family: Family,
    rows: Opened,
    *,
    fixed: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    optimizer: Optimizer | None = None,
    engine: Engine | None = None,
    penalty: Penalty | None = None,
    levels: Levels | None = None,
) -> Solved:
    """Maximise the likelihood of a family over rows, and examine what was found.

    Parameters
    ----------
    levels
        The distinct values of discrete rows with their counts, where they have been counted for another family.
    """
    penalty = penalty_of(penalty)
    optimizer = option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    extra: Extra = {}
    known = known_quantities(family, extra)
    source = _beside(rows.source, extra)
    independent = IndependentModel(
        family, rows.response, weight_column=rows.weight_column, known=known, fixed=plain(fixed, "fixed")
    )
    check_start(start, independent.table)
    try:
        arrangement = arrange(independent, source, engine, levels)
    except TextOfNumbersError as error:
        raise located(error, source) from error
    likelihood = Likelihood(
        arrangement.model,
        arrangement.blocks,
        packed=arrangement.packed,
        engine=engine,
        condensed=arrangement.condensed,
        counted=arrangement.counted,
    )
    likelihood = _penalised(likelihood, penalty)
    how = _climbed(conditions(arrangement, engine, optimizer), likelihood, penalty)
    if penalty is None:
        outcome = maximise(arrangement, likelihood, engine, optimizer, start)
    else:
        from thetahat.optimize.penalised import maximise_penalised

        outcome = maximise_penalised(arrangement, likelihood, engine, optimizer, start, penalty)
    as_given = independent
    if arrangement.model.family is not independent.family or arrangement.model.unit != independent.unit:
        as_given = independent.changed(family=arrangement.model.family, unit=arrangement.model.unit)
    solution = Solution.of(
        outcome,
        arrangement.model.table,
        arrangement.survey.n_rows,
        arrangement.survey.n_obs,
        likelihood,
        Description(as_given),
        how,
        _penalised(
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


def _penalised(likelihood: Likelihood, penalty: Penalty | None) -> Likelihood:
    if penalty is None:
        return likelihood
    from thetahat.penalised_likelihood import penalised

    return penalised(likelihood, penalty)


def _climbed(how: Conditions, likelihood: Likelihood, penalty: Penalty | None) -> Conditions:
    """How a likelihood is climbed, with what its penalty adds to the metric."""
    if penalty is None:
        return how
    from thetahat.penalised_likelihood import with_penalty

    return replace(how, expected=with_penalty(how.expected, likelihood))


def _solve_vectors(
    family: MultivariateFamily,
    data: Any,
    *,
    weights: Any,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
    penalty: Penalty | None = None,
) -> Solved:
    """Do the same for a family of vectors, which reads several columns."""
    from thetahat.models._multivariate_model import MultivariateModel, arrange_vectors
    from thetahat.optimize.multivariate import conditions as conditions_of_vectors
    from thetahat.optimize.multivariate import maximise_vectors

    optimizer = option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = option("engine", engine, Engine, DEFAULT_ENGINE)
    penalty = penalty_of(penalty)
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    known = known_quantities(family, extra)
    beside = [name for name in (weight_column, *known.values()) if isinstance(name, str)]
    opened_source, names = open_vectors(family.y, data, beside)
    source = _beside(opened_source, extra)
    source.require(beside)
    refuse_other_size(family, names)
    given = MultivariateModel(
        family.sized(len(names)),
        names,
        weight_column=weight_column,
        known=known,
        fixed=plain(fixed, "fixed"),
    )
    check_start(start, given.table)
    arrangement = arrange_vectors(given, source, engine)
    model = arrangement.model
    likelihood = _penalised(
        Likelihood(
            model,
            arrangement.blocks,
            packed=arrangement.packed,
            engine=engine,
            condensed=arrangement.condensed,
        ),
        penalty,
    )
    outcome = maximise_vectors(
        arrangement, likelihood, engine, optimizer, plain(start, "start"), penalised=penalty is not None
    )
    how = _climbed(conditions_of_vectors(arrangement, optimizer), likelihood, penalty)
    n_rows = arrangement.moments.n_rows
    dropped = {} if family.missing == "error" else {"dropped": arrangement.n_read - n_rows}
    solution = Solution.of(
        outcome,
        model.table,
        n_rows,
        arrangement.moments.n_obs,
        likelihood,
        {**model.describe(), **dropped},
        how,
        _penalised(
            Likelihood(model, lambda: source.blocks(model.columns), packed=False, engine=engine), penalty
        ),
    )
    return Solved(solution, None, source, model.columns, outcome.trace, multivariate=model.family)


def _beside(source: Source, extra: Extra) -> Source:
    if not extra:
        return source
    from thetahat.data.joined import JoinedSource

    return JoinedSource(source, open_source(extra))


def _is_a(model: Any, module: str, kind: str) -> bool:
    """Whether it is of a kind whose module has been loaded by whoever made one."""
    loaded = sys.modules.get(f"thetahat.models.{module}")
    return loaded is not None and isinstance(model, getattr(loaded, kind))


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
    extra: Extra = {}
    weight_column = column_of(weights, WEIGHTS, "weights", extra)
    source = _beside(open_source(data), extra)
    penalty = penalty_of(penalty)
    bound = model.on(source, weight_column, plain(fixed, "fixed"))
    check_start(start, bound.table)
    arrangement = arrange_columns(bound, source, engine)
    likelihood = Likelihood(bound, arrangement.blocks, packed=arrangement.packed, engine=engine)
    likelihood = _penalised(likelihood, penalty)
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
        _penalised(
            Likelihood(bound, lambda: source.blocks(bound.columns), packed=False, engine=engine), penalty
        ),
    )
    return Solved(solution, None, source, bound.columns, outcome.trace)
