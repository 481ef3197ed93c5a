"""Regressions of families whose support ends at a parameter, which stays on the outermost row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import thetahat as th
from thetahat._errors import DataError, InferenceError, ModelError, ParameterError
from thetahat.numerics.namespace import NUMPY

RNG = np.random.default_rng(7)
N = 200
X, G, T = RNG.normal(size=N), RNG.integers(0, 3, N), np.exp(RNG.normal(size=N))
EXCESS = RNG.exponential(size=N) / np.exp(0.8 + 0.4 * X)
DATA = {"x": X, "g": G, "t": T, "y": 2.0 * np.exp(EXCESS), "by_row": T * np.exp(EXCESS)}


def test_the_shape_is_that_of_an_exponential_above_the_smallest_value():
    fit = th.fit(th.Regression("y ~ x + C(g)", th.Pareto()), DATA)
    smallest = float(DATA["y"].min())
    excess = th.fit(
        th.Regression("z ~ x + C(g)", th.Exponential()), {**DATA, "z": np.log(DATA["y"] / smallest)}
    )
    assert fit.estimates["minimum"] == smallest
    for name, value in excess.estimates.items():
        assert fit.estimates[name] == pytest.approx(-value, rel=1e-8, abs=1e-10)
        assert fit.standard_errors[name] == pytest.approx(excess.standard_errors[name], rel=1e-8)
    assert fit.log_likelihood == pytest.approx(excess.log_likelihood - np.log(DATA["y"]).sum(), rel=1e-12)
    certificate = fit.certificate
    assert (certificate.verdict, certificate.exists, certificate.scope) == ("boundary", True, "global")
    assert certificate.status["minimum"] == "edge"
    assert certificate.status["x"] == "regular"
    assert certificate.parameters == ("minimum",)
    assert np.isnan(fit.standard_errors["minimum"])
    assert fit.dof == 5


def test_constants_alone_are_the_fit_of_the_family():
    fit = th.fit(th.Regression("y ~ 1", th.Pareto()), DATA)
    alone = th.fit(th.Pareto(), DATA["y"])
    assert np.exp(fit.estimates["Intercept"]) == pytest.approx(alone.estimates["shape"], rel=1e-10)
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-12)
    null = th.fit(th.Regression("y ~ x", th.Pareto()), DATA).null_model()
    assert null.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("link", ["log", "sqrt"])
def test_censored_rows_and_weights_have_the_maximum_of_their_likelihood(link):
    y, weight = DATA["y"], RNG.integers(0, 3, N).astype(float)
    limit = 1.0 + 6.0 * RNG.random(N)
    event = y < limit
    seen = np.minimum(y, limit)
    model = th.Regression("censored(seen, event) ~ x", th.Pareto(), links={"shape": link})
    fit = th.fit(model, {"seen": seen, "event": event, "x": X, "w": weight}, weights="w")
    minimum = seen[event & (weight > 0)].min()
    assert fit.estimates["minimum"] == minimum
    above = np.log(np.maximum(seen, minimum) / minimum)

    def cost(beta):
        eta = beta[0] + beta[1] * X
        shape = np.exp(eta) if link == "log" else eta**2
        return -np.sum(weight * (event * (np.log(shape) - np.log(seen)) - shape * above))

    start = [fit.estimates["Intercept"] + 0.05, fit.estimates["x"] - 0.05]
    best = optimize.minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert fit.log_likelihood == pytest.approx(-best.fun, rel=1e-10)
    assert [fit.estimates["Intercept"], fit.estimates["x"]] == pytest.approx(best.x.tolist(), rel=1e-5)
    assert fit.certificate.verdict == "boundary"


def test_an_end_may_be_given_as_a_number_or_by_row():
    given = th.fit(th.Regression("y ~ x", th.Pareto(minimum=1.5)), DATA)
    assert (given.certificate.verdict, given.certificate.scope) == ("maximum", "global")
    by_row = th.fit(th.Regression("by_row ~ x", th.Pareto(), minimum="~ 0 + offset(log(t))"), DATA)
    excess = th.fit(th.Regression("z ~ x", th.Exponential()), {"x": X, "z": EXCESS})
    assert by_row.estimates["x"] == pytest.approx(-excess.estimates["x"], rel=1e-8)
    assert (by_row.certificate.verdict, by_row.certificate.scope) == ("maximum", "global")
    assert by_row.predict(DATA, "quantile", probability=0.5) == pytest.approx(
        T * np.exp(np.log(2.0) / np.exp(by_row.estimates["Intercept"] + by_row.estimates["x"] * X))
    )


def test_profiles_hold_the_end_where_it_is_and_what_is_saved_is_loaded(tmp_path):
    fit = th.fit(th.Regression("y ~ x", th.Pareto()), DATA)
    low, high = fit.intervals(method="profile", parameters=["x"])["x"]
    held = th.fit(th.Regression("y ~ x", th.Pareto(minimum=fit.estimates["minimum"])), DATA)
    assert (low, high) == pytest.approx(held.intervals(method="profile", parameters=["x"])["x"], rel=1e-8)
    every = fit.intervals(method="profile")
    assert every["x"] == pytest.approx((low, high), rel=1e-12)
    assert np.isnan(every["minimum"]).all()
    with pytest.raises(InferenceError, match="bootstrap"):
        fit.intervals(method="profile", parameters=["minimum"])
    fit.save(tmp_path / "fit.json")
    loaded = th.load(tmp_path / "fit.json")
    assert loaded.estimates == fit.estimates
    assert loaded.certificate.status == fit.certificate.status


def test_a_group_of_smallest_values_alone_has_no_bound():
    group = G.copy()
    group[np.argmin(DATA["y"])] = 3
    fit = th.fit(th.Regression("y ~ C(g)", th.Pareto()), {**DATA, "g": group})
    assert (fit.certificate.verdict, fit.certificate.exists) == ("unbounded", False)
    assert np.isnan(list(fit.standard_errors.values())).all()


def test_a_group_without_events_goes_to_infinity():
    event = G > 0
    data = {**DATA, "event": event, "high": DATA["y"] + 1.0 * ~event}
    fit = th.fit(th.Regression("censored(high, event) ~ C(g)", th.Pareto()), data)
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["Intercept"] == -np.inf
    assert fit.certificate.status["minimum"] == "edge"


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (th.Regression("y ~ x", th.Pareto(minimum=2.1)), DataError, "beyond the minimum of Pareto"),
        (th.Regression("y ~ x", th.Pareto(), minimum="~ x"), ModelError, "outermost rows"),
        (th.Regression("censored(y, never) ~ x", th.Pareto()), ModelError, "known exactly"),
        (th.Regression("interval(y, t) ~ x", th.Pareto()), ModelError, "give it as a number"),
        (th.Regression("y ~ x", th.Uniform()), ModelError, "AsymmetricLaplace"),
        (th.Regression("y ~ x", th.DiscreteUniform()), ModelError, "BetaMean"),
        (th.Regression("y ~ x", th.Triangular()), ModelError, "BetaMean"),
        (th.Regression("y ~ x", th.Hurdle(th.Pareto())), ModelError, "not regressed"),
    ],
)
def test_what_is_not_settled_by_rows_is_refused_with_what_to_do(model, error, words):
    data = {**DATA, "never": np.zeros(N, dtype=bool), "t": DATA["y"] + 1.0}
    with pytest.raises(error, match=words):
        th.fit(model, data)


def test_a_penalty_on_the_end_is_refused_and_one_beside_it_is_not():
    with pytest.raises(ParameterError, match="no penalty can move it"):
        th.fit(
            th.Regression("y ~ x", th.Pareto()), DATA, penalty=th.Prior({"minimum": th.Exponential(rate=1)})
        )
    fit = th.fit(th.Regression("y ~ x", th.Pareto()), DATA, penalty=th.Ridge(5.0))
    plain = th.fit(th.Regression("y ~ x", th.Pareto()), DATA)
    assert abs(fit.estimates["x"]) < abs(plain.estimates["x"])
    assert fit.estimates["minimum"] == plain.estimates["minimum"]


def test_a_spread_that_is_an_offset_alone_is_given_by_row():
    y = 1.0 + X + T * RNG.normal(size=N)
    fit = th.fit(th.Regression("y ~ x", th.Normal(), sd="~ 0 + offset(log(t))"), {"y": y, "x": X, "t": T})
    design = np.column_stack([np.ones(N), X]) / T[:, None]
    assert list(fit.estimates.values()) == pytest.approx(
        np.linalg.lstsq(design, y / T, rcond=None)[0].tolist()
    )
    assert fit.certificate.verdict == "maximum"


def test_degrees_of_freedom_of_fisher_are_regressed():
    rng = np.random.default_rng(3)
    y = rng.f(np.exp(1.0 + 0.5 * X), 8.0)
    fit = th.fit(th.Regression("y ~ x", th.FisherF()), {"x": X, "y": y})
    assert fit.certificate.verdict == "maximum"

    def cost(beta):
        law = th.FisherF(df1=1.0, df2=float(np.exp(beta[2])))
        eta = (beta[0] + beta[1] * X, beta[2])
        return -float(np.sum(law.log_density(NUMPY, law.prepare(NUMPY, y, {}), eta)))

    best = optimize.minimize(
        cost, [1.0, 0.4, 2.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11}
    )
    assert fit.log_likelihood == pytest.approx(-best.fun, rel=1e-9)
    both = th.fit(th.Regression("y ~ x", th.FisherF(), df2="~ x"), {"x": X, "y": y})
    assert both.log_likelihood >= fit.log_likelihood
