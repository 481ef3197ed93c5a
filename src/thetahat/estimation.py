"""From what a user hands over to a solved likelihood."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thetahat._errors import DataError, ModelError, ParameterError
from thetahat.data import Source, open_source
from thetahat.data.joined import JoinedSource
from thetahat.engines import Engine, Threads
from thetahat.families import CATALOGUE, Family
from thetahat.first_pass import arrange, blocks_again
from thetahat.likelihood import Likelihood
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.climb import Conditions
from thetahat.optimize.independent import conditions, maximise
from thetahat.optimize.newton import Newton
from thetahat.parameters import ParameterTable
from thetahat.response import Exact, Observations, Response, parse_response
from thetahat.solution import Solution

if TYPE_CHECKING:
    from thetahat.models.custom import Model

WEIGHTS = "(weights)"
DEFAULT_ENGINE = Threads()
DEFAULT_OPTIMIZER = Newton()


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution beside what it was made from."""

    solution: Solution
    family: Family | None
    source: Source | None
    columns: tuple[str, ...]
    trace: tuple[Any, ...]


def solve(
    model: Any,
    data: Any,
    *,
    weights: Any,
    fixed: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    optimizer: Optimizer | None,
    engine: Engine | None,
) -> Solved:
    """Read model and data, maximise, and examine what was found."""
    if _is_custom(model):
        return _solve_custom(
            model, data, weights=weights, fixed=fixed, start=start, optimizer=optimizer, engine=engine
        )
    family = as_family(model)
    optimizer = _option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = _option("engine", engine, Engine, DEFAULT_ENGINE)
    source, response = open_rows(family.y, data)
    extra: dict[str, Any] = {}
    weight_column = _column(weights, WEIGHTS, "weights", extra)
    known: dict[str, Any] = {}
    for name in family.known:
        if name not in family.known_values:
            raise ParameterError(
                f"{type(family).__name__} needs {name}: give a number or a column's name, as in "
                f"th.{type(family).__name__}({name}=12) or th.{type(family).__name__}({name}='n')"
            )
        value = family.known_values[name]
        known[name] = (
            _column(value, f"({name})", name, extra) if np.ndim(value) or isinstance(value, str) else value
        )
    if extra:
        source = JoinedSource(source, open_source(extra))
    independent = IndependentModel(
        family, response, weight_column=weight_column, known=known, fixed=_plain(fixed, "fixed")
    )
    _check_start(start, independent.table)
    arrangement = arrange(independent, source, engine)
    likelihood = Likelihood(
        arrangement.model,
        arrangement.blocks,
        packed=arrangement.packed,
        engine=engine,
        condensed=arrangement.condensed,
        counted=arrangement.counted,
    )
    outcome = maximise(arrangement, likelihood, engine, optimizer, start)
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
        conditions(arrangement, engine, optimizer),
        Likelihood(
            arrangement.model,
            lambda: blocks_again(arrangement, as_given, source, engine),
            packed=False,
            engine=engine,
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
) -> Solved:
    """Do the same for a density of one's own, which reads whatever columns it likes."""
    from thetahat.models._columns_model import arrange_columns
    from thetahat.optimize.custom import maximise_custom

    climber = _option("optimizer", optimizer, Optimizer, DEFAULT_OPTIMIZER)
    engine = _option("engine", engine, Engine, DEFAULT_ENGINE)
    if isinstance(data, Observations):
        raise ModelError(
            f"a th.Model reads columns, and {data!r} has none to name. Give them, such as "
            "{'time': time, 'event': event}, and say in log_prob what a censored row contributes: "
            "jnp.where(data.event, law.log_prob(data.time), law.log_sf(data.time))"
        )
    source = open_source(data)
    extra: dict[str, Any] = {}
    weight_column = _column(weights, WEIGHTS, "weights", extra)
    if extra:
        source = JoinedSource(source, open_source(extra))
    bound = model.on(source, weight_column, _plain(fixed, "fixed"))
    _check_start(start, bound.table)
    arrangement = arrange_columns(bound, source, engine)
    likelihood = Likelihood(bound, arrangement.blocks, packed=arrangement.packed, engine=engine)
    outcome = maximise_custom(
        arrangement, likelihood, climber, _plain(start, "start"), tries=optimizer is None
    )
    solution = Solution.of(
        outcome,
        bound.table,
        arrangement.n_rows,
        arrangement.n_obs,
        likelihood,
        bound.describe(),
        Conditions(climber),
        Likelihood(bound, lambda: source.blocks(bound.columns), packed=False, engine=engine),
    )
    return Solved(solution, None, source, bound.columns, outcome.trace)


def as_family(model: Any) -> Family:
    """Return the family that is meant, by instance, class or name."""
    if isinstance(model, Family):
        return model
    if isinstance(model, type) and issubclass(model, Family):
        return model()
    if isinstance(model, str):
        return family_named(model)
    raise ModelError(
        f"model={model!r} is no model; give a family such as th.Gamma(), its name such as 'gamma', or a th.Model"
    )


def family_named(name: str) -> Family:
    """Return the family of a name in snake case, or say which there are."""
    families = {kind().name: kind for kind in CATALOGUE}
    if name in families:
        return families[name]()
    from difflib import get_close_matches

    close = get_close_matches(name.lower().replace(" ", "_"), list(families), n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise ModelError(f"there is no family {name!r}{hint}; there are: {', '.join(sorted(families))}")


def open_rows(y: str | None, data: Any) -> tuple[Source, Response]:
    """Open the data and find the response in them."""
    if isinstance(data, Observations):
        if y is not None:
            raise ModelError(
                f"y={y!r} names a column, but th.Observations has no names; give one or the other"
            )
        return open_source(dict(data.columns)), data.response
    source = open_source(data)
    names = tuple(source.schema)
    if y is not None:
        response = parse_response(y, names)
        source.require(response.columns)
        return source, response
    usable = [*names, *source.unusable]
    if len(usable) == 1:
        source.require(usable)
        return source, Exact(usable[0])
    raise ModelError(
        f"{source.title} has {len(usable)} columns, so the response must be named: th.Gamma(y='...') or, "
        f"on the command line, --y; the columns are: {', '.join(usable[:20])}"
    )


def _column(value: Any, name: str, what: str, extra: dict[str, Any]) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if not np.ndim(value) and not hasattr(value, "__len__"):
        raise DataError(f"{what}={value!r}: give one number per row, or the name of a column")
    extra[name] = value
    return name


def _option(name: str, value: Any, kind: type, default: Any) -> Any:
    if value is None:
        return default
    if not isinstance(value, kind):
        raise ModelError(
            f"{name}={value!r}: give an instance of th.{type(default).__name__} or a similar object"
        )
    return value


def _plain(values: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ParameterError(
            f"{what}={values!r}: give a dict of parameter names and values, such as {{'df': 5}}"
        )
    return dict(values)


def _check_start(start: Mapping[str, Any] | None, table: ParameterTable) -> None:
    values = _plain(start, "start")
    for name, value in values.items():
        parameter = next((p for p in table.parameters if p.name == name), None)
        if parameter is None:
            names = ", ".join(p.name for p in table.parameters)
            raise ParameterError(
                f"start={{{name!r}: ...}}: there is no parameter {name!r}; there are: {names}"
            )
        if name in table.fixed:
            raise ParameterError(f"{name!r} is both fixed and given a start; give one or the other")
        try:
            inside = parameter.domain.contains(value)
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise ParameterError(
                f"start={{{name!r}: {value!r}}}: {name} must be {parameter.domain.describe()}"
            )
