"""What theory says of the maximum of independent rows, and the region that it leaves a climb."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.engines import Engine
from thetahat.families._survey import Survey
from thetahat.first_pass import Arrangement
from thetahat.models.iid import IndependentModel
from thetahat.optimize.climb import Region
from thetahat.optimize.declared import Declared, always_smooth, smooth, theorem_of
from thetahat.optimize.parts import regularity_of

Vector = NDArray[np.float64]


def declare(arrangement: Arrangement, engine: Engine) -> Declared:
    """What theory says of these rows."""
    model, survey = arrangement.model, arrangement.survey
    family = model.family
    unbounded_in_theory = _unbounded_in_theory(arrangement, engine)
    theorem = theorem_of(family, survey)
    if not (model.table.all_free or family.affine or family.uniqueness_censored):
        # Concavity outlives the fixing of a parameter; other reasons for uniqueness need not.
        theorem = None
    if theorem is None and not model.table.all_free and not survey.truncated:
        from thetahat.optimize.ties import with_ties_given

        fixed = fixed_values(model)
        theorem = family.uniqueness_given(fixed, with_ties_given(arrangement, engine, fixed))
    ends = (survey.minimum, survey.maximum, survey.highest_low, survey.lowest_high)
    size = max((abs(end) for end in ends if np.isfinite(end)), default=1.0) or 1.0
    return Declared(
        n_obs=survey.n_obs,
        theorem=theorem,
        region=None if unbounded_in_theory is None or _region_is_fixed(model) else family.region(),
        unbounded_in_theory=unbounded_in_theory,
        regularity=smooth if always_smooth(family) else partial(regularity_of, family, model.table),
        n_rows=survey.n_rows,
        bounded=family.support.discrete,
        sizes=dict.fromkeys(family.scales, size),
    )


def fixed_values(model: IndependentModel) -> dict[str, Any]:
    """What is fixed, in the units in which the rows are packed."""
    table = model.table
    return {name: np.asarray(value) / table.unit(name) for name, value in table.fixed.items()}


def _region_is_fixed(model: IndependentModel) -> bool:
    return any(name in model.table.fixed for name in model.family.region_of)


def _unbounded_in_theory(arrangement: Arrangement, engine: Engine) -> str | None:
    """The family's sentence, unless every factor is a probability or what is fixed bounds the likelihood."""
    model, family = arrangement.model, arrangement.model.family
    if arrangement.survey.n_exact == 0:
        return None
    if family.unbounded_in_theory is not None and model.table.all_free:
        return family.unbounded_in_theory
    fixed = fixed_values(model)
    if family.unbounded_in_theory is None:
        return family.unbounded_by(fixed, arrangement.survey)
    from thetahat.optimize.ties import with_ties_given

    return family.unbounded_given(fixed, with_ties_given(arrangement, engine, fixed))


def regular_region(arrangement: Arrangement, engine: Engine) -> Region | None:
    """Where a climb may go: the family's regular region, where these rows need one; None for everywhere."""
    model = arrangement.model
    family = model.family
    if family.region() is None or _region_is_fixed(model):
        return None
    if _unbounded_in_theory(arrangement, engine) is None:
        return None
    surveyed: list[Survey] = []

    def inside(free: Vector) -> bool:
        if not surveyed:
            from thetahat.optimize.ties import with_ties

            surveyed.append(with_ties(arrangement, engine))
        return family.in_region(tuple(model.table.working(free)), surveyed[0])

    return inside
