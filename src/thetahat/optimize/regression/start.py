"""Where the search for the maximum of a regression begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat.models._predictors import Group
from thetahat.models._regression_rows import PackedRegression
from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import SymmetricFactor
from thetahat.optimize.regression.wide import WIDE
from thetahat.regression_pass import RegressionArrangement

Vector = NDArray[np.float64]
REPEATED = 2_048
"""Points, about, that stand for weighted ones."""


def starting_point(arrangement: RegressionArrangement, start: Mapping[str, Any]) -> Vector:
    """Return the free vector at which every row has the parameters that the family's recipe gives for all of them.

    ``start`` holds values of the user's own: coefficients on the scale of the predictor, others on the natural one.
    """
    model, sample = arrangement.model, arrangement.sample
    theta = usual_parameters(arrangement)
    working = at_constants(model, sample, theta)
    table = model.table
    free_vector = working if table.all_free else working[table.free_index]
    for parameter, span in zip(table.free_parameters, table.free_slices, strict=True) if start else ():
        if parameter.name in start:
            value = np.asarray(start[parameter.name], dtype=float) / table.unit(parameter.name)
            free_vector[span] = parameter.domain.to_free(value)
    for name, others in table.shifts.items():
        if name in start:
            # The constant of centred columns, given beside the columns as they are.
            values = table.natural(free_vector)
            moved = start[name] - sum(factor * values[other] for other, factor in others.items())
            free_vector[table.entry(name)[1]] = moved / table.unit(name)
    return np.asarray(free_vector)


def usual_parameters(arrangement: RegressionArrangement) -> tuple[Any, ...]:
    """What the family's recipe gives for all rows together, or what it was given."""
    sample, family = arrangement.sample, arrangement.model.family
    points, weight = sample.points
    if weight is not None and float(weight.min()) < float(weight.max()):
        # Points repeated in proportion to their weights, so that start recipes need not know weights.
        points = np.repeat(points, np.maximum(np.round(weight / weight.sum() * REPEATED), 1).astype(int))
    known = {
        name: value if not np.ndim(value) else float(np.mean(value))
        for part in sample.parts[:1]
        for name, value in part.known.items()
    }
    values = family.start(points, known)
    given = family.given
    return tuple([given.get(p.name, value) for p, value in zip(family.declared, values, strict=True)])


def at_constants(model: RegressionModel, sample: PackedRegression, theta: Sequence[Any]) -> Vector:
    """Return the working vector at which every row has these parameters, as nearly as the designs allow."""
    working = np.zeros(model.table.n_working)
    groups = iter(model.predictors.groups)
    intercepts = [designer.intercept for designer in model.predictors.designers]
    for parameter, value in zip(model.family.declared, theta, strict=True):
        free = np.asarray(parameter.domain.to_free(np.asarray(value, dtype=float))).reshape(-1)
        taken = 0
        while taken < free.size:
            group = next(groups)
            if group.design is None:
                working[group.span] = free[taken]
            elif group.size > 1:
                rows = working[group.span].reshape(group.size, -1)
                for index, row in enumerate(rows):
                    row[:] = constant_level(sample, group, intercepts[group.design], float(free[index]))
            else:
                level = free[taken] if group.link is None else group.link.predictor(np.asarray(value))
                working[group.span] = constant_level(sample, group, intercepts[group.design], float(level))
            taken += group.size
    return working


def constant_level(sample: PackedRegression, group: Group, intercept: int | None, level: float) -> Vector:
    """Return the coefficients by which all predictors are at this level, as nearly as the design allows."""
    index = group.design
    assert index is not None  # noqa: S101 - asked of driven groups only
    parts = sample.parts
    width = parts[0].designs[index].n_columns
    column = (intercept, 1.0) if intercept is not None else None
    if column is None and len(parts) == 1:
        column = parts[0].designs[index].constant_column()
    if column is not None or width > WIDE:
        coefficients = np.zeros(width)
        if column is None:
            return coefficients
        shifts = [offset for offset in (part.offsets[index] for part in parts) if offset is not None]
        level -= float(np.concatenate(shifts).mean()) if shifts else 0.0
        coefficients[column[0]] = level / column[1]
        return coefficients
    gram, sums = np.zeros((width, width)), np.zeros(width)
    for part in parts:
        design, offset = part.designs[index], part.offsets[index]
        weight = np.ones(part.n_rows) if part.weight is None else part.weight
        gram += design.gram(weight)
        sums += design.transpose(weight * (level if offset is None else level - offset))
    gram[np.diag_indices(width)] *= 1.0 + 1e-10
    gram[np.diag_indices(width)] += np.finfo(float).tiny
    return SymmetricFactor(gram).solve(sums)
