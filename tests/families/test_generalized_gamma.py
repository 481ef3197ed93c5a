"""The generalised gamma family between its special cases, and on its way to power laws."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import thetahat as th
from thetahat.families._prentice_kernel import prentice_terms
from thetahat.families._stacy_profile import profile_peaks
from thetahat.numerics.namespace import NUMPY

Y = np.array([1e-3, 0.2, 0.9, 1.0, 1.7, 6.0, 40.0])


@pytest.mark.parametrize(
    ("values", "other"),
    [
        ({"mu": 0.3, "sigma": 0.6, "q": 0.0}, th.LogNormal(mean_log=0.3, sd_log=0.6)),
        ({"mu": np.log(2.0), "sigma": 0.5, "q": 1.0}, th.Weibull(shape=2, scale=2)),
        ({"mu": np.log(3.0), "sigma": 0.5, "q": 0.5}, th.Gamma(shape=4, rate=4 / 3)),
        ({"mu": np.log(2.0), "sigma": 0.5, "q": -1.0}, th.Frechet(shape=2, scale=2)),
    ],
)
def test_special_cases(values, other):
    family = th.GeneralizedGamma(**values)
    for name in ("log_prob", "log_cdf", "log_sf"):
        np.testing.assert_allclose(getattr(family, name)(Y), getattr(other, name)(Y), rtol=1e-11, atol=1e-12)
    assert family.mean() == pytest.approx(other.mean(), rel=1e-13)
    np.testing.assert_allclose(
        family.quantile([1e-9, 0.5, 0.99]), other.quantile([1e-9, 0.5, 0.99]), rtol=1e-12
    )


@pytest.mark.parametrize("q", [1e-12, -1e-6, 1e-3, 0.04, 0.06, -0.4, 3.0, 50.0])
def test_the_density_keeps_its_digits_near_the_log_normal_and_far_from_it(q):
    z = np.array([-6.0, -1.0, -1e-3, 0.4, 2.5]) / max(1.0, abs(q))
    terms = prentice_terms(z, (np.float64(q),))
    with mp.workdps(60):

        def exact(at, shape):
            a = 1 / shape**2
            v = shape * at
            return mp.log(abs(shape)) + a * mp.log(a) - mp.loggamma(a) + a * (v - mp.exp(v))

        for k, at in enumerate(z.tolist()):
            point = (mp.mpf(at), mp.mpf(q))
            step = {"h": mp.mpf(10) ** -25 * min(1, abs(q))}
            found = (terms.value[k], terms.shape[0][k], terms.shape_shape[0][k], terms.shape_first[0][k])
            wanted = (
                exact(*point),
                mp.diff(exact, point, (0, 1), **step),
                mp.diff(exact, point, (0, 2), **step),
                mp.diff(exact, point, (1, 1), **step),
            )
            np.testing.assert_allclose(
                found, np.array([float(item) for item in wanted]), rtol=1e-11, atol=1e-13
            )


@pytest.mark.parametrize("q", [0.02, 0.45, 0.55, -0.9, 2.0, 45.0])
def test_masses_have_the_derivatives_of_their_differences(q):
    family = th.GeneralizedGamma()
    low, high = np.array([0.0, 0.8, 1.02, 0.1]), np.array([0.9, 1.3, np.inf, 1.0])
    eta = np.array([0.05, np.log(0.9 / max(1.0, abs(q))), q])

    def terms(at, order):
        return family.log_mass(low, high, {}, tuple(np.float64(item) for item in at), order)

    found = terms(eta, 2)
    assert np.all(terms(eta, 0).value == pytest.approx(found.value, rel=1e-12))
    place = 0
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-5 * max(1.0, abs(eta[j]))
        ahead, behind = terms(eta + step, 2), terms(eta - step, 2)
        slope = (ahead.value - behind.value) / (2.0 * step[j])
        np.testing.assert_allclose(found.gradient[j], slope, rtol=1e-6, atol=1e-7)
        for k in range(j + 1):
            bend = (ahead.gradient[k] - behind.gradient[k]) / (2.0 * step[j])
            np.testing.assert_allclose(found.hessian[place], bend, rtol=1e-5, atol=1e-6)
            place += 1


def test_masses_far_below_are_those_of_the_power_law():
    # exp(-1600) underflows, and a power of 1/2000 of it does not.
    rate, q, end = 0.7, 45.0, 3.0
    mu, sigma = np.log(end) - 2.0 * np.log(q) / rate / q**2, 1.0 / rate / q
    family = th.GeneralizedGamma(mu=mu, sigma=sigma, q=q)
    shift = np.euler_gamma / q**2
    for low, high in ((0.5, 1.0), (1.0, 2.0), (2.0, 2.5), (1e-3, 2.9)):
        exact = np.log((high / end) ** rate - (low / end) ** rate) + shift
        mass = family.log_mass(np.array([low]), np.array([high]), {}, eta_of(family), 0).value[0]
        assert mass == pytest.approx(exact, abs=1e-6)


def eta_of(family):
    return tuple(np.float64(item) for item in family.working(family.distribution_theta()))


def test_the_profile_over_powers_has_its_peak_at_the_maximum():
    y = th.GeneralizedGamma(mu=0.4, sigma=0.8, q=0.6).sample(200, rng=8)
    fit = th.fit(th.GeneralizedGamma(), y)
    assert fit.certificate.verdict == "maximum"
    mu, sigma, q, height = (item[0] for item in profile_peaks(np.log(y)))
    near = th.GeneralizedGamma(mu=mu, sigma=sigma, q=q)
    assert np.sum(near.log_prob(y)) == pytest.approx(200 * height - np.log(y).sum(), rel=1e-9)
    assert 0 <= fit.log_likelihood - np.sum(near.log_prob(y)) < 1.0


SHORT = np.array([3.3, 4.8, 5.2, 5.9, 6.1, 6.6, 6.7, 6.9])
"""Crowded below a largest value, as under a power law."""


def power_law(y):
    """Its log-likelihood, with the largest value for its end."""
    logs = np.log(y)
    return -y.size * (1.0 + np.log(np.mean(logs.max() - logs))) - logs.sum()


def test_crowded_below_the_largest_value_or_above_the_smallest_it_becomes_a_power_law():
    fit = th.fit(th.GeneralizedGamma(), SHORT)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates == {"mu": np.log(SHORT.max()), "sigma": 0.0, "q": np.inf}
    assert fit.log_likelihood == pytest.approx(power_law(SHORT), rel=1e-13)
    assert np.isnan(list(fit.standard_errors.values())).all()
    other = th.fit(th.GeneralizedGamma(), 1.0 / SHORT)
    assert other.certificate.limit == "Pareto"
    assert other.estimates["q"] == -np.inf
    assert other.log_likelihood == pytest.approx(fit.log_likelihood + 2.0 * np.log(SHORT).sum(), rel=1e-12)


def test_of_two_limits_the_higher_one_is_told():
    y = [0.35, 0.5, 0.55, 0.6, 2.6]
    fit, pareto = th.fit(th.GeneralizedGamma(), y), th.fit(th.Pareto(), y)
    assert power_law(np.array(y)) < pareto.log_likelihood
    assert fit.certificate.limit == "Pareto"
    assert fit.log_likelihood == pytest.approx(pareto.log_likelihood, rel=1e-13)


def censored(seed):
    rng = np.random.default_rng(seed)
    y = rng.weibull(0.7, int(rng.integers(5, 30)))
    limit = np.quantile(y, 0.7)
    return y, limit, th.Observations.right_censored(np.minimum(y, limit), y <= limit)


def power_law_beyond(y, limit):
    """Its log-likelihood at the rate and the share below the limit that are best, wherever it ends."""
    known = np.log(y[y <= limit])
    share = known.size / y.size
    rate = 1.0 / np.mean(np.log(limit) - known)
    beyond = y.size - known.size
    return known.size * (np.log(rate * share) - 1.0) - known.sum() + beyond * np.log1p(-share)


def test_a_power_law_ends_beyond_all_values_where_some_exceed_a_limit():
    y, limit, rows = censored(8)
    fit = th.fit(th.GeneralizedGamma(), rows)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["mu"] > np.log(limit)
    assert fit.estimates["q"] == np.inf
    assert fit.log_likelihood == pytest.approx(power_law_beyond(y, limit), rel=1e-10)


def test_a_limit_that_is_hardly_lower_than_the_maximum_is_told_from_it():
    y, limit, rows = censored(0)
    fit = th.fit(th.GeneralizedGamma(), rows)
    assert fit.certificate.verdict == "maximum"
    assert 0 < fit.log_likelihood - power_law_beyond(y, limit) < 0.1


def test_a_power_law_ends_on_the_end_of_an_interval():
    low = np.array([0.0] * 12 + [1.0] * 4 + [2.0] * 5)
    fit = th.fit(th.GeneralizedGamma(), th.Observations.interval(low, low + 1.0))
    assert fit.certificate.verdict == "at_infinity"
    assert np.exp(fit.estimates["mu"]) == pytest.approx(3.0, rel=1e-12)


def test_a_regression_moves_log_time():
    rng = np.random.default_rng(5)
    x = rng.standard_normal(400)
    time = np.exp(0.5 * x) * th.GeneralizedGamma(mu=1, sigma=0.6, q=0.7).sample(400, rng=6)
    fit = th.regress(np.column_stack([np.ones(400), x]), time, th.GeneralizedGamma())
    assert fit.certificate.verdict == "maximum"
    assert list(fit.estimates.values())[1] == pytest.approx(0.5, abs=0.1)


def test_score_vanishes_in_numpy_and_with_a_fixed_q_the_maximum_is_the_only_one():
    y = th.GeneralizedGamma(mu=0.4, sigma=0.8, q=0.6).sample(60, rng=9)
    fit = th.fit(th.GeneralizedGamma(q=0.6), y)
    assert fit.certificate.scope == "global"
    family = th.GeneralizedGamma(**fit.estimates)
    terms = family.derivatives(family.prepare(NUMPY, y, {}), eta_of(family))
    assert abs(np.sum(terms.gradient[0])) < 1e-8
    assert abs(np.sum(terms.gradient[1])) < 1e-8
