"""Every parameter of every smooth family that is regressed takes a formula, not the main one only."""

from __future__ import annotations

import numpy as np
import pytest
from tests.regression.grid import design, drawn, regressed_families

import thetahat as th
from thetahat.families import Family
from thetahat.models._predictors import primary_of

PAIRS = [
    (family, parameter.name)
    for family in regressed_families()
    for parameter in family.declared
    if parameter.name != primary_of(family) and not parameter.domain.vector
]


@pytest.mark.parametrize(("family", "name"), PAIRS, ids=[f"{family.name}-{name}" for family, name in PAIRS])
def test_a_formula_of_another_parameter_finds_a_likelihood_as_high_as_its_constant(
    family: Family, name: str
) -> None:
    rng = np.random.default_rng(5)
    columns = design(rng, "numeric")[:, :2]
    data = {"y": drawn(family, np.column_stack([columns, np.zeros(len(columns))]), rng), "x": columns[:, 1]}
    constant = th.fit(th.Regression("y ~ x", family), data)
    varying = th.fit(th.Regression("y ~ x", family, **{name: "~ x"}), data)
    assert f"{name}:x" in varying.names
    assert varying.log_likelihood >= constant.log_likelihood - 1e-6 * abs(constant.log_likelihood)
