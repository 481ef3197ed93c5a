"""Limiting regressions whose own maximum is on the edge where predictors end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.likelihood import Likelihood
from thetahat.models.regression import RegressionModel
from thetahat.optimize._optimizer import Search
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.declared import Declared
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.regression.limits import (
    limiting_model,
    limits_of_numbers,
    slope_on_leaving,
    typical_values,
)
from thetahat.optimize.regression.predictor_edges import on_the_edge
from thetahat.penalised_likelihood import penalised
from thetahat.penalties import Penalty
from thetahat.regression_pass import RegressionArrangement, packed_again

Vector = NDArray[np.float64]


def limit_on_the_edge(
    arrangement: RegressionArrangement,
    engine: Engine,
    starts: Sequence[Vector],
    search: Search,
    declared: Declared,
    penalty: Penalty | None,
    found: Outcome,
) -> Outcome | None:
    """A declared limit that has its maximum on an edge, and that nothing found is above; None where there is none."""
    model = arrangement.model
    for limit in limits_of_numbers(model):
        if limit.moving:
            continue
        limiting = limiting_model(limit, model)
        theirs = {ours: name for name, ours in limit.names.items()}
        passed = None if penalty is None else penalty.elsewhere(theirs, limit.parameter)
        if limiting is None or (penalty is not None and passed is None):
            continue
        packs = packed_again(limiting, arrangement, engine)
        blocks = arrangement.raw_blocks if packs is None else packs.copy
        again = Likelihood(limiting, blocks, packed=arrangement.packed, engine=engine)
        likelihood = penalised(again, passed)
        moved = [_moved(model, limiting, theirs, limit.parameter, start) for start in starts]
        there = replace(arrangement, model=limiting, blocks=blocks)
        edge = on_the_edge(there, engine, likelihood, moved, search, declared, passed)
        if edge is None or found.value - edge.value > found.tally.rounding + edge.tally.rounding:
            continue
        natural = {limit.names.get(name, name): value for name, value in edge.natural.items()}
        natural[limit.parameter] = np.inf
        scale = limit.scale(typical_values(limiting, edge.point, packs))
        slope, noise = slope_on_leaving(limit, arrangement, natural, {}, scale, engine)
        if slope <= noise:
            return _concluded(model, limit.parameter, limit.names, limiting, edge, natural, limit.chart)
    return None


def _moved(
    model: RegressionModel, limiting: RegressionModel, theirs: dict[str, str], lost: str, start: Vector
) -> Vector:
    here = model.table.natural(start)
    return limiting.table.free_from_natural(
        {theirs.get(name, name): value for name, value in here.items() if name != lost}
    )


def _concluded(
    model: RegressionModel,
    lost: str,
    ours: Mapping[str, str],
    limiting: RegressionModel,
    edge: Outcome,
    natural: dict[str, float],
    chart: str,
) -> Outcome:
    table, title = model.table, limiting.family.title
    there = edge.certificate
    names = [ours.get(name, name) for name in limiting.table.free_names]
    order = np.array([names.index(name) for name in table.free_names if name in names], dtype=np.intp)
    kept = np.array([name in names for name in table.free_names])
    point, regular = np.full(table.n_free, np.inf), np.zeros(table.n_free, dtype=bool)
    point[kept], regular[kept] = edge.point[order], edge.regular[order]
    status = {ours.get(name, name): kind for name, kind in there.status.items()}
    certificate = replace(
        there,
        verdict=Verdict.AT_INFINITY,
        exists=False,
        limit=title,
        status={name: status.get(name, "at_infinity") for name in table.names},
        parameters=(lost, *(ours.get(name, name) for name in there.parameters)),
        direction={lost: 1.0},
        digits=dict.fromkeys(table.names, float(np.nan)),
        sentence=f"No finite {lost} was found that does better than the limit, as far as was searched: the likelihood "
        f"rises towards {title} as {chart} falls to 0, and there: {there.sentence} Fit {title} instead.",
    )
    within = edge.regular[order]
    inner = np.cumsum(edge.regular) - 1
    picked = inner[order[within]]
    information = edge.information[np.ix_(picked, picked)] if picked.size else np.zeros((0, 0))
    tally = edge.tally.restrict(order)
    ordered = {name: natural[name] for name in table.names}
    return Outcome(ordered, point, edge.value, tally, regular, information, certificate, edge.trace)
