"""The multivariate normal: known answers, planes that rows lie in, offsets, and correlations near 1."""

from __future__ import annotations

import numpy as np
import pytest
from tests.multivariate.cases import MATRIX

import thetahat as th

LAW = th.MultivariateNormal(mean=[1.0, -2.0, 0.5], covariance=MATRIX)


def test_one_column_is_the_normal():
    law, normal = th.MultivariateNormal(mean=[1.0], covariance=[[4.0]]), th.Normal(mean=1, sd=2)
    y = np.array([-3.0, 0.0, 2.5])
    np.testing.assert_allclose(law.log_prob(y[:, np.newaxis]), normal.log_prob(y), rtol=1e-14)
    assert law.entropy() == pytest.approx(normal.entropy(), rel=1e-14)
    fit, single = th.fit(th.MultivariateNormal(), y[:, np.newaxis]), th.fit(th.Normal(), y)
    assert fit.log_likelihood == pytest.approx(single.log_likelihood, rel=1e-14)
    assert fit.estimates["covariance[0,0]"] == pytest.approx(single.estimates["sd"] ** 2, rel=1e-14)


def test_the_estimates_are_mean_and_covariance():
    y = LAW.sample(50, rng=1)
    fit = th.fit(th.MultivariateNormal(), y)
    assert [fit.estimates[f"mean[{i}]"] for i in range(3)] == pytest.approx(list(y.mean(axis=0)), rel=1e-14)
    covariance = np.cov(y.T, bias=True)
    for i in range(3):
        for j in range(i + 1):
            assert fit.estimates[f"covariance[{i},{j}]"] == pytest.approx(covariance[i, j], rel=1e-13)
    assert fit.trace == ()
    assert fit.certificate.scope == "global"


def test_a_fixed_mean_is_what_the_covariance_is_about():
    y = LAW.sample(50, rng=1)
    fit = th.fit(th.MultivariateNormal(mean=[1.0, -2.0, 0.5]), y)
    about = (y - [1.0, -2.0, 0.5]).T @ (y - [1.0, -2.0, 0.5]) / 50
    assert fit.estimates["covariance[2,1]"] == pytest.approx(about[2, 1], rel=1e-13)
    fit = th.fit(th.MultivariateNormal(), y, fixed={"covariance": MATRIX})
    assert fit.estimates["mean[1]"] == pytest.approx(y[:, 1].mean(), rel=1e-14)
    assert fit.standard_errors["mean[1]"] == pytest.approx(np.sqrt(1.5 / 50), rel=1e-13)


def test_a_covariance_is_a_matrix_or_its_triangle():
    triangle = [2.0, 0.6, 1.5, -0.3, 0.4, 0.8]
    assert th.MultivariateNormal(mean=[1.0, -2.0, 0.5], covariance=triangle).parameters == LAW.parameters
    y = LAW.sample(50, rng=1)
    matrix = th.fit(th.MultivariateNormal(), y, fixed={"covariance": MATRIX})
    assert th.fit(th.MultivariateNormal(), y, fixed={"covariance": triangle}).estimates == matrix.estimates
    with pytest.raises(th.ParameterError, match="positive definite matrix of 2 rows"):
        th.MultivariateNormal(mean=[0.0, 0.0], covariance=[[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(th.ParameterError, match="positive definite"):
        th.MultivariateNormal(mean=[0.0, 0.0], covariance=[[1.0, 0.5], [0.4, 1.0]])
    with pytest.raises(th.ParameterError, match="same columns"):
        th.MultivariateNormal(mean=[0.0, 0.0, 0.0], covariance=[[1.0, 0.5], [0.5, 1.0]])


def test_an_offset_costs_no_digits():
    y = np.round(LAW.sample(200, rng=2) * 1024) / 1024
    near, far = th.fit(th.MultivariateNormal(), y), th.fit(th.MultivariateNormal(), y + 2.0**30)
    assert far.certificate.verdict == "maximum"
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-13)
    for name, value in near.estimates.items():
        moved = 2.0**30 if name.startswith("mean") else 0.0
        assert far.estimates[name] - moved == pytest.approx(value, rel=1e-9, abs=2e-7)
        if not moved:
            assert far.estimates[name] == pytest.approx(value, rel=1e-13)
            assert far.standard_errors[name] == pytest.approx(near.standard_errors[name], rel=1e-12)
    many = th.fit(th.MultivariateNormal(), np.tile(y, (400, 1)) + 2.0**30)
    assert many.certificate.verdict == "maximum"
    # Products over 80,000 rows round by some 1e-13 on their own, differently from processor to processor.
    assert many.log_likelihood == pytest.approx(400 * near.log_likelihood, rel=1e-12)


def test_units_of_columns_do_not_matter():
    y = LAW.sample(100, rng=3)
    unit = np.array([1e-60, 1.0, 1e60])
    plain, scaled = th.fit(th.MultivariateNormal(), y), th.fit(th.MultivariateNormal(), y * unit)
    assert scaled.certificate.verdict == "maximum"
    assert scaled.estimates["covariance[2,0]"] == pytest.approx(plain.estimates["covariance[2,0]"], rel=1e-12)
    assert scaled.standard_errors["covariance[0,0]"] == pytest.approx(
        1e-120 * plain.standard_errors["covariance[0,0]"], rel=1e-12
    )
    assert min(scaled.certificate.digits.values()) > 12
    with pytest.raises(th.DataError, match="multiply the column"):
        th.fit(th.MultivariateNormal(), y * 1e80)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda y: np.column_stack([y, y[:, 0] - 2 * y[:, 1]]),
            "collinear to double precision: d - a + 2 b is the same",
        ),
        (lambda y: np.column_stack([y, y[:, 1]]), "columns b and d are equal in every row"),
        (lambda y: y[:, [0, 1, 0, 1]], "columns a and c are equal, columns b and d are equal in every row"),
        (lambda y: np.column_stack([y[:, :2], 1 - 2 * y[:, 0], y[:, 0]]), "columns a and d are equal"),
        (
            lambda y: np.column_stack([y[:, :2], 1 - 2 * y[:, 0], 3 * y[:, 1]]),
            "d - 3 b is the same in every row (1 more such relation holds)",
        ),
        (lambda y: np.column_stack([y, np.full(len(y), 7.0)]), "column d is the same in every row"),
        (
            lambda y: np.column_stack([y[:4], y[:4, 0] ** 2]),
            "4 rows lie in a plane of the 4 columns; it takes at least 5 different rows",
        ),
        (lambda y: np.column_stack([y[:1], y[:1, 0]]), "there is 1 row, and it takes at least 5"),
        (lambda y: np.tile(y[:1], (3, 1)), "columns a, b and c are the same"),
    ],
)
def test_rows_in_a_plane_have_no_maximum(spoil, told):
    y = spoil(LAW.sample(60, rng=4))
    names = list("abcd")[: y.shape[1]]
    fit = th.fit(th.MultivariateNormal(y=names), dict(zip(names, y.T, strict=True)))
    assert fit.certificate.verdict == "unbounded"
    assert not fit.certificate.exists
    assert told in fit.certificate.sentence
    assert "leave out" in fit.certificate.sentence
    assert np.isnan(list(fit.estimates.values())).all()
    # With the covariance known there is nothing to be unbounded.
    size = y.shape[1]
    known = th.fit(th.MultivariateNormal(), y, fixed={"covariance": np.eye(size)})
    assert known.certificate.verdict == "maximum"


def test_just_enough_rows_have_one():
    y = LAW.sample(4, rng=5)
    assert th.fit(th.MultivariateNormal(), y).certificate.verdict == "maximum"
    assert th.fit(th.MultivariateNormal(), y[:3]).certificate.verdict == "unbounded"
    about = th.fit(th.MultivariateNormal(mean=[1.0, -2.0, 0.5]), y[:3])
    assert about.certificate.verdict == "maximum"


@pytest.mark.parametrize("size", [1e-3, 1e-5, 1e-6])
def test_correlations_near_one(size):
    rng = np.random.default_rng(6)
    x, noise = rng.standard_normal((2, 200))
    fit = th.fit(th.MultivariateNormal(), np.column_stack([x, x + size * noise]))
    assert fit.certificate.verdict == "maximum"
    # log |Σ| is that of the first column and of the noise, given the first.
    left = noise - np.polyval(np.polyfit(x, noise, 1), x)
    expected = -100 * (2 * np.log(2 * np.pi) + np.log(x.var()) + 2 * np.log(size) + np.log(left.var()) + 2)
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-4 * (1e-6 / size) ** 0.5)


def test_the_start_may_be_far():
    y = LAW.sample(100, rng=7)
    fit = th.fit(th.MultivariateNormal(), y)
    far = th.fit(th.MultivariateNormal(), y, start={"mean": [30.0, -40.0, 9.0], "covariance": np.eye(3)})
    assert far.certificate.verdict == "maximum"
    assert far.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-13)


def test_a_prior_on_an_entry_pulls_it():
    y = LAW.sample(100, rng=8)
    fit = th.fit(th.MultivariateNormal(), y)
    pulled = th.fit(th.MultivariateNormal(), y, penalty=th.Prior({"mean[0]": th.Normal(mean=9, sd=0.01)}))
    assert pulled.certificate.verdict == "maximum"
    assert fit.estimates["mean[0]"] < 2.0 < pulled.estimates["mean[0]"] < 9.0
