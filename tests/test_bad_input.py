"""Bad input from Python: a clear error of ours that says what to do, never a traceback from inside NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import thetahat as th

Y = np.random.default_rng(5).gamma(2.0, 1.0, 50)
ONES = np.ones(50)

# What is fitted, to what, with what; and the words that the message must hold.
CASES = {
    "nan": (th.Gamma(), [1, 2, np.nan], {}, th.DataError, ["1 missing", "row 2", "Remove or impute"]),
    "infinity": (th.Normal(), [1, np.inf], {}, th.DataError, ["1 infinite", "row 1"]),
    "none": (th.Normal(), [1.0, None, 2.0], {}, th.DataError, ["1 missing", "row 1"]),
    "empty": (th.Gamma(), [], {}, th.DataError, ["empty"]),
    "text": (th.Gamma(), ["a", "b"], {}, th.DataError, ["text", "row 0 ('a')"]),
    "booleans": (th.Gamma(), [True, False], {}, th.DataError, ["True/False"]),
    "complex": (th.Gamma(), [1 + 2j], {}, th.DataError, ["complex"]),
    "mixed": (th.Gamma(), [1, "a"], {}, th.DataError, ["mixes", "row 1"]),
    "nothing": (th.Gamma(), None, {}, th.DataError, ["None", "give"]),
    "number": (th.Gamma(), 3, {}, th.DataError, ["3", "give"]),
    "matrix": (th.Gamma(), np.ones((3, 2)), {}, th.DataError, ["2 dimensions", "dictionary"]),
    "no file": (th.Gamma(), "nowhere.csv", {}, th.SourceError, ["nowhere.csv"]),
    "below the support": (th.Gamma(), [-1.0, 2, 3], {}, th.DataError, ["1 value", "above 0", "row 0 (-1)"]),
    "zero": (th.Gamma(), [0.0, 1, 2], {}, th.DataError, ["row 0 (0)", "zero", "interval"]),
    "edge": (th.Beta(), [0.2, 1.0], {}, th.DataError, ["edge", "row 1 (1)", "interval"]),
    "negative counts": (
        th.Poisson(),
        [1, -2, 3.5],
        {},
        th.DataError,
        ["2 values", "whole numbers", "row 2 (3.5)"],
    ),
    "not binary": (th.Bernoulli(), [0, 1, 2], {}, th.DataError, ["0 to 1", "row 2 (2)"]),
    "no trials": (th.Binomial(), [0, 1], {}, th.ParameterError, ["trials", "th.Binomial(trials=12)"]),
    "too few trials": (
        th.Binomial(trials=2),
        [0, 3],
        {},
        th.DataError,
        ["successes", "row 1 (3 with trials 2)"],
    ),
    "trials no counts": (th.Binomial(trials=[2.5, 2]), [0, 1], {}, th.DataError, ["whole numbers"]),
    "missing label": (th.Categorical(), ["a", None], {}, th.DataError, ["missing label", "row 1"]),
    "unseen label": (th.Categorical(levels=["a", "b"]), ["a", "c"], {}, th.DataError, ["'c'", "levels"]),
    "missing column": (
        th.Gamma(y="wiat"),
        {"wait": Y},
        {},
        th.SourceError,
        ["'wiat'", "wait", "did you mean"],
    ),
    "unnamed column": (th.Gamma(), {"wait": Y, "size": Y}, {}, th.ModelError, ["2 columns", "wait, size"]),
    "unknown response": (
        th.Gamma(y="sensored(a, b)"),
        {"a": Y},
        {},
        th.ModelError,
        ["sensored", "censored("],
    ),
    "one censoring column": (th.Gamma(y="censored(a)"), {"a": Y}, {}, th.ModelError, ["two columns"]),
    "lengths": (th.Gamma(y="a"), {"a": Y, "b": [1.0]}, {}, th.DataError, ["different lengths"]),
    "event": (
        th.Gamma(),
        th.Observations.right_censored([1, 2], [1, 2]),
        {},
        th.DataError,
        ["0/1", "row 1 (2)"],
    ),
    "low above high": (
        th.Normal(),
        th.Observations.interval([1, 3], [2, 2]),
        {},
        th.DataError,
        ["row 1 (3)"],
    ),
    "nan end": (th.Normal(), th.Observations.interval([1, np.nan], [2, 2]), {}, th.DataError, ["missing"]),
    "whole line": (th.Normal(), th.Observations.interval([-np.inf], [np.inf]), {}, th.DataError, ["nothing"]),
    "impossible interval": (th.Gamma(), th.Observations.interval([-1.0], [0]), {}, th.DataError, ["above 0"]),
    "one negative weight": (
        th.Gamma(),
        Y[:2],
        {"weights": [1, -1]},
        th.DataError,
        ["weights: 1 is negative: row 1 (-1)"],
    ),
    "trials of a column": (
        th.Binomial(y="y", trials="n"),
        {"y": [1, 2, 3], "n": [3, 2.5, 4]},
        {},
        th.DataError,
        ["y with trials of column 'n'", "whole numbers", "row 1 (2 with trials 2.5)"],
    ),
    "more successes than trials": (
        th.Binomial(trials=[3, 2, 1]),
        [1, 2, 3],
        {},
        th.DataError,
        ["no more successes than trials", "row 2 (3 with trials 1)"],
    ),
    "unnamed column of a wrapper": (
        th.ZeroInflated(th.Poisson()),
        {"a": Y, "b": Y},
        {},
        th.ModelError,
        ["must be named: th.ZeroInflated(..., y='...')", "--y"],
    ),
    "last seen before the support begins": (
        th.Gamma(),
        th.Observations.right_censored([1, 2, -3, -4.5], [1, 1, 0, 0]),
        {},
        th.DataError,
        ["2 censored rows have times outside the support", "row 2 (-3), row 3 (-4.5)", "remove them"],
    ),
    "last seen before a count": (
        th.Poisson(),
        th.Observations.right_censored([1, -2], [1, 0]),
        {},
        th.DataError,
        ["1 censored row has a time outside the support", "row 1 (-2)"],
    ),
    "interval at infinity": (
        th.Normal(),
        th.Observations.interval([np.inf], [np.inf]),
        {},
        th.DataError,
        ["1 row has both ends at the same infinity", "row 0 (inf)", "Give the finite end"],
    ),
    "interval upside down": (
        th.Normal(),
        th.Observations.interval([2, 1], [1, 2]),
        {},
        th.DataError,
        ["1 row has low above high: row 0 (2)"],
    ),
    "negative weights": (th.Gamma(), Y, {"weights": -ONES}, th.DataError, ["weights", "50 are negative"]),
    "zero weights": (th.Gamma(), Y, {"weights": 0 * ONES}, th.DataError, ["weights", "zero"]),
    "zero weights of counts": (th.Poisson(), [1, 2], {"weights": [0, 0]}, th.DataError, ["weights", "zero"]),
    "nan weights": (th.Gamma(), Y, {"weights": np.nan * ONES}, th.DataError, ["weights", "50 missing"]),
    "infinite weights": (th.Gamma(), Y, {"weights": np.inf * ONES}, th.DataError, ["weights", "infinite"]),
    "zeros": (
        th.Weibull(),
        [0.0, 1.5, 0.0],
        {},
        th.DataError,
        [
            "2 values outside",
            "row 0 (0), row 2 (0)",
            "th.Hurdle",
            "th.ZeroInflated",
            "th.Observations.interval",
        ],
    ),
    "fixed before labels": (
        th.Categorical(),
        ["a", "b"],
        {"fixed": {"probs": [0.5, 0.5]}},
        th.ParameterError,
        ["'probs'", "levels=[...]"],
    ),
    "nested weights": (
        th.Gamma(),
        Y,
        {"weights": [ONES]},
        th.DataError,
        ["weights holds sequences", "per row"],
    ),
    "ragged weights": (
        th.Gamma(),
        [1.0, 2.0],
        {"weights": [[1], [2, 3]]},
        th.DataError,
        ["weights holds sequences"],
    ),
    "wide weights": (
        th.Gamma(),
        Y,
        {"weights": np.ones((50, 2))},
        th.DataError,
        ["weights has the shape (50, 2)"],
    ),
    "no weights": (th.Gamma(), Y, {"weights": []}, th.DataError, ["weights is empty", "one number per row"]),
    "one weight": (th.Gamma(), Y, {"weights": np.array(3.0)}, th.DataError, ["weights=array(3.)", "per row"]),
    "complex weights": (
        th.Gamma(),
        Y,
        {"weights": 1j * ONES},
        th.DataError,
        ["weights holds complex numbers"],
    ),
    "label that is no level": (
        th.Ordinal(levels=["low", "mid"]),
        ["low", "high", "mid"],
        {},
        th.DataError,
        ["1 label that is no level of Ordinal: row 1 ('high')", "'low', 'mid'", "levels="],
    ),
    "few weights": (th.Gamma(), Y, {"weights": [1, 2]}, th.DataError, ["weights", "2 values for 50 rows"]),
    "weights' column": (th.Gamma(), Y, {"weights": "w"}, th.SourceError, ["'w'"]),
    "weight": (th.Gamma(), Y, {"weights": 2.0}, th.DataError, ["weights", "one number per row"]),
    "fixed name": (th.Gamma(), Y, {"fixed": {"shap": 1}}, th.ParameterError, ["'shap'", "shape, rate"]),
    "fixed value": (th.Gamma(), Y, {"fixed": {"shape": -1}}, th.ParameterError, ["-1", "above 0"]),
    "fixed text": (th.Gamma(), Y, {"fixed": {"shape": "two"}}, th.ParameterError, ["'two'", "above 0"]),
    "fixed no dict": (th.Gamma(), Y, {"fixed": 2}, th.ParameterError, ["dict"]),
    "start name": (th.Gamma(), Y, {"start": {"shap": 1}}, th.ParameterError, ["'shap'", "shape, rate"]),
    "start value": (th.Gamma(), Y, {"start": {"shape": np.nan}}, th.ParameterError, ["nan", "above 0"]),
    "start of a fixed": (
        th.Gamma(shape=2),
        Y,
        {"start": {"shape": 1}},
        th.ParameterError,
        ["shape", "fixed"],
    ),
    "family name": ("gama", Y, {}, th.ModelError, ["'gama'", "did you mean 'gamma'"]),
    "no model": (3, Y, {}, th.ModelError, ["3", "th.Gamma()"]),
    "no optimizer": (th.Gamma(), Y, {"optimizer": "bfgs"}, th.ModelError, ["bfgs", "th.Newton"]),
    "no engine": (th.Gamma(), Y, {"engine": 4}, th.ModelError, ["4", "th.Threads"]),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_says_what_to_do(name):
    model, data, options, error, words = CASES[name]
    with pytest.raises(error) as caught:
        th.fit(model, data, **options)
    message = str(caught.value)
    assert isinstance(caught.value, th.ThetahatError)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_row_numbers_hold_beyond_the_first_block_and_beside_rows_of_weight_zero():
    y = np.ones(70_000) + np.arange(70_000) % 7
    y[69_999] = -5.0
    weights = np.ones(70_000)
    weights[:10] = 0.0
    y[3] = np.nan
    with pytest.raises(th.DataError, match=r"row 69999 \(-5\)"):
        th.fit(th.Gamma(), y, weights=weights)


def test_errors_in_constructors_name_the_parameter_and_its_domain():
    with pytest.raises(th.ParameterError, match="shape must be a finite number above 0"):
        th.Gamma(shape=-1.0, rate=1.0)
    with pytest.raises(th.ParameterError, match=r"no parameter 'scale'; its parameters are: shape, rate"):
        th.Gamma(scale=1.0)
    with pytest.raises(th.ParameterError, match="a family without numbers for rate"):
        th.Gamma(shape=1.0).mean()
    with pytest.raises(th.ParameterError, match="between 0 and 1"):
        th.Gamma(shape=1.0, rate=1.0).quantile(1.5)


def test_times_of_last_sight_anywhere_suit_a_family_on_the_line() -> None:
    data = th.Observations.right_censored([1.0, 2.0, -3.0], [1, 1, 0])
    assert th.fit(th.Normal(), data).certificate.verdict == "maximum"
    # Known to exceed 0 is what every row of positive numbers is.
    data = th.Observations.right_censored([1.0, 2.0, 0.0], [1, 1, 0])
    assert th.fit(th.Exponential(), data).estimates["rate"] == pytest.approx(2 / 3)


def test_a_loaded_fit_names_the_covariance_that_needs_the_data(tmp_path) -> None:
    th.fit(th.Gamma(), Y).save(tmp_path / "fit.json")
    with pytest.raises(th.ThetahatError, match=r"covariance\('sandwich'\) needs the data"):
        th.load(tmp_path / "fit.json").covariance("sandwich")


def test_labels_are_ranked_as_discrete() -> None:
    chosen = th.select(["x", "y", "x"])
    assert chosen.kind == "discrete"
    assert str(chosen).startswith("1 discrete family by AIC")
