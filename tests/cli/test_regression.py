"""Regressions from a shell: what they answer, and every bad input in one line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import thetahat as th
from thetahat import datasets

CLAIMS = "claims ~ age + engine + C(district) + offset(log(holders))"


@pytest.fixture
def people(table) -> Path:
    """Forty rows of a bit of everything."""
    rng = np.random.default_rng(11)
    x = np.round(rng.normal(size=40), 3)
    g = np.array(["north", "south"])[np.arange(40) % 2]
    return table(
        y=(x + rng.normal(size=40) > 0).astype(int).tolist(),
        count=rng.poisson(np.exp(0.3 + 0.5 * x)).tolist(),
        size=np.round(x + rng.normal(size=40) * np.exp(0.3 * x), 3).tolist(),
        x=x.tolist(),
        double=(2 * x).tolist(),
        g=g.tolist(),
        n=[3] * 40,
        hits=rng.integers(0, 4, 40).tolist(),
        three=(np.arange(40) % 3).tolist(),
        words=[("a", "b", "c")[i % 3] for i in range(40)],
        below=(-(np.arange(40) % 2)).tolist(),
        holes=["" if i in {4, 9} else str(i) for i in range(40)],
        same=["only"] * 40,
        w=[1 + i % 3 for i in range(40)],
        grade=[("low", "mid", "top")[i % 3] for i in range(40)],
        home=[i // 5 for i in range(40)],
    )


def answered(run, *arguments: object) -> dict:
    answer = run("fit", *arguments, "--json")
    assert (answer.status, answer.err) == (0, ""), answer
    return json.loads(answer.out)


def test_json_of_a_regression(run) -> None:
    facts = answered(run, datasets.path("insurance"), CLAIMS, "--family", "poisson")
    fit = th.fit(th.Regression(CLAIMS, th.Poisson()), datasets.path("insurance"))
    assert facts["estimates"] == fit.estimates
    assert facts["standard_errors"] == fit.standard_errors
    assert facts["model"]["formulas"] == {"rate": CLAIMS}
    assert (facts["interval"], facts["covariance"], facts["cluster"]) == ("wald", "observed", None)
    z = {name: fit.estimates[name] / fit.standard_errors[name] for name in fit.names}
    assert facts["z"] == pytest.approx(z)
    assert facts["p_values"]["age[T.<25]"] == pytest.approx(math.erfc(abs(z["age[T.<25]"]) / math.sqrt(2)))


def test_the_formula_may_stand_after_options(run, people) -> None:
    first = run("fit", people, "y ~ x", "--family", "bernoulli")
    last = run("fit", people, "--family", "bernoulli", "y ~ x")
    assert first == last
    assert first.out.startswith("Bernoulli regression of y, logit link, maximum\n")


def test_links_formulas_trials_weights_and_fixed_coefficients(run, people) -> None:
    probit = answered(run, people, "y ~ x", "--family", "bernoulli", "--link", "prob=probit")
    assert probit == answered(run, people, "y ~ x", "--family", "bernoulli", "--link", "probit")
    assert probit["model"]["links"] == {"prob": "probit"}
    spread = answered(
        run, people, "size ~ x", "--family", "normal", "--formula", "sd=~ x", "--link", "sd=identity"
    )
    assert list(spread["estimates"]) == ["Intercept", "x", "sd:Intercept", "sd:x"]
    trials = answered(run, people, "hits ~ x", "--family", "binomial", "--trials", "n")
    assert trials["model"]["known"] == {"trials": "n"}
    weighted = answered(run, people, "count ~ x", "--family", "poisson", "--weights", "w")
    assert weighted["n_obs"] == sum(1 + i % 3 for i in range(40))
    held = answered(run, people, "count ~ x + g", "--family", "poisson", "--fix", "g[T.south]=0")
    assert held["estimates"]["g[T.south]"] == 0
    assert held["reasons"]["p_values.g[T.south]"] == "nan: fixed, not estimated"


def test_families_around_others_and_labels_in_order(run, people) -> None:
    inflated = answered(
        run, people, "count ~ x", "--family", "zero_inflated(poisson)", "--formula", "zero_prob=~ 1"
    )
    assert list(inflated["estimates"]) == ["Intercept", "x", "zero_prob:Intercept"]
    assert set(inflated["p_values"]) == set(inflated["estimates"])
    options = ("--levels", "low,mid,top", "--link", "cloglog")
    graded = answered(run, people, "grade ~ x", "--family", "ordinal", *options)
    assert graded["model"]["levels"] == ["low", "mid", "top"]
    assert graded["model"]["link"] == "cloglog"
    assert set(graded["p_values"]) == {"x"}


def test_rows_with_missing_values_are_dropped_and_counted(run, people) -> None:
    answer = run("fit", people, "y ~ holes", "--family", "bernoulli", "--missing", "drop")
    assert answer.status == 0
    words = " ".join(answer.out.split())
    assert "38 rows" in words
    assert "2 left out" in words


def test_vectors_with_missing_values_may_count_by_what_is_known(run, refused, people) -> None:
    family = ("--y", "x, holes", "--family", "multivariate_normal")
    answer = run("fit", people, *family, "--missing", "marginal", "--json")
    assert answer.status == 0
    facts = json.loads(answer.out)
    fit = th.fit(th.MultivariateNormal(y=["x", "holes"], missing="marginal"), people)
    assert (facts["estimates"], facts["n_rows"]) == (fit.estimates, 40)
    dropped = run("fit", people, *family, "--missing", "drop", "--json")
    assert json.loads(dropped.out)["n_rows"] == 38
    assert "2 in column 'holes'" in refused("fit", people, *family)
    assert "choose from error, drop, marginal" in refused("fit", people, *family, "--missing", "guess")


def test_robust_standard_errors(run, people) -> None:
    fit = th.fit(th.Regression("count ~ x", th.Poisson()), people)
    for kind, options in (
        ("HC1", ("--covariance", "HC1")),
        ("sandwich", ("--cluster", "home")),
        ("stata", ("--cluster", "home", "--covariance", "stata")),
    ):
        facts = answered(run, people, "count ~ x", "--family", "poisson", *options)
        cluster = facts["cluster"]
        errors = np.sqrt(np.diag(fit.covariance(kind, cluster)))
        assert list(facts["standard_errors"].values()) == pytest.approx(errors.tolist())
        low, high = facts["intervals"]["x"]
        assert (high - low) / 2 == pytest.approx(1.959963984540054 * errors[1])
        assert facts["z"]["x"] == pytest.approx(fit.estimates["x"] / errors[1])
    text = run("fit", people, "count ~ x", "--family", "poisson", "--cluster", "home").out
    assert "Standard errors: sandwich, clustered by home." in text


def test_profile_intervals_of_coefficients(run, people) -> None:
    facts = answered(run, people, "count ~ x", "--family", "poisson", "--interval", "profile")
    fit = th.fit(th.Regression("count ~ x", th.Poisson()), people)
    assert facts["intervals"]["x"] == pytest.approx(fit.intervals(method="profile")["x"])


def test_separation_is_status_3_with_nulls_and_reasons(run, table) -> None:
    path = table(y=[0, 0, 1, 1, 1, 0], x=[1, 2, 3, 4, 5, 2.5])
    answer = run("fit", path, "y ~ x", "--family", "bernoulli", "--json")
    facts = json.loads(answer.out)
    assert (answer.status, answer.err) == (3, "")
    assert facts["certificate"]["verdict"] == "at_infinity"
    assert facts["p_values"]["x"] is None
    assert facts["reasons"]["p_values.x"] == "nan: the supremum is at infinity"
    text = run("fit", path, "y ~ x", "--family", "bernoulli")
    assert text.status == 3
    assert "complete separation" in text.out


def test_a_report_and_a_saved_regression(run, people) -> None:
    options = ("--report", "page.html", "--save", "fit.json", "--json")
    fitted = run("fit", people, "y ~ x + g", "--family", "bernoulli", *options)
    assert fitted.status == 0
    assert "<h2>Classes</h2>" in Path("page.html").read_text(encoding="utf-8")
    shown = run("show", "fit.json", "--json")
    assert json.loads(shown.out) == json.loads(fitted.out)
    assert run("show", "fit.json").out.startswith("Bernoulli regression of y, logit link, maximum\n")


@pytest.mark.parametrize(
    ("formula", "family", "options", "said"),
    [
        ("y ~ z", "bernoulli", (), ["'z'", "y, count, size"]),
        ("nope ~ x", "bernoulli", (), ["'nope'"]),
        ("y ~ x", "bernouli", (), ["did you mean 'bernoulli'"]),
        ("y x", "bernoulli", (), ["'y x'", "'~'"]),
        ("y ~ x +", "bernoulli", (), ["'y ~ x +'", "ends"]),
        ("y ~ (x", "bernoulli", (), ["'y ~ (x'"]),
        ("y ~ 0", "bernoulli", (), ["no terms left"]),
        ("~ x", "bernoulli", (), ["no response"]),
        ("", "bernoulli", (), ["'~'"]),
        ("y ~ __import__('os').system('id')", "bernoulli", (), ["no function of formulas"]),
        ("y ~ open('/etc/passwd')", "bernoulli", (), ["'open' is no function"]),
        ("y ~ x.__class__", "bernoulli", (), ["x.__class__"]),
        ("y ~ [i for i in x]", "bernoulli", (), ["'y ~ [i for i in x]'"]),
        ("y ~ holes", "bernoulli", (), ["'holes'", "2 missing values", "row 4", "--missing drop"]),
        ("holes ~ x", "normal", (), ["2 missing values"]),
        ("same ~ x", "categorical", (), ["same has one class only, 'only'"]),
        ("same ~ x", "ordinal", (), ["one class only"]),
        ("three ~ x", "bernoulli", (), ["three", "row 2 (2)"]),
        ("words ~ x", "bernoulli", (), ["words", "text"]),
        ("below ~ x", "poisson", (), ["row 1 (-1)"]),
        ("y ~ x + double", "bernoulli", (), ["double = 2 x", "Leave out double"]),
        ("y ~ x + n", "bernoulli", (), ["n (= 3) is the same in every row"]),
        ("y ~ C(x) * words", "bernoulli", (), ["40 rows cannot determine"]),
        ("y ~ poly(three, 3)", "bernoulli", (), ["degree 3 needs 4 distinct values"]),
        ("y ~ offset(log(below))", "poisson", (), ["log(below)"]),
        ("y ~ x", "uniform", (), ["not regressed", "th.BetaMean()"]),
        ("hits ~ x", "binomial", (), ["trials"]),
        ("hits ~ x", "binomial", ("--trials", "trails"), ["trails"]),
        ("count ~ x", "zero_inflated", (), ["zero_inflated(poisson)"]),
        ("count ~ x", "zero_inflated(normal)", (), ["ZeroInflated"]),
        ("count ~ x", "zero_inflated(poisson", (), ["zero_inflated(poisson)"]),
        ("y ~ x", "bernoulli", ("--y", "y"), ["--y y", "give one of them"]),
        ("y ~ x", "bernoulli", ("--link", "prob=cubic"), ["the links of prob are: logit, probit"]),
        ("y ~ x", "bernoulli", ("--link", "rate=log"), ["'rate'", "Bernoulli regresses prob"]),
        ("y ~ x", "bernoulli", ("--link", "=log"), ["--link =log"]),
        ("y ~ x", "bernoulli", ("--link", "logit", "--link", "prob=probit"), ["prob is given twice"]),
        ("grade ~ x", "ordinal", ("--link", "cubic"), ["the links are: logit"]),
        ("size ~ x", "normal", ("--formula", "sd"), ["write NAME=VALUE, such as sd='~ x'"]),
        ("size ~ x", "normal", ("--formula", "sd=x"), ["'x'", "'~'"]),
        ("size ~ x", "normal", ("--formula", "sd=y ~ x"), ["only the first formula has a response"]),
        ("size ~ x", "normal", ("--formula", "spread=~ x"), ["Normal regresses mean, sd"]),
        ("size ~ x", "normal", ("--formula", "links=~ x"), ["links is no parameter"]),
        ("size ~ x", "normal", ("--formula", "sd=~ x", "--formula", "sd=~ g"), ["sd is given twice"]),
        ("size ~ x", "normal", ("--formula", "mean=~ x"), ["mean already"]),
        ("y ~ x", "bernoulli", ("--missing", "impute"), ["choose from error, drop"]),
        ("y ~ x", "bernoulli", ("--covariance", "HC9"), ["choose from observed, expected"]),
        ("y ~ x", "bernoulli", ("--covariance", "HC3", "--cluster", "home"), ["sandwich, HC1, stata"]),
        ("y ~ x", "bernoulli", ("--cluster", "hmoe"), ["'hmoe'"]),
        ("y ~ x", "bernoulli", ("--cluster", "same"), ["one cluster"]),
        ("y ~ x", "bernoulli", ("--covariance", "HC1", "--interval", "profile"), ["know of no HC1"]),
        ("y ~ x", "bernoulli", ("--levels", "a,b"), ["bernoulli has no labels"]),
        ("grade ~ x", "ordinal", ("--levels", "low,high"), ["mid"]),
        ("y ~ x", "bernoulli", ("--fix", "z=1"), ["'z'"]),
        ("y ~ x", "bernoulli", ("--weights", "below"), ["below"]),
        ("y ~ x", "bernoulli", ("another",), ["unrecognized arguments: another"]),
    ],
)
def test_bad_input_is_one_clear_line(refused, people, formula, family, options, said) -> None:
    line = refused("fit", people, formula, "--family", family, *options)
    assert [part for part in said if part not in line] == []


def test_options_of_regressions_need_a_formula(refused, people) -> None:
    for option, value in (("--link", "probit"), ("--formula", "sd=~ x"), ("--missing", "drop")):
        line = refused("fit", people, "--y", "y", "--family", "bernoulli", option, value)
        assert f"{option} goes with a regression" in line
    assert "the response must be named" in refused("fit", people, "--family", "bernoulli")
    assert "the file comes first" in refused("fit", "y ~ x", "--family", "bernoulli")


def test_hostile_names_and_labels_of_regressions_do_nothing(run, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m"
    rows = [f"{i % 5},{'red' if i % 3 else hostile},{i % 2}" for i in range(30)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join([f"{hostile},colour,y", *rows]) + "\n", encoding="utf-8")
    formula = f'y ~ Q("{hostile}") + colour'
    answer = run("fit", path, formula, "--family", "bernoulli", "--report", "page.html")
    assert answer.status == 0, answer.err
    assert "\x1b" not in answer.out
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "\x1b" not in page
    labels = run("fit", path, f'colour ~ Q("{hostile}")', "--family", "categorical", "--report", "page.html")
    assert "\x1b" not in labels.out
    assert "<script" not in Path("page.html").read_text(encoding="utf-8")
