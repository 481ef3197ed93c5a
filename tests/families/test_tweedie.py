"""Tweedie's density, masses, information, limit and fits against independent arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special

import thetahat as th
from thetahat.numerics.namespace import NUMPY


def log_density(y, mean, dispersion, power):
    """Dunn & Smyth's series in 50 digits; where it has many terms, every eighth of a standard deviation."""
    with mpmath.workdps(50):
        y, mean, dispersion, power = map(mpmath.mpf, (y, mean, dispersion, power))
        rate = mean ** (2 - power) / (dispersion * (2 - power))
        alpha, scale = (2 - power) / (power - 1), dispersion * (power - 1) * mean ** (power - 1)
        peak = y ** (2 - power) / (dispersion * (2 - power))
        spread = mpmath.sqrt(peak / (1 + alpha))
        slope = mpmath.log(rate) + alpha * mpmath.log(y / scale)
        low = max(1, int(peak - 13 * spread - 5))
        high = int(peak + 15 * spread + 80 / (1 + alpha) + 5)
        step = 1 if high - low < 300 else spread / 4
        places = range(low, high + 1) if step == 1 else [peak + k * step for k in range(-52, 61)]
        terms = [j * slope - mpmath.loggamma(j + 1) - mpmath.loggamma(alpha * j) for j in places]
        top = max(terms)
        total = top + mpmath.log(step * mpmath.fsum(mpmath.exp(term - top) for term in terms))
        return float(-rate - y / scale - mpmath.log(y) + total)


FAR = [
    (1e-5, 1e-4, 1.01),
    (1e-5, 1e4, 1.99),
    (1e5, 1e-4, 1.01),
    (1e5, 1e-4, 1.5),
    (1e5, 1e4, 1.99),
    (1e5, 1e-4, 1.99),
    (3.0, 0.7, 1.3),
    (0.2, 5.0, 1.8),
]


@pytest.mark.parametrize(("mean", "dispersion", "power"), FAR)
def test_log_density_is_that_of_the_series_far_out(mean, dispersion, power):
    distribution = th.Tweedie(mean=mean, dispersion=dispersion, power=power)
    spread = min(np.sqrt(distribution.variance()) / mean, 2.0)
    for y in mean * np.array([np.exp(-3.0 * spread), np.exp(-0.5 * spread), 1.0, 1.0 + 4.0 * spread, 30.0]):
        truth = log_density(y, mean, dispersion, power)
        assert abs(distribution.log_prob(y) - truth) < 1e-10 * max(1.0, abs(truth))


def test_density_is_wrights_generalised_bessel_function():
    mean, dispersion, power = 2.0, 1.5, 1.5
    y = np.array([0.01, 0.5, 2.0, 9.0])
    rate = mean ** (2 - power) / (dispersion * (2 - power))
    alpha, scale = (2 - power) / (power - 1), dispersion * (power - 1) * mean ** (power - 1)
    expected = np.exp(-rate - y / scale) / y * special.wright_bessel(alpha, 0.0, rate * (y / scale) ** alpha)
    found = th.Tweedie(mean=mean, dispersion=dispersion, power=power).density(y)
    assert np.allclose(found, expected, rtol=1e-12)


def test_probability_of_zero_is_an_atom():
    distribution = th.Tweedie(mean=2.0, dispersion=1.5, power=1.5)
    none = np.exp(-(2.0**0.5) / (1.5 * 0.5))
    assert distribution.atoms() == (0.0,)
    assert np.isclose(distribution.density(0.0), none, rtol=1e-15)
    assert np.isclose(distribution.cdf(0.0), none, rtol=1e-14)
    assert np.isclose(distribution.sf(0.0), 1.0 - none, rtol=1e-14)
    assert distribution.quantile([0.0, 0.5 * none]).tolist() == [0.0, 0.0]
    assert distribution.quantile(none + 1e-6) > 0


@pytest.mark.parametrize("power", [1.02, 1.4, 1.9])
def test_information_is_that_of_a_sample(power):
    distribution = th.Tweedie(mean=3.0, dispersion=0.8, power=power)
    eta = distribution.working(distribution.distribution_theta())
    y = distribution.sample(20_000, rng=5)
    score = np.array(distribution.derivatives(distribution.prepare(NUMPY, y, {}), eta).gradient)
    found = np.array(distribution.expected_information(eta, {}))
    products = np.array([score[i] * score[j] for i in range(3) for j in range(i + 1)])
    error = products.std(axis=1) / np.sqrt(y.size)
    assert np.all(np.abs(products.mean(axis=1) - found) < 5.0 * error + 1e-12)


def test_towards_power_two_it_is_the_gamma_distribution():
    y = np.array([1e-3, 0.4, 2.0, 11.0])
    near = th.Tweedie(mean=2.0, dispersion=0.5, power=2.0 - 1e-12)
    gamma = th.GammaMean(mean=2.0, shape=2.0)
    assert np.allclose(near.log_prob(y), gamma.log_prob(y), rtol=0, atol=1e-10)
    assert np.allclose(near.log_sf(y), gamma.log_sf(y), rtol=0, atol=1e-10)


# ---- Fits ----------------------------------------------------------------------------------------------------


def test_data_without_zeros_may_have_their_maximum_at_the_gamma_distribution():
    y = np.array([0.0848, 4.153, 0.189, 1.2, 0.05, 7.0])
    found, gamma = th.fit(th.Tweedie(), y), th.fit(th.GammaMean(), y)
    assert found.certificate.verdict == "boundary"
    assert found.certificate.limit == "GammaMean"
    assert found.estimates["power"] == 2.0
    assert np.isclose(found.estimates["dispersion"], 1.0 / gamma.estimates["shape"], rtol=1e-10)
    assert np.isclose(found.log_likelihood, gamma.log_likelihood, rtol=1e-12)


@pytest.mark.parametrize("ending", [np.inf, 2.0])
def test_a_regression_without_zeros_may_have_its_maximum_at_the_gamma_regression(ending):
    rng = np.random.default_rng(8)
    x = rng.normal(size=50)
    time = np.exp(0.3 * x + 0.6 * rng.normal(size=50))
    data = {"time": np.minimum(time, ending), "event": (time <= ending).astype(int), "x": x}
    formula = "censored(time, event) ~ x"
    fit, gamma = (th.fit(th.Regression(formula, family), data) for family in (th.Tweedie(), th.Gamma()))
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.exists
    assert fit.certificate.limit == "GammaMean"
    assert fit.log_likelihood == pytest.approx(gamma.log_likelihood, rel=1e-12)
    assert fit.estimates["power"] == 2.0
    assert fit.estimates["dispersion"] == pytest.approx(1.0 / gamma.estimates["shape"], rel=1e-7)
    for name in ("Intercept", "x"):
        assert fit.estimates[name] == pytest.approx(gamma.estimates[name], abs=1e-7)
        assert fit.standard_errors[name] == pytest.approx(gamma.standard_errors[name], rel=1e-6)


def test_a_regression_whose_remaining_rows_are_met_towards_power_one_is_unbounded():
    group = np.repeat([0.0, 1.0], 15)
    x = np.arange(30.0) % 7
    y = np.where(np.arange(30) == 3, 2.0, 0.0)
    fit = th.regress(np.column_stack([x, group]), y, th.Tweedie(), intercept=True)
    assert fit.certificate.verdict == "unbounded"
    assert fit.certificate.supremum == np.inf
    fixed = th.regress(np.column_stack([x, group]), y, th.Tweedie(power=1.5), intercept=True)
    assert fixed.certificate.verdict == "at_infinity"
    assert np.isfinite(fixed.certificate.supremum)


def test_nothing_but_zeros_is_a_mean_of_zero():
    found = th.fit(th.Tweedie(), np.zeros(7))
    assert found.certificate.verdict == "boundary"
    assert found.estimates["mean"] == 0.0
    assert found.log_likelihood == 0.0
    zeros = th.fit(th.Hurdle(th.Gamma()), np.zeros(7))
    assert zeros.certificate.verdict == "boundary"
    assert zeros.estimates["zero_prob"] == 1.0


@pytest.mark.parametrize(
    "y", [[0.0, 0.0, 1.3, 0.0], [2.0, 2.0, 2.0], [0.0, 1.0, 3.0, 2.0, 2.0, 1.0, 0.0, 4.0]]
)
def test_values_on_a_lattice_have_no_bound_towards_power_one(y):
    assert th.fit(th.Tweedie(), y).certificate.verdict == "unbounded"
    held = th.fit(th.Tweedie(power=1.6), y).certificate
    assert held.verdict == ("unbounded" if len(set(y)) == 1 else "maximum")


def test_a_maximum_is_stationary_and_its_mean_the_average():
    y = th.Tweedie(mean=2.0, dispersion=1.5, power=1.5).sample(500, rng=1)
    found = th.fit(th.Tweedie(), y)
    assert found.certificate.verdict == "maximum"
    assert np.isclose(found.estimates["mean"], y.mean(), rtol=1e-12)
    around = [
        th.Tweedie(**{**found.estimates, name: value * factor}).log_prob(y).sum()
        for name, value in found.estimates.items()
        for factor in (0.999, 1.001)
    ]
    assert max(around) < found.log_likelihood


def test_censored_rows_are_masses():
    exact = th.Tweedie(mean=2.0, dispersion=1.0, power=1.5)
    y = exact.sample(40, rng=2)
    low, high = np.where(y > 4.0, 4.0, y), np.where(y > 4.0, np.inf, y)
    found = th.fit(th.Tweedie(power=1.5), th.Observations.interval(low, high))
    assert found.certificate.verdict == "maximum"
    fitted = th.Tweedie(**found.estimates)
    expected = fitted.log_prob(y[y <= 4.0]).sum() + (y > 4.0).sum() * fitted.log_sf(4.0)
    assert np.isclose(found.log_likelihood, expected, rtol=1e-12)


def test_a_regression_with_power_fixed_solves_the_quasi_likelihood_equations():
    rng = np.random.default_rng(4)
    x = rng.normal(size=200)
    drawn = th.Tweedie(mean=1.0, dispersion=1.0, power=1.6)
    y = np.exp(0.3 + 0.5 * x) * drawn.sample(200, rng=rng)
    found = th.regress(x[:, None], y, th.Tweedie(power=1.6), intercept=True, names=["x"])
    assert found.certificate.verdict == "maximum"
    mean = np.exp(found.estimates["Intercept"] + found.estimates["x"] * x)
    weight = (y - mean) * mean ** (1.0 - 1.6)
    assert abs(weight.sum()) < 1e-8
    assert abs((weight * x).sum()) < 1e-8


# ---- Beside a density ----------------------------------------------------------------------------------------


def test_intervals_and_truncation_from_zero_leave_zero_out():
    family = th.Tweedie(mean=2.0, dispersion=1.0, power=1.5)
    none = family.density(0.0)
    rows = th.Observations.interval([0.0, -np.inf, -1.0], [3.0, 0.0, 3.0])
    found = th.fit(th.Tweedie(dispersion=1.0, power=1.5), rows)
    fitted = th.Tweedie(**found.estimates)
    expected = np.log(fitted.cdf(3.0) - fitted.cdf(0.0)) + fitted.log_cdf(0.0) + fitted.log_cdf(3.0)
    assert np.isclose(found.log_likelihood, expected, rtol=1e-10)
    above = th.fit(family, th.Observations([1.0, 2.5], entry=[0.0, 0.0]))
    assert np.isclose(
        above.log_likelihood, family.log_prob([1.0, 2.5]).sum() - 2.0 * np.log1p(-none), rtol=1e-12
    )


def test_quantile_residuals_of_zeros_are_drawn_between_nothing_and_their_probability():
    family = th.Tweedie(mean=2.0, dispersion=1.5, power=1.5)
    y = family.sample(300, rng=3)
    found = th.fit(th.Tweedie(), y)
    residuals = np.asarray(found.residuals("quantile"))
    edge = special.ndtri(found.distribution.cdf(0.0))
    zeros = residuals[y == 0]
    assert np.unique(zeros).size == zeros.size > 20
    assert zeros.max() <= edge < residuals[y > 0].min()


def test_densities_and_probabilities_of_a_zero_are_not_compared():
    ranked = th.select([0.0, 0.0, 1.3, 2.2, 0.4, 0.0, 3.1], ["exponential", "tweedie", "lomax"])
    assert ranked.names == ("tweedie",)
    positive = th.Gamma(shape=2, rate=1).sample(100, rng=1)
    assert set(th.select(positive, ["exponential", "tweedie"]).names) == {"exponential", "tweedie"}
    everything = th.select(positive)
    assert "tweedie" not in everything.names
    assert "ask for it by name" in str(everything)


@pytest.mark.parametrize("make", [th.Hurdle, lambda family: th.Transformed(family, "exp")])
def test_families_with_an_atom_are_not_wrapped_where_that_means_nothing(make):
    with pytest.raises(th.ModelError, match="probability"):
        make(th.Tweedie())


def test_mixtures_have_their_atoms_alike():
    two = th.Mixture([th.Tweedie(), th.Tweedie()])
    assert two.atoms() == (0.0,)
    with pytest.raises(th.ModelError, match="alike"):
        th.Mixture([th.Tweedie(), th.Gamma()])


@pytest.mark.parametrize(
    ("mean", "dispersion", "power"), [(2.0, 1.5, 1.5), (0.1, 5.0, 1.2), (4.0, 0.5, 1.85)]
)
def test_entropy_counts_the_atom(mean, dispersion, power):
    family = th.Tweedie(mean=mean, dispersion=dispersion, power=power)
    t = np.linspace(-60.0 / (2.0 - power) * (power - 1.0), np.log(60.0 * (mean + dispersion)), 8_001)
    log_p = family.log_prob(np.exp(t))
    inside = -np.trapezoid(np.where(np.isfinite(log_p), np.exp(log_p + t) * log_p, 0.0), t)
    none = family.density(0.0)
    assert np.isclose(family.entropy(), inside - none * np.log(none), rtol=1e-6)
