"""Regressions of thousands of penalised coefficients: the same maximum as with matrices, and never a false one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import thetahat as th
from thetahat.optimize.regression import wide
from thetahat.optimize.truncated_newton import HeldInformation, approached

N, P = 400, 60


def sample(seed: int = 0) -> tuple[Any, np.random.Generator]:
    rng = np.random.default_rng(seed)
    matrix = sparse.random_array((N, P), density=0.1, rng=rng, format="csr")
    return matrix @ sparse.diags_array(10.0 ** rng.uniform(-1, 1, size=P)), rng


def responses(rng: np.random.Generator) -> dict[str, tuple[th.Family, Any]]:
    return {
        "bernoulli": (th.Bernoulli(), rng.integers(0, 2, size=N)),
        "poisson": (th.Poisson(), rng.poisson(1.3, size=N)),
        "categorical": (th.Categorical(), rng.integers(0, 3, size=N)),
        "normal": (th.Normal(sd=1.0), rng.normal(size=N)),
        "exponential": (th.Exponential(), rng.exponential(size=N)),
    }


@pytest.mark.parametrize("name", ["bernoulli", "poisson", "categorical", "normal", "exponential"])
@pytest.mark.parametrize("intercept", [False, True])
def test_the_same_maximum_without_matrices(
    name: str, intercept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, rng = sample()
    family, y = responses(rng)[name]
    weights = rng.integers(1, 4, size=N)
    options = {"intercept": intercept, "weights": weights, "penalty": th.Ridge(0.3)}
    dense = th.regress(matrix.toarray(), y, family, **options)
    monkeypatch.setattr(wide, "WIDE", 10)
    without = th.regress(matrix, y, family, **options)
    assert (without.certificate.verdict, without.certificate.scope) == ("maximum", "global")
    assert without.certificate.newton_decrement <= 1e-10
    assert without.penalised_log_likelihood == pytest.approx(dense.penalised_log_likelihood, abs=1e-9)
    assert {without.certificate.status[key] for key in without.free_names} == {"too_many"}
    digits, errors = without.certificate.digits, dense.standard_errors
    for key in dense.free_names:
        value = dense.estimates[key]
        assert without.estimates[key] == pytest.approx(value, abs=1e-4 * errors[key])
        assert abs(without.estimates[key] - value) <= 10 ** -digits[key] * abs(value) + 1e-9
    assert np.isnan(list(without.standard_errors.values())).all()


def test_products_are_those_of_the_matrix() -> None:
    matrix, rng = sample()
    for family, y in responses(rng).values():
        fit = th.regress(matrix, y, family, intercept=True, fixed={}, penalty=th.Ridge(0.3))
        likelihood: Any = fit.solution.with_data("a test")
        information = likelihood.tally(fit.solution.point).information
        held = HeldInformation(likelihood, fit.solution.point)
        vector = rng.normal(size=len(information))
        assert held.product(vector) == pytest.approx(information @ vector, rel=1e-10, abs=1e-10)
        assert held.diagonal() == pytest.approx(np.diag(information), rel=1e-11)


def test_points_further_on_have_value_and_score_of_their_own() -> None:
    matrix, rng = sample()
    offset = rng.normal(size=N)
    for family, y in responses(rng).values():
        fit = th.regress(matrix, y, family, intercept=True, offset=offset, penalty=th.Ridge(0.3))
        likelihood: Any = fit.solution.with_data("a test")
        here = HeldInformation(likelihood, fit.solution.point)
        step = 1e-2 * rng.normal(size=fit.solution.point.size)
        there = here.moved(step, here.product_along(step)[1], 0.5)
        direct = likelihood.tally(fit.solution.point + 0.5 * step)
        assert there.tally.value == pytest.approx(direct.value, rel=1e-12)
        assert there.tally.score == pytest.approx(direct.score, rel=1e-9, abs=1e-9)
        assert there.product(step) == pytest.approx(direct.information @ step, rel=1e-9, abs=1e-9)


def test_an_approach_without_penalty_goes_up_and_stops_where_nothing_is_told() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(N), rng.normal(size=(N, 5))])
    fit = th.regress(x, rng.poisson(np.exp(0.5 * x[:, 1] + 1.0)), th.Poisson())
    likelihood: Any = fit.solution.with_data("a test")
    start = np.zeros(6)
    lacking = fit.log_likelihood - likelihood.tally(start).value
    assert 0.0 <= fit.log_likelihood - likelihood.tally(approached(likelihood, start)).value < 0.05 * lacking
    x[:, 5] = 0.0
    held = th.regress(x, np.arange(N) % 3, th.Poisson(), penalty=th.Ridge(1.0)).solution.with_data("a test")
    assert held is not None
    assert approached(held.unpenalised, start).tolist() == start.tolist()


def test_a_constant_that_runs_away_is_no_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "WIDE", 10)
    matrix, _ = sample()
    fit = th.regress(matrix, np.ones(N), th.Bernoulli(), intercept=True, penalty=th.Ridge(0.3))
    assert fit.certificate.verdict == "not_converged"
    assert "nothing holds Intercept" in fit.certificate.sentence
    alone = th.regress(matrix, np.ones(N), th.Bernoulli(), penalty=th.Ridge(0.3))
    assert alone.certificate.verdict == "maximum"


def test_what_is_not_concave_keeps_its_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "WIDE", 10)
    matrix, rng = sample()
    fit = th.regress(matrix, rng.normal(size=N), th.Normal(), penalty=th.Ridge(0.3))
    assert np.isfinite(list(fit.standard_errors.values())).all()
    monkeypatch.setattr(wide, "MOST_DENSE", 20)
    with pytest.raises(th.ModelError, match="concave"):
        th.regress(matrix, rng.normal(size=N), th.Normal(), penalty=th.Ridge(0.3))
    with pytest.raises(th.ModelError, match="give a penalty"):
        th.regress(matrix, rng.integers(0, 2, size=N), th.Bernoulli())


def test_fifty_thousand_coefficients(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    n, p = 2_000, 50_000
    places = rng.integers(0, p, size=(n, 20))
    matrix = sparse.csr_array(
        (rng.normal(size=n * 20), places.ravel(), np.arange(0, n * 20 + 1, 20)), shape=(n, p)
    )
    y = rng.integers(0, 2, size=n)
    fit = th.regress(matrix, y, th.Bernoulli(), penalty=th.Ridge(1.0))
    assert fit.certificate.verdict == "maximum"
    beta = np.array(list(fit.estimates.values()))
    prob = 1 / (1 + np.exp(-(matrix @ beta)))
    assert np.linalg.norm(matrix.T @ (y - prob) - beta) <= 1.5e-5
    text = str(fit.summary())
    assert "49,960 more parameters" in text
    assert len(repr(fit)) < 500
    assert np.isnan(list(fit.intervals().values())).all()
    with pytest.raises(th.InferenceError, match="too many"):
        fit.covariance()
    with pytest.raises(th.InferenceError, match="49,999 other"):
        fit.profile("x3")
    fit.save(tmp_path / "fit.json")
    fit.report(tmp_path / "fit.html")
    assert (tmp_path / "fit.html").stat().st_size < 1e5
