"""Families by their mean: the same laws as by their other parameters, and derivatives at extreme numbers."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import thetahat as th
from thetahat._errors import ModelError

STEP = mp.mpf(10) ** -12
PAIRS = [
    (th.GammaMean(mean=3.0, shape=0.7), th.Gamma(shape=0.7, rate=0.7 / 3.0)),
    (th.GammaMean(mean=1e5, shape=400.0), th.Gamma(shape=400.0, rate=400.0 / 1e5)),
    (th.ExponentialMean(mean=4.0), th.Exponential(rate=0.25)),
    (th.BetaMean(mean=0.2, precision=5.0), th.Beta(alpha=1.0, beta=4.0)),
    (th.BetaMean(mean=0.97, precision=80.0), th.Beta(alpha=0.97 * 80, beta=0.03 * 80)),
]


@pytest.mark.parametrize(("by_mean", "plain"), PAIRS)
def test_they_are_the_same_laws(by_mean, plain):
    y = plain.quantile([1e-9, 0.01, 0.4, 0.95, 1.0 - 1e-9])
    np.testing.assert_allclose(by_mean.log_prob(y), plain.log_prob(y), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(by_mean.log_sf(y), plain.log_sf(y), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(by_mean.quantile([0.1, 0.9]), plain.quantile([0.1, 0.9]), rtol=1e-10)
    assert by_mean.mean() == pytest.approx(plain.mean(), rel=1e-12)
    assert by_mean.variance() == pytest.approx(plain.variance(), rel=1e-10)


def test_fits_of_both_forms_reach_the_same_maximum():
    rng = np.random.default_rng(3)
    for by_mean, plain, y in (
        (th.GammaMean(), th.Gamma(), rng.gamma(3.0, 2.0, 80)),
        (th.ExponentialMean(), th.Exponential(), rng.exponential(3.0, 80)),
        (th.BetaMean(), th.Beta(), rng.beta(2.0, 5.0, 80)),
    ):
        ours, theirs = th.fit(by_mean, y), th.fit(plain, y)
        assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-13)
        assert (ours.certificate.verdict, ours.certificate.scope) == ("maximum", "global")
        late = th.Observations.right_censored(np.minimum(y, np.median(y)), y < np.median(y))
        assert th.fit(by_mean, late).log_likelihood == pytest.approx(
            th.fit(plain, late).log_likelihood, rel=1e-12
        )


def test_amounts_of_any_unit_have_the_same_shape():
    y = np.array([1.0, 2.5, 0.4, 7.0])
    for family in (th.GammaMean(), th.InverseGaussian(), th.ExponentialMean()):
        plain = th.fit(family, y)
        for unit in (1e-290, 1e290):
            scaled = th.fit(family, y * unit)
            assert scaled.certificate.verdict == "maximum"
            assert scaled.estimates["mean"] == pytest.approx(plain.estimates["mean"] * unit, rel=1e-9)


def beta_density(y, logit, log_precision):
    mean, precision = 1 / (1 + mp.exp(-logit)), mp.exp(log_precision)
    a, b = mean * precision, (1 - mean) * precision
    constant = mp.loggamma(precision) - mp.loggamma(a) - mp.loggamma(b)
    return (a - 1) * mp.log(y) + (b - 1) * mp.log(1 - y) + constant


def gamma_density(y, log_mean, log_shape):
    shape = mp.exp(log_shape)
    r = y / mp.exp(log_mean)
    return shape * (mp.log(r) + log_shape - r) - mp.loggamma(shape) - mp.log(y)


def inverse_gaussian_density(y, log_mean, log_shape):
    mean, shape = mp.exp(log_mean), mp.exp(log_shape)
    return (log_shape - mp.log(2 * mp.pi) - 3 * mp.log(y) - shape * (y - mean) ** 2 / (mean**2 * y)) / 2


@pytest.mark.parametrize(
    ("family", "reference", "y", "eta"),
    [
        (th.BetaMean(), beta_density, 0.3, (-0.8, 1.0)),
        (th.BetaMean(), beta_density, 0.305, (-0.85, 9.0)),
        (th.BetaMean(), beta_density, 1 - 1e-7, (14.0, 7.0)),
        (th.BetaMean(), beta_density, 0.50001, (0.0, 20.0)),
        (th.GammaMean(), gamma_density, 2.0, (0.6, -3.0)),
        (th.GammaMean(), gamma_density, 2.0001, (float(np.log(2.0)), 16.0)),
        (th.InverseGaussian(), inverse_gaussian_density, 5.0, (1.0, -6.0)),
        (th.InverseGaussian(), inverse_gaussian_density, 2.0001, (float(np.log(2.0)), 18.0)),
    ],
)
def test_derivatives_keep_their_digits_at_large_precision(family, reference, y, eta):
    terms = family.derivatives(family.prepare(np, np.array([y]), {}), eta)
    found = [float(np.ravel(item)[0]) for item in (terms.value, *terms.gradient, *terms.hessian)]
    with mp.workdps(60):

        def at(i=0, j=0):
            return reference(mp.mpf(y), eta[0] + i * STEP, eta[1] + j * STEP)

        expected = [
            at(),
            (at(1) - at(-1)) / (2 * STEP),
            (at(0, 1) - at(0, -1)) / (2 * STEP),
            (at(1) - 2 * at() + at(-1)) / STEP**2,
            (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * STEP**2),
            (at(0, 1) - 2 * at() + at(0, -1)) / STEP**2,
        ]
    # A score is known to the rounding of y and of the coordinates times the information.
    scale = abs(float(expected[3])) * 1e-15 + 1e-12
    for ours, exact in zip(found, expected, strict=True):
        assert abs(ours - float(exact)) < 1e-11 * abs(float(exact)) + scale


def test_regressions_take_the_forms_by_the_mean():
    assert repr(th.Gamma(shape=2, y="cost").regression_form()) == "GammaMean(y='cost', shape=2.0)"
    assert repr(th.Exponential().regression_form()) == "ExponentialMean()"
    assert repr(th.Beta().regression_form()) == "BetaMean()"
    poisson = th.Poisson(rate=2.0)
    assert poisson.regression_form() is poisson
    with pytest.raises(ModelError, match=r"Gamma\(rate=2.0\) is regressed as GammaMean"):
        th.Gamma(rate=2.0).regression_form()


def test_log_logistic_moments_at_large_shapes():
    for shape in (2.5, 9.0, 11.0, 1e3, 1e6):
        law = th.LogLogistic(shape=shape, scale=2.0)
        with mp.workdps(40):
            b = mp.pi / mp.mpf(shape)
            mean = 2 * b / mp.sin(b)
            variance = mean**2 * (mp.tan(b) / b - 1)
        assert law.mean() == pytest.approx(float(mean), rel=1e-13)
        assert law.variance() == pytest.approx(float(variance), rel=1e-11)
    assert th.LogLogistic(shape=0.5, scale=1.0).mean() == np.inf
    assert th.LogLogistic(shape=1.5, scale=1.0).variance() == np.inf
