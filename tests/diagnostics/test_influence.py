"""Leverage, Cook's distance and robust covariances against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import thetahat as th
from thetahat.data import BLOCK_ROWS

RNG = np.random.default_rng(8)
N = 60
X = RNG.normal(size=(N, 2))
DESIGN = np.column_stack([np.ones(N), X])
WEIGHTS = RNG.integers(1, 4, N).astype(float)
CENTRE = 0.3 + X @ [0.5, -0.4]
NORMAL = CENTRE + RNG.normal(size=N)
COUNTS = RNG.poisson(np.exp(CENTRE)).astype(float)
BINARY = (RNG.random(N) < special.expit(CENTRE)).astype(float)
CLUSTERS = RNG.integers(0, 12, N)


def hat(weights: np.ndarray, design: np.ndarray = DESIGN) -> np.ndarray:
    root = np.sqrt(weights)[:, None] * design
    return np.sum(np.linalg.qr(root)[0] ** 2, axis=1)


def probit(**options: Any) -> th.Fit:
    return th.regress(X, BINARY, th.Bernoulli(), intercept=True, links={"prob": "probit"}, **options)


def probit_weights(fit: th.Fit) -> np.ndarray:
    predictor = DESIGN @ list(fit.estimates.values())
    density = np.exp(-(predictor**2) / 2) / np.sqrt(2 * np.pi)
    return density**2 / (special.ndtr(predictor) * special.ndtr(-predictor))


def test_leverage_is_the_diagonal_of_the_hat_matrix() -> None:
    normal = th.regress(X, NORMAL, th.Normal(), intercept=True, weights=WEIGHTS)
    np.testing.assert_allclose(normal.leverage(), hat(WEIGHTS), rtol=1e-10)
    poisson = th.regress(X, COUNTS, th.Poisson(), intercept=True)
    mean = np.exp(DESIGN @ list(poisson.estimates.values()))
    np.testing.assert_allclose(poisson.leverage(), hat(mean), rtol=1e-8)
    # R's weights of a glm whose link is not canonical are the expected ones.
    np.testing.assert_allclose(probit().leverage(), hat(probit_weights(probit())), rtol=1e-8)


@pytest.mark.parametrize(
    ("family", "y"),
    [
        (th.Weibull(), th.Observations.right_censored(np.exp(NORMAL), BINARY)),
        (th.Normal(), th.Observations.left_censored(np.maximum(NORMAL, 0.0), NORMAL > 0.0)),
        (th.NegativeBinomial(), COUNTS),
        (th.Categorical(), RNG.choice(["a", "b", "c"], N)),
        (th.StudentT(df=4), NORMAL),
    ],
)
def test_leverages_sum_to_the_number_of_coefficients(family: th.Family, y: Any) -> None:
    fit = th.regress(X, y, family, intercept=True, weights=WEIGHTS)
    n_coefficients = sum(name.split(":")[-1] in {"Intercept", "x0", "x1"} for name in fit.names)
    assert np.sum(fit.leverage()) == pytest.approx(n_coefficients, rel=1e-9)


def test_a_fixed_coefficient_has_no_leverage() -> None:
    fit = th.regress(X, NORMAL, th.Normal(), intercept=True, fixed={"x1": 0.2})
    np.testing.assert_allclose(fit.leverage(), hat(np.ones(N), DESIGN[:, :2]), rtol=1e-10)


def test_distance_is_that_of_the_fit_without_the_row() -> None:
    # For a normal regression one Newton step is the whole way.
    fit = th.regress(X, NORMAL, th.Normal(), intercept=True)
    beta = np.array(list(fit.estimates.values())[:3])
    precision = DESIGN.T @ DESIGN / fit.estimates["sd"] ** 2
    distance = fit.cooks_distance()
    for row in range(0, N, 7):
        kept = np.arange(N) != row
        moved = np.linalg.lstsq(DESIGN[kept], NORMAL[kept], rcond=None)[0] - beta
        assert distance[row] == pytest.approx(moved @ precision @ moved / 3, rel=1e-9)


def test_distance_of_a_generalised_linear_model() -> None:
    fit = th.regress(X, COUNTS, th.Poisson(), intercept=True)
    leverage, pearson = fit.leverage(), fit.residuals("pearson")
    expected = (pearson / (1 - leverage)) ** 2 * leverage / 3
    np.testing.assert_allclose(fit.cooks_distance(), expected, rtol=1e-8)


def test_distance_of_a_softmax_is_that_of_one_newton_step() -> None:
    labels = RNG.choice(3, N)
    fit = th.regress(X, labels, th.Categorical(), intercept=True)
    coefficients = np.array(list(fit.estimates.values()))
    logits = np.column_stack([np.zeros(N), DESIGN @ coefficients[:3], DESIGN @ coefficients[3:]])
    probs = special.softmax(logits, axis=1)[:, 1:]
    rows = [np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x)) for p, x in zip(probs, DESIGN, strict=True)]
    information = sum(rows)
    distance = fit.cooks_distance()
    for row in range(0, N, 9):
        indicator = np.array([labels[row] == 1, labels[row] == 2], dtype=float)
        score = np.kron(indicator - probs[row], DESIGN[row])
        step = np.linalg.solve(information - rows[row], score)
        assert distance[row] == pytest.approx(step @ information @ step / 6, rel=1e-6)


def sandwich(fit: th.Fit, scores: np.ndarray) -> np.ndarray:
    bread = fit.covariance()
    return bread @ (scores.T @ scores) @ bread


def poisson_scores(fit: th.Fit) -> np.ndarray:
    mean = np.exp(DESIGN @ list(fit.estimates.values()))
    return (COUNTS - mean)[:, None] * DESIGN


def test_robust_covariances_by_rows() -> None:
    fit = th.regress(X, COUNTS, th.Poisson(), intercept=True)
    scores, leverage = poisson_scores(fit), fit.leverage()[:, None]
    np.testing.assert_allclose(fit.covariance("sandwich"), sandwich(fit, scores), rtol=1e-7)
    np.testing.assert_allclose(
        fit.covariance("HC2"), sandwich(fit, scores / np.sqrt(1 - leverage)), rtol=1e-7
    )
    np.testing.assert_allclose(fit.covariance("HC3"), sandwich(fit, scores / (1 - leverage)), rtol=1e-7)
    np.testing.assert_allclose(fit.covariance("HC1") * (N - 3), fit.covariance("sandwich") * N, rtol=1e-12)
    np.testing.assert_allclose(fit.covariance("expected"), fit.covariance("observed"), rtol=1e-6)


def test_hc3_is_the_jackknife_of_a_normal_regression() -> None:
    fit = th.regress(X, NORMAL, th.Normal(), intercept=True)
    beta = np.array(list(fit.estimates.values())[:3])
    without = [
        np.linalg.lstsq(np.delete(DESIGN, i, 0), np.delete(NORMAL, i), rcond=None)[0] for i in range(N)
    ]
    moves = np.array(without) - beta
    np.testing.assert_allclose(fit.covariance("HC3")[:3, :3], moves.T @ moves, rtol=1e-7)


@pytest.mark.parametrize("kind", ["sandwich", "HC1", "HC2", "HC3", "stata"])
def test_weights_stand_for_repeated_rows(kind: str) -> None:
    weighted = th.regress(X, COUNTS, th.Poisson(), intercept=True, weights=WEIGHTS)
    rows = np.repeat(np.arange(N), WEIGHTS.astype(int))
    repeated = th.regress(X[rows], COUNTS[rows], th.Poisson(), intercept=True)
    np.testing.assert_allclose(weighted.covariance(kind), repeated.covariance(kind), rtol=1e-6)


@pytest.mark.parametrize("kind", ["sandwich", "HC1", "stata"])
def test_clusters_against_sums_of_scores(kind: str) -> None:
    fit = th.regress(X, COUNTS, th.Poisson(), intercept=True, weights=WEIGHTS)
    scores = WEIGHTS[:, None] * poisson_scores(fit)
    sums = np.array([scores[label == CLUSTERS].sum(axis=0) for label in np.unique(CLUSTERS)])
    groups, n = len(sums), WEIGHTS.sum()
    factor = {"sandwich": 1.0, "stata": groups / (groups - 1)}
    factor["HC1"] = factor["stata"] * (n - 1) / (n - 3)
    covariance = fit.covariance(kind, cluster=CLUSTERS)
    np.testing.assert_allclose(covariance, factor[kind] * sandwich(fit, sums), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(
    ("family", "y"),
    [
        (th.Weibull(), th.Observations.right_censored(np.exp(NORMAL), BINARY)),
        (th.NegativeBinomial(), COUNTS),
        (th.Categorical(), RNG.choice(["a", "b", "c"], N)),
    ],
)
def test_clusters_of_one_row_are_rows(family: th.Family, y: Any) -> None:
    fit = th.regress(
        X, y, family, intercept=True, designs={"shape": X[:, :1]} if family.name == "weibull" else None
    )
    clustered = fit.covariance("sandwich", cluster=np.arange(N)[::-1])
    np.testing.assert_allclose(clustered, fit.covariance("sandwich"), rtol=1e-8, atol=1e-12)
    one = th.fit(th.Gamma(), np.exp(NORMAL))
    np.testing.assert_allclose(
        one.covariance("stata", cluster=np.arange(N)), one.covariance("stata"), rtol=1e-8
    )


def test_clusters_may_be_a_column_and_reach_over_blocks() -> None:
    n = BLOCK_ROWS + 1_000
    rng = np.random.default_rng(1)
    data = {"y": rng.exponential(size=n), "g": rng.choice(["north", "east", "south"], n)}
    fit = th.fit(th.Exponential(y="y"), data)
    rate = fit.estimates["rate"]
    sums = np.array(
        [np.sum(1 - rate * data["y"][data["g"] == label]) for label in ("east", "north", "south")]
    )
    expected = rate**2 * np.sum(sums**2) / n**2
    assert fit.covariance("sandwich", cluster="g")[0, 0] == pytest.approx(expected, rel=1e-8)


def test_what_has_no_leverage_or_clusters_says_so() -> None:
    plain = th.fit(th.Exponential(), [1.0, 2.0, 4.0])
    with pytest.raises(th.InferenceError, match="primary parameter only"):
        plain.leverage()
    with pytest.raises(th.InferenceError, match="primary parameter only"):
        plain.covariance("HC3")
    with pytest.raises(th.InferenceError, match="with clusters choose from sandwich, HC1, stata"):
        plain.covariance("HC3", cluster=[1, 2, 3])
    with pytest.raises(th.InferenceError, match="in one cluster"):
        plain.covariance("stata", cluster=[1, 1, 1])
    with pytest.raises(th.DataError, match="3 rows"):
        plain.covariance("stata", cluster=[1, 1])
    with pytest.raises(th.DataError, match="missing label"):
        plain.covariance("stata", cluster=[1.0, np.nan, 2.0])
    with pytest.raises(th.SourceError, match="no column 'firm'"):
        plain.covariance("stata", cluster="firm")
    softmax = th.regress(X, RNG.choice(["a", "b", "c"], N), th.Categorical(), intercept=True)
    with pytest.raises(th.InferenceError, match="several predictors"):
        softmax.covariance("HC3")
    separated = th.regress([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1], th.Bernoulli(), intercept=True)
    with pytest.raises(th.InferenceError, match="at_infinity"):
        separated.leverage()


def test_data_that_changed_are_refused() -> None:
    y = np.array(NORMAL)
    fit = th.regress(X, y, th.Normal(), intercept=True)
    y[3] += 1.0
    with pytest.raises(th.InferenceError, match="data have changed"):
        fit.leverage()
