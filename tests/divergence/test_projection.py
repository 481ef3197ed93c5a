"""Projections: the maximum-likelihood estimate for data, moments and medians for distributions."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th


def test_the_projection_of_data_is_the_fit() -> None:
    rng = np.random.default_rng(2)
    data, counts = rng.gamma(2.0, 1.5, 200), rng.poisson(3.0, 200)
    for values, family in ((data, th.Weibull()), (counts, th.NegativeBinomial())):
        fit, found = th.fit(family, values), th.project(values, family)
        assert found.estimates == fit.estimates
        assert found.certificate.verdict is fit.certificate.verdict
        assert found.cross_entropy == fit.cross_entropy
    assert th.project(counts, "poisson").divergence == pytest.approx(
        th.kl_divergence(counts, th.fit(th.Poisson(), counts))
    )
    assert np.isnan(th.project(data, th.Gamma()).divergence)


def test_the_projection_of_the_empirical_distribution_as_a_categorical_is_the_fit_too() -> None:
    labels = ["a", "b", "b", "c"]
    fit = th.fit(th.Categorical(), labels)
    assert th.project(fit, th.Categorical()).estimates == pytest.approx(fit.estimates)


@pytest.mark.parametrize(
    "p",
    [
        th.Gamma(shape=3, rate=2),
        th.StudentT(location=1, scale=2, df=2.5),
        th.Logistic(location=1, scale=2),
        th.Truncated(th.Normal(mean=0, sd=1), low=1.0),
    ],
)
def test_the_normal_projection_has_the_mean_and_the_variance(p: th.families) -> None:
    found = th.project(p, th.Normal())
    assert found.estimates["mean"] == pytest.approx(p.mean(), rel=1e-9)
    assert found.estimates["sd"] ** 2 == pytest.approx(p.variance(), rel=1e-7)
    assert found.divergence == pytest.approx(th.kl_divergence(p, found.distribution))
    assert found.certificate.verdict is th.Verdict.MAXIMUM


def test_exponential_families_match_their_expectations() -> None:
    log_normal = th.LogNormal(mean_log=0.3, sd_log=1.2)
    assert 1 / th.project(log_normal, th.Exponential()).estimates["rate"] == pytest.approx(log_normal.mean())
    counts = th.NegativeBinomial(mean=3, size=2)
    assert th.project(counts, th.Poisson()).estimates["rate"] == pytest.approx(3.0, rel=1e-9)
    gamma = th.project(log_normal, th.Gamma()).distribution
    shape, rate = gamma.parameters["shape"], gamma.parameters["rate"]
    assert shape / rate == pytest.approx(log_normal.mean(), rel=1e-8)
    draws = np.log(gamma.quantile((np.arange(200_000) + 0.5) / 200_000)).mean()
    assert draws == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize(
    ("p", "family"),
    [
        (th.Weibull(shape=2.2, scale=3), th.Weibull()),
        (th.GEV(location=1, scale=2, shape=0.2), th.GEV()),
        (th.NegativeBinomial(mean=3, size=2), th.NegativeBinomial()),
        (th.Zeta(exponent=2.2), th.Zeta()),
        (th.ZeroInflated(th.Poisson(rate=3), zero_prob=0.3), th.ZeroInflated(th.Poisson())),
        (th.Hurdle(th.Gamma(shape=2, rate=1), zero_prob=0.3), th.Hurdle(th.Gamma())),
        (th.Categorical(probs=[0.2, 0.8], levels=["b", "a"]), th.Categorical()),
    ],
)
def test_a_member_is_its_own_projection(p: th.families, family: th.families) -> None:
    found = th.project(p, family)
    assert found.divergence == pytest.approx(0.0, abs=1e-12)
    assert sorted(found.estimates.values()) == pytest.approx(sorted(p.parameters.values()), rel=1e-8)


def test_no_other_member_is_nearer() -> None:
    p = th.Gamma(shape=2, rate=0.5)
    found = th.project(p, th.Weibull())
    for name in found.estimates:
        for factor in (0.99, 1.01):
            other = th.Weibull(**{**found.estimates, name: found.estimates[name] * factor})
            assert th.kl_divergence(p, other) > found.divergence


def test_estimates_from_many_draws_converge_to_it() -> None:
    p = th.Gamma(shape=2, rate=0.5)
    fit = th.fit(th.LogNormal(), p.sample(200_000, rng=3))
    found = th.project(p, th.LogNormal()).estimates
    robust = np.sqrt(np.diag(fit.covariance("sandwich")))
    for value, expected, error in zip(fit.estimates.values(), found.values(), robust, strict=True):
        assert abs(value - expected) < 4 * error


def test_held_numbers_stay() -> None:
    found = th.project(th.Normal(mean=0, sd=1), th.StudentT(df=5))
    assert found.estimates["df"] == 5
    assert found.estimates["location"] == pytest.approx(0.0, abs=1e-8)


def test_an_infimum_that_is_not_attained_says_so() -> None:
    found = th.project(th.Normal(mean=1, sd=2), th.StudentT())
    assert found.certificate.verdict is th.Verdict.AT_INFINITY
    assert found.divergence == pytest.approx(0.0, abs=1e-8)
    with pytest.raises(th.ParameterError, match="df"):
        _ = found.distribution


def test_ends_that_move_reach_the_ends_of_the_distribution() -> None:
    found = th.project(th.Beta(alpha=1.5, beta=2), th.Uniform())
    assert found.estimates == {"low": 0.0, "high": 1.0}
    assert found.divergence == pytest.approx(-th.entropy(th.Beta(alpha=1.5, beta=2)))
    p = th.Truncated(th.Gamma(shape=2, rate=1), low=1)
    pareto = th.project(p, th.Pareto())
    assert pareto.estimates["minimum"] == 1.0
    assert pareto.divergence == pytest.approx(th.kl_divergence(p, pareto.distribution))


@pytest.mark.parametrize(
    ("p", "family"),
    [
        (th.Cauchy(location=0, scale=1), th.Normal()),
        (th.Normal(mean=0, sd=1), th.Gamma()),
        (th.Normal(mean=0, sd=1), th.Uniform()),
        (th.Lomax(shape=3, scale=2), th.Pareto()),
        (th.Poisson(rate=3), th.Binomial(trials=12)),
    ],
)
def test_where_no_member_is_near_it_says_so(p: th.families, family: th.families) -> None:
    with pytest.raises(th.InferenceError, match="no member of"):
        th.project(p, family)


def test_kinds_do_not_mix() -> None:
    with pytest.raises(th.InferenceError, match="no common measure"):
        th.project(th.Poisson(rate=3), th.Normal())
    with pytest.raises(th.InferenceError, match="family of labels"):
        th.project(th.Poisson(rate=3), th.Categorical())
    with pytest.raises(th.InferenceError, match="family of numbers"):
        th.project(th.Categorical(probs=[0.2, 0.8]), th.Poisson())
