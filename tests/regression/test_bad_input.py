"""What cannot be regressed is refused in words that say what to do."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(2)
N = 40
GOOD = {
    "y": RNG.poisson(3.0, N),
    "b": RNG.integers(0, 2, N),
    "three": np.arange(N) % 3,
    "x": RNG.standard_normal(N),
    "g": np.array(["u", "v", "w"])[np.arange(N) % 3],
    "constant": np.full(N, 2.0),
    "exposure": RNG.uniform(0.5, 2.0, N),
}


def fit(formula, family, data=None, **options):
    return th.fit(th.Regression(formula, family, **options), GOOD if data is None else data)


def with_column(**columns):
    return {**GOOD, **columns}


HOLES = np.where(np.arange(N) % 10 == 3, np.nan, GOOD["x"])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: fit("y ~ nowhere", th.Poisson()), th.SourceError, r"no column 'nowhere'; it has: y, b"),
        (lambda: fit("nowhere ~ x", th.Poisson()), th.SourceError, "no column 'nowhere'"),
        (lambda: fit("y ~ exposur", th.Poisson()), th.SourceError, "did you mean 'exposure'"),
        (lambda: fit("b + 1 ~ x", th.Bernoulli()), th.ModelError, "is no column"),
        (lambda: fit("g ~ x", th.Bernoulli()), th.DataError, "holds text.*Labels.*Categorical"),
        (lambda: fit("three ~ x", th.Bernoulli()), th.DataError, "support of Bernoulli.*Labels.*Categorical"),
        (
            lambda: fit("b ~ x", th.Truncated(th.Poisson(), low=1)),
            th.DataError,
            r"support of Truncated\(Poisson\), which takes whole numbers from 2 up",
        ),
        (lambda: fit("y ~ x", th.Shifted(th.Gamma())), th.ModelError, "none of its parameters"),
        (lambda: fit("log(y) ~ x", th.Normal()), th.ModelError, "LogNormal"),
        (lambda: fit("~ x", th.Normal()), th.ModelError, "has no response"),
        (lambda: fit("y ~", th.Normal()), th.ModelError, "y ~"),
        (lambda: fit("y ~ x +* g", th.Normal()), th.ModelError, "x"),
        (lambda: fit("y ~ __import__('os').system('true')", th.Normal()), th.ModelError, "__import__"),
        (lambda: fit("y ~ open('x')", th.Normal()), th.ModelError, "open"),
        (lambda: fit("y ~ x.real", th.Normal()), th.SourceError, "no column 'x.real'"),
        (lambda: fit("y ~ constant", th.Poisson()), th.DataError, "constant"),
        (lambda: fit("three ~ x", th.Bernoulli()), th.DataError, "outside the support of Bernoulli"),
        (
            lambda: fit("y ~ x", th.Poisson(), with_column(y=GOOD["y"] - 9)),
            th.DataError,
            "outside the support",
        ),
        (lambda: fit("g ~ x", th.Poisson()), th.DataError, "holds text"),
        (lambda: fit("y ~ h", th.Poisson(), with_column(h=HOLES)), th.DataError, "'h' has 4 missing values"),
        (
            lambda: fit("y ~ x + offset(log(e))", th.Poisson(), with_column(e=np.zeros(N))),
            th.DataError,
            "infinite",
        ),
        (lambda: fit("y ~ x", th.Poisson(), links={"rate": "probit"}), th.ModelError, "identity"),
        (lambda: fit("y ~ x", th.Poisson(), links={"size": "log"}), th.ModelError, "size"),
        (lambda: fit("y ~ x", th.Poisson(), sd="~ x"), th.ModelError, "regresses rate"),
        (lambda: fit("y ~ x", th.Normal(sd=2.0), sd="~ x"), th.ParameterError, "one or the other"),
        (lambda: fit("y ~ x", th.Normal(), sd="x ~ g"), th.ModelError, "only the first formula"),
        (lambda: fit("y ~ x", th.Normal(), mean="~ x"), th.ModelError, "mean already"),
        (lambda: fit("b ~ x", th.Binomial()), th.ParameterError, "needs trials"),
        (lambda: fit("y ~ x", th.Binomial(trials=2)), th.DataError, "trials"),
        (lambda: fit("y ~ x", th.Poisson(y="y")), th.ModelError, "leave out y="),
        (lambda: fit("y ~ x", "poison"), th.ModelError, "did you mean 'poisson'"),
        (
            lambda: th.fit(th.Regression("y ~ x", th.Poisson()), GOOD, fixed={"z": 1.0}),
            th.ParameterError,
            "'z'",
        ),
        (
            lambda: th.fit(th.Regression("y ~ x", th.Poisson()), GOOD, start={"z": 1.0}),
            th.ParameterError,
            "'z'",
        ),
        (
            lambda: th.fit(th.Regression("y ~ x", th.Poisson()), GOOD, weights=np.zeros(N)),
            th.DataError,
            "all have no weight",
        ),
        (
            lambda: th.fit(th.Regression("y ~ x", th.Poisson()), th.Observations(GOOD["y"])),
            th.ModelError,
            "has none to name",
        ),
    ],
)
def test_formulas_that_cannot_be_fitted(call, kind, words):
    with pytest.raises(kind, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


MATRIX = RNG.standard_normal((N, 2))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: th.regress(MATRIX[:-1], GOOD["y"], th.Poisson()), th.DataError, "39 rows and y has 40"),
        (lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), names=["a"]), th.DataError, "1 names for the 2"),
        (lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), names=["a", "a"]), th.ModelError, "named 'a'"),
        (lambda: th.regress(HOLES, GOOD["y"], th.Poisson()), th.DataError, r"x0 \(4, first in row 3\)"),
        (lambda: th.regress([["a"], ["b"]], [1, 2], th.Poisson()), th.DataError, "no real numbers"),
        (lambda: th.regress(np.zeros((2, 2, 2)), [1, 2], th.Poisson()), th.DataError, "shape"),
        (
            lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), offset=np.full(N, np.inf)),
            th.DataError,
            "infinite",
        ),
        (lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), offset=[1.0]), th.DataError, "offset"),
        (lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), weights=-np.ones(N)), th.DataError, "negative"),
        (
            lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), designs={"size": MATRIX}),
            th.ModelError,
            "size",
        ),
        (
            lambda: th.regress(MATRIX, GOOD["y"], th.Poisson(), designs={"rate": MATRIX}),
            th.ModelError,
            "rate",
        ),
        (lambda: th.regress(MATRIX, GOOD["y"], "no_such"), th.ModelError, "no family"),
        (lambda: th.regress(MATRIX, GOOD["y"].astype(complex), th.Normal()), th.DataError, "complex"),
        (lambda: th.regress(np.zeros((0, 2)), [], th.Normal()), th.DataError, "empty"),
    ],
)
def test_matrices_that_cannot_be_regressed(call, kind, words):
    with pytest.raises(kind, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_rows_with_missing_values_are_dropped_and_counted():
    dropped = fit("y ~ h", th.Poisson(), with_column(h=HOLES), missing="drop")
    kept = ~np.isnan(HOLES)
    alone = fit("y ~ h", th.Poisson(), {"y": GOOD["y"][kept], "h": HOLES[kept]})
    assert dropped.n_rows == 36
    assert dropped.model["dropped"] == 4
    assert dropped.log_likelihood == alone.log_likelihood
    assert dropped.estimates == alone.estimates


def test_rows_of_weight_zero_may_hold_anything():
    weights = np.where(np.isnan(HOLES), 0.0, 1.0)
    model = th.Regression("y ~ h", th.Poisson())
    weighted = th.fit(model, with_column(h=HOLES), weights=weights)
    kept = weights > 0
    alone = th.fit(model, {"y": GOOD["y"][kept], "h": HOLES[kept]})
    assert weighted.log_likelihood == pytest.approx(alone.log_likelihood, rel=1e-14)
    assert weighted.n_obs == kept.sum()
