"""The multivariate t: one column, its limit, planes, and what fixed degrees of freedom settle."""

from __future__ import annotations

import numpy as np
import pytest
from tests.multivariate.cases import MATRIX

import thetahat as th
from thetahat.families.multivariate._planes import fewest_degrees


def test_one_column_is_the_t():
    law = th.MultivariateT(location=[1.0], scatter=[[4.0]], df=3.0)
    single = th.StudentT(location=1, scale=2, df=3)
    y = np.array([-30.0, 0.0, 2.5])
    np.testing.assert_allclose(law.log_prob(y[:, np.newaxis]), single.log_prob(y), rtol=1e-13)
    assert law.entropy() == pytest.approx(single.entropy(), rel=1e-9)
    y = single.sample(200, rng=1)
    fit, other = th.fit(th.MultivariateT(), y[:, np.newaxis]), th.fit(th.StudentT(), y)
    assert fit.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    assert fit.estimates["df"] == pytest.approx(other.estimates["df"], rel=1e-7)
    assert fit.standard_errors["df"] == pytest.approx(other.standard_errors["df"], rel=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_the_verdict_agrees_with_the_kurtosis_of_normal_rows(seed):
    y = np.random.default_rng(seed).multivariate_normal([0.0, 1.0, 2.0], MATRIX, size=100)
    fit, normal = th.fit(th.MultivariateT(), y), th.fit(th.MultivariateNormal(), y)
    beyond = y - normal.distribution.mean()
    q = np.einsum("ij,ji->i", beyond, np.linalg.solve(normal.distribution.covariance(), beyond.T))
    # ∂ℓ/∂(1/df) at the normal is Σ (q² - d (d + 2))/4 (Mardia, 1970).
    if np.mean(q**2) > 15.0:
        assert fit.certificate.verdict == "maximum"
        assert fit.log_likelihood > normal.log_likelihood
        return
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "MultivariateNormal"
    assert fit.estimates["df"] == np.inf
    assert np.isnan(fit.standard_errors["df"])
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, rel=1e-13)
    for i in range(3):
        for j in range(i + 1):
            ours, theirs = f"scatter[{i},{j}]", f"covariance[{i},{j}]"
            assert fit.estimates[ours] == pytest.approx(normal.estimates[theirs], rel=1e-12)
            assert fit.standard_errors[ours] == pytest.approx(normal.standard_errors[theirs], rel=1e-10)


def test_rows_in_a_plane_have_no_maximum():
    y = th.MultivariateT(location=[0.0, 0.0], scatter=[[1.0, 0.3], [0.3, 1.0]], df=4.0).sample(50, rng=1)
    fit = th.fit(th.MultivariateT(), np.column_stack([y, y[:, 0] + y[:, 1]]))
    assert fit.certificate.verdict == "unbounded"
    assert "collinear" in fit.certificate.sentence
    twice = th.fit(th.MultivariateT(), {"a": y[:, 0], "b": y[:, 1], "c": y[:, 0]})
    assert "columns a and c are equal in every row" in twice.certificate.sentence
    few = th.fit(th.MultivariateT(), y[:2])
    assert "2 rows lie in a plane of the 2 columns; it takes at least 3" in few.certificate.sentence


def test_outliers_hardly_move_it():
    law = th.MultivariateT(location=[0.0, 0.0], scatter=[[1.0, 0.3], [0.3, 1.0]], df=4.0)
    y = law.sample(300, rng=2)
    plain, spoilt = (
        th.fit(th.MultivariateT(), y),
        th.fit(th.MultivariateT(), np.append(y, [[1e4, -1e4]], axis=0)),
    )
    assert spoilt.certificate.verdict == "maximum"
    assert abs(spoilt.estimates["location[0]"] - plain.estimates["location[0]"]) < 0.05


def test_fixed_degrees_of_freedom_leave_one_maximum():
    law = th.MultivariateT(location=[0.0, 0.0], scatter=[[1.0, 0.3], [0.3, 1.0]], df=4.0)
    fit = th.fit(th.MultivariateT(df=4.0), law.sample(100, rng=3))
    assert fit.certificate.scope == "global"
    assert "Kent & Tyler" in fit.certificate.sentence


def test_equal_rows_and_equal_values_bound_the_degrees_of_freedom():
    law = th.MultivariateT(location=[0.0, 0.0], scatter=[[1.0, 0.3], [0.3, 1.0]], df=4.0)
    y, ones = law.sample(20, rng=1), np.ones(20)
    # Any two rows lie on a line, and one is a point: 2/18 and 2/19.
    assert fewest_degrees(y, ones) == pytest.approx(2 / 18)
    assert fewest_degrees(y, np.append(ones[:-1], 3.0)) == pytest.approx(6 / 19)
    y[:5, 1] = 0.0
    assert fewest_degrees(y, ones) == pytest.approx(5 / 15)
    y[:4, 0] = 7.0
    assert fewest_degrees(y, ones) == pytest.approx(8 / 16)
    wide = np.random.default_rng(1).standard_normal((30, 4))
    wide[:9, 1:3] = 1.0
    assert fewest_degrees(wide, np.ones(30)) == pytest.approx(18 / 21)
    assert fewest_degrees(np.ones((3, 2)), np.ones(3)) == np.inf


def test_rows_that_pile_up_have_no_maximum_below_what_they_ask_for():
    law = th.MultivariateT(location=[0.0, 0.0], scatter=[[1.0, 0.3], [0.3, 1.0]], df=4.0)
    y = law.sample(100, rng=1)
    y[:40, 0] = 1.5
    fit = th.fit(th.MultivariateT(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["df"] > 40 / 60
    assert "m rows with equal values" in fit.certificate.region
    y[:60] = [1.5, 2.0]
    assert th.fit(th.MultivariateT(), y).certificate.verdict == "unbounded"
    # With degrees of freedom fixed where those rows ask for more, the theorem does not hold.
    few, many = th.fit(th.MultivariateT(df=2.0), y), th.fit(th.MultivariateT(df=4.0), y)
    assert few.certificate.verdict == "unbounded"
    assert many.certificate.scope == "global"


@pytest.mark.parametrize("rng", [1, 2, 3])
def test_few_rows_have_a_start_inside_the_region(rng):
    y = th.MultivariateT(location=np.zeros(3), scatter=np.eye(3), df=1.0).sample(6, rng=rng)
    fit = th.fit(th.MultivariateT(), y)
    assert fit.certificate.verdict in {"maximum", "at_infinity", "unbounded"}
    four = th.MultivariateT(location=np.zeros(2), scatter=np.eye(2), df=4.0).sample(4, rng=rng)
    assert th.fit(th.MultivariateT(), four).certificate.verdict in {"maximum", "at_infinity", "unbounded"}


def test_the_higher_of_two_maxima_is_found():
    # One is about the two rows that are close together, another about the three.
    y = np.array([[0.882], [0.483], [-0.048], [-2.858], [0.912]])
    fit = th.fit(th.MultivariateT(), y)
    lower = th.fit(th.MultivariateT(), y, start={"df": 1.5})
    assert fit.certificate.verdict == lower.certificate.verdict == "maximum"
    assert fit.log_likelihood > lower.log_likelihood + 0.5
    single = th.fit(th.StudentT(), y[:, 0])
    assert fit.log_likelihood == pytest.approx(single.log_likelihood, rel=1e-10)


def test_moments_that_do_not_exist():
    numbers = {"location": [1.0, 2.0], "scatter": [[1.0, 0.3], [0.3, 2.0]]}
    assert np.isnan(th.MultivariateT(df=0.9, **numbers).mean()).all()
    assert np.isinf(th.MultivariateT(df=1.5, **numbers).variance()).all()
    assert np.isnan(th.MultivariateT(df=1.5, **numbers).covariance()[0, 1])
    assert th.MultivariateT(df=4, **numbers).covariance()[1, 1] == 4.0
