"""Least squares on few rows of one predictor: the same sums and the same maxima, with fewer of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.models import DERIVATIVES
from thetahat.models._one_predictor import RowsOfOnePredictor
from thetahat.models._regression_sums import tally_part
from thetahat.models.regression import RegressionModel
from thetahat.optimize.regression import regression
from thetahat.optimize.regression.reweighted import reweighted

N = 150


def drawn(family: th.Family, seed: int = 3) -> tuple[Any, Any]:
    """A design with a constant, and values that follow it."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(N), rng.standard_normal((N, 2))])
    mean = np.exp(x @ np.array([0.3, 0.7, -0.4]))
    draws = {
        "Bernoulli": lambda: rng.random(N) < mean / (1.0 + mean),
        "Poisson": lambda: rng.poisson(mean),
        "Exponential": lambda: rng.exponential(mean),
        "Geometric": lambda: rng.geometric(1.0 / (1.0 + mean)) - 1,
        "Binomial": lambda: rng.binomial(7, mean / (1.0 + mean)),
    }
    return x, draws[type(family).__name__]()


FAMILIES = [
    (th.Bernoulli(), {}),
    (th.Bernoulli(), {"prob": "probit"}),
    (th.Bernoulli(), {"prob": "cloglog"}),
    (th.Poisson(), {}),
    (th.Exponential(), {}),
    (th.Geometric(), {}),
    (th.Binomial(trials=7), {}),
]


@pytest.mark.parametrize(("family", "links"), FAMILIES)
@pytest.mark.parametrize("beside", [False, True])
def test_sums_of_one_predictor_are_those_of_any(
    family: th.Family, links: dict[str, str], beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = drawn(family)
    rng = np.random.default_rng(4)
    options: dict[str, Any] = (
        {"weights": rng.integers(1, 4, N), "offset": rng.normal(size=N)} if beside else {}
    )
    seen = []

    def tally(model: RegressionModel, packed: Any, working: Any, order: int) -> Any:
        seen.extend((model, part, working) for part in packed.parts)
        return original(model, packed, working, order)

    original = RegressionModel.tally
    monkeypatch.setattr(RegressionModel, "tally", tally)
    fit = th.regress(x, y, family, links=links, start={"x0": 0.1}, **options)
    assert fit.certificate.verdict == "maximum"
    assert len(seen) > 2
    for model, part, working in seen:
        rows = RowsOfOnePredictor.of(model.family, model.predictors, part)
        assert rows is not None
        short = rows.tally(working)
        long = tally_part(model.family, model.predictors, part, working, DERIVATIVES)
        assert short is not None
        assert (short.value, short.absolute, short.densest) == (long.value, long.absolute, long.densest)
        np.testing.assert_array_equal(short.score, long.score)
        np.testing.assert_array_equal(short.information, long.information)
        np.testing.assert_array_equal(short.absolute_score, long.absolute_score)


@pytest.mark.parametrize(("family", "links"), FAMILIES)
def test_the_maximum_is_that_of_a_search_from_elsewhere(family: th.Family, links: dict[str, str]) -> None:
    x, y = drawn(family)
    fit, other = (th.regress(x, y, family, links=links, start=start) for start in (None, {"x1": 0.0}))
    errors = np.array(list(fit.standard_errors.values()))
    gap = np.array(list(fit.estimates.values())) - list(other.estimates.values())
    assert np.abs(gap / errors).max() < 1e-10
    assert fit.standard_errors == pytest.approx(other.standard_errors, rel=1e-10)
    assert fit.certificate.verdict == other.certificate.verdict == "maximum"
    assert fit.certificate.sentence == other.certificate.sentence
    assert fit.certificate.newton_decrement <= 1e-22
    assert len(fit.trace) < len(other.trace)
    assert [step.iteration for step in fit.trace] == list(range(1, len(fit.trace) + 1))


def test_no_rows_are_summed_at_a_point_from_which_nobody_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "starting_point", None)
    x, y = drawn(th.Bernoulli())
    assert len(th.regress(x, y, th.Bernoulli()).trace) <= 4


def test_values_far_apart_are_left_to_the_usual_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of which a step of least squares makes rates that the next steps hardly come back from."""
    x = np.column_stack([np.ones(20), np.r_[np.zeros(19), 1.0], np.r_[np.zeros(18), 1.0, 0.0]])
    y = np.r_[np.ones(18), 1e3, 1e5]
    found = []

    def kept(*arguments: Any) -> Any:
        found.append(reweighted(*arguments))
        return found[-1]

    monkeypatch.setattr(regression, "reweighted", kept)
    fit = th.regress(x, y, th.Poisson())
    assert found == [None]
    assert fit.certificate.verdict == "maximum"
    wanted = [0.0, np.log(1e5), np.log(1e3)]
    np.testing.assert_allclose(list(fit.estimates.values()), wanted, rtol=1e-9, atol=1e-9)


def test_separated_rows_and_aliased_columns_are_told_as_before() -> None:
    x = np.column_stack([np.ones(20), np.arange(20.0)])
    fit = th.regress(x, np.arange(20) > 8, th.Bernoulli())
    assert fit.certificate.verdict == "at_infinity"
    with pytest.raises(th.DataError, match=r"aliased|combination"):
        th.regress(np.column_stack([x, x[:, 1] - 3.0]), np.arange(20) % 3 == 0, th.Bernoulli())


@pytest.mark.parametrize("farthest", [30.0, 300.0, 400.0, 1e4])
def test_few_logits_have_the_terms_of_many(farthest: float) -> None:
    logit = np.linspace(-farthest, farthest, 401)
    y = np.arange(401) % 2.0
    few = th.Bernoulli().derivatives((y,), (logit,))
    many = th.Bernoulli().derivatives((np.tile(y, 2),), (np.tile(logit, 2),))
    for ours, theirs in zip(
        (few.value, few.gradient[0], few.hessian[0]),
        (many.value, many.gradient[0], many.hessian[0]),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs[:401], rtol=4e-15, atol=1e-300)
