"""Regressions of families whose support ends at a parameter: that stays on the outermost row, the rest is regressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError, ModelError
from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE, Tally
from thetahat.models._predictors import predictors
from thetahat.models.regression import RegressionModel
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import listed
from thetahat.optimize.climb import Conditions
from thetahat.optimize.constrained import Constrained, maximise_pinned
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_outermost
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.regression.numbered_rows import numbered_parts, rows_in_words
from thetahat.penalised_likelihood import penalised
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
Maximise = Callable[[RegressionArrangement, Likelihood], Outcome]


def maximise_where_it_ends(
    arrangement: RegressionArrangement,
    likelihood: Likelihood,
    engine: Engine,
    penalty: Penalty | None,
    maximise: Maximise,
) -> Outcome:
    """Hold the ends that nothing else gives at their outermost rows, and maximise over the rest.

    ℓ rises with such an end up to that row, whatever the other parameters, and breaks off there.

    Raises
    ------
    DataError
        If rows lie beyond an end that was given.
    ModelError
        If the rows are of a kind from which the end is not found.
    ParameterError
        If a penalty is on an end.
    """
    ends = _ends(arrangement)
    held = arrangement if not ends else replace(arrangement, model=_holding(arrangement.model, ends))
    _refuse_beyond(held)
    if not ends:
        return maximise(held, likelihood)
    inner = penalised(Likelihood(held.model, held.blocks, packed=held.packed, engine=engine), penalty)
    return _lifted(arrangement, likelihood, maximise(held, inner), ends)


def held_where_it_ends(arrangement: RegressionArrangement, how: Conditions) -> Conditions:
    """How the rows are climbed with free ends: those stay where they are, whatever else is held."""
    model = arrangement.model
    ends = [model.table.free_names.index(name) for name in _free_ends(model)]
    if not ends:
        return how

    def pinned(
        likelihood: Likelihood, places: NDArray[np.intp], start: Vector, conditions: Conditions
    ) -> Constrained:
        more = [place for place in ends if place not in places]
        together = np.append(places, np.array(more, dtype=np.intp))
        return maximise_pinned(likelihood, together, start, replace(conditions, pinned=how.pinned))

    return replace(how, pinned=pinned)


def _free_ends(model: RegressionModel) -> tuple[str, ...]:
    return tuple(name for name in model.family.edges if name in model.table.free_names)


def _ends(arrangement: RegressionArrangement) -> Mapping[str, float]:
    """The values of the free ends."""
    model = arrangement.model
    names = _free_ends(model)
    if not names:
        return {}
    low, high, exact = np.inf, -np.inf, 0.0
    lowest_high = np.inf
    for part, _, values in numbered_parts(arrangement):
        if part.kind == "exact":
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            exact += part.total_weight
        else:
            lowest_high = min(lowest_high, float(np.min(part.rows[1])))
    survey = Survey(
        arrangement.n_rows,
        arrangement.n_obs,
        exact,
        low,
        high,
        np.zeros(0),
        0.0,
        lowest_high=lowest_high,
    )
    found = model.family.edge_values(survey)
    missing = [name for name in names if name not in found]
    if missing:
        what = type(model.family).__name__
        raise ModelError(
            f"a regression of {what} finds its {missing[0]} from rows that are known exactly, beside others that are "
            f"open above, and {model.reader.response.describe()} has "
            f"{'other ones' if exact else 'none that is known exactly'}; give it as a number, "
            f"th.{what}({missing[0]}=...), or by row, {missing[0]}='~ 0 + offset(...)'"
        )
    return {name: found[name] for name in names}


def _holding(model: RegressionModel, ends: Mapping[str, float]) -> RegressionModel:
    """The same regression with the ends fixed."""
    laid_out = model.predictors
    designers = dict(zip(laid_out.owners, laid_out.designers, strict=True))
    links = {
        laid_out.owners[group.design]: group.link.name
        for group in laid_out.groups
        if group.design is not None and group.link is not None
    }
    fixed = {name: value for name, value in model.table.fixed.items() if name not in model.family.given}
    again = predictors(model.family, designers, links, {**fixed, **ends}, laid_out.unit)
    return RegressionModel(model.reader, again, model.text, model.selection)


def _refuse_beyond(arrangement: RegressionArrangement) -> None:
    """Raise where rows have no density, whatever the coefficients, because they lie beyond an end that was given."""
    model = arrangement.model
    working = model.table.working(np.zeros(model.table.n_free))
    beyond: list[NDArray[np.intp]] = []
    for part, numbers, _ in numbered_parts(arrangement):
        # Where the other predictors are does not matter, as long as each has a parameter.
        eta, _ = model.predictors.coordinates(part.designs, part.offsets, working)
        names = [parameter.name for parameter in model.family.declared]
        eta = tuple(
            item if name in model.family.edges else 0.0 for name, item in zip(names, eta, strict=True)
        )
        values = np.broadcast_to(part.terms(model.family, eta, VALUE).value, (part.n_rows,))
        beyond.append(numbers[~(values > -np.inf)])
    found = np.concatenate(beyond)
    if found.size:
        ends = listed(tuple(model.family.edges))
        raise DataError(
            f"{model.reader.response.describe()}: {rows_in_words(found)} {'lies' if found.size == 1 else 'lie'} beyond "
            f"the {ends} of {type(model.family).__name__} that was given, where it has no density; leave "
            f"{'it' if found.size == 1 else 'them'} out, or give another {ends}"
        )


def _lifted(
    arrangement: RegressionArrangement, likelihood: Likelihood, inner: Outcome, ends: Mapping[str, float]
) -> Outcome:
    """What was found with the ends held, as a finding of all parameters."""
    table = arrangement.model.table
    k = table.n_free
    place = {name: table.free_names.index(name) for name in ends}
    others = np.setdiff1d(np.arange(k), list(place.values()))
    point = np.zeros(k)
    point[others] = inner.point
    for name, at in place.items():
        point[at] = float(table.by_name[name].domain.to_free(np.asarray(ends[name])))
    natural = {name: {**inner.natural, **ends}[name] for name in table.names}
    certificate = inner.certificate
    if certificate.verdict is Verdict.MAXIMUM:
        declared = Declared(n_obs=arrangement.n_obs, theorem=certificate.theorem)
        tally = likelihood.tally(point, DERIVATIVES)
        found = at_outermost(table, natural, point, tally, tuple(ends), declared)
        return replace(found, trace=inner.trace)
    shown = listed(tuple(f"{name} = {value:g}" for name, value in ends.items()))
    both = (*certificate.parameters, *ends)
    certificate = replace(
        certificate,
        status={**certificate.status, **dict.fromkeys(ends, "edge")},
        parameters=both if certificate.verdict is Verdict.BOUNDARY else certificate.parameters,
        sentence=f"{certificate.sentence} The support ends at an outermost value of the data ({shown}).",
    )
    regular = np.zeros(k, dtype=bool)
    regular[others] = inner.regular
    score, whole = np.full(k, np.nan), np.full((k, k), np.nan)
    score[others], whole[np.ix_(others, others)] = inner.tally.score, inner.tally.information
    information = inner.information
    if information.shape[0] > np.count_nonzero(regular):
        # That of a flat likelihood is whole: what is held has a part of its own in it.
        information = np.eye(k)
        information[np.ix_(others, others)] = inner.information
    tally = Tally(inner.tally.value, inner.tally.absolute, score, whole)
    return Outcome(natural, point, inner.value, tally, regular, information, certificate, inner.trace)
