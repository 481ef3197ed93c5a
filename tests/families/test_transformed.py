"""Transformed families: what the tests of the catalogue do not see of them."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat._errors import ModelError
from thetahat.families._bijections import bijection_of
from thetahat.numerics.namespace import NUMPY


def rng():
    return np.random.default_rng(12)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("log", [0.1, 1.0, 30.0]),
        ("exp", [-3.0, 0.0, 4.0]),
        ("logit", [0.01, 0.5, 0.9]),
        ("expit", [-3.0, 0.0, 4.0]),
        ("sqrt", [0.1, 1.0, 30.0]),
        ("power(0.3)", [0.1, 1.0, 30.0]),
        ("affine(-2, 0.5)", [-3.0, 0.0, 4.0]),
    ],
)
def test_maps_go_there_and_back_with_the_slope_that_they_say(text, x):
    found, x = bijection_of(text), np.array(x)
    y = found.forward(NUMPY, x)
    np.testing.assert_allclose(found.back(NUMPY, y), x, rtol=1e-12, atol=1e-14)
    step = 1e-6 * np.maximum(np.abs(y), 1e-2)
    slope = (found.back(NUMPY, y + step) - found.back(NUMPY, y - step)) / (2 * step)
    np.testing.assert_allclose(np.exp(found.log_slope(NUMPY, y)), slope, rtol=1e-6)
    assert bijection_of(found.text).text == found.text


SAME = [
    (th.Transformed(th.Normal(), "exp"), th.LogNormal(), {"mean": "mean_log", "sd": "sd_log"}),
    (th.Transformed(th.Normal(), "expit"), th.LogitNormal(), {"mean": "location", "sd": "scale"}),
    (th.Transformed(th.LogNormal(), "log"), th.Normal(), {"mean_log": "mean", "sd_log": "sd"}),
    (th.Transformed(th.Exponential(), "affine(0, 1)"), th.Exponential(), {"rate": "rate"}),
    (th.Transformed(th.Gamma(), "affine(0, 1)"), th.Gamma(), {"shape": "shape", "rate": "rate"}),
    (th.Transformed(th.StudentT(), "affine(0, 1)"), th.StudentT(), dict.fromkeys(())),
    (th.Transformed(th.Uniform(), "affine(0, 1)"), th.Uniform(), {"low": "low", "high": "high"}),
    (
        th.Transformed(th.Transformed(th.Gamma(), "sqrt"), "power(2)"),
        th.Gamma(),
        {"shape": "shape", "rate": "rate"},
    ),
]


@pytest.mark.parametrize(("mapped", "plain", "names"), SAME, ids=lambda item: getattr(item, "title", ""))
def test_a_fit_is_that_of_the_family_it_is(mapped, plain, names):
    y = rng().beta(3.0, 2.0, 150) if plain.support.upper == 1 else rng().gamma(3.0, 2.0, 150)
    fit, known = th.fit(mapped, y), th.fit(plain, y)
    assert fit.certificate.verdict is known.certificate.verdict
    assert fit.certificate.scope == known.certificate.scope
    assert fit.log_likelihood == pytest.approx(known.log_likelihood, rel=1e-12)
    for ours, theirs in names.items():
        assert fit.estimates[ours] == pytest.approx(known.estimates[theirs], rel=1e-9)
        assert fit.standard_errors[ours] == pytest.approx(
            known.standard_errors[theirs], rel=1e-7, nan_ok=True
        )
    low, high = np.quantile(y, [0.2, 0.6])
    rows = th.Observations.interval(
        np.where(y < low, -np.inf, y), np.where(y < low, low, np.where(y > high, np.inf, y))
    )
    assert th.fit(mapped, rows).log_likelihood == pytest.approx(th.fit(plain, rows).log_likelihood, rel=1e-10)


def test_moments_by_quadrature_and_those_that_are_not_there():
    law = th.Transformed(th.Normal(mean=0.3, sd=0.8), "exp")
    same = th.LogNormal(mean_log=0.3, sd_log=0.8)
    assert (law.mean(), law.variance()) == pytest.approx((same.mean(), same.variance()), rel=1e-9)
    assert th.Transformed(th.Exponential(rate=0.5), "exp").mean() == np.inf
    assert th.Transformed(th.Exponential(rate=1.5), "exp").variance() == np.inf
    assert th.Transformed(th.Exponential(rate=3.0), "exp").mean() == pytest.approx(1.5, rel=1e-6)
    logged = th.Transformed(th.Exponential(rate=1.0), "log")
    assert (logged.mean(), logged.variance()) == pytest.approx((-np.euler_gamma, np.pi**2 / 6), rel=1e-9)
    affine = th.Transformed(th.Gamma(shape=2, rate=1), "affine(1, 3)")
    assert (affine.mean(), affine.variance()) == pytest.approx((7.0, 18.0), rel=1e-14)


def test_ends_belong_to_the_support_where_the_density_is_finite_there():
    assert th.Transformed(th.Exponential(), "exp").support.includes_lower
    assert th.Transformed(th.Exponential(), "exp").support.lower == 1.0
    assert not th.Transformed(th.Exponential(), "sqrt").support.includes_lower
    with pytest.raises(th.DataError, match="numbers from 1 up"):
        th.fit(th.Transformed(th.Exponential(), "exp"), [0.5, 2.0])


def test_regressions_are_those_of_the_values_mapped_back():
    draws = rng()
    x = draws.normal(size=80)
    y = np.exp(1.0 + 0.5 * x + 0.3 * draws.normal(size=80))
    columns = {"y": y, "x": x, "z": np.log(y)}
    fit = th.fit(th.Regression("y ~ x", th.Transformed(th.Normal(), "exp")), columns)
    apart = th.fit(th.Regression("z ~ x", th.Normal()), columns)
    assert fit.estimates == pytest.approx(apart.estimates, rel=1e-9)
    assert fit.log_likelihood == pytest.approx(apart.log_likelihood - np.log(y).sum(), rel=1e-12)


def test_they_compose_and_are_saved(tmp_path):
    draws = rng()
    z = np.concatenate([draws.normal(0.0, 0.3, 150), draws.normal(3.0, 0.5, 150)])
    for k, (family, y) in enumerate(
        [
            (th.Transformed(th.Mixture([th.Normal(), th.Normal()]), "exp"), np.exp(z)),
            (th.Mixture([th.Transformed(th.Normal(), "exp"), th.Gamma()]), np.exp(z)),
            (th.Truncated(th.Transformed(th.Normal(), "exp"), low=0.5), np.exp(z)[np.exp(z) > 0.5]),
            (th.Shifted(th.Transformed(th.Gamma(), "sqrt")), 5.0 + np.sqrt(draws.gamma(9.0, 1.0, 200))),
            (th.Transformed(th.Shifted(th.Weibull()), "affine(2, 3)"), 20.0 + draws.weibull(3.0, 200)),
        ]
    ):
        fit = th.fit(family, y)
        assert fit.certificate.verdict == "maximum", family
        fit.save(tmp_path / f"{k}.json")
        again = th.load(tmp_path / f"{k}.json")
        assert repr(again.distribution) == repr(fit.distribution)
    mapped = th.fit(th.Transformed(th.Mixture([th.Normal(), th.Normal()]), "exp"), np.exp(z))
    assert mapped.estimates == pytest.approx(
        th.fit(th.Mixture([th.Normal(), th.Normal()]), z).estimates, rel=1e-6
    )


def test_names_in_text():
    y = rng().gamma(3.0, 2.0, 60)
    assert th.fit("transformed(normal, exp)", y).estimates["mean"] == pytest.approx(
        np.log(y).mean(), rel=1e-12
    )
    assert th.fit("transformed(normal, affine(1, 2))", y).estimates["mean"] == pytest.approx(
        (y.mean() - 1) / 2
    )
    assert repr(th.Transformed(th.Gamma(), " power( 2 ) ")) == ("Transformed(Gamma(), 'power(2)')")


@pytest.mark.parametrize(
    ("inner", "text", "words"),
    [
        (th.Normal(), "log", "takes numbers above 0"),
        (th.Gamma(), "logit", "takes numbers above 0 and below 1"),
        (th.Poisson(), "sqrt", "whole numbers"),
        (th.Normal(), "cube", "there is no bijection 'cube'"),
        (th.Normal(), None, "there is no bijection None"),
        (th.Gamma(), "power(-1)", "does not take these numbers"),
        (th.Normal(), "affine(1)", "does not take these numbers"),
        (th.Normal(), "affine(1, x)", "does not take these numbers"),
        (th.Categorical(), "log", "no order"),
    ],
)
def test_what_cannot_be_mapped_is_refused(inner, text, words):
    with pytest.raises(ModelError, match=words):
        th.Transformed(inner, text)
