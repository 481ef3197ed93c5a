from __future__ import annotations

import numpy as np
import pytest

import thetahat as th
from thetahat import datasets


def made(case: str):
    rng = np.random.default_rng(5)
    trials = rng.integers(3, 9, 60)
    value = np.round(rng.gamma(2.0, 3.0, 80), 2)
    makers = {
        "continuous": lambda: th.fit(th.Gamma(y="serving"), datasets.path("groundbeef")),
        "counts": lambda: th.fit(th.NegativeBinomial(), rng.negative_binomial(2, 0.2, 200)),
        "trials": lambda: th.fit(
            th.Binomial(y="s", trials="n"), {"n": trials, "s": rng.binomial(trials, 0.3)}
        ),
        "labels": lambda: th.fit(th.Categorical(y="kind"), {"kind": ["<b>a</b>", "[red]b", "c", "c", "$c$"]}),
        "right": lambda: th.fit(th.Weibull(y="censored(weeks, ended)"), datasets.path("aml")),
        "left": lambda: th.fit(
            th.LogNormal(), th.Observations.left_censored(np.maximum(value, 2.0), value > 2.0)
        ),
        "interval": lambda: th.fit(
            th.Gamma(), th.Observations.interval(np.floor(value), np.floor(value) + 1.0)
        ),
        "weights": lambda: th.fit(th.Exponential(y="y"), {"y": [1.0, 2.0, 4.0], "w": [3, 2, 5]}, weights="w"),
        "fixed": lambda: th.fit(th.StudentT(), rng.standard_t(4, size=100), fixed={"df": 4}),
        "boundary": lambda: th.fit(th.Bernoulli(), [1, 1, 1, 1]),
        "at_infinity": lambda: th.fit(th.StudentT(), rng.uniform(size=150)),
        "unbounded": lambda: th.fit(th.Normal(), [2.0, 2.0, 2.0]),
        "not_converged": lambda: th.fit(
            th.StudentT(), rng.standard_t(3, size=50), optimizer=th.Newton(max_iterations=1), start={"df": 50}
        ),
        "huge": lambda: th.fit(th.Gamma(), rng.gamma(2.0, 1e290, 100)),
    }
    return makers[case]()


CASES = (
    "continuous", "counts", "trials", "labels", "right", "left", "interval", "weights", "fixed", "boundary",
    "at_infinity", "unbounded", "not_converged", "huge",
)  # fmt: skip


@pytest.fixture(params=CASES)
def any_fit(request: pytest.FixtureRequest):
    return made(request.param)


@pytest.fixture
def fit_of():
    return made
