"""Maxima on the edge where predictors of some rows end, as prob = 1 under a log link, against constrained searches."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, linprog, minimize
from scipy.special import gammaln

import thetahat as th

X = np.linspace(0.0, 4.0, 60)
RNG = np.random.default_rng(1)
Y = np.where(np.arange(60) >= 52, 1, RNG.random(60) < np.exp(-2 + 0.5 * X)).astype(int)
GROUP = np.repeat(list("abc"), 20)
LABELS = np.concatenate([np.tile([0, 1, 0, 0], 5), np.ones(20, dtype=int), np.tile([0, 1], 10)])


def log_binomial(formula="y ~ x", **columns):
    data = {"x": X, "y": Y, **columns}
    return th.fit(th.Regression(formula, th.Bernoulli(), links={"prob": "log"}), data)


def log_density(kind, y, predictor):
    with np.errstate(all="ignore"):
        if kind == "log":
            return np.where(y == 1, predictor, np.log(-np.expm1(np.minimum(predictor, -1e-300))))
        if kind == "prob":
            return np.where(
                y == 1, np.log(np.maximum(predictor, 1e-300)), np.log(np.maximum(1 - predictor, 1e-300))
            )
        logs = np.where(y > 0, y * np.log(np.maximum(predictor, 1e-300)), 0.0)
        return logs - predictor - gammaln(y + 1)


def test_a_log_binomial_maximum_on_the_edge_names_its_row():
    fit = log_binomial()
    certificate = fit.certificate
    assert certificate.verdict == "boundary"
    assert certificate.exists is True
    assert certificate.scope == "global"
    assert "prob = 1 in row 59 (counted from 0)" in certificate.sentence
    assert certificate.parameters == ("Intercept", "x")
    assert set(certificate.status.values()) == {"boundary"}
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert fit.predict({"x": X})[-1] == pytest.approx(1.0, abs=1e-14)
    assert np.isfinite(fit.residuals("deviance")).all()

    # On the edge, Intercept = -4 x, the likelihood has one coordinate left.
    def slope(b):
        predictor = b * (X - 4.0)
        return np.sum(
            np.where(Y == 1, X - 4.0, np.where(X < 4.0, (4.0 - X) / np.expm1(np.minimum(-predictor, 700)), 0))
        )

    with np.errstate(all="ignore"):
        best = brentq(slope, 0.3, 1.0, xtol=1e-15)
    assert fit.estimates["x"] == pytest.approx(best, rel=1e-12)
    assert fit.estimates["Intercept"] == pytest.approx(-4 * best, rel=1e-12)


def test_profiles_move_along_the_edge():
    fit = log_binomial()
    cut = fit.log_likelihood - 0.5 * 3.841458820694124
    for name, (low, high) in fit.intervals(method="profile").items():
        assert low < fit.estimates[name] < high
        for end in (low, high):
            # The predictor is largest at 0 or at 4, and there at most 0.
            most = -end / 4 if name == "Intercept" else min(0.0, -4 * end)
            others = (most - np.concatenate([[0.0], np.geomspace(1e-12, 3.0, 4000)]))[:, np.newaxis]
            predictors = end + others * X if name == "Intercept" else others + end * X
            heights = log_density("log", Y, predictors).sum(axis=1)
            assert heights.max() == pytest.approx(cut, abs=1e-5)


def test_coefficients_that_the_edge_does_not_concern_keep_their_standard_errors():
    x = np.linspace(0.0, 4.0, 50)
    y = np.random.default_rng(2).poisson(x)
    fit = th.fit(th.Regression("y ~ x", th.Poisson(), links={"rate": "identity"}), {"x": x, "y": y})
    # At x = 0 the rate is the intercept, which the other rows would have below 0; through the origin b = Σy/Σx.
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.status == {"Intercept": "boundary", "x": "regular"}
    assert fit.estimates["Intercept"] == pytest.approx(0.0, abs=1e-14)
    assert fit.estimates["x"] == pytest.approx(y.sum() / x.sum(), rel=1e-12)
    assert np.isnan(fit.standard_errors["Intercept"])
    assert fit.standard_errors["x"] == pytest.approx(np.sqrt(y.sum()) / x.sum(), rel=1e-10)
    assert "rate = 0 in row 0" in fit.certificate.sentence


@pytest.mark.parametrize("link", ["log", "identity"])
def test_a_group_of_successes_alone_is_on_the_edge_and_leaves_the_others_theirs(link):
    model = th.Regression("y ~ C(g)", th.Bernoulli(), links={"prob": link})
    fit = th.fit(model, {"g": GROUP, "y": LABELS})
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.parameters == ("C(g)[T.b]",)
    assert "20 rows (20, 21, 22, 23, 24, ..., counted from 0)" in fit.certificate.sentence
    rest = GROUP != "b"
    submodel = th.fit(model, {"g": GROUP[rest], "y": LABELS[rest]})
    assert fit.log_likelihood == pytest.approx(submodel.log_likelihood, rel=1e-12)
    for name in submodel.estimates:
        assert fit.estimates[name] == pytest.approx(submodel.estimates[name], rel=1e-8)
        assert fit.standard_errors[name] == pytest.approx(submodel.standard_errors[name], rel=1e-6)


def test_rows_are_numbered_as_they_were_given():
    weights = np.ones(60)
    weights[[3, 25]] = 0.0
    model = th.Regression("y ~ C(g)", th.Bernoulli(), links={"prob": "log"})
    fit = th.fit(model, {"g": GROUP, "y": LABELS}, weights=weights)
    assert "19 rows (20, 21, 22, 23, 24, ..., counted from 0)" in fit.certificate.sentence


def test_a_group_at_infinity_beside_one_on_the_edge():
    y = np.where(GROUP == "c", 0, LABELS)
    fit = th.fit(th.Regression("y ~ C(g)", th.Bernoulli(), links={"prob": "log"}), {"g": GROUP, "y": y})
    assert fit.certificate.verdict == "at_infinity"
    assert fit.estimates["C(g)[T.c]"] == -np.inf
    assert fit.certificate.status["C(g)[T.b]"] == "boundary"
    assert fit.log_likelihood == pytest.approx(5 * np.log(0.25) + 15 * np.log(0.75), rel=1e-12)
    assert fit.standard_errors["Intercept"] == pytest.approx(np.sqrt(0.75 / 0.25 / 20), rel=1e-8)


def test_underdispersed_counts_on_the_edge_are_poisson_on_the_edge():
    y = np.random.default_rng(5).binomial(5, np.clip(X / 8, 0, 1))
    data = {"x": X, "y": y}
    fit = th.fit(th.Regression("y ~ x", th.NegativeBinomial(), links={"mean": "identity"}), data)
    poisson = th.fit(th.Regression("y ~ x", th.Poisson(), links={"rate": "identity"}), data)
    assert poisson.certificate.verdict == "boundary"
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.limit == "Poisson"
    assert fit.estimates["size"] == np.inf
    assert fit.log_likelihood == pytest.approx(poisson.log_likelihood, rel=1e-12)
    assert fit.certificate.status == {"Intercept": "boundary", "x": "regular", "size": "at_infinity"}
    assert fit.standard_errors["x"] == pytest.approx(poisson.standard_errors["x"], rel=1e-8)


def test_a_square_root_link_ends_where_it_has_no_slope():
    y = np.where(GROUP == "c", 0, LABELS)
    fit = th.fit(th.Regression("y ~ C(g)", th.Poisson(), links={"rate": "sqrt"}), {"g": GROUP, "y": y})
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.parameters == ("C(g)[T.c]",)
    assert fit.estimates["Intercept"] == pytest.approx(0.5, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(5 * np.log(0.25) - 5 - 20, rel=1e-12)


def test_offsets_that_lead_out_of_the_domain_are_no_hindrance():
    away = np.random.default_rng(3).normal(3.0, 1.0, 60)
    y = np.random.default_rng(4).poisson(0.5, 60)
    model = th.Regression("y ~ C(g) + offset(x)", th.Poisson(), links={"rate": "identity"})
    fit = th.fit(model, {"g": GROUP, "y": y, "x": away})
    assert fit.certificate.verdict in {"boundary", "maximum"}


@pytest.mark.parametrize("kind", ["log", "prob", "rate"])
def test_random_regressions_reach_the_constrained_maximum(kind):
    rng = np.random.default_rng(11)
    edges = 0
    for trial in range(8):
        n = int(rng.integers(20, 60))
        x, g = rng.normal(size=n), np.resize([0, 1, 2], n)
        lift = rng.normal() * 0.5 + rng.normal() * x
        family, link, y = {
            "log": (th.Bernoulli(), {"prob": "log"}, rng.random(n) < np.exp(np.minimum(lift - 1, 0))),
            "prob": (th.Bernoulli(), {"prob": "identity"}, rng.random(n) < 0.5 + 0.4 * lift),
            "rate": (th.Poisson(), {"rate": "identity"}, rng.poisson(np.maximum(1 + lift, 0))),
        }[kind]
        y = y.astype(int)
        fit = th.fit(th.Regression("y ~ x + C(g)", family, links=link), {"x": x, "g": g, "y": y})
        matrix = np.column_stack([np.ones(n), x, g == 1, g == 2])
        bounds = {"log": (-np.inf, 0.0), "prob": (0.0, 1.0), "rate": (0.0, np.inf)}[kind]
        constraints = [
            {"type": "ineq", "fun": lambda b, m=matrix, e=end, s=sign: s * (m @ b - e)}
            for end, sign in zip(bounds, (1.0, -1.0), strict=True)
            if np.isfinite(end)
        ]
        begin = np.array([{"log": -1.0, "prob": 0.5, "rate": 1.0}[kind], 0.0, 0.0, 0.0])
        found = minimize(
            lambda b, m=matrix, y=y: -np.sum(log_density(kind, y, m @ b)),
            begin,
            constraints=constraints,
            method="SLSQP",
            options={"maxiter": 300, "ftol": 1e-11},
        )
        verdict = fit.certificate.verdict
        assert verdict in {"boundary", "maximum", "at_infinity"}, trial
        edges += verdict == "boundary"
        if all(constraint["fun"](found.x).min() > -1e-9 for constraint in constraints):
            assert fit.log_likelihood >= -found.fun - 1e-6
        # No direction inwards climbs: where the likelihood is concave, a linear programme over its slope tells.
        if verdict == "boundary":
            point = np.array(list(fit.estimates.values()))
            predictor = matrix @ point
            with np.errstate(all="ignore"):
                slope = {
                    "log": np.where(y == 1, 1.0, 1 - 1 / -np.expm1(predictor)),
                    "prob": np.where(y == 1, 1 / predictor, -1 / (1 - predictor)),
                    "rate": np.where(y > 0, y / predictor, 0.0) - 1,
                }[kind]
            rows = [
                (m, s)
                for m, at in zip(matrix, predictor, strict=True)
                for e, s in zip(bounds, (1, -1), strict=True)
                if abs(at - e) < 1e-9
            ]
            away = linprog(
                -(slope @ matrix),
                A_ub=[-s * m for m, s in rows],
                b_ub=np.zeros(len(rows)),
                bounds=[(-1, 1)] * 4,
            )
            assert -away.fun < 1e-5
    assert edges > 2


def test_the_edge_of_a_penalised_likelihood():
    data = {"g": GROUP, "y": LABELS}
    model = th.Regression("y ~ C(g)", th.Bernoulli(), links={"prob": "log"})
    fit = th.fit(model, data, penalty=th.Ridge(0.1))
    assert fit.certificate.verdict == "boundary"
    assert fit.estimates["Intercept"] + fit.estimates["C(g)[T.b]"] == pytest.approx(0.0, abs=1e-14)
    assert abs(fit.estimates["C(g)[T.b]"]) < abs(th.fit(model, data).estimates["C(g)[T.b]"])
