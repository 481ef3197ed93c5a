"""Calibration, confusion, Brier's score and cross-entropy against their definitions; draws against their laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import thetahat as th

RNG = np.random.default_rng(21)
N = 300
X = RNG.normal(size=N)
YES = (RNG.random(N) < special.expit(0.3 + X)).astype(int)
LABEL = np.array(["low", "mid", "top"])[np.digitize(X + RNG.logistic(size=N), [-0.5, 1.0])]
COLUMNS: dict[str, Any] = {"x": X, "yes": YES, "label": LABEL, "w": RNG.integers(0, 4, N)}


def binary(**options: Any) -> th.Fit:
    return th.fit(th.Regression("yes ~ x", th.Bernoulli()), COLUMNS, **options)


@pytest.mark.parametrize("family", [th.Categorical(), th.Ordinal()], ids=lambda value: type(value).__name__)
def test_confusion_and_brier_of_three_labels(family: th.Family) -> None:
    fit = th.fit(th.Regression("label ~ x", family), COLUMNS)
    shares = fit.predict(what="probability")
    chosen = shares.argmax(axis=1)
    codes = np.array([fit.labels.index(label) for label in LABEL])
    found = fit.confusion()
    for i in range(3):
        for j in range(3):
            assert found.counts[i, j] == np.sum((codes == i) & (chosen == j))
    np.testing.assert_allclose(found.accuracy, np.mean(codes == chosen))
    np.testing.assert_allclose(
        fit.brier_score(), np.mean(np.sum(np.square(shares - np.eye(3)[codes]), axis=1)), rtol=1e-12
    )
    table = fit.calibration(bins=4)
    assert [one.label for one in table] == [label for label in fit.labels for _ in range(4)]
    for label in fit.labels:
        rows = [one for one in table if one.label == label]
        assert sum(one.n_obs for one in rows) == N
        np.testing.assert_allclose(sum(one.n_obs * one.observed for one in rows), np.sum(label == LABEL))
    assert "low" in str(found)
    assert "Wilson" in str(table)


def test_two_labels_with_weights() -> None:
    fit = binary(weights="w")
    p, w = fit.predict(), COLUMNS["w"]
    assert np.isnan(p[w == 0]).all()
    p = fit.predict(COLUMNS)
    np.testing.assert_allclose(fit.brier_score(), np.average(np.square(p - YES), weights=w), rtol=1e-12)
    assert fit.confusion().counts.sum() == w.sum()
    table = fit.calibration(bins=5)
    assert len(table) == 5
    for one in table:
        assert one.label == 1
        test = stats.binomtest(round(one.observed * one.n_obs), round(one.n_obs))
        interval = test.proportion_ci(0.95, method="wilson")
        np.testing.assert_allclose((one.low, one.high), (interval.low, interval.high), rtol=1e-9)
    # The score equation of the constant: predictions add up to what was observed.
    np.testing.assert_allclose(
        sum(one.n_obs * (one.observed - one.predicted) for one in table), 0.0, atol=1e-6
    )
    assert table.error < 0.1


def test_equal_predictions_share_a_bin() -> None:
    fit = th.fit(th.Regression("yes ~ g", th.Bernoulli()), {"g": X > 0, "yes": YES})
    table = fit.calibration()
    assert len(table) == 2
    for one, g in zip(table, (False, True), strict=True):
        np.testing.assert_allclose((one.predicted, one.observed), YES[g == (X > 0)].mean(), rtol=1e-9)


def test_new_rows() -> None:
    fit = binary()
    new = {"x": [0.0, 1.0, -2.0], "yes": [1, 0, 0]}
    p = fit.predict(new)
    np.testing.assert_allclose(fit.brier_score(new), np.mean(np.square(p - new["yes"])), rtol=1e-12)
    np.testing.assert_allclose(
        fit.brier_score({"x": new["x"]}, y=[1, 0, 0], weights=[1, 2, 0]),
        np.average(np.square(p - [1, 0, 0]), weights=[1, 2, 0]),
        rtol=1e-12,
    )
    with pytest.raises(th.SourceError, match="no column 'yes'"):
        fit.confusion({"x": [0.0]})
    labels = th.fit(th.Regression("label ~ x", th.Categorical()), COLUMNS)
    with pytest.raises(th.DataError, match="no level of Categorical"):
        labels.confusion({"x": [0.0], "label": ["none"]})


def test_only_classifiers_are_judged() -> None:
    fit = th.fit(th.Regression("x ~ yes", th.Normal()), COLUMNS)
    for judge in (fit.calibration, fit.confusion, fit.brier_score, lambda: fit.labels):
        with pytest.raises(th.InferenceError, match="no labels"):
            judge()
    with pytest.raises(th.InferenceError, match="whole number"):
        binary().calibration(bins=0)


# ---- Cross-entropy ---------------------------------------------------------------------------------------


def test_cross_entropy_on_new_rows() -> None:
    fit = th.fit(th.Regression("x ~ yes", th.Normal()), COLUMNS)
    new = {"x": [0.1, -1.0, 2.0, 0.4], "yes": [0, 1, 1, 0], "n": [1, 3, 0, 2]}
    loss = -fit.predict(new, "log_prob")
    found = fit.cross_entropy_on(new)
    np.testing.assert_allclose(found.estimate, loss.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, loss.std(ddof=1) / 2, rtol=1e-12)
    found = fit.cross_entropy_on(new, weights="n")
    repeated = np.repeat(loss, new["n"])
    np.testing.assert_allclose(found.estimate, repeated.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, repeated.std(ddof=1) / np.sqrt(6), rtol=1e-12)
    assert found.n_obs == 6
    with pytest.raises(th.DataError, match="no row has any weight"):
        fit.cross_entropy_on(new, weights=[0, 0, 0, 0])


def test_cross_entropy_of_censored_rows_and_of_families_alone() -> None:
    y = RNG.weibull(1.4, 50)
    rows = th.Observations.right_censored(y, y < 1.5)
    fit = th.fit(th.Weibull(), rows)
    np.testing.assert_allclose(fit.cross_entropy_on(rows.columns).estimate, fit.cross_entropy, rtol=1e-12)
    np.testing.assert_allclose(fit.cross_entropy_on(rows).estimate, fit.cross_entropy, rtol=1e-12)
    plain = th.fit(th.Weibull(), y)
    np.testing.assert_allclose(plain.cross_entropy_on(y).estimate, plain.cross_entropy, rtol=1e-12)


def test_an_impossible_row() -> None:
    fit = th.fit(th.Regression("y ~ g", th.Poisson()), {"g": list("aabb"), "y": [0, 0, 1, 2]})
    assert fit.cross_entropy_on({"g": ["a"], "y": [1]}).estimate == np.inf


# ---- Draws -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    [th.Normal(), th.Gamma(), th.Poisson(), th.NegativeBinomial(), th.Bernoulli()],
    ids=lambda family: family.name,
)
def test_each_row_is_drawn_from_its_own_law(family: th.Family) -> None:
    mean = np.exp(0.5 + 0.5 * X)
    y = {
        "bernoulli": YES,
        "poisson": RNG.poisson(mean),
        "negative_binomial": RNG.negative_binomial(2.0, 2.0 / (2.0 + mean)),
    }.get(family.name, mean * RNG.gamma(3.0, 1.0 / 3.0, N))
    fit = th.fit(th.Regression("y ~ x", family), {"x": X, "y": y})
    new = {"x": [-1.0, 0.0, 1.5]}
    drawn = fit.simulate(4, 4000, data=new)
    assert drawn.shape == (4000, 3)
    error = np.sqrt(fit.predict(new, "variance") / 4000)
    assert (np.abs(drawn.mean(axis=0) - fit.predict(new)) < 4.5 * error).all()
    np.testing.assert_array_equal(fit.simulate(4), fit.simulate(4))
    assert fit.simulate(4).shape == (N,)
    assert drawn.dtype == (np.int64 if fit._solved.regression.family.support.discrete else np.float64)


def test_labels_are_drawn() -> None:
    fit = th.fit(th.Regression("label ~ x", th.Ordinal()), COLUMNS)
    drawn = fit.simulate(1, 4000, data={"x": [0.4]})[:, 0]
    shares = np.array([np.mean(drawn == label) for label in fit.labels])
    np.testing.assert_allclose(shares, fit.predict({"x": [0.4]}, "probability")[0], atol=0.035)


def test_trials_of_each_row_count() -> None:
    n = np.array([1, 5, 9] * 30)
    fit = th.fit(th.Binomial(trials=n), RNG.binomial(n, 0.5))
    drawn = fit.simulate(3, 200)
    assert (drawn <= n).all()
    assert drawn.max() > 5
    one = th.fit(th.Binomial(trials=5), [1, 2, 4])
    assert one.simulate(3, 7).shape == (7,)


def test_rows_left_out_are_drawn_nowhere() -> None:
    x = X.copy()
    x[2] = np.nan
    fit = th.fit(th.Regression("label ~ x", th.Categorical(), missing="drop"), {"x": x, "label": LABEL})
    assert fit.simulate(1).tolist()[2] is None
    assert fit.predict(what="class").tolist()[2] is None
    with pytest.raises(th.InferenceError, match="whole number"):
        fit.simulate(1, -1)


def test_limits_of_truncation_of_their_own_are_refused() -> None:
    y = RNG.weibull(1.5, 60) + 0.1
    rows = {"y": y, "e": 0.5 * y, "x": X[:60]}
    fit = th.fit(th.Regression("truncated(y, entry=e) ~ x", th.Weibull()), rows)
    with pytest.raises(th.InferenceError, match="limits of truncation"):
        fit.simulate(1)


@pytest.mark.parametrize("family", [th.VonMises(), th.Zeta(), th.Skellam()], ids=lambda f: f.name)
def test_families_that_take_one_law_at_a_time(family: th.Family) -> None:
    y = {
        "von_mises": RNG.vonmises(0.3, 2.0, N),
        "zeta": RNG.zipf(2.5, N).astype(float),
        "skellam": RNG.poisson(2.0, N) - RNG.poisson(1.0, N),
    }[family.name]
    fit = th.fit(family, y)
    law = fit.distribution
    np.testing.assert_allclose(
        fit.predict([1.0, 2.0], "quantile", probability=0.7), law.quantile(0.7), rtol=1e-10
    )
    assert fit.simulate(2, 5, data=[1.0, 2.0]).shape == (5, 2)


def test_draws_by_inversion() -> None:
    fit = th.fit(th.ConwayMaxwellPoisson(), RNG.poisson(3.0, N))
    drawn = fit.simulate(2, 500, data=[1.0, 2.0])
    error = np.sqrt(fit.distribution.variance() / 1000)
    assert abs(drawn.mean() - fit.distribution.mean()) < 4.5 * error
