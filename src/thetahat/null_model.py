"""The null model of a regression: a constant in the place of each predictor."""

from __future__ import annotations

import numpy as np

from thetahat._errors import InferenceError
from thetahat.arguments import DEFAULT_OPTIMIZER
from thetahat.designs import ConstantDesigner, Designer, WithoutConstant
from thetahat.models._predictors import predictors, primary_of
from thetahat.models.regression import RegressionModel
from thetahat.regressing import solve_model
from thetahat.solved import Solved


def solve_null(solved: Solved, purpose: str, *, held: bool = False) -> Solved:
    """Fit the same rows, with their weights and offsets, to constants.

    Parameters
    ----------
    solved
        A regression with its data.
    purpose
        What it is wanted for, as the subject of an error message.
    held
        Whether all but the primary parameter and what holds its constant stay as they are, held at their estimates.

    Raises
    ------
    InferenceError
        If this is no regression, there are no data, or what is to be held is not finite.
    """
    model, solution, source = solved.regression, solved.solution, solved.source
    likelihood = solution.with_data(purpose)
    if model is None or source is None:
        raise InferenceError(
            f"{purpose} compares a regression with its null model, and {likelihood.model.name} was fitted without "
            "predictors"
        )
    solution.refuse_unless_usable(purpose)
    solution.refuse_if_changed(purpose)
    family, laid_out = model.family, model.predictors
    primary = primary_of(family)
    # Thresholds are the constants of an ordinal regression, so that there is nothing to hold and no other constant.
    held = held and not family.holds_constant
    links = {
        owner: group.link.name
        for index, owner in enumerate(laid_out.owners)
        for group in laid_out.groups
        if group.design == index and group.link is not None
    }
    designers: dict[str, Designer] = {}
    for owner, designer in zip(laid_out.owners, laid_out.designers, strict=True):
        prefix = "" if owner == primary else f"{owner}:"
        designers[owner] = designer if held and owner != primary else ConstantDesigner(designer, prefix)
        if family.holds_constant and owner == primary:
            designers[owner] = WithoutConstant(designers[owner])
    constants = predictors(family, designers, links, {}).table.parameters
    # The primary parameter's constants come first, one for each of its coordinates.
    first = next(p.domain.free_size for p in family.declared if p.name == primary)
    fixed = {name: value for name, value in model.table.fixed.items() if name in {p.name for p in constants}}
    for parameter in constants[first:] if held else ():
        values = [solution.natural[name] for name in parameter.names]
        if not np.isfinite(values).all():
            raise InferenceError(
                f"{purpose} holds {parameter.name} at its estimate, which is not finite; compare with null_model()"
            )
        fixed[parameter.name] = np.array(values) if parameter.domain.vector else values[0]
    fixed = {name: value for name, value in fixed.items() if name not in family.given}
    null = RegressionModel(
        model.reader, predictors(family, designers, links, fixed, laid_out.unit), {}, model.selection
    )
    climber = DEFAULT_OPTIMIZER if solution.conditions is None else solution.conditions.optimizer
    return solve_model(null, source, start={}, climber=climber, engine=likelihood.engine)
