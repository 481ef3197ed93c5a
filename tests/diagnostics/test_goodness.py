"""Null models and shares explained."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(5)
N = 80
X = RNG.normal(size=(N, 2))
CENTRE = 0.4 + X @ [0.6, -0.2]
OFFSET = RNG.normal(size=N) / 3
COUNTS = RNG.poisson(np.exp(CENTRE + OFFSET)).astype(float)
NORMAL = CENTRE + RNG.normal(size=N)
WEIGHTS = RNG.integers(0, 3, N).astype(float)


def test_all_of_them_are_the_ordinary_r2_of_a_normal_regression() -> None:
    fit = th.regress(X, NORMAL, th.Normal(), intercept=True, weights=WEIGHTS)
    centred = NORMAL - np.average(NORMAL, weights=WEIGHTS)
    residuals = np.where(WEIGHTS > 0, fit.residuals("response"), 0.0)
    r2 = 1 - np.sum(WEIGHTS * residuals**2) / np.sum(WEIGHTS * centred**2)
    assert fit.pseudo_r2("deviance") == pytest.approx(r2, rel=1e-9)
    assert fit.pseudo_r2("cox_snell") == pytest.approx(r2, rel=1e-9)


def test_the_null_model_keeps_offset_and_weights() -> None:
    fit = th.regress(X, COUNTS, th.Poisson(), intercept=True, offset=OFFSET, weights=WEIGHTS)
    null = fit.null_model()
    rate = np.sum(WEIGHTS * COUNTS) / np.sum(WEIGHTS * np.exp(OFFSET))
    assert null.estimates == pytest.approx({"Intercept": np.log(rate)}, rel=1e-9)
    assert null.certificate.verdict == "maximum"
    gained = 2 * (fit.log_likelihood - null.log_likelihood)
    assert fit.null_deviance - fit.deviance == pytest.approx(gained, rel=1e-9)
    assert fit.pseudo_r2() == pytest.approx(1 - fit.log_likelihood / null.log_likelihood, rel=1e-12)
    most = 1 - np.exp(2 * null.log_likelihood / fit.n_obs)
    assert fit.pseudo_r2("nagelkerke") == pytest.approx(fit.pseudo_r2("cox_snell") / most, rel=1e-12)


def test_the_null_deviance_holds_the_other_parameters() -> None:
    fit = th.regress(X, np.exp(NORMAL), th.Weibull(), intercept=True)
    held = th.regress(np.ones(N), np.exp(NORMAL), th.Weibull(shape=fit.estimates["shape"]))
    gained = 2 * (fit.log_likelihood - held.log_likelihood)
    assert fit.null_deviance - fit.deviance == pytest.approx(gained, rel=1e-8)


def test_the_null_model_of_several_predictors() -> None:
    fit = th.regress(X, NORMAL, th.Normal(), intercept=True, designs={"sd": X[:, :1]})
    null = fit.null_model()
    assert list(null.estimates) == ["Intercept", "sd:Intercept"]
    assert null.estimates["Intercept"] == pytest.approx(NORMAL.mean(), rel=1e-8)
    assert np.exp(null.estimates["sd:Intercept"]) == pytest.approx(NORMAL.std(), rel=1e-8)
    sd = np.exp(fit.estimates["sd:Intercept"] + fit.estimates["sd:x0"] * X[:, 0])
    mean = np.average(NORMAL, weights=sd**-2.0)
    assert fit.null_deviance == pytest.approx(np.sum(((NORMAL - mean) / sd) ** 2), rel=1e-8)
    labels = RNG.choice(["a", "b", "c"], N)
    softmax = th.regress(X, labels, th.Categorical(), intercept=True)
    shares = np.array([np.mean(labels == label) for label in "abc"])
    assert softmax.null_deviance == pytest.approx(-2 * N * np.sum(shares * np.log(shares)), rel=1e-9)
    assert softmax.deviance == pytest.approx(-2 * softmax.log_likelihood, rel=1e-9)


def test_the_null_model_of_a_formula() -> None:
    data = {"y": COUNTS, "x": X[:, 0], "g": RNG.choice(["u", "v"], N), "e": np.exp(OFFSET)}
    fit = th.fit(th.Regression("y ~ x + g + offset(log(e))", th.Poisson()), data)
    rate = COUNTS.sum() / data["e"].sum()
    assert fit.null_model().estimates == pytest.approx({"Intercept": np.log(rate)}, rel=1e-9)


def test_what_has_no_null_model_says_so() -> None:
    fit = th.fit(th.Exponential(), [1.0, 2.0, 4.0])
    for ask in (fit.null_model, fit.pseudo_r2, lambda: fit.null_deviance):
        with pytest.raises(th.InferenceError, match="without predictors"):
            ask()
    with pytest.raises(th.InferenceError, match="choose from mcfadden"):
        th.regress(X, COUNTS, th.Poisson(), intercept=True).pseudo_r2("adjusted")
    with pytest.raises(th.InferenceError, match="log-likelihood of at most 0"):
        th.regress(X, NORMAL / 1e6, th.Normal(), intercept=True).pseudo_r2("nagelkerke")
