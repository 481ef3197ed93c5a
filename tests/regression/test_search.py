"""Ways up the likelihood of a regression: all end at the same maximum, and none takes more steps than it may."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, GRADIENT, ROUGHLY, Tally
from thetahat.models._model import NO_INFORMATION
from thetahat.optimize.chord import ChordSearch
from thetahat.optimize.regression import climbing
from thetahat.optimize.rough import highest


def rows(n: int, p: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.standard_normal((n, p - 1))])
    return x, rng.random(n) < 1.0 / (1.0 + np.exp(-x @ (rng.standard_normal(p) / np.sqrt(p))))


def score(x: Any, y: Any, fit: th.Fit) -> Any:
    return x.T @ (y - 1.0 / (1.0 + np.exp(-x @ np.array(list(fit.estimates.values())))))


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_more_steps_are_taken_than_allowed(most: int) -> None:
    x, y = rows(200, 5)
    fit = th.regress(x, y, th.Bernoulli(), optimizer=th.Newton(max_iterations=most))
    assert fit.certificate.verdict == "not_converged"
    assert f"after {most} iteration" in fit.certificate.sentence


@pytest.mark.parametrize("far", [0.0, 3.0, 30.0, 300.0])
def test_a_start_from_afar_ends_where_a_near_one_does(far: float) -> None:
    x, y = rows(200, 5)
    fit = th.regress(x, y, th.Bernoulli(), start={"x1": far, "x2": -far})
    assert fit.certificate.verdict == "maximum"
    assert np.abs(score(x, y, fit)).max() < 1e-8


def test_few_rows_that_mislead_are_left_behind() -> None:
    """The sample takes every so many-th row, and here these are all alike."""
    x, y = rows(120_000, 4)
    x[::3, 1] += 4.0
    fit = th.regress(x, y, th.Bernoulli())
    assert fit.certificate.verdict == "maximum"
    assert np.abs(score(x, y, fit)).max() < 1e-5 * np.sqrt(120_000)


def test_many_coefficients_share_an_information() -> None:
    n, k = 6_000, 300
    rng = np.random.default_rng(5)
    codes = rng.integers(0, k, n)
    y = rng.poisson(np.exp(0.3 * rng.standard_normal(k)[codes] + 1.0))
    fit = th.fit(th.Regression("y ~ 0 + C(g)", th.Poisson()), {"y": y, "g": codes})
    means = np.bincount(codes, y) / np.bincount(codes)
    assert fit.certificate.verdict == "maximum"
    np.testing.assert_allclose(list(fit.estimates.values()), np.log(means), rtol=1e-9, atol=1e-9)
    exact = 1.0 / np.sqrt(np.bincount(codes, y))
    np.testing.assert_allclose(list(fit.standard_errors.values()), exact, rtol=1e-7)


def test_many_coefficients_stay_at_the_start_where_no_step_is_allowed() -> None:
    rng = np.random.default_rng(7)
    rows_of = {"y": rng.integers(0, 2, 6_000), "g": np.arange(6_000) % 300}
    model = th.Regression("y ~ C(g)", th.Bernoulli())
    fit = th.fit(model, rows_of, optimizer=th.Newton(max_iterations=0))
    assert fit.certificate.verdict == "not_converged"
    assert set(list(fit.estimates.values())[1:]) == {0.0}


def test_many_coefficients_of_which_one_runs_away() -> None:
    """Steps by products, and those that share an information, take no supremum at infinity for a maximum."""
    rng = np.random.default_rng(0)
    g = rng.integers(0, 300, 6_000)
    x = rng.standard_normal(6_000)
    y = np.where(g == 7, 0, rng.random(6_000) < 1.0 / (1.0 + np.exp(-x)))
    fit = th.fit(th.Regression("y ~ C(g) + x", th.Bernoulli()), {"y": y, "g": g, "x": x})
    assert fit.certificate.verdict == "at_infinity"
    assert [name for name, error in fit.standard_errors.items() if np.isnan(error)] == ["C(g)[T.7]"]
    with pytest.raises(th.DataError, match="aliased"):
        th.fit(th.Regression("y ~ C(g) + C(h)", th.Bernoulli()), {"y": y, "g": g, "h": g % 50})


def test_a_matrix_in_row_order_is_not_copied() -> None:
    import tracemalloc

    x, y = rows(200_000, 30)
    tracemalloc.start()
    th.regress(x, y, th.Bernoulli())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < x.nbytes / 2


def test_many_classes_begin_with_few_rows_and_end_at_the_maximum() -> None:
    """More than 256 coefficients: a rough maximum of few rows, then chords, the standard errors from all rows."""
    n, p, classes = 45_000, 33, 9
    rng = np.random.default_rng(6)
    x = np.column_stack([np.ones(n), rng.standard_normal((n, p - 1))])
    y = (x @ rng.normal(0.0, 0.3, (p, classes)) + rng.gumbel(size=(n, classes))).argmax(axis=1)
    fit = th.regress(x, y, th.Categorical())
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.newton_decrement < 1e-11
    beta = np.array(list(fit.estimates.values())).reshape(classes - 1, p)
    weight = np.exp(np.column_stack([np.zeros(n), x @ beta.T]))
    share = weight / weight.sum(axis=1, keepdims=True)
    score = x.T @ ((y[:, np.newaxis] == np.arange(classes)) - share)
    first = share[:, 1] * (1.0 - share[:, 1])
    assert np.abs(score).max() < 1e-4
    # Where the other logits are held, the information of one is that of its own class.
    own = np.linalg.inv(x.T @ (first[:, np.newaxis] * x)).diagonal()
    assert (np.array(list(fit.standard_errors.values()))[:p] ** 2 > own).all()


def standardised(x: Any, y: Any, fit: th.Fit) -> float:
    """The largest element of the score in units of its standard deviation."""
    prob = 1.0 / (1.0 + np.exp(-x @ np.array(list(fit.estimates.values()))))
    return float(np.max(np.abs(x.T @ (y - prob)) / np.sqrt((prob * (1.0 - prob)) @ np.square(x))))


def errors(x: Any, fit: th.Fit) -> Any:
    prob = 1.0 / (1.0 + np.exp(-x @ np.array(list(fit.estimates.values()))))
    return np.sqrt(np.diag(np.linalg.inv((x.T * (prob * (1.0 - prob))) @ x)))


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e25])
def test_large_regressions_end_at_a_stationary_point(scale: float) -> None:
    """Beyond the range of single precision a column's information is computed in double precision on the way, too."""
    x, y = rows(100_000, 10)
    x[:, 3] *= scale
    fit = th.regress(x, y, th.Bernoulli())
    assert fit.certificate.verdict == "maximum"
    assert standardised(x, y, fit) < 1e-8
    x[:, 3] /= scale
    found = np.array(list(fit.standard_errors.values()))
    found[3] *= scale
    rescaled = th.regress(x, y, th.Bernoulli())
    np.testing.assert_allclose(found, errors(x, rescaled), rtol=1e-8)


def test_columns_that_single_precision_cannot_tell_apart() -> None:
    x, y = rows(100_000, 10)
    x[:, 4] = x[:, 3] + 1e-5 * x[:, 4]
    fit = th.regress(x, y, th.Bernoulli())
    assert fit.certificate.verdict == "maximum"
    assert standardised(x, y, fit) < 1e-8
    np.testing.assert_allclose(list(fit.standard_errors.values()), errors(x, fit), rtol=1e-5)


def test_a_large_softmax_ends_at_a_stationary_point() -> None:
    n, p, classes = 50_000, 8, 4
    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(n), rng.standard_normal((n, p - 1))])
    y = (x @ rng.normal(0.0, 0.4, (p, classes)) + rng.gumbel(size=(n, classes))).argmax(axis=1)
    fit = th.regress(x, y, th.Categorical())
    assert fit.certificate.verdict == "maximum"
    coefficients = np.array(list(fit.estimates.values())).reshape(classes - 1, p)
    weights = np.exp(np.column_stack([np.zeros(n), x @ coefficients.T]))
    prob = weights[:, 1:] / weights.sum(axis=1, keepdims=True)
    score = ((y[:, None] == np.arange(1, classes)) - prob).T @ x
    spread = np.sqrt((prob * (1.0 - prob)).T @ np.square(x))
    assert np.max(np.abs(score) / spread) < 1e-8


@pytest.mark.parametrize("roughly", [False, True])
@pytest.mark.parametrize("error", [0.02, 0.1])
def test_chord_steps_learn_the_curvature(error: float, roughly: bool) -> None:
    """On a quadratic, steps by an information that is off end at the maximum, with an exact information there."""
    k = 30
    rng = np.random.default_rng(4)
    root = rng.standard_normal((3 * k, k))
    information = root.T @ root
    wrong = root.T @ (root * (1.0 + error * rng.standard_normal((3 * k, 1))))
    search = ChordSearch(np.ones(k), wrong, roughly=roughly)
    asked = []
    while (request := search.ask()) is not None:
        asked.append(request.order)
        score = -information @ request.point
        value = 0.5 * float(score @ request.point)
        held = information if request.order > GRADIENT else NO_INFORMATION
        search.tell(Tally(value, abs(value), score, held))
    assert search.converged
    assert asked[-1] == DERIVATIVES
    assert [order for order in asked[:-1] if order > GRADIENT] == [ROUGHLY if roughly else DERIVATIVES]
    assert np.abs(search.point).max() < 1e-9


def counts_with_far_rows(intercept: bool, seed: int) -> tuple[Any, Any]:
    """Counts of which three rows, that no sample is likely to have, lie thousands of standard deviations out."""
    rng = np.random.default_rng(seed)
    n = 40_000
    x = np.column_stack([np.ones(n), rng.standard_normal((n, 2))])
    y = rng.poisson(np.exp(-0.5 + 0.2 * x[:, 1])).astype(float)
    if not intercept:
        x[:, 0] += 0.3 * rng.standard_normal(n)
        x[:, 2] += 2.0
    rows = rng.choice(n, 3, replace=False)
    x[rows, 2], y[rows] = [1e3, -2e3, 1e4], [0.0, 1.0, 0.0]
    return x, y


LOST = [(True, 2), (True, 4), (True, 7), (False, 1), (False, 5), (False, 7)]
"""Rows with which a climb from where their sample leads is lost."""


@pytest.mark.parametrize(("intercept", "seed"), LOST)
def test_a_sample_without_the_farthest_rows_leads_nowhere_from_where_no_step_leads_back(
    intercept: bool,
    seed: int,
) -> None:
    """At the sample's maximum exp(xβ) is 1e30 in a row, which once ended far below the maximum, as at_infinity."""
    x, y = counts_with_far_rows(intercept, seed)
    fit = th.regress(x, y, th.Poisson())
    assert fit.certificate.verdict == "maximum"
    rate = np.exp(x @ np.array(list(fit.estimates.values())))
    score = x.T @ (y - rate) / np.sqrt(x.T**2 @ rate)
    assert np.abs(score).max() < 1e-7


@pytest.mark.parametrize(("intercept", "seed"), LOST)
def test_no_supremum_is_below_what_is_attained(
    intercept: bool,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A search that was lost says so, rather than that ℓ levels off where it is far below that of the start."""

    def first(likelihood: Likelihood, points: Any, allowed: Any = None) -> Any:
        return points[0] if len(points) > 2 else highest(likelihood, points, allowed)

    monkeypatch.setattr(climbing, "highest", first)
    x, y = counts_with_far_rows(intercept, seed)
    fit = th.regress(x, y, th.Poisson())
    assert fit.certificate.verdict == "not_converged"
