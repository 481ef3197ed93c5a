"""Regressions beside glum, scikit-learn and statsmodels, on data of one seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
from contest import Contestant, Row, Topic, apart, at_most, faster, here, interleaved
from samples import binary

import thetahat as th

LEVELS = (10, 20, 50, 100, 200, 300, 500, 1_000)
CLASSES = 10
STRENGTH = 1.0


def rows(full: bool) -> Iterator[Row]:
    """Ours with standard errors and certificates (but for the sparse one, which has too many coefficients)."""
    repetitions = 5 if full else 3
    yield from small(21 if full else 9)
    yield from dense(repetitions)
    yield from categories(1)
    yield from softmax(repetitions)
    yield from auxiliary(1)
    yield from sparse(repetitions)


def fitted(call: Callable[[], th.Fit]) -> Contestant:
    """Time a fit with its standard errors and verdict."""

    def run() -> None:
        fit = call()
        if fit.certificate.verdict != "maximum" or len(fit.standard_errors) != len(fit.estimates):
            raise RuntimeError(f"{fit!r} is no maximum")

    return here(run)


def quiet(call: Callable[[], object]) -> Contestant:
    """Time a peer, whose warnings are its own."""

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()

    return here(run)


def small(repetitions: int) -> Iterator[Row]:
    """A logistic regression of 200 rows."""
    names = ("thetahat", "statsmodels", "scikit-learn")
    with ExitStack() as alone:
        contestants = [alone.enter_context(apart("small_regression.py", name, calls=50)) for name in names]
        taken, theirs, learned = interleaved(*contestants, repetitions=repetitions)
    yield at_most("logistic, 200 x 5", taken, theirs, 1.0, "statsmodels")
    yield at_most("logistic, 200 x 5", taken, learned, 0.3, "scikit-learn")


def dense(repetitions: int) -> Iterator[Row]:
    """A logistic regression of half a million rows."""
    import statsmodels.api as sm
    from glum import GeneralizedLinearRegressor
    from sklearn.linear_model import LogisticRegression

    matrix, y = binary(500_000, 50)
    glum = GeneralizedLinearRegressor(family="binomial", alpha=0, fit_intercept=False, gradient_tol=1e-8)
    learn = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-8)
    ours, by_glum, learned = interleaved(
        fitted(lambda: th.regress(matrix, y, th.Bernoulli())),
        quiet(lambda: glum.fit(matrix, y)),
        quiet(lambda: learn.fit(matrix, y)),
        repetitions=repetitions,
    )
    (by_statsmodels,) = interleaved(quiet(lambda: sm.Logit(y, matrix).fit(disp=0).bse), repetitions=1)
    work = "logistic, 500,000 x 50"
    yield at_most(work, ours, by_glum, 0.6, "glum")
    yield at_most(work, ours, learned, 0.3, "scikit-learn newton-cholesky")
    yield at_most(work, ours, by_statsmodels, 0.1, "statsmodels")


def categories(repetitions: int) -> Iterator[Row]:
    """A Poisson regression on eight categorical columns and three numeric ones, with exposure."""
    import pandas as pd
    from glum import GeneralizedLinearRegressor

    n = 600_000
    rng = np.random.default_rng(2)
    columns: dict[str, Any] = {}
    predictor = np.full(n, -1.0)
    for k, count in enumerate(LEVELS):
        codes = rng.integers(0, count, n)
        columns[f"c{k}"] = np.array([f"l{i}" for i in range(count)])[codes]
        predictor += rng.normal(0.0, 0.2, count)[codes]
    for j in range(3):
        columns[f"x{j}"] = rng.standard_normal(n)
    columns["exposure"] = rng.uniform(0.2, 1.0, n)
    columns["claims"] = rng.poisson(columns["exposure"] * np.exp(predictor + 0.2 * columns["x0"]))
    frame = pd.DataFrame(columns)
    names = [*(f"c{k}" for k in range(len(LEVELS))), "x0", "x1", "x2"]
    model = th.Regression(f"claims ~ {' + '.join(names)} + offset(log(exposure))", th.Poisson())
    typed = frame.astype({name: "category" for name in names if name.startswith("c")})[names]
    glum = GeneralizedLinearRegressor(family="poisson", alpha=0, drop_first=True, gradient_tol=1e-6)
    ours, theirs = interleaved(
        fitted(lambda: th.fit(model, frame)),
        quiet(lambda: glum.fit(typed, frame["claims"], offset=np.log(frame["exposure"]))),
        repetitions=repetitions,
    )
    yield at_most("Poisson, 600,000 rows, 2,180 columns of 11", ours, theirs, 0.8, "glum")


def softmax(repetitions: int) -> Iterator[Row]:
    """Ten classes."""
    import statsmodels.api as sm
    from sklearn.linear_model import LogisticRegression

    n, p = 100_000, 30
    rng = np.random.default_rng(3)
    matrix = np.column_stack([np.ones(n), rng.standard_normal((n, p - 1))])
    utility = matrix @ rng.normal(0.0, 0.4, (p, CLASSES)) + rng.gumbel(size=(n, CLASSES))
    y = utility.argmax(axis=1)
    learn = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-6, max_iter=1_000)
    ours, learned = interleaved(
        fitted(lambda: th.regress(matrix, y, th.Categorical())),
        quiet(lambda: learn.fit(matrix, y)),
        repetitions=repetitions,
    )
    (by_statsmodels,) = interleaved(
        quiet(lambda: sm.MNLogit(y, matrix).fit(disp=0, method="newton").bse), repetitions=1
    )
    yield at_most("softmax, 100,000 x 30, 10 classes", ours, learned, 0.5, "scikit-learn lbfgs")
    yield at_most("softmax, 100,000 x 30, 10 classes", ours, by_statsmodels, 0.05, "statsmodels")


def auxiliary(repetitions: int) -> Iterator[Row]:
    """Negative binomial and gamma, their size and shape estimated with the coefficients."""
    import statsmodels.api as sm

    n, p = 200_000, 20
    rng = np.random.default_rng(4)
    matrix = np.column_stack([np.ones(n), rng.standard_normal((n, p - 1))])
    mean = np.exp(matrix @ rng.normal(0.0, 0.1, p) + 0.5)
    counts = rng.negative_binomial(2.0, 2.0 / (2.0 + mean))
    ours, theirs = interleaved(
        fitted(lambda: th.regress(matrix, counts, th.NegativeBinomial())),
        quiet(lambda: sm.NegativeBinomial(counts, matrix).fit(disp=0, maxiter=200).bse),
        repetitions=repetitions,
    )
    yield faster("negative binomial, 200,000 x 20", ours, theirs, 10.0, "statsmodels")
    amounts = rng.gamma(2.0, mean / 2.0)
    gamma = sm.families.Gamma(link=sm.families.links.Log())
    ours, theirs = interleaved(
        fitted(lambda: th.regress(matrix, amounts, th.Gamma())),
        quiet(lambda: sm.GLM(amounts, matrix, family=gamma).fit().bse),
        repetitions=repetitions,
    )
    yield faster("gamma, 200,000 x 20 (statsmodels: shape by moments)", ours, theirs, 10.0, "statsmodels")


def sparse(repetitions: int) -> Iterator[Row]:
    """A ridge with fifty thousand sparse columns."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    n, p, held = 200_000, 50_000, 20
    rng = np.random.default_rng(5)
    places = (np.repeat(np.arange(n), held), rng.integers(0, p, n * held))
    matrix = csr_matrix((rng.standard_normal(n * held), places), shape=(n, p))
    y = (rng.random(n) < 1.0 / (1.0 + np.exp(-matrix @ rng.normal(0.0, 0.5, p)))).astype(int)
    learn = LogisticRegression(C=1.0 / STRENGTH, fit_intercept=False, tol=1e-8, max_iter=1_000)
    ours, learned = interleaved(
        fitted(lambda: th.regress(matrix, y, th.Bernoulli(), penalty=th.Ridge(STRENGTH))),
        quiet(lambda: learn.fit(matrix, y)),
        repetitions=repetitions,
    )
    yield at_most("sparse ridge, 200,000 x 50,000", ours, learned, 1.0, "scikit-learn lbfgs")


TOPIC = Topic("Regressions", rows)
