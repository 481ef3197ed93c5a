"""What a regression says where something has no number: whose rows it is because of, and what can be done."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(0)
X = RNG.normal(size=40)
GROUP = np.repeat([0, 1], 20)
COUNTS = np.maximum(np.where(RNG.random(40) < 0.3, 0, RNG.poisson(3, 40) + 1), GROUP)
ONE = np.where(np.arange(40) == 7, "only", "rest")


@pytest.mark.parametrize("wrapper", [th.ZeroInflated, th.Hurdle])
def test_a_group_without_zeros_is_named_with_its_rows_and_a_remedy(wrapper):
    model = th.Regression("y ~ x", wrapper(th.Poisson()), zero_prob="~ C(g)")
    fit = th.fit(model, {"x": X, "y": COUNTS, "g": GROUP})
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["zero_prob:C(g)[T.1]"] == -np.inf
    sentence = fit.certificate.sentence
    assert (
        "as zero_prob:C(g)[T.1] goes to minus infinity, because of 20 rows (20, 21, 22, 23, 24, ..."
        in sentence
    )
    assert (
        "of 40, where zero_prob goes to 0. Drop zero_prob:C(g)[T.1] or merge its level with another, or give a prior"
        in sentence
    )


def test_zeros_that_a_column_tells_apart_are_said_to_be_and_the_others_too():
    told = (COUNTS == 0).astype(float)
    model = th.Regression("y ~ x", th.Hurdle(th.Poisson()), zero_prob="~ told")
    sentence = th.fit(model, {"x": X, "y": COUNTS, "told": told}).certificate.sentence
    zeros = int(told.sum())
    assert f"because of all rows: zero_prob goes to 0 in {40 - zeros} rows (" in sentence
    assert f"and to 1 in {zeros} rows (" in sentence


def test_a_mean_that_does_not_exist_is_said_not_to():
    y = 1.0 + X + RNG.standard_cauchy(40)
    fit = th.fit(th.Regression("y ~ x", th.Cauchy()), {"x": X, "y": y})
    found = fit.predict({"x": [0.0, 1.0]}, "mean", level=0.9)
    assert np.isnan(found.estimate).all()
    assert "Cauchy has no mean at the parameters of 2 rows" in repr(found)
    assert not fit.predict({"x": [0.0]}, "quantile", probability=0.5, level=0.9).note


@pytest.mark.parametrize("far", [1e6, 1e9, 1e12])
def test_a_column_of_ones_is_as_good_as_a_constant_for_columns_far_from_zero(far, tmp_path):
    x = np.round(X * 2.0**10) / 2.0**10
    y = 1.0 + X + np.exp(0.3 * X) * np.random.default_rng(6).normal(size=40)
    mean, ones = np.column_stack([np.ones(40), X]), np.ones(40)
    near = th.regress(mean, y, th.Normal(), designs={"sd": np.column_stack([ones, x])})
    fit = th.regress(mean, y, th.Normal(), designs={"sd": np.column_stack([ones, far + x])})
    assert fit.certificate.verdict == near.certificate.verdict == "maximum"
    assert fit.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-10)
    assert fit.estimates["sd:x1"] == pytest.approx(near.estimates["sd:x1"], rel=1e-6)
    assert fit.standard_errors["sd:x1"] == pytest.approx(near.standard_errors["sd:x1"], rel=1e-6)
    fit.save(tmp_path / "fit.json")
    assert th.load(tmp_path / "fit.json").estimates == fit.estimates


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_corrections_by_leverage_name_the_row_that_determines_a_coefficient(kind):
    counts = np.where(ONE == "only", 3, np.random.default_rng(1).binomial(8, 0.4, 40))
    fit = th.fit(th.Regression("k ~ x + C(h)", th.Binomial(trials=8)), {"x": X, "k": counts, "h": ONE})
    with pytest.raises(th.InferenceError, match=r"row 7 \(counted from 0\) has leverage h = 1.*'HC1'"):
        fit.covariance(kind)
    assert np.isfinite(fit.covariance("HC1")).all()
    distances = fit.cooks_distance()
    assert np.flatnonzero(np.isnan(distances)).tolist() == [7]
    assert fit.leverage()[7] == pytest.approx(1.0)


def test_no_trials_are_no_surprise():
    successes = np.append(0, np.random.default_rng(2).binomial(5, 0.4, 39))
    trials = np.append(0, np.full(39, 5))
    fit = th.fit(th.Regression("k ~ x", th.Binomial(trials="n")), {"x": X, "k": successes, "n": trials})
    for kind in ("pearson", "deviance", "response"):
        residuals = fit.residuals(kind)
        assert residuals[0] == 0.0
        assert np.isfinite(residuals).all()


@pytest.mark.parametrize("link", ["cauchit", "probit", "cloglog", "logit"])
def test_the_supremum_of_quasi_separation_has_all_digits_whatever_the_tails(link):
    group = np.repeat([0, 1, 2], [15, 15, 10])
    y = np.where(group == 1, 1, np.random.default_rng(3).integers(0, 2, 40))
    fit = th.fit(th.Regression("y ~ C(g)", th.Bernoulli(), links={"prob": link}), {"y": y, "g": group})
    shares = [y[group == index].mean() for index in (0, 2)]
    expected = sum(
        n * (p * np.log(p) + (1 - p) * np.log(1 - p)) for n, p in zip((15, 10), shares, strict=True)
    )
    assert fit.certificate.supremum == pytest.approx(expected, abs=1e-12)
    assert fit.log_likelihood == fit.certificate.supremum


def test_flat_coefficients_have_no_number():
    counts = np.where(GROUP == 0, 1 + np.random.default_rng(5).poisson(2, 40), 0)
    fit = th.fit(th.Regression("y ~ C(g)", th.Hurdle(th.Poisson())), {"y": counts, "g": GROUP})
    # No count above 0 says anything of the second group's rate.
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.status == {"Intercept": "regular", "C(g)[T.1]": "flat", "zero_prob": "regular"}
    assert np.isnan(fit.estimates["C(g)[T.1]"])
    alone = th.fit(th.Regression("y ~ 1", th.Hurdle(th.Poisson())), {"y": counts[:20]})
    assert fit.estimates["Intercept"] == pytest.approx(alone.estimates["Intercept"], rel=1e-8)
    assert fit.standard_errors["Intercept"] == pytest.approx(alone.standard_errors["Intercept"], rel=1e-6)
    none = th.fit(th.Regression("y ~ x", th.Hurdle(th.Poisson())), {"y": np.zeros(40, dtype=int), "x": X})
    assert none.certificate.verdict == "flat"
    assert np.isnan([none.estimates["Intercept"], none.estimates["x"]]).all()
    assert none.certificate.status["x"] == "flat"


def test_a_regression_of_no_family_is_refused_where_it_is_written():
    for family in (None, 3, ["poisson"], int):
        with pytest.raises(th.ModelError, match="is no family; give one, such as"):
            th.Regression("y ~ x", family)
    assert th.Regression("y ~ x", "poisson").family == "poisson"


def test_functions_and_generators_that_are_none_are_refused_by_name():
    fits = (
        th.fit(th.Regression("y ~ x", th.Poisson()), {"x": X, "y": COUNTS}),
        th.fit(th.Normal(), X),
    )
    for fit in fits:
        with pytest.raises(th.InferenceError, match=r"transform\(3\): give a function"):
            fit.transform(3)
        with pytest.raises(th.InferenceError, match="rng='a' is no source of random numbers"):
            fit.simulate("a")
        with pytest.raises(th.InferenceError, match="level='a'"):
            fit.transform(dict, level="a")
    with pytest.raises(th.InferenceError, match="a whole number from 0 up"):
        fits[0].simulate(1, n="b")
    with pytest.raises(th.InferenceError, match="no source of random numbers"):
        fits[0].residuals("quantile", rng="a")


def test_thresholds_are_fixed_by_their_entries_together():
    columns = {"x": X, "y": np.random.default_rng(4).integers(0, 3, 40)}
    model = th.Regression("y ~ x", th.Ordinal())
    whole = th.fit(model, columns, fixed={"thresholds": [-1.0, 1.0]})
    entries = th.fit(model, columns, fixed={"thresholds[0]": -1.0, "thresholds[1]": 1.0})
    assert entries.estimates == whole.estimates
    with pytest.raises(th.ParameterError, match=r"all together or not at all; give the 2 of them"):
        th.fit(model, columns, fixed={"thresholds[0]": -1.0})


def test_rows_that_cannot_be_predicted_come_with_a_remedy():
    fit = th.fit(th.Regression("y ~ x + C(g)", th.Poisson()), {"x": X, "y": COUNTS, "g": GROUP})
    with pytest.raises(th.DataError, match="Correct the values, leave these rows out, or fit again"):
        fit.predict({"x": [1.0], "g": [5]})
    with pytest.raises(th.DataError, match="Impute them, or leave these rows out with missing='drop'"):
        fit.predict({"x": [np.nan], "g": [0]})


def test_values_outside_their_limits_say_on_which_side():
    with pytest.raises(
        th.DataError, match=r"1 row has a value at or before its entry.*row 0 \(1 with entry 2"
    ):
        th.fit(th.Weibull(), th.Observations([1.0, 2.0, 3.0], entry=[2.0, 1.0, 0.0]))
    with pytest.raises(th.DataError, match=r"a value after its exit.*row 2 \(3 with entry -inf, exit 2"):
        th.fit(th.Weibull(), th.Observations([1.0, 2.0, 3.0], exit=[2.0, 3.0, 2.0]))


def test_classes_of_truth_values_are_named_so():
    fit = th.fit(th.Regression("y ~ x", th.Categorical()), {"x": X, "y": X + RNG.normal(size=40) > 0})
    assert list(fit.estimates) == ["True:Intercept", "True:x"]
    assert set(fit.predict({"x": [-3.0, 3.0]}, what="class").tolist()) == {False, True}


def test_a_limit_on_the_way_to_which_other_numbers_move_is_found():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 1))
    y = 1 + x[:, 0] + rng.normal(size=60)
    fit, normal = (th.regress(x, y, family, intercept=True) for family in (th.JohnsonSU(), th.Normal()))
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Normal"
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, rel=1e-13)
    for name in ("Intercept", "x0"):
        assert fit.standard_errors[name] == pytest.approx(normal.standard_errors[name], rel=1e-7)
    assert {fit.certificate.status[name] for name in ("delta", "scale")} == {"at_infinity"}
