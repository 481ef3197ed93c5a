"""The maximum of a limiting family that ends at a parameter, where outermost values do not settle which.

Rows that are known to intervals may pull the end beyond all values, where ℓ is smooth in it, or hold it at an end of
one of theirs, where ℓ has a kink. For a power law of given exponent ℓ is concave in the log of its end.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thetahat.families._survey import Survey
from thetahat.likelihood import Likelihood
from thetahat.models._rows import PackedRows
from thetahat.models.iid import IndependentModel
from thetahat.optimize._optimizer import Optimizer
from thetahat.optimize.climb import Conditions, climb
from thetahat.optimize.constrained import Constrained, maximise_pinned

Vector = NDArray[np.float64]


def maximise_with_edge(
    model: IndependentModel, likelihood: Likelihood, survey: Survey, sample: PackedRows, optimizer: Optimizer
) -> Vector | None:
    """Where ℓ is highest, the end on the outermost exact value, beyond it, or on an end of an interval.

    Parameters
    ----------
    model
        Of the limiting family, which has one parameter that ends its support.
    likelihood, survey
        Of its rows.
    sample
        Rows whose ends may hold the parameter.
    optimizer
        Who climbs.

    Returns
    -------
    array or None
        Free coordinates; None where no search came to an end.
    """
    table, family = model.table, model.family
    begin = model.starting_values(sample)
    if len(family.edges) != 1 or family.edges[0] not in table.free_names:
        search = climb(likelihood, optimizer, begin)
        return search.point if search.converged else None
    place = table.free_names.index(family.edges[0])
    parameter = table.by_name[family.edges[0]]

    def edge_at(exact: Survey) -> float:
        """The free coordinate at which the support ends on the outermost of exact values."""
        return float(parameter.domain.to_free(family.edge_values(exact)[parameter.name]))

    exact = replace(survey, highest_low=-np.inf, lowest_high=np.inf, n_truncated=0.0)

    def edge_of(end: float) -> float:
        return edge_at(replace(exact, n_exact=1.0, minimum=end, maximum=end))

    def held_at(value: float, start: Vector) -> Constrained:
        point = start.copy()
        point[place] = value
        return maximise_pinned(likelihood, np.array([place], dtype=np.intp), point, Conditions(optimizer))

    held: list[Constrained] = []
    if survey.n_exact > 0:
        held.append(held_at(edge_at(exact), begin))
        if held[0].converged:
            begin = held[0].point
    search = climb(likelihood, optimizer, begin)
    if search.converged:
        return search.point
    ends = np.unique(np.concatenate([sample.low, sample.high]))
    ends = ends[family.support.contains(ends)].tolist()
    if len(ends) > 1 and edge_of(ends[0]) > edge_of(ends[-1]):
        ends.reverse()
    beside = bisect(ends, search.point[place], key=edge_of)
    held += [held_at(edge_of(end), search.point) for end in ends[max(beside - 1, 0) : beside + 1]]
    best = max((item for item in held if item.converged), key=lambda item: item.value, default=None)
    if best is None or (search.tally is not None and best.value < search.tally.value - best.rounding):
        return None
    return best.point
