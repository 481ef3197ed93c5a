"""Regressions of rows between limits against likelihoods written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th


def design(n, rng):
    return np.column_stack([np.ones(n), rng.standard_normal(n), rng.integers(0, 2, n)])


def zero_truncated(n=400):
    rng = np.random.default_rng(5)
    X = design(n, rng)
    y = rng.poisson(np.exp(X @ [0.6, 0.3, -0.5]))
    return X[y > 0], y[y > 0]


def test_a_zero_truncated_poisson_regression_solves_its_score_equations():
    X, y = zero_truncated()
    weights = np.random.default_rng(6).integers(0, 3, y.size).astype(float)
    fit = th.regress(X, th.Observations(y, entry=0), th.Poisson(), weights=weights)
    beta = np.array(list(fit.estimates.values()))
    rate = np.exp(X @ beta)
    mean = rate / -np.expm1(-rate)
    variance = mean * (1.0 + rate - mean)
    information = (X.T * (weights * variance)) @ X
    score = X.T @ (weights * (y - mean))
    assert np.all(np.abs(score) < 1e-8 * np.sqrt(np.diag(information)))
    assert np.allclose(fit.covariance(), np.linalg.inv(information), rtol=1e-8)
    scores = X * (y - mean)[:, None]
    assert np.allclose(fit.covariance("opg"), np.linalg.inv((scores.T * weights) @ scores), rtol=1e-8)
    log_mass = (
        y * np.log(rate) - rate - np.log(-np.expm1(-rate)) - [np.sum(np.log(np.arange(1, k + 1))) for k in y]
    )
    assert fit.log_likelihood == pytest.approx(weights @ log_mass, rel=1e-12)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "local"


def test_frequency_weights_are_repeated_rows():
    X, y = zero_truncated(150)
    weights = np.random.default_rng(6).integers(0, 3, y.size)
    short = th.regress(X, th.Observations(y, entry=0), th.Poisson(), weights=weights)
    rows = np.repeat(np.arange(y.size), weights)
    long = th.regress(X[rows], th.Observations(y[rows], entry=0), th.Poisson())
    assert list(short.estimates.values()) == pytest.approx(list(long.estimates.values()), rel=1e-9)
    assert np.allclose(short.covariance("sandwich"), long.covariance("sandwich"), rtol=1e-8)


def survival(n=500):
    rng = np.random.default_rng(8)
    X = design(n, rng)
    shape, scale = 1.7, np.exp(X @ [1.0, 0.4, -0.3])
    time = scale * rng.weibull(shape, n)
    entry = np.where(rng.random(n) < 0.7, rng.exponential(0.8, n), 0.0)
    end = entry + rng.exponential(3.0, n)
    seen = time > entry
    X, time, entry, end = X[seen], time[seen], entry[seen], end[seen]
    return X, np.minimum(time, end), (time <= end).astype(float), entry


def by_hand(point, X, time, event, entry):
    """Weibull log-likelihood with delayed entry, from its hazard."""
    beta, shape = point[:-1], np.exp(point[-1])
    log_scale = X @ beta
    hazard = np.log(shape) - shape * log_scale + (shape - 1.0) * np.log(time)
    gone = np.exp(shape * (np.log(time) - log_scale))
    before = np.where(entry > 0, np.exp(shape * (np.log(np.where(entry > 0, entry, 1.0)) - log_scale)), 0.0)
    return event * hazard - gone + before


def slopes(point, *rows, step=1e-5):
    columns = []
    for j in range(point.size):
        move = np.zeros(point.size)
        move[j] = step
        columns.append(
            (
                8.0 * (by_hand(point + move, *rows) - by_hand(point - move, *rows))
                - (by_hand(point + 2 * move, *rows) - by_hand(point - 2 * move, *rows))
            )
            / (12.0 * step)
        )
    return np.column_stack(columns)


def test_a_weibull_regression_with_delayed_entry_is_stationary_row_by_row():
    X, time, event, entry = survival()
    rows = th.Observations.right_censored(time, event, entry=entry)
    fit = th.regress(X, rows, th.Weibull(), names=["one", "x", "z"])
    shape = fit.estimates["shape"]
    point = np.array([fit.estimates[name] for name in ("one", "x", "z")] + [np.log(shape)])
    assert fit.log_likelihood == pytest.approx(by_hand(point, X, time, event, entry).sum(), rel=1e-12)
    scores = slopes(point, X, time, event, entry)
    opg = scores.T @ scores
    assert np.all(np.abs(scores.sum(axis=0)) < 1e-6 * np.sqrt(np.diag(opg)))
    names = list(fit.free_names)
    order = [names.index(name) for name in ("one", "x", "z", "shape")]
    found = fit.covariance("opg")[np.ix_(order, order)]
    natural = np.array([1.0, 1.0, 1.0, shape])
    assert np.allclose(found, np.linalg.inv(opg) * np.outer(natural, natural), rtol=1e-6)


def test_every_parameter_may_have_its_design():
    rng = np.random.default_rng(9)
    X = design(300, rng)
    y = X @ [1.0, 0.5, -0.5] + np.exp(0.3 * X[:, 1]) * rng.standard_normal(300)
    limit = X @ [0.5, 0.5, -0.5] - rng.exponential(1.0, 300)
    kept = y > limit
    X, y, limit = X[kept], y[kept], limit[kept]
    fit = th.regress(X, th.Observations(y, entry=limit), th.Normal(), designs={"sd": X[:, :2]})
    mean = X @ [fit.estimates[f"x{j}"] for j in range(3)]
    sd = np.exp(X[:, :2] @ [fit.estimates[f"sd:x{j}"] for j in range(2)])
    laws = [th.Normal(mean=m, sd=s) for m, s in zip(mean, sd, strict=True)]
    by_row = [law.log_prob(v) - law.log_sf(a) for law, v, a in zip(laws, y, limit, strict=True)]
    assert fit.log_likelihood == pytest.approx(sum(by_row), rel=1e-12)
    assert fit.certificate.verdict == "maximum"


def test_many_rows_are_those_of_few_repeated():
    X, y = zero_truncated()
    few = th.regress(X, th.Observations(y, entry=0), th.Poisson())
    times = 70_000 // y.size
    many = th.regress(
        np.tile(X, (times, 1)),
        th.Observations(np.tile(y, times), entry=np.zeros(times * y.size)),
        th.Poisson(),
    )
    assert list(many.estimates.values()) == pytest.approx(list(few.estimates.values()), rel=1e-8)
    assert many.log_likelihood == pytest.approx(times * few.log_likelihood, rel=1e-12)
