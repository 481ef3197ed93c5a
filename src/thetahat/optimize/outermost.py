"""Maxima at which the support ends on outermost values, where there is no closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.families import Family
from thetahat.families._survey import Survey
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES
from thetahat.models.iid import IndependentModel
from thetahat.optimize.climb import Conditions
from thetahat.optimize.constrained import maximise_pinned
from thetahat.optimize.declared import Declared
from thetahat.optimize.edges import at_outermost
from thetahat.optimize.outcome import Outcome

Vector = NDArray[np.float64]


def refuse_unfit(family: Family, survey: Survey) -> None:
    """Refuse rows, not all exact, from which the family is not estimated.

    Raises
    ------
    ModelError
        If there are rows of a kind that it does not take.
    """
    name = type(family).__name__
    if family.exact_only:
        raise ModelError(
            f"{name} is fitted to rows that are known exactly, and some here are known to intervals; leave those out, "
            "or choose a family that takes them"
        )
    if family.open_only and np.isfinite(survey.lowest_high):
        raise ModelError(
            f"{name} is fitted to rows that are known exactly or to exceed a value, and some here are known to lie "
            "below one; leave those out, or choose a family that takes them"
        )


def where_it_breaks_off(
    model: IndependentModel,
    likelihood: Likelihood,
    survey: Survey,
    begin: Vector,
    conditions: Conditions,
    declared: Declared,
) -> Outcome | None:
    """The maximum over the other parameters, with those that end the support where the family says; None if unsaid."""
    table = model.table
    ends = {
        name: value for name, value in model.family.edge_values(survey).items() if name in table.free_names
    }
    if not ends:
        return None
    at = begin.copy()
    pinned: list[int] = []
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True):
        if parameter.name in ends:
            at[span] = parameter.domain.to_free(ends[parameter.name])
            pinned.extend(range(span.start, span.stop))
    if len(pinned) < at.size:
        found = maximise_pinned(likelihood, np.array(pinned, dtype=np.intp), at, conditions)
        if not found.converged:
            return None
        at = found.point
    natural = table.natural(at)
    natural.update({name: value * table.unit(name) for name, value in ends.items()})
    return at_outermost(table, natural, at, likelihood.tally(at, DERIVATIVES), tuple(ends), declared)
