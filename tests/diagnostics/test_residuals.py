"""Residuals against what they are by definition, in the order of the rows whatever is known of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

import thetahat as th
from thetahat.data import BLOCK_ROWS

RNG = np.random.default_rng(20)
N = 120
X = RNG.normal(size=(N, 2))
CENTRE = 0.5 + X @ [0.4, -0.3]
FAMILIES: dict[str, tuple[th.Family, np.ndarray]] = {
    "normal": (th.Normal(), CENTRE + RNG.normal(size=N)),
    "poisson": (th.Poisson(), RNG.poisson(np.exp(CENTRE))),
    "bernoulli": (th.Bernoulli(), RNG.random(N) < special.expit(CENTRE)),
    "gamma": (th.Gamma(), RNG.gamma(2.0, np.exp(CENTRE) / 2.0)),
    "weibull": (th.Weibull(), np.exp(CENTRE) * RNG.weibull(1.5, N)),
    "negative_binomial": (th.NegativeBinomial(), RNG.negative_binomial(2.0, 2.0 / (2.0 + np.exp(CENTRE)))),
    "student_t": (th.StudentT(df=5), CENTRE + RNG.standard_t(5, N)),
    "beta": (th.BetaMean(), np.clip(RNG.beta(3.0, 2.0, N), 1e-6, 1 - 1e-6)),
}
DISCRETE = {"poisson", "bernoulli", "negative_binomial"}


def regressed(name: str) -> th.Fit:
    family, y = FAMILIES[name]
    return th.regress(X, y.astype(float), family, intercept=True)


def laws(fit: th.Fit, name: str) -> list[th.Family]:
    """The fitted distribution of each row, made from the estimates alone."""
    family = FAMILIES[name][0].regression_form()
    primary = family.primary or family.declared[0].name
    estimates = fit.estimates
    predictor = estimates["Intercept"] + X @ [estimates["x0"], estimates["x1"]]
    domain = next(parameter.domain for parameter in family.declared if parameter.name == primary)
    rest = {p.name: estimates.get(p.name, family.given.get(p.name)) for p in family.declared}
    return [type(family)(**{**rest, primary: domain.from_free(value)}) for value in predictor]


@pytest.mark.parametrize("name", FAMILIES)
def test_response_and_pearson_residuals(name: str) -> None:
    fit, y = regressed(name), FAMILIES[name][1].astype(float)
    mean = np.array([law.mean() for law in laws(fit, name)])
    variance = np.array([law.variance() for law in laws(fit, name)])
    np.testing.assert_allclose(fit.residuals("response"), y - mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        fit.residuals("pearson"), (y - mean) / np.sqrt(variance), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_quantile_and_cox_snell_residuals(name: str) -> None:
    fit, y = regressed(name), FAMILIES[name][1].astype(float)
    upper = np.array([law.cdf(value) for law, value in zip(laws(fit, name), y, strict=True)])
    residuals = special.ndtr(fit.residuals("quantile", rng=4))
    if name in DISCRETE:
        lower = np.array([law.cdf(value - 1) for law, value in zip(laws(fit, name), y, strict=True)])
        share = np.random.default_rng(4).random(N)
        np.testing.assert_allclose(residuals, lower + share * (upper - lower), rtol=1e-9)
    else:
        np.testing.assert_allclose(residuals, upper, rtol=1e-9)
        np.testing.assert_allclose(fit.residuals("cox_snell"), -np.log1p(-upper), rtol=1e-7)


@pytest.mark.parametrize("name", FAMILIES)
def test_deviance_residuals_compare_with_the_best_of_each_row(name: str) -> None:
    fit, y = regressed(name), FAMILIES[name][1].astype(float)
    family = FAMILIES[name][0].regression_form()
    primary = family.primary or family.declared[0].name
    domain = next(parameter.domain for parameter in family.declared if parameter.name == primary)
    residuals = fit.residuals("deviance")
    for row in range(0, N, 10):
        law = laws(fit, name)[row]
        rest = {**law.given}
        at = float(domain.to_free(rest.pop(primary)))

        def loss(free: float, rest: Any = rest, value: float = y[row]) -> float:
            return -type(family)(**rest, **{primary: domain.from_free(free)}).log_prob(value)

        best = optimize.minimize_scalar(
            loss, bounds=(at - 25, at + 25), method="bounded", options={"xatol": 1e-9}
        )
        gap = 2 * (law.log_prob(y[row]) + best.fun)
        assert residuals[row] ** 2 == pytest.approx(-gap, abs=1e-7)
        if -gap > 1e-6:
            assert np.sign(residuals[row]) == np.sign(best.x - at)


@pytest.mark.parametrize("name", ["poisson", "bernoulli", "normal", "gamma"])
def test_working_residuals_solve_the_least_squares_of_the_next_step(name: str) -> None:
    # At the maximum the weighted least squares of the working residuals on the design has solution 0.
    fit = regressed(name)
    law, residuals = laws(fit, name), fit.residuals("working")
    mean = np.array([one.mean() for one in law])
    variance = np.array([one.variance() for one in law])
    slope = {"poisson": mean, "bernoulli": mean * (1 - mean), "normal": 1.0 + 0 * mean, "gamma": mean}[name]
    np.testing.assert_allclose(residuals, (FAMILIES[name][1] - mean) / slope, rtol=1e-9, atol=1e-11)
    design = np.column_stack([np.ones(N), X])
    np.testing.assert_allclose(design.T @ (slope**2 / variance * residuals), 0.0, atol=1e-7)


@pytest.mark.parametrize("kind", ["quantile", "deviance", "cox_snell", "response", "working"])
@pytest.mark.parametrize("name", ["weibull", "normal", "poisson"])
def test_rows_keep_their_order_under_censoring_and_weights(name: str, kind: str) -> None:
    family, y = FAMILIES[name]
    y = y.astype(float)
    low, high = y.copy(), y.copy()
    low[::3], high[::3] = y[::3] - 0.5 - 0.5 * (name == "poisson"), y[::3] + 0.5 * (name != "poisson")
    low[::6], high[::6] = y[::6], np.inf
    weights = RNG.integers(0, 3, N).astype(float)
    fit = th.regress(X, th.Observations.interval(low, high), family, intercept=True, weights=weights)
    whole = fit.residuals(kind, rng=1)
    assert np.isnan(whole[weights == 0]).all()
    known = (weights > 0) & ((low == high) | (kind != "response"))
    assert np.isfinite(whole[known]).all()
    # The same rows in another order, each repeated as often as its weight says.
    order = np.repeat(np.arange(N), weights.astype(int))[::-1]
    again = th.regress(X[order], th.Observations.interval(low[order], high[order]), family, intercept=True)
    if kind != "quantile":
        np.testing.assert_allclose(again.residuals(kind), whole[order], rtol=1e-5, atol=1e-7)
    else:
        exact = low[order] == high[order]
        if name != "poisson":
            np.testing.assert_allclose(
                again.residuals(kind)[exact], whole[order][exact], rtol=1e-5, atol=1e-7
            )


def test_rows_keep_their_order_over_blocks() -> None:
    n = BLOCK_ROWS + 500
    rng = np.random.default_rng(3)
    x = rng.normal(size=n)
    y = rng.exponential(np.exp(0.3 * x))
    event = rng.random(n) < 0.7
    fit = th.regress(x, th.Observations.right_censored(y, event), th.Weibull(), intercept=True)
    shape, scale = fit.estimates["shape"], np.exp(fit.estimates["Intercept"] + fit.estimates["x0"] * x)
    np.testing.assert_allclose(fit.residuals("cox_snell"), (y / scale) ** shape, rtol=1e-9)
    residuals = fit.residuals("quantile", rng=0)
    np.testing.assert_allclose(
        residuals[event], special.ndtri(-np.expm1(-((y / scale) ** shape)))[event], rtol=1e-6, atol=1e-9
    )
    assert stats.kstest(residuals, "norm").pvalue > 1e-3


def test_rows_of_weight_zero_and_dropped_rows_are_nan() -> None:
    data = {"y": [1.0, 2.0, np.nan, 4.0, 3.0], "x": [0.0, 1.0, 2.0, 3.0, 5.0], "w": [1.0, 0.0, 1.0, 1.0, 1.0]}
    fit = th.fit(th.Regression("y ~ x", th.Normal(), missing="drop"), data, weights="w")
    residuals = fit.residuals("response")
    assert np.isnan(residuals).tolist() == [False, True, True, False, False]
    used = [0, 3, 4]
    slope, intercept = np.polyfit(np.array(data["x"])[used], np.array(data["y"])[used], 1)
    np.testing.assert_allclose(
        residuals[used], (np.array(data["y"]) - intercept - slope * np.array(data["x"]))[used]
    )
    assert np.isnan(fit.leverage()).tolist() == np.isnan(residuals).tolist()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.3), (0.4, 0.9), (0.4, np.inf)])
def test_cox_snell_residuals_of_intervals_are_means_of_what_is_known(low: float, high: float) -> None:
    rows = th.Observations.interval([0.5, 1.0, 2.0, low], [0.5, 1.0, 2.0, high])
    fit = th.fit(th.Exponential(), rows)
    rate = fit.estimates["rate"]
    if np.isinf(high):
        assert fit.residuals("cox_snell")[3] == pytest.approx(rate * low)
        return
    mass = integrate.quad(lambda h: np.exp(-h), rate * low, rate * high)[0]
    mean = integrate.quad(lambda h: h * np.exp(-h), rate * low, rate * high)[0] / mass
    assert fit.residuals("cox_snell")[3] == pytest.approx(mean)


def test_deviance_residuals_of_intervals() -> None:
    low, high = np.array([0.0, -np.inf, 1.0, 0.3]), np.array([1.0, 0.5, np.inf, 0.3])
    fit = th.fit(th.Normal(sd=0.7), th.Observations.interval(low, high))
    mean = fit.estimates["mean"]
    upper, lower = special.ndtr((high - mean) / 0.7), special.ndtr((low - mean) / 0.7)
    mass = np.log((upper - lower)[:3])
    best = np.array([np.log(2 * special.ndtr(0.5 / 0.7) - 1), 0.0, 0.0])
    np.testing.assert_allclose(fit.residuals("deviance")[:3] ** 2, 2 * (best - mass), rtol=1e-8)
    assert (
        np.sign(fit.residuals("deviance")).tolist() == np.sign([0.5 - mean, -1.0, 1.0, 0.3 - mean]).tolist()
    )


def test_quantile_residuals_keep_their_digits_far_out() -> None:
    fit = th.fit(th.Normal(mean=0.0, sd=1.0), [-30.0, 0.0, 30.0])
    np.testing.assert_allclose(fit.residuals("quantile"), [-30.0, 0.0, 30.0], rtol=1e-12, atol=1e-12)


def test_residuals_between_limits_of_truncation() -> None:
    y = np.array([0.2, 0.5, 1.5, 0.9])
    fit = th.fit(
        th.Exponential(), th.Observations(y, entry=[0.0, 0.1, 1.0, 0.5], exit=[1.0, 2.0, np.inf, 1.0])
    )
    rate = fit.estimates["rate"]
    entry, leave = np.array([0.0, 0.1, 1.0, 0.5]), np.array([1.0, 2.0, np.inf, 1.0])
    share = (np.exp(-rate * entry) - np.exp(-rate * y)) / (np.exp(-rate * entry) - np.exp(-rate * leave))
    np.testing.assert_allclose(special.ndtr(fit.residuals("quantile")), share, rtol=1e-9)
    np.testing.assert_allclose(fit.residuals("cox_snell"), -np.log1p(-share), rtol=1e-9)
    with pytest.raises(th.InferenceError, match="limits of truncation"):
        fit.residuals("deviance")


def test_residuals_of_counted_rows_are_of_each_row() -> None:
    y = np.array([3, 1, 4, 1, 5, 0, 2])
    fit = th.fit(th.Poisson(), y)
    rate = y.mean()
    np.testing.assert_allclose(fit.residuals("pearson"), (y - rate) / np.sqrt(rate), rtol=1e-9)
    labels = th.fit(th.Categorical(), ["a", "b", "a", "c"])
    np.testing.assert_allclose(
        labels.residuals("deviance"), np.sqrt(-2 * np.log([0.5, 0.25, 0.5, 0.25])), rtol=1e-9
    )


def test_residuals_of_huge_data_are_on_their_scale() -> None:
    y = np.array([1.0, 2.0, 4.0]) * 1e200
    np.testing.assert_allclose(th.fit(th.Exponential(), y).residuals("response"), y - y.mean(), rtol=1e-12)


def test_what_has_no_residuals_says_so() -> None:
    fit = th.fit(th.Exponential(), [1.0, 2.0])
    with pytest.raises(th.InferenceError, match="choose from response, pearson"):
        fit.residuals("studentized")
    with pytest.raises(th.InferenceError, match="use 'deviance'"):
        th.fit(th.Categorical(), ["a", "b"]).residuals("pearson")
