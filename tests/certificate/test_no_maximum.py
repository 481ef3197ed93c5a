"""Verdicts on data that have no usual maximum, made for each: unbounded, few rows, saddle, flat, not converged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.certificate.checking import CONTINUOUS, check, in_good_english

import thetahat as th

# ---- unbounded --------------------------------------------------


@pytest.mark.parametrize("family", CONTINUOUS)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_constant_data_are_a_spike(family: Any, n: int) -> None:
    fit = th.fit(family(), np.full(n, 0.3))
    certificate = check(fit, "unbounded", exists=False, parameters=tuple(fit.estimates))
    assert np.isnan(list(fit.estimates.values())).all()
    assert set(certificate.status.values()) == {"unbounded"}
    assert "interval" in certificate.sentence


def test_the_exponential_has_its_spike_at_zero_only() -> None:
    check(th.fit(th.Exponential(), [0.0, 0.0]), "unbounded", exists=False, parameters=("rate",))
    check(th.fit(th.Exponential(), [3.0, 3.0]), "maximum", exists=True, parameters=())


@pytest.mark.parametrize("family", CONTINUOUS)
def test_a_spike_beside_censored_rows_that_admit_it(family: Any) -> None:
    data = th.Observations.right_censored([0.3, 0.3, 0.2], [1, 1, 0])
    assert th.fit(family(), data).certificate.verdict == "unbounded"


@pytest.mark.parametrize("family", [th.Normal, th.LogNormal, th.Logistic, th.Gamma, th.Weibull, th.Beta])
def test_no_spike_beside_a_censored_row_that_does_not_admit_it(family: Any) -> None:
    data = th.Observations.right_censored([0.3, 0.3, 0.5], [1, 1, 0])
    check(th.fit(family(), data), "maximum", exists=True, parameters=())


@pytest.mark.parametrize(
    ("family", "fixed", "verdict"),
    [
        (th.Normal(), {"sd": 1.0}, "maximum"),
        (th.Normal(), {"mean": 1.0}, "maximum"),
        (th.Normal(), {"mean": 3.0}, "unbounded"),
        (th.Weibull(), {"shape": 1.0}, "maximum"),
        (th.Weibull(), {"scale": 3.0}, "unbounded"),
        (th.Gamma(), {"rate": 1.0}, "maximum"),
        (th.StudentT(), {"df": 1.0}, "unbounded"),
        (th.StudentT(), {"scale": 1.0}, "at_infinity"),
        (th.GEV(), {"shape": 0.1}, "unbounded"),
        (th.LogNormal(), {"sd_log": 1.0}, "maximum"),
    ],
)
def test_constant_data_beside_fixed_parameters(family: Any, fixed: dict[str, float], verdict: str) -> None:
    fit = th.fit(family, [3.0, 3.0, 3.0], fixed=fixed)
    assert fit.certificate.verdict == verdict
    (name,) = fixed
    assert fit.certificate.status[name] == "fixed"
    assert np.isnan(fit.standard_errors[name])


def test_ties_bound_the_region_of_student_t() -> None:
    """Five of nine equal: regular for df above 5/4, within which no maximum is left."""
    fit = th.fit(th.StudentT(), [3.0] * 5 + [4.0, 7.0, 1.0, 2.0])
    certificate = check(fit, "unbounded", exists=False, parameters=("location", "scale", "df"))
    assert certificate.region is not None
    assert "df above" in certificate.region


def test_rounded_heavy_tails_keep_their_maximum() -> None:
    y = np.round(np.random.default_rng(8).standard_t(2, 300), 1)
    fit = th.fit(th.StudentT(), y)
    assert check(fit, "maximum", exists=True, parameters=()).scope == "local"
    assert 1.0 < fit.estimates["df"] < 4.0


@pytest.mark.parametrize("data", [[2.0, 3.0], [2.0, 3.0, 7.0], np.linspace(0.0, 1.0, 8) ** 0.05])
def test_gev_without_a_maximum_in_its_region(data: Any) -> None:
    fit = th.fit(th.GEV(), data)
    check(fit, "unbounded", exists=False, parameters=("location", "scale", "shape"))


# ---- one or two rows --------------------------------------------


@pytest.mark.parametrize(
    ("family", "y", "verdict"),
    [
        (th.Normal(), [0.2, 0.3], "maximum"),
        (th.LogNormal(), [0.2, 0.3], "maximum"),
        (th.Logistic(), [0.2, 0.3], "maximum"),
        (th.Gamma(), [0.2, 0.3], "maximum"),
        (th.Weibull(), [0.2, 0.3], "maximum"),
        (th.Beta(), [0.2, 0.3], "maximum"),
        (th.Exponential(), [0.2], "maximum"),
        (th.Exponential(), [0.2, 0.3], "maximum"),
        (th.StudentT(), [0.2, 0.3], "at_infinity"),
        (th.GEV(), [0.2, 0.3], "unbounded"),
        (th.Bernoulli(), [1], "boundary"),
        (th.Bernoulli(), [0, 1], "maximum"),
        (th.Binomial(trials=4), [1], "maximum"),
        (th.Poisson(), [3], "maximum"),
        (th.Geometric(), [3], "maximum"),
        (th.NegativeBinomial(), [3], "at_infinity"),
        (th.NegativeBinomial(), [0, 9], "maximum"),
        (th.Categorical(levels=["a", "b"]), ["a"], "boundary"),
    ],
)
def test_one_or_two_rows(family: Any, y: list[Any], verdict: str) -> None:
    fit = th.fit(family, y)
    assert fit.certificate.verdict == verdict
    assert in_good_english(fit.certificate.sentence)


@pytest.mark.parametrize(
    ("y", "verdict", "runaway"),
    [
        ([1.0], "unbounded", ""),
        ([1.0, 1.0, 1.0], "unbounded", ""),
        ([5.0], "at_infinity", "df1"),
        ([2.0, 2.0, 2.0], "at_infinity", "df1"),
        ([0.5, 0.5], "at_infinity", "df2"),
        ([1.01] * 3, "at_infinity", "df1"),
        ([1, 1, 1, 1, 1, 1, 1.001], "at_infinity", "df1"),
    ],
)
def test_degrees_of_freedom_of_tied_ratios_run_away(y: list[float], verdict: str, runaway: str) -> None:
    """Both gather the mass on 1, and on no other value; rounding is all that is left of their curvature far out."""
    fit = th.fit(th.FisherF(), y)
    assert fit.certificate.verdict == verdict
    assert np.isnan([fit.standard_errors[name] for name in ("df1", "df2")]).all()
    if runaway:
        assert fit.estimates[runaway] == np.inf
        assert fit.certificate.status[runaway] == "at_infinity"
        other = {name: value for name, value in fit.estimates.items() if name != runaway}
        near = th.FisherF(**other, **{runaway: 1e9}).log_prob(np.array(y)).sum()
        assert fit.certificate.supremum == pytest.approx(near, abs=1e-3)


# ---- saddle, flat, not converged --------------------------------


def test_a_stationary_point_that_is_no_maximum() -> None:
    """Between two far points Cauchy's likelihood has a minimum in the location."""
    fixed = {"scale": 1.0, "df": 1.0}
    options = {"fixed": fixed, "start": {"location": 0.0}}
    fit = th.fit(th.StudentT(), [-10.0, 10.0], optimizer=th.Newton(max_iterations=0), **options)
    certificate = check(fit, "saddle", exists=None, parameters=("location",))
    assert certificate.direction is not None
    assert certificate.direction["location"] != 0.0
    # With iterations the search leaves it.
    again = th.fit(th.StudentT(), [-10.0, 10.0], **options)
    check(again, "maximum", exists=True, parameters=())
    assert abs(again.estimates["location"]) == pytest.approx(np.sqrt(99.0), rel=1e-10)


def test_rows_that_say_nothing_are_flat() -> None:
    fit = th.fit(th.Bernoulli(), th.Observations.interval([-0.5, -0.5], [1.0, 1.0]))
    assert check(fit, "flat", exists=True, parameters=("prob",)).supremum == 0.0


def test_open_rows_at_one_point_are_flat() -> None:
    """Only F(1) is known: a curve of means and spreads has it."""
    data = th.Observations.interval([1.0, -np.inf, -np.inf], [np.inf, 1.0, 1.0])
    fit = th.fit(th.Normal(), data)
    certificate = check(fit, "flat", exists=True, parameters=("mean", "sd"))
    assert certificate.supremum == pytest.approx(2 * np.log(2 / 3) + np.log(1 / 3), rel=1e-12)


@pytest.mark.parametrize("family", [th.Weibull(), th.StudentT(), th.GEV(), th.Beta()])
@pytest.mark.parametrize("iterations", [0, 1])
def test_a_spent_budget_is_no_verdict_on_the_data(family: Any, iterations: int) -> None:
    rng = np.random.default_rng(1)
    y = rng.beta(2, 3, 50) if family.name == "beta" else np.abs(rng.standard_t(3, 50)) + 0.1
    fit = th.fit(family, y, optimizer=th.Newton(max_iterations=iterations))
    certificate = check(fit, "not_converged", exists=None, parameters=tuple(fit.estimates))
    assert np.isnan(certificate.supremum)
    assert f"{iterations} iteration" in certificate.sentence
    assert "max_iterations" in certificate.sentence
    assert np.isfinite(fit.log_likelihood)


def test_the_start_itself_may_be_the_maximum() -> None:
    data = [1.0, 2.0, 4.0, 9.0]
    best = th.fit(th.Weibull(), data)
    fit = th.fit(th.Weibull(), data, start=best.estimates, optimizer=th.Newton(max_iterations=0))
    check(fit, "maximum", exists=True, parameters=())
    assert fit.estimates == pytest.approx(best.estimates, rel=1e-12)


def test_no_finite_start() -> None:
    data = [1.0, 2.0, 300.0]
    fit = th.fit(th.GEV(), data, start={"location": 0.0, "scale": 1.0, "shape": -0.4})
    assert fit.certificate.verdict == th.fit(th.GEV(), data).certificate.verdict
