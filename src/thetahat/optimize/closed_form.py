"""The outcome of a closed form: what it gave is taken as it is, and examined once."""

from __future__ import annotations

from typing import Any

import numpy as np

from thetahat.families._contract import EDGE
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_edge, at_outermost
from thetahat.optimize.outcome import Outcome
from thetahat.optimize.verdict import judge


def at_closed_form(
    model: IndependentModel,
    likelihood: Likelihood,
    theta: tuple[Any, ...],
    declared: Declared,
) -> Outcome:
    """What a closed form gave: a maximum, on an edge of the parameter space, or where the support ends."""
    table = model.table
    natural: dict[str, float] = {}
    point: list[float] = []
    edges: list[str] = []
    ends = tuple(name for name in model.family.edges if name in table.free_names)
    for parameter, value in zip(model.family.declared, theta, strict=True):
        if parameter.name in table.fixed:
            natural.update(
                zip(parameter.names, np.atleast_1d(table.fixed[parameter.name]).tolist(), strict=True)
            )
            continue
        if not parameter.domain.vector and not parameter.domain.is_edge(value):
            point.append(float(parameter.domain.to_free(value)))
            natural[parameter.name] = float(value) * table.unit(parameter.name)
            continue
        free = np.atleast_1d(np.asarray(parameter.domain.to_free(value), dtype=float))
        numbers = np.atleast_1d(np.asarray(value, dtype=float))
        entries = numbers * table.unit(parameter.name)
        on_edge = parameter.domain.edges(numbers)
        natural.update(zip(parameter.names, entries.tolist(), strict=True))
        edges.extend(name for name, edge in zip(parameter.names, on_edge, strict=True) if edge)
        point.extend((parameter.domain.beside_edge(value, EDGE) if any(on_edge) else free).tolist())
    at = np.array(point, dtype=float)
    if ends:
        return at_outermost(table, natural, at, likelihood.tally(at, DERIVATIVES), ends, declared)
    if edges:
        return at_edge(table, natural, at, likelihood.tally(at, DERIVATIVES), tuple(edges), declared)
    # The closed form is the answer; one look at the derivatives there is the evidence for it.
    return judge(likelihood, Settled(at, likelihood.tally(at, DERIVATIVES)), declared)
