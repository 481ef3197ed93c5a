"""Predictions against the distributions that the estimates alone make, and their errors against refits and JAX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse, special

import thetahat as th

RNG = np.random.default_rng(11)
N = 150
X = RNG.normal(size=N)
G = RNG.choice(["a", "b", "c"], N)
EXPOSURE = RNG.uniform(0.5, 2.0, N)
CENTRE = 0.4 + 0.5 * X + 0.3 * (G == "b")
COLUMNS: dict[str, Any] = {
    "x": X,
    "g": G,
    "t": EXPOSURE,
    "n": RNG.integers(1, 9, N),
    "count": RNG.poisson(np.exp(CENTRE) * EXPOSURE),
    "many": RNG.negative_binomial(2.0, 2.0 / (2.0 + np.exp(CENTRE))),
    "size": RNG.gamma(2.0, np.exp(CENTRE) / 2.0),
    "time": np.exp(CENTRE) * RNG.weibull(1.5, N),
    "level": CENTRE + np.exp(0.2 * X) * RNG.normal(size=N),
    "yes": (RNG.random(N) < special.expit(CENTRE)).astype(int),
    "share": np.clip(RNG.beta(3.0, 2.0, N), 1e-6, 1.0 - 1e-6),
}
COLUMNS["hits"] = RNG.binomial(COLUMNS["n"], special.expit(CENTRE))
NEW: dict[str, Any] = {
    "x": [-1.0, 0.0, 2.0],
    "g": ["c", "a", "b"],
    "t": [1.0, 2.0, 0.5],
    "n": [3, 4, 5],
}
ALL = [
    ("level ~ x + g", th.Normal(), {"sd": "~ x"}, {}),
    ("count ~ x*g + offset(log(t))", th.Poisson(), {}, {}),
    ("many ~ bs(x, df=5, extrapolation='extend')", th.NegativeBinomial(), {"size": "~ g"}, {}),
    ("size ~ poly(x, 2) + g", th.Gamma(), {}, {}),
    ("time ~ x", th.Weibull(), {"shape": "~ scale(x)"}, {}),
    ("yes ~ x + g", th.Bernoulli(), {}, {"prob": "probit"}),
    ("hits ~ x", th.Binomial(trials="n"), {}, {"prob": "cloglog"}),
    ("share ~ x", th.BetaMean(), {}, {}),
    ("level ~ cr(x, df=4)", th.StudentT(df=5), {}, {}),
    ("count ~ x", th.ZeroInflated(th.Poisson()), {}, {}),
]
IDS = [item[0].split(" ")[0] + "-" + item[1].name for item in ALL]


def fitted(item: Any) -> th.Fit:
    formula, family, formulas, links = item
    return th.fit(th.Regression(formula, family, links=links, **formulas), COLUMNS)


def laws(fit: th.Fit, data: Any, known: Any) -> list[th.Family]:
    """The distribution of each row, from its predicted parameters."""
    family = fit._solved.regression.family
    values = {parameter.name: fit.predict(data, parameter.name) for parameter in family.declared}
    return [
        family.carrying(
            {name: value[row] for name, value in values.items()},
            {name: np.asarray(value)[row] for name, value in known.items()},
        )
        for row in range(len(next(iter(values.values()))))
    ]


@pytest.mark.parametrize("item", ALL, ids=IDS)
def test_quantities_are_those_of_the_distribution_of_each_row(item: Any) -> None:
    fit = fitted(item)
    known = {"trials": NEW["n"]} if fit._solved.regression.family.known else {}
    each = laws(fit, NEW, known)
    discrete = fit._solved.regression.family.support.discrete
    y = 1.0 if discrete else 0.6
    expected: dict[str, tuple[dict[str, Any], list[Any]]] = {
        "mean": ({}, [law.mean() for law in each]),
        "variance": ({}, [law.variance() for law in each]),
        "quantile": ({"probability": 0.3}, [law.quantile(0.3) for law in each]),
        "probability": ({"y": y}, [law.cdf(y) for law in each]),
        "log_prob": ({"y": y}, [law.log_prob(y) for law in each]),
    }
    for what, (options, values) in expected.items():
        np.testing.assert_allclose(fit.predict(NEW, what, **options), values, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("item", ALL, ids=IDS)
def test_log_prob_of_the_rows_of_the_fit_is_its_likelihood(item: Any) -> None:
    fit = fitted(item)
    np.testing.assert_allclose(fit.predict(what="log_prob").sum(), fit.log_likelihood, rtol=1e-10)
    known = {"trials": COLUMNS["n"]} if fit._solved.regression.family.known else {}
    own = laws(fit, None, known)
    np.testing.assert_allclose(fit.predict(what="mean"), [law.mean() for law in own], rtol=1e-9)


@pytest.mark.parametrize("item", ALL, ids=IDS)
def test_predictions_for_the_data_given_again_are_those_of_the_fit(item: Any) -> None:
    fit = fitted(item)
    np.testing.assert_array_equal(fit.predict(), fit.predict(COLUMNS))
    np.testing.assert_array_equal(fit.predict(what="log_prob"), fit.predict(COLUMNS, "log_prob"))


def test_the_predictor_is_made_of_the_coefficients() -> None:
    fit = fitted(ALL[1])
    b = fit.estimates
    expected = [
        b["Intercept"] - b["x"] + b["g[T.c]"] - b["x:g[T.c]"],
        b["Intercept"] + np.log(2.0),
        b["Intercept"] + 2 * b["x"] + b["g[T.b]"] + 2 * b["x:g[T.b]"] + np.log(0.5),
    ]
    np.testing.assert_allclose(fit.predict(NEW, "predictor"), expected, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(NEW, "link"), expected, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(NEW), np.exp(expected), rtol=1e-12)


@pytest.mark.parametrize("item", ALL, ids=IDS)
@pytest.mark.parametrize("what", ["mean", "variance", "probability", "log_prob", "quantile"])
def test_standard_errors_are_those_of_the_delta_method(item: Any, what: str) -> None:
    """Differences of the prediction over the estimates, each moved by itself in a refit that holds them all."""
    fit = fitted(item)
    family = fit._solved.regression.family
    if what == "quantile" and family.support.discrete:
        with pytest.raises(th.InferenceError, match="jump"):
            fit.predict(NEW, what, probability=0.5, level=0.9)
        return
    options: dict[str, Any] = {"probability": 0.4} if what == "quantile" else {}
    if what in {"probability", "log_prob"}:
        options["y"] = 1.0 if family.support.discrete else 0.6
    predicted = fit.predict(NEW, what, level=0.9, **options)
    np.testing.assert_array_equal(predicted.estimate, fit.predict(NEW, what, **options))
    formula, given, formulas, links = item
    columns = []
    for name, error in fit.standard_errors.items():
        if name not in fit.free_names:
            continue
        ends = []
        for sign in (1.0, -1.0):
            held = {**fit.estimates, name: fit.estimates[name] + sign * 1e-4 * error}
            held = {key: value for key, value in held.items() if key in fit.free_names}
            moved = th.fit(th.Regression(formula, given, links=links, **formulas), COLUMNS, fixed=held)
            ends.append(moved.predict(NEW, what, **options))
        columns.append((ends[0] - ends[1]) / (2e-4 * error))
    gradient = np.stack(columns, axis=1)
    expected = np.sqrt(np.sum((gradient @ fit.covariance()) * gradient, axis=1))
    np.testing.assert_allclose(predicted.standard_error, expected, rtol=2e-5, atol=1e-9)


def test_intervals_are_made_where_they_stay_in_range() -> None:
    z = special.ndtri(0.95)
    fit = fitted(ALL[5])
    found = fit.predict({"x": [-9.0, 0.0, 9.0], "g": ["a"] * 3}, level=0.9)
    link = fit.predict({"x": [-9.0, 0.0, 9.0], "g": ["a"] * 3}, "predictor", level=0.9)
    np.testing.assert_allclose(link.low, link.estimate - z * link.standard_error, rtol=1e-12)
    np.testing.assert_allclose(found.low, special.ndtr(link.low), rtol=1e-10)
    np.testing.assert_allclose(found.high, special.ndtr(link.high), rtol=1e-10)
    # Of a Weibull the mean depends on two coordinates, and is positive.
    fit = fitted(ALL[4])
    found = fit.predict(NEW, level=0.9)
    by = np.exp(z * found.standard_error / found.estimate)
    np.testing.assert_allclose(found.low, found.estimate / by, rtol=1e-12)
    np.testing.assert_allclose(found.high, found.estimate * by, rtol=1e-12)
    # Under the identity link a predictor may be anything, and a rate may not.
    fit = th.fit(th.Regression("count ~ t", th.Poisson(), links={"rate": "identity"}), COLUMNS)
    found = fit.predict({"t": [0.01, 1.0]}, level=0.999)
    assert (found.low > 0).all()
    by = np.exp(special.ndtri(0.9995) * found.standard_error / found.estimate)
    np.testing.assert_allclose(found.high, found.estimate * by, rtol=1e-9)


def test_other_covariances() -> None:
    fit = fitted(ALL[1])
    found = fit.predict(NEW, "predictor", level=0.9, covariance="sandwich")
    rows = np.array(
        [[1, -1, 0, 1, 0, -1], [1, 0, 0, 0, 0, 0], [1, 2, 1, 0, 2, 0]],
        dtype=float,
    )
    order = ["Intercept", "x", "g[T.b]", "g[T.c]", "x:g[T.b]", "x:g[T.c]"]
    place = [order.index(name) for name in fit.free_names]
    variance = np.sum((rows[:, place] @ fit.covariance("sandwich")) * rows[:, place], axis=1)
    np.testing.assert_allclose(found.standard_error, np.sqrt(variance), rtol=1e-10)


@pytest.mark.parametrize(
    "family",
    [th.Categorical(), th.Ordinal(), th.Ordinal(link="cloglog")],
    ids=["categorical", "logit", "cloglog"],
)
def test_probabilities_of_labels(family: th.Family) -> None:
    columns = {"x": X, "g": G}
    fit = th.fit(th.Regression("g ~ x", family), columns)
    new = {"x": [-1.0, 0.5]}
    shares = fit.predict(new, "probability")
    b = fit.estimates
    x = np.array(new["x"])
    if isinstance(family, th.Categorical):
        logits = np.stack([0 * x, *(b[f"{k}:Intercept"] + b[f"{k}:x"] * x for k in "bc")], axis=1)
        expected = special.softmax(logits, axis=1)
        np.testing.assert_allclose(fit.predict(new, "predictor"), logits[:, 1:], rtol=1e-12)
        with pytest.raises(th.InferenceError, match="no order"):
            fit.predict(new, "quantile", probability=0.5)
    else:
        at = np.array([b["thresholds[0]"], b["thresholds[1]"]]) - b["x"] * x[:, np.newaxis]
        cdf = special.expit(at) if family.link is None else -np.expm1(-np.exp(at))
        expected = np.diff(cdf, prepend=0.0, append=1.0)
        np.testing.assert_allclose(fit.predict(new, "probability", y="b"), cdf[:, 1], rtol=1e-12)
        labels = np.array(["a", "b", "c"])[np.sum(cdf < 0.5, axis=1)]
        assert fit.predict(new, "quantile", probability=0.5).tolist() == [
            list("abc").index(v) for v in labels
        ]
    np.testing.assert_allclose(shares, expected, rtol=1e-10)
    assert fit.labels == ("a", "b", "c")
    assert fit.predict(new, "class").tolist() == [fit.labels[k] for k in expected.argmax(axis=1)]
    found = fit.predict(new, "probability", level=0.95)
    assert ((found.low > 0) & (found.high < 1) & (found.low < found.estimate)).all()
    assert "label" in str(found)
    for k in range(3):
        moved = fit.transform(lambda p, k=k: _share(p, x, k, family))
        np.testing.assert_allclose(found.standard_error[:, k], moved.standard_error, rtol=1e-6)
    with pytest.raises(th.InferenceError, match="neither mean"):
        fit.predict(new)


def _share(p: Any, x: Any, k: int, family: th.Family) -> Any:
    if isinstance(family, th.Categorical):
        logits = np.stack([0 * x, *(p[f"{v}:Intercept"] + p[f"{v}:x"] * x for v in "bc")])
        return special.softmax(logits, axis=0)[k]
    at = np.stack([p["thresholds[0]"] - p["x"] * x, p["thresholds[1]"] - p["x"] * x])
    cdf = special.expit(at) if family.link is None else -np.expm1(-np.exp(at))
    return np.diff(cdf, axis=0, prepend=0.0, append=1.0)[k]


def test_numbers_as_labels_have_a_mean() -> None:
    codes = (G == "b") * 1 + (G == "c") * 3
    fit = th.fit(th.Regression("k ~ x", th.Categorical()), {"x": X, "k": codes})
    shares = fit.predict({"x": [0.3]}, "probability")[0]
    mean = shares @ [0, 1, 3]
    np.testing.assert_allclose(fit.predict({"x": [0.3]}), [mean], rtol=1e-12)
    np.testing.assert_allclose(
        fit.predict({"x": [0.3]}, "variance"), [shares @ np.square(np.array([0, 1, 3]) - mean)], rtol=1e-12
    )
    assert 0 < fit.predict({"x": [0.3]}, level=0.9).low[0] < mean


def test_two_labels() -> None:
    fit = fitted(ALL[5])
    shares = fit.predict(NEW, "probability")
    np.testing.assert_allclose(shares[:, 1], fit.predict(NEW), rtol=1e-12)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-14)
    assert fit.predict(NEW, "class").tolist() == (fit.predict(NEW) > 0.5).astype(int).tolist()


# ---- Fits of a family alone ------------------------------------------------------------------------------


def test_a_fit_of_a_family_predicts_the_same_for_every_row() -> None:
    y = RNG.gamma(2.0, 3.0, 60) * 1e200
    fit = th.fit(th.Gamma(), y)
    found = fit.predict(level=0.95)
    mean = fit.transform(lambda shape, rate: shape / rate)
    np.testing.assert_allclose(found.estimate, np.full(60, mean.estimate), rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, mean.standard_error, rtol=1e-6)
    rate = fit.predict([1.0, 2.0], "rate", level=0.95)
    np.testing.assert_allclose(rate.standard_error, fit.standard_errors["rate"], rtol=1e-9)
    np.testing.assert_allclose((rate.low[0], rate.high[0]), fit.intervals()["rate"], rtol=1e-9)
    np.testing.assert_allclose(fit.predict(what="log_prob").sum(), fit.log_likelihood, rtol=1e-10)


def test_the_location_of_data_far_from_one() -> None:
    fit = th.fit(th.Normal(), RNG.normal(5.0, 3.0, 60) * 1e200)
    found = fit.predict(what="quantile", probability=0.9, level=0.95)
    expected = fit.transform(lambda mean, sd: mean + special.ndtri(0.9) * sd)
    np.testing.assert_allclose(found.standard_error, expected.standard_error, rtol=1e-7)


def test_trials_of_new_rows() -> None:
    fit = th.fit(th.Binomial(trials="n", y="hits"), COLUMNS)
    prob = fit.estimates["prob"]
    np.testing.assert_allclose(fit.predict({"n": [1, 5]}), [prob, 5 * prob], rtol=1e-12)
    np.testing.assert_allclose(fit.predict({"a": [1, 5]}, "prob"), [prob, prob], rtol=1e-12)
    np.testing.assert_allclose(fit.predict({"a": [1, 5]}, trials=[2, 3]), [2 * prob, 3 * prob], rtol=1e-12)
    with pytest.raises(th.DataError, match="no column 'n'"):
        fit.predict({"a": [1, 5]})


def test_labels_of_a_family() -> None:
    fit = th.fit(th.Categorical(), ["a", "b", "b", "c"])
    np.testing.assert_allclose(fit.predict(what="probability"), np.tile([0.25, 0.5, 0.25], (4, 1)))
    np.testing.assert_allclose(fit.predict(what="probability", y="b"), 0.5)
    assert fit.predict(what="class").tolist() == ["b"] * 4
    np.testing.assert_allclose(
        fit.predict(what="probs", level=0.9).standard_error[0],
        list(fit.standard_errors.values()),
        rtol=1e-9,
    )


def test_an_edge() -> None:
    fit = th.fit(th.Bernoulli(), [1, 1, 1])
    assert fit.predict().tolist() == [1.0, 1.0, 1.0]
    assert np.isneginf(fit.predict(what="log_prob", y=0)).all()
    found = fit.predict(level=0.9)
    assert np.isnan(found.standard_error).all()
    assert "3 rows without an interval" in str(found)


# ---- Matrices --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [np.asarray, sparse.csr_matrix, lambda m: {"X": m}], ids=["dense", "sparse", "dict"]
)
def test_matrices(make: Any) -> None:
    matrix = np.column_stack([X, EXPOSURE])
    fit = th.regress(matrix, COLUMNS["level"], th.Normal(), intercept=True, designs={"sd": X}, offset=0.5 * X)
    b = fit.estimates
    new = np.array([[0.0, 1.0], [2.0, 3.0]])
    mean = b["Intercept"] + new @ [b["x0"], b["x1"]] + [1.0, 2.0]
    found = fit.predict(make(new), offset=[1.0, 2.0], designs={"sd": [0.0, 1.0]})
    np.testing.assert_allclose(found, mean, rtol=1e-12)
    sd = fit.predict(make(new), "sd", offset=0, designs={"sd": [0.0, 1.0]})
    np.testing.assert_allclose(np.log(sd), b["sd:Intercept"] + np.array([0.0, 1.0]) * b["sd:x0"], rtol=1e-9)


def test_frames_are_read_by_name() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X, "b": EXPOSURE})
    fit = th.regress(frame, COLUMNS["level"], th.Normal(), intercept=True)
    np.testing.assert_array_equal(fit.predict(frame[["b", "a"]]), fit.predict())
    np.testing.assert_array_equal(fit.predict({"b": EXPOSURE, "a": X, "c": X}), fit.predict())
    with pytest.raises(th.DataError, match="no column 'b'"):
        fit.predict(frame[["a"]])
    formula = th.fit(
        th.Regression("level ~ x", th.Normal()), pandas.DataFrame({"x": X, "level": COLUMNS["level"]})
    )
    np.testing.assert_array_equal(formula.predict(pandas.DataFrame({"x": X})), formula.predict())


def test_files(tmp_path: Any) -> None:
    path = tmp_path / "new.csv"
    path.write_text("x,g,t\n-1.0,c,1.0\n0.0,a,2.0\n2.0,b,0.5\n", encoding="utf-8")
    fit = fitted(ALL[1])
    np.testing.assert_array_equal(fit.predict(path), fit.predict({k: NEW[k] for k in "xgt"}))
    constant = th.fit(th.Regression("count ~ 1", th.Poisson()), COLUMNS)
    np.testing.assert_allclose(constant.predict(path), np.full(3, COLUMNS["count"].mean()), rtol=1e-12)


# ---- Rows that are left out, separated, or wrong ---------------------------------------------------------


def test_rows_that_were_left_out_are_nan() -> None:
    x = X.copy()
    x[[3, 5]] = np.nan
    fit = th.fit(th.Regression("level ~ x", th.Normal(), missing="drop"), {"x": x, "level": COLUMNS["level"]})
    for values in (
        fit.predict(),
        fit.predict({"x": x}),
        fit.predict(level=0.9).high,
        fit.predict(what="log_prob"),
    ):
        assert np.flatnonzero(np.isnan(values)).tolist() == [3, 5]
    strict = th.fit(th.Regression("level ~ x", th.Normal()), COLUMNS)
    with pytest.raises(th.DataError, match=r"'x' has 2 missing values \(first in row 3\)"):
        strict.predict({"x": x})


def test_quasi_complete_separation() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 2.0, 4.0, 5.0]), np.array([0, 0, 0, 1, 1, 1])
    fit = th.regress(x, y, th.Bernoulli(), intercept=True)
    assert fit.certificate.verdict == "at_infinity"
    np.testing.assert_allclose(fit.predict(), [0, 0, 0.5, 0.5, 1, 1], rtol=1e-6)
    assert fit.predict().tolist()[:2] == [0.0, 0.0]
    np.testing.assert_allclose(fit.predict(what="log_prob")[[0, 2]], [0.0, np.log(0.5)], rtol=1e-6)
    assert np.isneginf(fit.predict([0.0], "log_prob", y=1)).all()
    found = fit.predict(level=0.9)
    assert np.isnan(found.low).all()
    assert "separation" in str(found)
    assert fit.predict(what="predictor").tolist()[::5] == [-np.inf, np.inf]


def test_a_level_whose_rows_are_all_successes() -> None:
    g = np.array(list("aaaabbbb"))
    y = np.array([0, 1, 0, 1, 1, 1, 1, 1])
    fit = th.fit(th.Regression("y ~ g", th.Bernoulli()), {"g": g, "y": y})
    found = fit.predict({"g": ["a", "b"]}, level=0.9)
    np.testing.assert_allclose(found.estimate, [0.5, 1.0], rtol=1e-8)
    # Rows of the other level are estimated as if these were not there.
    alone = th.fit(th.Bernoulli(), y[:4]).predict(level=0.9)
    np.testing.assert_allclose(found.low[0], alone.low[0], rtol=1e-6)
    assert np.isnan(found.low[1])


def test_a_limiting_model() -> None:
    y = np.array([3.0, 3, 4, 3, 2, 3, 4, 3])
    fit = th.fit(th.Regression("y ~ x", th.NegativeBinomial()), {"x": X[:8], "y": y})
    assert fit.predict(what="size").tolist() == [np.inf] * 8
    limit = th.fit(th.Regression("y ~ x", th.Poisson()), {"x": X[:8], "y": y})
    found, expected = fit.predict(level=0.9), limit.predict(level=0.9)
    np.testing.assert_allclose(found.estimate, expected.estimate, rtol=1e-7)
    np.testing.assert_allclose(found.standard_error, expected.standard_error, rtol=1e-5)
    assert np.isnan(fit.predict(what="variance", level=0.9).low).all()


def test_separated_counts() -> None:
    g = np.array(list("aaabbb"))
    fit = th.fit(th.Regression("y ~ g", th.Poisson()), {"g": g, "y": [0, 0, 0, 1, 2, 3]})
    np.testing.assert_allclose(fit.predict({"g": ["a", "b"]}), [0.0, 2.0], atol=1e-12)
    assert fit.predict({"g": ["a", "a"]}, "log_prob", y=[0, 1]).tolist() == [0.0, -np.inf]


@pytest.mark.parametrize(
    ("data", "what", "options", "error", "said"),
    [
        ({"x": [1.0]}, "mean", {}, th.SourceError, "no column 'g'"),
        ({"x": [1.0], "g": ["z"], "t": [1.0]}, "mean", {}, th.DataError, "none of its levels: 'z'"),
        ({"x": ["u"], "g": ["a"], "t": [1.0]}, "mean", {}, th.DataError, "holds text"),
        (NEW, "median", {}, th.InferenceError, "choose from mean"),
        (NEW, "quantile", {}, th.InferenceError, "needs probability="),
        (NEW, "quantile", {"probability": 1.5}, th.InferenceError, "between 0 and 1"),
        (NEW, "mean", {"probability": 0.5}, th.InferenceError, "goes with"),
        (NEW, "mean", {"y": 1}, th.InferenceError, "goes with"),
        (NEW, "mean", {"level": 2}, th.InferenceError, "between 0 and 1"),
        (NEW, "class", {}, th.InferenceError, "no labels"),
        (NEW, "mean", {"trials": 3}, th.ModelError, "trials= is unknown"),
        (NEW, "mean", {"offset": [1.0, 2.0, 3.0]}, th.ModelError, "reads columns"),
        (NEW, "probability", {"y": [1, 2]}, th.DataError, "2 values for 3 rows"),
        (NEW, "log_prob", {"y": [[1], [2], [3]]}, th.DataError, "shape"),
        (NEW, "log_prob", {"y": "many"}, th.DataError, "must be numbers"),
        (NEW, "log_prob", {}, th.SourceError, "no column 'count'"),
    ],
)
def test_what_cannot_be_predicted(data: Any, what: str, options: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        fitted(ALL[1]).predict(data, what, **options)


def test_wrong_matrices() -> None:
    fit = th.regress(np.column_stack([X, X**2]), COLUMNS["count"], th.Poisson(), intercept=True, offset=X)
    for data, options, said in (
        (np.ones((2, 3)), {"offset": 0}, "3 columns and the fit has 2"),
        (np.ones((2, 2)), {}, "give offset="),
        (np.ones((2, 2)), {"offset": [1.0]}, "1 values for 2 rows"),
        (np.array([[1.0, np.nan]]), {"offset": 0}, "missing or infinite"),
        (np.ones((2, 2)), {"offset": 0, "designs": {"sd": X}}, "no design of 'sd'"),
    ):
        with pytest.raises(th.ThetahatError, match=said):
            fit.predict(data, **options)


def test_densities_of_ones_own_and_useless_verdicts() -> None:
    own = th.fit(th.Model(lambda p, d: -0.5 * (d.y - p.m) ** 2, {"m": th.real()}), {"y": [1.0, 2.0]})
    with pytest.raises(th.InferenceError, match="one's own"):
        own.predict()
    unbounded = th.fit(th.Normal(), [2.0, 2.0])
    with pytest.raises(th.InferenceError, match="unbounded"):
        unbounded.predict()


def test_a_regression_has_no_single_distribution() -> None:
    with pytest.raises(th.InferenceError, match="predict"):
        _ = fitted(ALL[0]).distribution


def test_formulas_that_read_no_column() -> None:
    data = {"y": [1, 0, 3, 2, 1], "x": [0.0, 1.0, 2.0, 3.0, 4.0]}
    fit = th.fit(th.Regression("y ~ 1", th.Poisson()), data)
    np.testing.assert_allclose(fit.predict(), np.full(5, 1.4), rtol=1e-12)
    np.testing.assert_allclose(fit.predict(what="predictor", level=0.9).estimate, np.full(5, np.log(1.4)))


def test_all_parameters_by_their_names() -> None:
    rng = np.random.default_rng(4)
    data = {"x": rng.standard_normal(40), "y": rng.standard_normal(40)}
    fit = th.fit(th.Regression("y ~ x", th.Normal(), sd="~ x"), data)
    found = fit.predict({"x": [0.0, 1.0]}, "parameters")
    assert list(found) == ["mean", "sd"]
    for name, values in found.items():
        np.testing.assert_array_equal(values, fit.predict({"x": [0.0, 1.0]}, name))
    ranged = fit.predict({"x": [0.0, 1.0]}, "parameters", level=0.9)
    np.testing.assert_array_equal(ranged["sd"].low, fit.predict({"x": [0.0, 1.0]}, "sd", level=0.9).low)
    with pytest.raises(th.InferenceError, match="goes with"):
        fit.predict({"x": [0.0]}, "parameters", y=1.0)


@pytest.mark.parametrize(
    ("name", "other", "options"),
    [
        ("quantile", "quantiles", {"probability": 0.9}),
        ("probability", "probabilities", {"y": 2}),
        ("log_prob", "log_density", {"y": 2}),
        ("predictor", "link", {}),
    ],
)
def test_other_names_of_what_is_asked(name: str, other: str, options: dict[str, Any]) -> None:
    fit = th.regress([[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 6], th.Poisson(), intercept=True)
    np.testing.assert_array_equal(
        fit.predict([[1.0]], other, **options), fit.predict([[1.0]], name, **options)
    )
