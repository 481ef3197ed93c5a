"""Edges and limits of the families whose likelihood breaks off, collapses or flattens in its own way."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th


def test_a_uniform_is_at_outermost_values_and_without_uncertainty_of_curvature():
    fit = th.fit(th.Uniform(), [3.0, 5.0, 9.5, 7.0])
    assert fit.estimates == {"low": 3.0, "high": 9.5}
    assert fit.log_likelihood == pytest.approx(-4 * np.log(6.5))
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.exists
    assert fit.certificate.scope == "global"
    assert fit.certificate.direction == {"low": 1.0, "high": -1.0}
    assert not fit.certificate.allows_standard_errors
    with pytest.raises(th.ThetahatError, match="irregular"):
        fit.profile("low")


@pytest.mark.parametrize("how", ["given", "fixed", "fixed, and a start"])
def test_the_other_end_of_a_uniform_may_be_known(how):
    family = th.Uniform(low=1.0) if how == "given" else th.Uniform()
    fit = th.fit(
        family,
        [3.0, 5.0, 9.5],
        fixed=None if how == "given" else {"low": 1.0},
        start={"high": 20.0} if how.endswith("start") else None,
    )
    assert fit.estimates == {"low": 1.0, "high": 9.5}
    assert fit.certificate.status == {"low": "fixed", "high": "edge"}


def test_ends_that_shut_a_value_out_are_no_maximum():
    assert th.fit(th.Uniform(low=4.0), [3.0, 5.0]).certificate.verdict == "not_converged"


def test_one_value_is_unbounded_under_a_uniform_and_certain_under_a_discrete_one():
    assert th.fit(th.Uniform(), [2.0, 2.0]).certificate.verdict == "unbounded"
    fit = th.fit(th.DiscreteUniform(), [2, 2])
    assert fit.estimates == {"low": 2.0, "high": 2.0}
    assert fit.log_likelihood == 0.0


@pytest.mark.parametrize("family", [th.Uniform(), th.DiscreteUniform()])
def test_ends_are_not_regressed(family):
    with pytest.raises(th.ModelError, match=r"support ends at low and high.*quantile"):
        th.regress([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0], family)


@pytest.mark.parametrize(
    ("family", "values", "words"),
    [
        (th.Uniform, {"low": 3.0, "high": 3.0}, "low must lie below high"),
        (th.DiscreteUniform, {"low": 3, "high": 2}, "low must not exceed high"),
    ],
)
def test_ends_stand_in_order(family, values, words):
    with pytest.raises(th.ParameterError, match=words):
        family(**values)


def test_a_beta_binomial_that_does_not_vary_more_is_binomial():
    fit = th.fit(th.BetaBinomial(trials=10), [3, 3, 4])
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Binomial"
    assert fit.estimates["mean"] == pytest.approx(1 / 3, rel=1e-12)


def test_a_beta_binomial_of_all_or_nothing_has_precision_zero():
    fit = th.fit(th.BetaBinomial(trials=10), [0, 0, 10])
    assert fit.certificate.verdict == "boundary"
    assert fit.estimates["precision"] == 0.0
    assert fit.estimates["mean"] == pytest.approx(1 / 3, rel=1e-9)
    assert fit.standard_errors["mean"] == pytest.approx(np.sqrt(2 / 27), rel=1e-6)


@pytest.mark.parametrize(
    ("family", "data", "name", "edge", "verdict"),
    [
        (th.GeneralizedPoisson(), [3, 3, 4], "dispersion", 0.0, "boundary"),
        (th.LogSeries(), [1, 1, 1], "prob", 0.0, "boundary"),
        (th.Zeta(), [1, 1, 1], "exponent", np.inf, "at_infinity"),
        (th.Skellam(), [1, 2, 5], "rate2", 0.0, "boundary"),
        (th.Skellam(), [-1, -2, -5], "rate1", 0.0, "boundary"),
        (th.Skellam(), [0, 0], "rate1", 0.0, "boundary"),
        (th.Skellam(), th.Observations.interval([-np.inf] * 2, [1, 2]), "rate2", np.inf, "at_infinity"),
        (th.Skellam(), th.Observations.interval([1, 2], [np.inf] * 2), "rate1", np.inf, "at_infinity"),
        (th.ConwayMaxwellPoisson(), [3, 3, 4], "nu", np.inf, "at_infinity"),
        (th.ConwayMaxwellPoisson(), [0, 0, 30, 1, 0, 2], "nu", 0.0, "boundary"),
        (th.VonMises(), [0.0, np.pi], "concentration", 0.0, "boundary"),
    ],
)
def test_parameters_that_reach_an_edge(family, data, name, edge, verdict):
    fit = th.fit(family, data)
    assert fit.certificate.verdict == verdict
    assert fit.estimates[name] == edge
    assert np.isnan(fit.standard_errors[name])
    assert np.isfinite(fit.log_likelihood)


def test_two_neighbouring_counts_have_the_supremum_of_their_shares():
    fit = th.fit(th.ConwayMaxwellPoisson(), [0, 1, 1, 0, 0])
    assert fit.log_likelihood == pytest.approx(2 * np.log(0.4) + 3 * np.log(0.6))
    assert fit.estimates["rate"] == pytest.approx(2 / 3)


def test_a_conway_maxwell_poisson_of_no_dispersion_is_geometric():
    data = np.random.default_rng(1).geometric(0.2, 60) - 1
    data[0] = 40
    fit, limit = th.fit(th.ConwayMaxwellPoisson(), data), th.fit(th.Geometric(), data)
    assert fit.estimates["nu"] == 0.0
    assert fit.log_likelihood == pytest.approx(limit.log_likelihood, abs=1e-7)
    assert fit.estimates["rate"] == pytest.approx(1.0 - limit.estimates["prob"], rel=1e-6)


def test_the_direction_of_a_von_mises_is_that_of_the_mean_vector():
    fit = th.fit(th.VonMises(), [3.1, -3.0, 2.9])
    expected = np.arctan2(np.mean(np.sin([3.1, -3.0, 2.9])), np.mean(np.cos([3.1, -3.0, 2.9])))
    assert fit.estimates["location"] == pytest.approx(expected, rel=1e-14)
    assert fit.certificate.scope == "global"
