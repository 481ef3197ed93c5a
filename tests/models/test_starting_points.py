"""Representative values of censored rows, from which start values are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.data import Block
from thetahat.models.iid import IndependentModel
from thetahat.response import IntervalCensored

INF = np.inf


def points_of(family: Any, low: list[float], high: list[float]) -> list[float]:
    model = IndependentModel(family, IntervalCensored("low", "high"), known=family.known_values)
    columns = {"low": np.array(low, dtype=float), "high": np.array(high, dtype=float)}
    points, weight = model.pack(Block(0, len(low), columns)).points(family.support)
    assert weight is None
    return points.tolist()


@pytest.mark.parametrize(
    ("family", "low", "high", "expected"),
    [
        (th.NegativeBinomial(), [4, -1, 2, -INF, 1], [4, INF, INF, 5, 6], [4, 3, 2, 4]),
        (th.Poisson(), [-0.5, -1], [INF, 0.5], [0]),
        (th.Poisson(), [-1, -0.5], [INF, INF], [0, 0]),
        (th.Binomial(trials=7), [2, -1], [INF, 1], [3, 0]),
        (th.Normal(), [-INF, 2, 1], [5, INF, 3], [5, 2, 2]),
        (th.Gamma(), [3, -1, -1, 2], [3, INF, 4, INF], [3, 2, 2]),
        (th.Beta(), [0.5, -1, -1], [0.5, 2, 0.5], [0.5, 0.25]),
    ],
)
def test_points_lie_in_the_support(family: Any, low: Any, high: Any, expected: list[float]) -> None:
    found = points_of(family, low, high)
    assert found == expected
    assert family.support.contains(found).all()


@pytest.mark.parametrize(
    ("family", "y"),
    [
        (th.NegativeBinomial(), [4, 2, 0]),
        (th.Poisson(), [4, 2, 0]),
        (th.Geometric(), [4, 2, 0]),
        (th.Gamma(), [4, 2, 1]),
    ],
)
def test_a_row_that_admits_the_whole_support_changes_nothing(family: Any, y: list[int]) -> None:
    fit = th.fit(family, th.Observations.interval([*y, -1], [*y, INF]))
    alone = th.fit(family, y)
    assert fit.certificate.verdict == "maximum"
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-12)
    for name, value in alone.estimates.items():
        assert fit.estimates[name] == pytest.approx(value, rel=1e-7)
