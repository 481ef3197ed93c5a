"""Saved regressions predict without the data as they did with them, and nothing in a file is trusted."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thetahat as th

RNG = np.random.default_rng(5)
N = 90
X = RNG.normal(size=N)
G = RNG.choice(["a", "b", "c"], N)
COLUMNS: dict[str, Any] = {
    "x": X,
    "g": G,
    "k": RNG.integers(1, 4, N),
    "h": X > 0.2,
    "t": RNG.uniform(0.5, 2.0, N),
    "n": np.full(N, 6),
    "hits": RNG.binomial(6, 0.4, N),
    "count": RNG.poisson(np.exp(0.3 + 0.4 * X)),
    "y": X + RNG.normal(size=N),
    "time": RNG.weibull(1.5, N) * np.exp(0.3 * X),
    "event": (RNG.random(N) < 0.8).astype(int),
    "w": RNG.integers(0, 3, N),
    "many": RNG.negative_binomial(1.0, 1.0 / (1.0 + np.exp(1.0 + 0.4 * X))),
    "zeros": RNG.poisson(np.exp(1.5 + 0.4 * X)) * (RNG.random(N) < 0.6),
}
POSITIVE = {name: values[COLUMNS["count"] > 0] for name, values in COLUMNS.items()}
NEW: dict[str, Any] = {
    "x": [-1.0, 0.0, 1.2],
    "g": ["c", "a", "b"],
    "k": [3, 1, 2],
    "h": [True, False, True],
    "t": [1.0, 2.0, 0.5],
    "n": [6, 7, 8],
}
R = th.Regression
FORMULAS: dict[str, tuple[th.Regression, dict[str, Any], dict[str, Any]]] = {
    "splines": (
        R("y ~ bs(x, df=5, extrapolation='extend') + C(g, contr.sum)", th.Normal(), sd="~ cr(x, df=4)"),
        {},
        {},
    ),
    "interaction": (R("count ~ x*C(g, contr.treatment('b')) + h + offset(log(t))", th.Poisson()), {}, {}),
    "polynomial": (R("time ~ poly(x, 2) + center(t):h", th.Weibull(), shape="~ C(k)"), {}, {}),
    "links": (R("hits ~ x", th.Binomial(trials="n"), links={"prob": "cauchit"}), {}, {}),
    "softmax": (R("g ~ x + t", th.Categorical()), {"what": "probability"}, {}),
    "ordered": (R("g ~ x", th.Ordinal(link="probit")), {"what": "probability"}, {}),
    "codes": (R("k ~ x", th.Ordinal()), {}, {}),
    "given": (R("y ~ x", th.StudentT(df=5)), {"what": "quantile", "probability": 0.9}, {}),
    "fixed": (R("y ~ x", th.Normal()), {}, {"fixed": {"x": 1.0}}),
    "censored": (R("censored(time, event) ~ x", th.LogNormal()), {}, {}),
    "weights": (R("many ~ x", th.NegativeBinomial(), size="~ h"), {"what": "variance"}, {"weights": "w"}),
    "dropped": (R("count ~ x", th.Poisson(), missing="drop"), {}, {}),
    "constant": (R("count ~ 1", th.Poisson()), {}, {}),
    "inflated": (R("zeros ~ x", th.ZeroInflated(th.Poisson()), zero_prob="~ h"), {}, {}),
}


def saved(fit: th.Fit, tmp_path: Path, **options: Any) -> th.Fit:
    path = tmp_path / "fit.json"
    fit.save(path)
    return th.load(path, **options)


@pytest.mark.parametrize("name", FORMULAS)
def test_regressions_from_formulas(name: str, tmp_path: Path) -> None:
    model, question, options = FORMULAS[name]
    fit = th.fit(model, COLUMNS, **options)
    back = saved(fit, tmp_path)
    np.testing.assert_equal(back.estimates, fit.estimates)
    np.testing.assert_equal(dict(back.model), dict(fit.model))
    assert str(back.summary())
    np.testing.assert_equal(back.covariance(), fit.covariance())
    np.testing.assert_equal(dict(back.intervals()), dict(fit.intervals()))
    for loaded in (back, pickle.loads(pickle.dumps(fit))):  # noqa: S301 - made here
        np.testing.assert_array_equal(loaded.predict(NEW, **question), fit.predict(NEW, **question))
        there, here = loaded.predict(NEW, level=0.9, **question), fit.predict(NEW, level=0.9, **question)
        np.testing.assert_array_equal(there.low, here.low)
    np.testing.assert_equal(saved(back, tmp_path).estimates, fit.estimates)
    with pytest.raises(th.InferenceError, match="give data="):
        back.predict(**question)
    score, again = fit.cross_entropy_on(COLUMNS), back.cross_entropy_on(COLUMNS)
    assert (again.estimate, again.n_obs) == (score.estimate, fit.n_obs)
    np.testing.assert_allclose(score.estimate, fit.cross_entropy, rtol=1e-10)
    np.testing.assert_array_equal(back.simulate(3, data=NEW), fit.simulate(3, data=NEW))


def test_wrapped_families(tmp_path: Path) -> None:
    for family in (th.Truncated(th.Poisson(), low=0), th.Hurdle(th.Poisson())):
        data = POSITIVE if isinstance(family, th.Truncated) else COLUMNS
        fit = th.fit(R("count ~ x", family), data)
        np.testing.assert_array_equal(saved(fit, tmp_path).predict(NEW), fit.predict(NEW))
        alone = th.fit(family, data["count"])
        np.testing.assert_array_equal(saved(alone, tmp_path).predict([1, 2]), alone.predict([1, 2]))


def test_regressions_from_matrices(tmp_path: Path) -> None:
    matrix = np.column_stack([X, X**2])
    fit = th.regress(
        matrix,
        COLUMNS["y"],
        th.Normal(),
        intercept=True,
        names=["a", "b"],
        designs={"sd": X},
        offset=X,
        weights=COLUMNS["w"] + 1,
    )
    given = {"offset": [0.1, 0.2], "designs": {"sd": [1.0, 2.0]}}
    back = saved(fit, tmp_path)
    np.testing.assert_array_equal(back.predict(matrix[:2], **given), fit.predict(matrix[:2], **given))
    hits = th.regress(matrix, COLUMNS["hits"], th.Binomial(trials=COLUMNS["n"]))
    back = saved(hits, tmp_path)
    np.testing.assert_array_equal(back.predict(matrix[:2], trials=[6, 6]), hits.predict()[:2])
    with pytest.raises(th.DataError, match="give trials="):
        back.predict(matrix[:2])
    observed = th.Observations.right_censored(COLUMNS["time"], COLUMNS["event"])
    late = th.regress(matrix, observed, th.Weibull(), intercept=True)
    score = saved(late, tmp_path).cross_entropy_on(matrix, y=observed)
    np.testing.assert_allclose(score.estimate, late.cross_entropy, rtol=1e-10)
    with pytest.raises(th.DataError, match="give y="):
        late.cross_entropy_on(matrix)


def test_null_models_and_separated_ones(tmp_path: Path) -> None:
    null = th.fit(FORMULAS["interaction"][0], COLUMNS).null_model()
    np.testing.assert_array_equal(saved(null, tmp_path).predict(NEW), null.predict(NEW))
    x, y = np.array([0.0, 1.0, 2.0, 2.0, 4.0, 5.0]), np.array([0, 0, 0, 1, 1, 1])
    fit = th.regress(x, y, th.Bernoulli(), intercept=True)
    back = saved(fit, tmp_path)
    np.testing.assert_array_equal(back.predict(x, level=0.9).estimate, fit.predict())
    assert back.estimates == fit.estimates


def test_functions_of_ones_own_are_handed_over_again(tmp_path: Path) -> None:
    functions = {"twice": lambda values: 2 * values}
    fit = th.fit(R("y ~ twice(x)", th.Normal(), functions=functions), COLUMNS)
    back = saved(fit, tmp_path)
    assert back.estimates == fit.estimates
    with pytest.raises(th.InferenceError, match="functions="):
        back.predict(NEW)
    np.testing.assert_array_equal(saved(fit, tmp_path, functions=functions).predict(NEW), fit.predict(NEW))


MISSING = object()
WRONG = (MISSING, None, [], {}, "text", -1, 0.5, True, 10**400, [[1.0]], {"a": None}, "__import__('os')")


def places(plain: Any, path: tuple[Any, ...] = ()) -> Any:
    entries: Any = (
        plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    )
    for name, value in entries:
        yield (*path, name)
        yield from places(value, (*path, name))


@pytest.mark.parametrize("name", ["splines", "softmax", "ordered", "inflated", "matrix"])
def test_damage_anywhere_is_refused_or_does_no_harm(name: str, tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    if name == "matrix":
        fit = th.regress(X, COLUMNS["y"], th.Normal(), intercept=True, offset=X)
        new: Any = np.array([[0.5]])
        question: dict[str, Any] = {"offset": 0.0}
    else:
        model, question, _ = FORMULAS[name]
        fit, new = th.fit(model, COLUMNS), NEW
    fit.save(path)
    text = path.read_text(encoding="utf-8")
    refused = 0
    for number, place in enumerate(places(json.loads(text)["model"])):
        # Each place in three ways, all ways in turn.
        for wrong in WRONG[number % 4 :: 4]:
            plain = json.loads(text)
            holder = plain["model"]
            for step in place[:-1]:
                holder = holder[step]
            if wrong is MISSING:
                del holder[place[-1]]
            else:
                holder[place[-1]] = wrong
            path.write_text(json.dumps(plain), encoding="utf-8")
            try:
                back = th.load(path)
            except th.SourceError as error:
                refused += "\n" not in str(error)
                continue
            assert str(back.summary()), (place, wrong)
            try:
                back.predict(new, **question)
            except th.ThetahatError as error:
                assert "\n" not in str(error)  # noqa: PT017 - what harmless damage may say
    assert refused > 20
