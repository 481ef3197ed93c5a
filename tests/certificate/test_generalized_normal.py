"""The generalised normal family: its maxima, cusps and limits, from row to row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import thetahat as th


def generalised(shape, n=200):
    return th.GeneralizedNormal(location=1, scale=2, shape=shape).sample(n, rng=5)


@pytest.mark.parametrize("shape", [0.7, 1.0, 1.4, 3.0])
def test_of_a_generalised_normal_nothing_near_its_maximum_is_higher(shape):
    y = generalised(shape)
    fit = th.fit(th.GeneralizedNormal(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.region == "shape above 1/2"
    errors = np.array(list(fit.standard_errors.values()))
    assert np.isfinite(errors).all()
    rng = np.random.default_rng(1)
    estimates = np.array(list(fit.estimates.values()))
    for size in (1e-3, 0.1, 1.0):
        for _ in range(60):
            location, scale, power = estimates + size * errors * rng.standard_normal(3)
            law = th.GeneralizedNormal(location=location, scale=abs(scale), shape=abs(power))
            assert np.sum(law.log_prob(y)) < fit.log_likelihood
    # At a cusp it is the other values that may be higher.
    for other in y[np.abs(y - estimates[0]) < 2 * errors[0]]:
        law = th.GeneralizedNormal(location=other, scale=estimates[1], shape=estimates[2])
        assert np.sum(law.log_prob(y)) <= fit.log_likelihood + 1e-9


def test_a_cusp_is_at_one_of_the_values_and_standard_errors_are_the_expected_ones():
    y = generalised(0.7)
    fit = th.fit(th.GeneralizedNormal(), y)
    assert fit.estimates["location"] in y
    assert fit.estimates["shape"] < 1
    assert "kink" in fit.certificate.sentence
    assert fit.covariance() == pytest.approx(fit.covariance("expected"))


def test_from_shape_two_on_it_is_smooth():
    fit = th.fit(th.GeneralizedNormal(), generalised(3.0))
    assert fit.estimates["shape"] > 2
    assert "kink" not in fit.certificate.sentence
    assert not np.allclose(fit.covariance(), fit.covariance("expected"), rtol=1e-6)


@pytest.mark.parametrize(("shape", "family"), [(1.0, th.Laplace()), (2.0, th.Normal())])
def test_known_members_have_the_maxima_of_their_families(shape, family):
    y = generalised(1.5)
    fit, own = th.fit(th.GeneralizedNormal(shape=shape), y), th.fit(family, y)
    assert fit.log_likelihood == pytest.approx(own.log_likelihood, rel=1e-13)
    assert fit.certificate.scope == "global"
    location, spread = own.estimates.values()
    assert fit.estimates["location"] == pytest.approx(location, rel=1e-8)
    assert fit.estimates["scale"] == pytest.approx(spread * (1.0 if shape == 1 else 2**0.5), rel=1e-10)


def test_rows_more_level_than_any_of_them_tend_to_a_uniform_distribution():
    y = np.random.default_rng(3).random(60)
    fit = th.fit(th.GeneralizedNormal(), y)
    certificate = fit.certificate
    assert (certificate.verdict, certificate.limit) == ("at_infinity", "Uniform")
    assert certificate.supremum == pytest.approx(th.fit(th.Uniform(), y).log_likelihood)
    assert fit.estimates["location"] == pytest.approx(0.5 * (np.min(y) + np.max(y)))
    assert fit.estimates["scale"] == pytest.approx(0.5 * np.ptp(y))
    assert fit.estimates["shape"] == np.inf


@pytest.mark.parametrize("shape", [300.0, 1000.0, 1e5])
def test_masses_keep_their_digits_where_powers_underflow(shape):
    law = th.GeneralizedNormal(location=0, scale=1, shape=shape)
    eta = law.working(law.distribution_theta())
    low = np.array([-0.2, 0.1, -np.inf, -0.5, 0.3, 0.99])
    high = np.array([0.4, 0.3, -0.5, 0.3, 0.99, np.inf])
    terms = law.log_mass(low, high, {}, eta, 2)
    masses = np.exp(terms.value)
    height = 0.5 / special.gamma(1.0 + 1.0 / shape)
    assert masses[:2] == pytest.approx([0.6 * height, 0.2 * height], rel=1e-13)
    assert masses[2:].sum() == pytest.approx(1.0, rel=1e-13)
    for position in range(3):
        step = np.eye(3)[position] * 1e-5
        ahead, behind = (law.log_mass(low, high, {}, tuple(eta + way * step), 0).value for way in (1, -1))
        assert np.ravel(terms.gradient[position]) == pytest.approx(
            (ahead - behind) / 2e-5, rel=1e-5, abs=1e-7
        )
    assert law.cdf(law.quantile([0.1, 0.3, 0.7])) == pytest.approx([0.1, 0.3, 0.7], rel=1e-12)
    assert np.std(law.sample(20_000, rng=1)) == pytest.approx(law.variance() ** 0.5, rel=0.02)


def test_censored_rows_too_tend_to_a_uniform_distribution():
    y = np.random.default_rng(3).random(40)
    fit = th.fit(th.GeneralizedNormal(), th.Observations.right_censored(np.minimum(y, 0.8), y < 0.8))
    assert (fit.certificate.verdict, fit.certificate.limit) == ("at_infinity", "Uniform")
    low = fit.estimates["location"] - fit.estimates["scale"]
    high = fit.estimates["location"] + fit.estimates["scale"]
    assert low == pytest.approx(np.min(y))
    # Of n rows r are above c: with low known the best high has (high - c)/(high - low) = r/n.
    above = np.sum(y >= 0.8)
    assert (high - 0.8) / (high - low) == pytest.approx(above / 40, rel=1e-6)


def test_many_rows_at_cusps_and_at_nearly_none_have_their_maximum():
    rng = np.random.default_rng(1)
    for y in (rng.standard_t(3, 4_000), rng.laplace(size=4_000)):
        fit = th.fit(th.GeneralizedNormal(), y)
        assert fit.certificate.verdict == "maximum"
        error = fit.standard_errors["location"]
        for step in (0.02, 0.2, 2.0):
            for way in (1, -1):
                moved = {**fit.estimates, "location": fit.estimates["location"] + way * step * error}
                assert np.sum(th.GeneralizedNormal(**moved).log_prob(y)) < fit.log_likelihood


def test_many_rows_of_a_triangle_have_ends_beyond_all_of_them():
    y = np.random.default_rng(1).normal(size=20_000)
    fit = th.fit(th.Triangular(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["low"] < np.min(y) < np.max(y) < fit.estimates["high"]


def test_rows_with_a_spike_leave_the_regular_region():
    y = np.concatenate([np.zeros(30), np.random.default_rng(1).standard_cauchy(30) ** 3])
    fit = th.fit(th.GeneralizedNormal(), y)
    assert fit.certificate.verdict == "unbounded"
    assert "shape falls to 0" in fit.certificate.sentence


def test_censored_rows_of_a_generalised_normal():
    y = generalised(1.3, 80)
    observed = np.arange(80) % 4 > 0
    fit = th.fit(th.GeneralizedNormal(), th.Observations.right_censored(y, observed))
    assert fit.certificate.verdict == "maximum"
    rng = np.random.default_rng(2)
    errors = np.array(list(fit.standard_errors.values()))
    for size in (0.01, 0.1, 1.0):
        for _ in range(30):
            near = np.array(list(fit.estimates.values())) + size * errors * rng.standard_normal(3)
            law = th.GeneralizedNormal(location=near[0], scale=abs(near[1]), shape=abs(near[2]))
            value = np.sum(law.log_prob(y[observed])) + np.sum(law.log_sf(y[~observed]))
            assert value < fit.log_likelihood
