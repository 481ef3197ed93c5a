"""Rows with missing values: refused, left out, or taken for what is known of them."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.multivariate.cases import MATRIX, blank, every_law

import thetahat as th
from thetahat.numerics.namespace import NUMPY, namespace

LAW = th.MultivariateNormal(mean=[1.0, -2.0, 0.5], covariance=MATRIX)
MARGINAL = th.MultivariateNormal(missing="marginal")


def with_holes(n=200, share=0.25, rng=3):
    """Rows of which some values are missing, and one of them whole."""
    y = LAW.sample(n, rng=rng)
    y[np.random.default_rng(rng).random(y.shape) < share] = np.nan
    y[0], y[1] = np.nan, [1.0, -1.0, 0.0]
    return y


def marginal_log_prob(y, mean, covariance):
    """By the density of each row's own columns."""
    total = 0.0
    for row in y:
        known = np.flatnonzero(~np.isnan(row))
        if known.size:
            law = th.MultivariateNormal(mean=mean[known], covariance=covariance[np.ix_(known, known)])
            total += law.log_prob(row[known])
    return total


def test_rows_with_missing_values_are_refused_by_column():
    y = LAW.sample(6, rng=1)
    y[2, 0] = y[4, 0] = y[4, 2] = np.nan
    columns = dict(zip("abc", y.T, strict=True))
    told = (
        r"2 in column 'a', 1 in column 'c', among rows 0-5: row 2 \(nan\), row 4 \(nan\).*'drop'.*'marginal'"
    )
    with pytest.raises(th.DataError, match=told):
        th.fit(th.MultivariateNormal(), columns)
    with pytest.raises(th.DataError, match=r"MultivariateT\(missing='drop'\) leaves such rows out$"):
        th.fit(th.MultivariateT(), columns)
    with pytest.raises(th.ParameterError, match=r"choose from 'error', 'drop'$"):
        th.MultivariateT(missing="marginal")
    y[3, 1] = np.inf
    with pytest.raises(th.DataError, match=r"row 3 \(inf\)"):
        th.fit(MARGINAL, y)


@pytest.mark.parametrize("law", every_law(), ids=lambda law: law.title)
def test_rows_may_be_left_out(law):
    y = law.sample(60, rng=2).astype(float)
    holes = y.copy()
    holes[7, 0] = holes[11, 1] = np.nan
    rest = np.delete(y, [7, 11], axis=0)
    fit = th.fit(type(law)(missing="drop", **law.known_values), holes)
    other = th.fit(blank(law), rest)
    assert fit.estimates == other.estimates
    assert (fit.n_rows, fit.n_obs, fit.model["dropped"]) == (58, 58, 2)
    assert "58 rows (3 columns of 60 rows), 2 left out" in str(fit.summary())
    clusters = np.arange(60) // 2
    np.testing.assert_allclose(
        fit.covariance("sandwich", cluster=clusters),
        other.covariance("sandwich", cluster=np.delete(clusters, [7, 11])),
        rtol=1e-10,
    )
    weight = np.ones(60)
    weight[[0, 7]] = 0.0
    weighted = th.fit(type(law)(missing="drop", **law.known_values), holes, weights=weight)
    assert (weighted.n_rows, weighted.n_obs, weighted.model["dropped"]) == (59, 57, 1)


def test_the_likelihood_is_that_of_what_is_known():
    y = with_holes()
    fit = th.fit(MARGINAL, y)
    assert fit.certificate.verdict == "maximum"
    assert min(fit.certificate.digits.values()) > 9
    assert (fit.n_rows, fit.model["dropped"], fit.dof) == (198, 2, 9)
    law = fit.distribution
    assert law.missing == "marginal"
    expected = marginal_log_prob(y, law.mean(), law.covariance())
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-13)
    assert law.log_prob(y).sum() == pytest.approx(expected, rel=1e-13)
    assert law.log_prob(y)[0] == 0.0
    assert np.isnan(LAW.log_prob(y)[0])
    for scale in (0.999, 1.001):
        assert marginal_log_prob(y, law.mean() * scale, law.covariance()) < expected
        assert marginal_log_prob(y, law.mean(), law.covariance() * scale) < expected
    assert not np.isnan(fit.simulate(1)).any()
    assert fit.simulate(1).shape == (198, 3)


def test_derivatives_are_those_of_the_density():
    y = with_holes(40)[1:]
    law = th.MultivariateNormal(mean=[1.0, -2.0, 0.5], covariance=MATRIX, missing="marginal")
    rng = np.random.default_rng(5)
    weight = rng.uniform(0.5, 2.0, y.shape[0])
    eta = law.working(law.given) + 0.3 * rng.standard_normal(9)
    rows = law.prepare(NUMPY, y, {})
    value, score, information = law.derivatives(rows, weight, eta)
    with jax.enable_x64(True):  # noqa: FBT003 - its only argument
        xp = namespace(jnp.ones(1))
        traced = law.log_density(xp, law.prepare(xp, jnp.asarray(y), {}), jnp.asarray(eta))
        np.testing.assert_allclose(value, traced, rtol=1e-12)
    scores = law.scores(rows, eta)
    np.testing.assert_allclose(value, law.log_density(NUMPY, rows, eta), rtol=1e-13)
    np.testing.assert_allclose(score, weight @ scores, rtol=1e-11, atol=1e-12 * np.abs(scores).max())

    # By differences over two steps (Richardson): JAX takes long to compile derivatives of a factor for each row.
    def slopes(function, at):
        near, far = (
            (function(eta + step) - function(eta - step)) / (2.0 * step[at])
            for step in (size * np.eye(9)[at] for size in (1e-3, 2e-3))
        )
        return (4.0 * near - far) / 3.0

    for at in range(9):
        found = slopes(lambda point: law.log_density(NUMPY, rows, point), at)
        np.testing.assert_allclose(scores[:, at], found, rtol=1e-8, atol=1e-10 * np.abs(scores).max())
        found = -slopes(lambda point: law.derivatives(rows, weight, point).score, at)
        scale = np.abs(information).max()
        np.testing.assert_allclose(information[at], found, rtol=1e-8, atol=1e-10 * scale)


def test_the_expected_information_is_that_of_scores_given_what_is_known():
    law = th.MultivariateNormal(mean=[1.0, -2.0, 0.5], covariance=MATRIX, missing="marginal")
    y = law.sample(40_000, rng=1)
    y[:15_000, 1] = np.nan
    y[10_000:20_000, 2] = np.nan
    eta = law.working(law.given)
    rows = law.prepare(NUMPY, y, {})
    scores = law.scores(rows, eta)
    expected = law.expected_information(rows, np.ones(40_000), eta) / 40_000
    roots = np.sqrt(np.diag(expected))
    assert np.abs((scores.T @ scores / 40_000 - expected) / np.outer(roots, roots)).max() < 0.05
    fit = th.fit(MARGINAL, y)
    for kind in ("expected", "opg", "sandwich"):
        assert np.sqrt(np.diag(fit.covariance(kind))) == pytest.approx(
            np.sqrt(np.diag(fit.covariance())), rel=0.05
        )


def test_without_missing_values_nothing_changes():
    y = LAW.sample(80, rng=4)
    fit, plain = th.fit(MARGINAL, y), th.fit(th.MultivariateNormal(), y)
    assert fit.estimates == plain.estimates
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-14)
    assert fit.certificate.scope == "global"
    assert fit.certificate.sentence == plain.certificate.sentence
    np.testing.assert_allclose(fit.covariance(), plain.covariance(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.covariance("opg"), plain.covariance("opg"), rtol=1e-9, atol=1e-12)


def test_monotone_patterns_are_regressions():
    y = LAW.sample(200, rng=5)
    y[120:, 1] = np.nan
    fit = th.fit(th.MultivariateNormal(missing="marginal"), y[:, :2])
    assert fit.certificate.scope == "global"
    assert "Anderson, 1957" in fit.certificate.sentence
    x, z = y[:, 0], y[:120, 1]
    slope, constant = np.polyfit(x[:120], z, 1)
    left = np.mean((z - constant - slope * x[:120]) ** 2)
    assert fit.estimates["mean[0]"] == pytest.approx(x.mean(), rel=1e-11)
    assert fit.estimates["covariance[0,0]"] == pytest.approx(x.var(), rel=1e-11)
    assert fit.estimates["mean[1]"] == pytest.approx(constant + slope * x.mean(), rel=1e-11)
    assert fit.estimates["covariance[1,0]"] == pytest.approx(slope * x.var(), rel=1e-10)
    assert fit.estimates["covariance[1,1]"] == pytest.approx(left + slope**2 * x.var(), rel=1e-11)


def test_the_higher_of_two_maxima_is_found():
    holes = np.nan
    y = np.array(
        [
            [holes, -0.89],
            [0.2, -0.38],
            [holes, -0.26],
            [-0.66, holes],
            [0.12, holes],
            [0.42, -0.8],
            [-0.56, holes],
            [-0.24, -1.65],
            [holes, 1.1],
            [0.12, -1.36],
        ]
    )
    fit = th.fit(MARGINAL, y)
    lower = th.fit(MARGINAL, y, start={"mean": [0.0, 0.0], "covariance": np.eye(2)})
    assert fit.certificate.verdict == lower.certificate.verdict == "maximum"
    assert fit.certificate.scope == "local"
    assert fit.log_likelihood > lower.log_likelihood + 0.9


def test_the_saddle_between_two_maxima_is_left():
    # Murray (1977): correlations of 1/2 and -1/2 are equally good, and 0, where the EM algorithm stays, is a saddle.
    pairs = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]
    single = [[2.0, np.nan], [2.0, np.nan], [-2.0, np.nan], [-2.0, np.nan]]
    fit = th.fit(MARGINAL, [*pairs, *single, *(row[::-1] for row in single)])
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["covariance[0,0]"] == pytest.approx(8 / 3, rel=1e-9)
    assert abs(fit.estimates["covariance[1,0]"]) == pytest.approx(4 / 3, rel=1e-9)


def test_weights_blocks_and_order_do_not_matter():
    y = with_holes()
    weight = np.random.default_rng(1).integers(0, 4, 200)
    weighted, repeated = th.fit(MARGINAL, y, weights=weight), th.fit(MARGINAL, np.repeat(y, weight, axis=0))
    assert weighted.n_obs == repeated.n_obs == weight[~np.isnan(y).all(axis=1)].sum()
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(weighted.covariance("opg"), repeated.covariance("opg"), rtol=1e-8, atol=1e-12)
    many = np.tile(y, (400, 1))
    fit, once = th.fit(MARGINAL, many), th.fit(MARGINAL, y)
    assert fit.log_likelihood == pytest.approx(400 * once.log_likelihood, rel=1e-12)
    assert list(fit.estimates.values()) == pytest.approx(list(once.estimates.values()), rel=1e-8)


def test_units_and_offsets_do_not_matter():
    y = with_holes()
    fit = th.fit(MARGINAL, y)
    scaled = th.fit(MARGINAL, y * np.array([1e-60, 1.0, 1e60]))
    assert scaled.certificate.verdict == "maximum"
    for name in ("covariance[2,0]", "covariance[1,1]"):
        assert scaled.estimates[name] == pytest.approx(fit.estimates[name], rel=1e-9)
        assert scaled.standard_errors[name] == pytest.approx(fit.standard_errors[name], rel=1e-9)
    far = th.fit(MARGINAL, np.round(y * 1024) / 1024 + 2.0**30)
    near = th.fit(MARGINAL, np.round(y * 1024) / 1024)
    assert far.certificate.verdict == "maximum"
    assert far.estimates["covariance[1,0]"] == pytest.approx(near.estimates["covariance[1,0]"], rel=1e-6)


def test_columns_that_are_never_known_together_have_a_flat_covariance(tmp_path):
    y = LAW.sample(200, rng=6)
    y[:100, 2] = np.nan
    y[100:, 1] = np.nan
    fit = th.fit(MARGINAL, y)
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.parameters == ("covariance[2,1]",)
    assert [name for name, what in fit.certificate.status.items() if what == "flat"] == ["covariance[2,1]"]
    assert "no row has both its columns" in fit.certificate.sentence
    assert np.isnan(fit.standard_errors["covariance[2,1]"])
    # What is known of the others does not depend on it.
    matrix = np.array(MATRIX)
    matrix[1, 2] = matrix[2, 1] = 0.9
    other = th.fit(MARGINAL, y, start={"mean": [1.0, -2.0, 0.5], "covariance": matrix})
    assert abs(other.estimates["covariance[2,1]"] - fit.estimates["covariance[2,1]"]) > 0.1
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-13)
    for name in fit.free_names:
        if name != "covariance[2,1]":
            assert other.estimates[name] == pytest.approx(fit.estimates[name], rel=1e-8)
            assert other.standard_errors[name] == pytest.approx(fit.standard_errors[name], rel=1e-8)
    pair = th.fit(MARGINAL, y[:, :2])
    assert fit.estimates["covariance[1,0]"] == pytest.approx(pair.estimates["covariance[1,0]"], abs=0.1)
    fit.save(tmp_path / "fit.json")
    np.testing.assert_array_equal(th.load(tmp_path / "fit.json").covariance(), fit.covariance())


def test_too_few_rows_that_have_the_same_columns():
    y = LAW.sample(60, rng=7)
    y[:30, 2] = np.nan
    y[30:58, 1] = np.nan
    y[58:, 0] = np.nan
    fit = th.fit(MARGINAL, y)
    assert fit.certificate.verdict == "unbounded"
    told = "of the rows in which y[1] and y[2] are known, 2 rows lie in a plane of the 2 columns"
    assert told in fit.certificate.sentence
    # They do: a covariance that is singular in these two columns alone gives them any density.
    law = th.fit(MARGINAL, y[:58]).distribution
    slope = (y[59, 2] - y[58, 2]) / (y[59, 1] - y[58, 1])
    values = []
    for noise in (1e-2, 1e-4, 1e-6):
        covariance, mean = np.array(law.covariance()), np.array(law.mean())
        covariance[0, 2] = covariance[2, 0] = covariance[0, 1] * slope
        covariance[1, 2] = covariance[2, 1] = covariance[1, 1] * slope
        covariance[2, 2] = covariance[1, 1] * slope**2 + noise**2
        mean[2] = y[58, 2] + slope * (mean[1] - y[58, 1])
        values.append(marginal_log_prob(y, mean, covariance))
    assert values[0] < values[1] < values[2]
    three = LAW.sample(40, rng=7)
    three[3:, 2] = np.nan
    assert "3 rows lie in a plane" in th.fit(MARGINAL, three).certificate.sentence
    assert th.fit(th.MultivariateNormal(mean=LAW.mean(), missing="marginal"), three).certificate.verdict == (
        "maximum"
    )


def test_columns_and_rows_of_which_nothing_is_known():
    y = LAW.sample(20, rng=8)
    y[:, 1] = np.nan
    with pytest.raises(th.DataError, match=r"column y\[1\] is missing in every row"):
        th.fit(MARGINAL, y)
    with pytest.raises(th.DataError, match="no row is left: all have missing values in every column"):
        th.fit(MARGINAL, np.full((4, 2), np.nan))
    with pytest.raises(th.DataError, match=r"no row is left: all have missing values$"):
        th.fit(th.MultivariateT(missing="drop"), np.full((4, 2), np.nan))


def test_fixed_parameters_stay():
    y = with_holes()
    for fixed in ({"mean": [1.0, -2.0, 0.5]}, {"covariance": MATRIX}):
        fit = th.fit(MARGINAL, y, fixed=fixed)
        assert fit.certificate.verdict == "maximum"
        law = fit.distribution
        assert fit.log_likelihood == pytest.approx(
            marginal_log_prob(y, law.mean(), law.covariance()), rel=1e-12
        )
        assert fit.log_likelihood < th.fit(MARGINAL, y).log_likelihood


def test_a_saved_fit_and_its_text_remember(tmp_path):
    fit = th.fit(MARGINAL, with_holes())
    fit.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.distribution.missing == "marginal"
    assert loaded.model["dropped"] == fit.model["dropped"]
    y = with_holes(rng=9)
    np.testing.assert_array_equal(loaded.distribution.log_prob(y), fit.distribution.log_prob(y))
    assert repr(MARGINAL) == "MultivariateNormal(missing='marginal')"
    plain = json.loads((tmp_path / "fit.json").read_text())
    plain["model"]["missing"] = "guess"
    (tmp_path / "spoilt.json").write_text(json.dumps(plain))
    with pytest.raises(th.SourceError, match="damaged"):
        th.load(tmp_path / "spoilt.json")
