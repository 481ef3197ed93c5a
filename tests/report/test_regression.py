"""Summaries and pages of regressions."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

import thetahat as th
from thetahat import datasets
from thetahat.rendering import Table
from thetahat.report import page as pages
from thetahat.report.regression.classes import concordance
from thetahat.report.regression.rowwise import Rowwise, rowwise_of
from thetahat.report.summary import summarise

DATA = Path(__file__).parents[1] / "reference" / "data"
LEVELS = ["Low", "Medium", "High"]


def lung() -> dict[str, list[float]]:
    with (DATA / "lung.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "NA" not in row.values() and "" not in row.values()]
    return {name.replace(".", "_"): [float(row[name]) for row in rows] for name in rows[0]}


def made(case: str):
    rng = np.random.default_rng(8)
    makers = {
        "poisson": lambda: th.fit(
            th.Regression("claims ~ age + engine + offset(log(holders))", th.Poisson()),
            datasets.path("insurance"),
        ),
        "two formulas": lambda: th.fit(
            th.Regression("dist ~ speed", th.Normal(), sd="~ speed"), DATA / "reg_heteroscedastic_cars.csv"
        ),
        "separated": lambda: th.fit(
            th.Regression("HG ~ NV + PI + EH", th.Bernoulli()), DATA / "endometrial.csv"
        ),
        "logistic": lambda: th.fit(
            th.Regression("case ~ age + parity + spontaneous", th.Bernoulli()),
            DATA / "reg_logistic_infert.csv",
        ),
        "softmax": lambda: th.fit(
            th.Regression("Sat ~ Infl + Cont", th.Categorical(levels=LEVELS)),
            DATA / "housing.csv",
            weights="Freq",
        ),
        "ordinal": lambda: th.fit(
            th.Regression("Sat ~ Infl + Cont", th.Ordinal(levels=LEVELS)),
            DATA / "housing.csv",
            weights="Freq",
        ),
        "censored": lambda: th.fit(th.Regression("censored(time, status) ~ age + sex", th.Weibull()), lung()),
        "arrays": lambda: th.regress(
            rng.normal(size=(60, 2)),
            rng.gamma(2.0, 1.0, 60),
            th.Gamma(),
            names=["<b>x</b>", "$z$"],
            intercept=True,
        ),
        "fixed": lambda: th.fit(
            th.Regression("dist ~ speed", th.Normal()),
            DATA / "reg_heteroscedastic_cars.csv",
            fixed={"speed": 3.0},
        ),
        "penalised": lambda: th.fit(
            th.Regression("case ~ age + parity", th.Bernoulli()),
            DATA / "reg_logistic_infert.csv",
            penalty=th.Ridge(1.0),
        ),
        "inflated": lambda: th.fit(
            th.Regression("art ~ fem + mar", th.ZeroInflated(th.Poisson()), zero_prob="~ ment"),
            DATA / "biochemists.csv",
        ),
    }
    return makers[case]()


CASES = (
    "poisson", "two formulas", "separated", "logistic", "softmax", "ordinal", "censored", "arrays", "fixed",
    "penalised", "inflated",
)  # fmt: skip


@pytest.fixture(scope="module")
def regression_of():
    held: dict[str, object] = {}

    def of(case: str):
        if case not in held:
            held[case] = made(case)
        return held[case]

    return of


@pytest.fixture(scope="module")
def page_of(regression_of):
    held: dict[str, str] = {}

    def of(case: str) -> str:
        if case not in held:
            held[case] = pages.page(regression_of(case))
        return held[case]

    return of


# ---- Summaries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "title", "groups"),
    [
        (
            "poisson",
            "Poisson regression of claims, log link",
            {"rate, log link: claims ~ age + engine + offset(log(holders))": 7},
        ),
        (
            "two formulas",
            "Normal regression of dist, identity link",
            {"mean, identity link: dist ~ speed": 2, "sd, log link: ~ speed": 2},
        ),
        (
            "softmax",
            "Categorical regression of Sat, logits against Low",
            {"logit of Medium against Low: Sat ~ Infl + Cont": 4, "logit of High against Low": 4},
        ),
        (
            "ordinal",
            "Ordinal regression of Sat, logit link",
            {"location, logit link: Sat ~ Infl + Cont": 3, "without a formula": 2},
        ),
        (
            "censored",
            "Weibull regression of censored(time, status), log link",
            {"scale, log link: censored(time, status) ~ age + sex": 3, "without a formula": 1},
        ),
        ("arrays", "GammaMean regression of y, log link", {"mean, log link": 3, "without a formula": 1}),
        (
            "inflated",
            "ZeroInflated(Poisson) regression of art, log link",
            {"rate, log link: art ~ fem + mar": 3, "zero_prob, logit link: ~ ment": 2},
        ),
    ],
)
def test_parameters_stand_in_the_groups_of_their_predictors(regression_of, case, title, groups) -> None:
    fit = regression_of(case)
    summary = fit.summary()
    assert summary.title == title
    assert {group.title: len(group.names) for group in summary.groups} == groups
    assert [name for group in summary.groups for name in group.names] == list(fit.names)


def test_each_coefficient_is_tested_against_zero(regression_of) -> None:
    fit = regression_of("two formulas")
    for fact in fit.summary().parameters:
        z = fit.estimates[fact.name] / fit.standard_errors[fact.name]
        assert fact.z == pytest.approx(z)
        assert fact.p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-10)


def test_parameters_without_a_formula_and_fixed_ones_are_not_tested(regression_of) -> None:
    for case, name in (
        ("censored", "shape"),
        ("ordinal", "thresholds[0] (Low | Medium)"),
        ("fixed", "speed"),
    ):
        fact = next(fact for fact in regression_of(case).summary().parameters if fact.name == name)
        assert math.isnan(fact.z)
        assert math.isnan(fact.p)


def test_penalised_coefficients_are_not_tested(regression_of) -> None:
    summary = regression_of("penalised").summary()
    assert all(math.isnan(fact.p) for fact in summary.parameters)
    assert "z and p" not in str(summary)


@pytest.mark.parametrize("case", CASES)
def test_a_summary_keeps_to_its_width(regression_of, case) -> None:
    text = str(regression_of(case).summary())
    assert max(map(len, text.splitlines())) <= 88
    assert "nan" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("case", ["softmax", "separated", "arrays"])
def test_terminals_of_any_width(regression_of, case, width) -> None:
    summary = regression_of(case).summary()
    printed = io.StringIO()
    Console(file=printed, width=width, force_terminal=True, color_system=None).print(summary)
    lines = printed.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    squeezed = re.sub(r"\s", "", printed.getvalue())
    for fact in summary.parameters:
        # A name that is folded beside its numbers has them in its midst.
        assert width == 80 or re.sub(r"\s", "", fact.name) in squeezed
        assert math.isnan(fact.z) or f"{fact.z:.2f}" in squeezed


def test_infinite_coefficients_say_so(regression_of) -> None:
    line = next(line for line in str(regression_of("separated").summary()).splitlines() if "NV  " in line)
    assert line.split() == ["NV", "∞", "the", "supremum", "is", "at", "infinity"]


def test_wide_fits_show_the_first_and_count_the_rest() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 90))
    summary = th.regress(X, rng.normal(size=400), th.Normal()).summary()
    text = str(summary)
    assert "x59 " in text
    assert "x60 " not in text
    assert "31 more parameters are not shown" in text
    assert len(summary.parameters) == 91


def test_standard_errors_of_another_kind_run_through(regression_of) -> None:
    fit = regression_of("poisson")
    plain, robust = fit.summary(), fit.summary(covariance="HC3")
    errors = np.sqrt(np.diag(fit.covariance("HC3")))
    assert [fact.standard_error for fact in robust.parameters] == pytest.approx(errors.tolist())
    assert robust.parameters[1].z == pytest.approx(fit.estimates[fit.names[1]] / errors[1])
    assert "Standard errors: HC3." in str(robust)
    assert "Standard errors" not in str(plain)
    clustered = fit.summary(cluster=np.arange(64) // 16, covariance="sandwich")
    assert "clustered by groups of rows" in " ".join(str(clustered).split())


def test_notebooks_show_the_groups_and_escape_them(regression_of) -> None:
    html = regression_of("arrays").summary()._repr_html_()
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert html.count('<tr class="title">') == 2


def test_tables_fold_names_at_their_joints() -> None:
    rows = (("alpha:beta[T.gamma]:delta[T.epsilon]", "1.25"),)
    assert Table(("name", "value"), rows).text(30).splitlines() == [
        "name                     value",
        "alpha:beta[T.gamma]:      1.25",
        "delta[T.epsilon]",
    ]
    assert Table(("name", "value"), rows).text(12).splitlines()[-1] == "   1.25"


# ---- Pages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "sections"),
    [
        ("poisson", ["Estimates", "Residuals", "Influence", "Profile likelihood"]),
        ("separated", ["Separation", "Estimates", "Classes", "Residuals", "Influence", "Profile likelihood"]),
        ("logistic", ["Estimates", "Classes", "Residuals", "Influence", "Profile likelihood"]),
        ("softmax", ["Estimates", "Classes", "Influence", "Profile likelihood"]),
        ("ordinal", ["Estimates", "Classes", "Influence", "Profile likelihood"]),
        ("censored", ["Estimates", "Residuals", "Influence", "Profile likelihood"]),
        ("arrays", ["Estimates", "Residuals", "Influence", "Profile likelihood"]),
        ("inflated", ["Estimates", "Residuals", "Influence", "Profile likelihood"]),
    ],
)
def test_what_a_page_holds(page_of, case, sections) -> None:
    text = page_of(case)
    found = re.findall(r"<h2>(.*?)</h2>", text)
    assert found[: len(sections)] == sections
    assert text.index('class="verdict') < text.index("<h2>")
    assert not re.search(r"\bnan\b", text)
    assert "http:" not in text
    assert "https:" not in text
    assert "<script" not in text
    identifiers = re.findall(r'\sid="([^"]*)"', text)
    assert len(identifiers) == len(set(identifiers))
    assert set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', text)) <= {
        pair for name in identifiers for pair in ((name, ""), ("", name))
    }


def test_plots_of_a_regression(page_of) -> None:
    titles = re.findall(r"<h3>(.*?)</h3>", page_of("logistic"))
    assert titles[:6] == [
        "prob, logit link: case ~ age + parity + spontaneous",
        "Calibration of 1",
        "Residuals against the predictor",
        "Normal Q-Q plot",
        "Scale-location",
        "Cook’s distance and leverage",
    ]
    assert titles[6:] == ["Intercept", "age", "parity", "spontaneous"]


def test_the_numbers_of_a_page_are_those_of_the_fit(regression_of, page_of) -> None:
    fit, text = regression_of("logistic"), page_of("logistic")
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert float(facts["deviance"]) == pytest.approx(fit.deviance, rel=1e-5)
    assert float(facts["null deviance"]) == pytest.approx(fit.null_deviance, rel=1e-5)
    assert float(facts["R² of McFadden"]) == pytest.approx(fit.pseudo_r2(), abs=1e-3)
    assert float(facts["accuracy"]) == pytest.approx(fit.confusion().accuracy, abs=1e-3)
    farthest = int(np.argmax(fit.cooks_distance()))
    influential = text[text.index("The rows that move the coefficients most") :]
    assert re.search(r'<th scope="row"[^>]*>(\d+)</th>', influential)[1] == str(farthest)


def test_separated_rows_are_those_that_the_certificate_counts(regression_of, page_of) -> None:
    fit, text = regression_of("separated"), page_of("separated")
    listed = re.search(r"separated rows with HG = 1</dt><dd>(.*?)</dd>", text)[1].split(", ")
    with (DATA / "endometrial.csv").open(encoding="utf-8") as file:
        carriers = [str(row) for row, line in enumerate(csv.DictReader(file)) if line["NV"] == "1"]
    assert listed == carriers
    assert f"because of {len(listed)} of 79 rows" in fit.certificate.sentence
    assert "finite, those of the remaining rows</dt><dd>Intercept, PI, EH<" in text


def test_a_parameter_at_infinity_without_predictors_is_no_separation() -> None:
    rng = np.random.default_rng(1)
    x = np.linspace(0, 1, 40)
    fit = th.regress(x, rng.binomial(5, 0.5, 40), th.NegativeBinomial(), intercept=True)
    assert fit.certificate.verdict == "at_infinity"
    text = pages.page(fit)
    assert "<h2>Separation</h2>" not in text
    assert "<dt>null deviance</dt>" not in text


def test_a_loaded_regression_says_what_it_lacks(regression_of, tmp_path) -> None:
    regression_of("logistic").save(tmp_path / "fit.json")
    text = pages.page(th.load(tmp_path / "fit.json"))
    assert "holds no data to draw" in text
    assert "prob, logit link: case ~ age + parity + spontaneous" in text


def test_a_loaded_regression_has_the_same_summary(regression_of, tmp_path) -> None:
    for case in ("two formulas", "softmax", "separated"):
        fit = regression_of(case)
        fit.save(tmp_path / "fit.json")
        fresh, loaded = fit.summary(), th.load(tmp_path / "fit.json").summary()
        assert loaded.groups == fresh.groups
        assert repr(loaded.parameters) == repr(fresh.parameters)


def test_many_rows_are_thinned_in_pictures() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=30_000)
    fit = th.regress(x, x + rng.normal(size=30_000), th.Normal(), intercept=True)
    text = pages.page(fit)
    assert len(text) < 1_000_000


def test_slow_fits_are_not_drawn_and_say_so(regression_of, monkeypatch) -> None:
    monkeypatch.setattr("thetahat.report.profiles.PATIENCE", 0.0)
    monkeypatch.setattr("thetahat.report.regression.rowwise.PATIENCE", 0.0)
    text = pages.page(regression_of("poisson"))
    assert "would take about" in text
    assert "they would take about" in text
    assert "<h2>Residuals</h2>" not in text


def test_what_rows_lack_has_its_reason(regression_of) -> None:
    rows = rowwise_of(regression_of("separated"))
    assert isinstance(rows, Rowwise)
    assert rows.leverage is None
    assert "at_infinity" in rows.why["leverage"]
    assert rows.residual is not None


def test_the_area_under_the_curve_by_pairs() -> None:
    rng = np.random.default_rng(3)
    score, positive = np.round(rng.random(50), 1), rng.random(50) < 0.4
    weight = rng.integers(1, 4, 50).astype(float)
    wins = [
        weight[i] * weight[j] * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
        for i in np.flatnonzero(positive)
        for j in np.flatnonzero(~positive)
    ]
    pairs = weight[positive].sum() * weight[~positive].sum()
    assert concordance(positive, score, weight) == pytest.approx(sum(wins) / pairs)


def test_the_null_model_of_an_ordinal_regression_is_its_thresholds(regression_of) -> None:
    fit = regression_of("ordinal")
    null = fit.null_model()
    assert list(null.estimates) == ["thresholds[0]", "thresholds[1]"]
    counts = np.zeros(3)
    with (DATA / "housing.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts[LEVELS.index(row["Sat"])] += float(row["Freq"])
    expected = float((counts * np.log(counts / counts.sum())).sum())
    assert null.log_likelihood == pytest.approx(expected, rel=1e-10)
    assert fit.null_deviance == pytest.approx(fit.deviance + 2 * (fit.log_likelihood - expected), rel=1e-10)
    assert fit.pseudo_r2() == pytest.approx(1 - fit.log_likelihood / expected, rel=1e-9)


def test_levels_of_confidence_reach_the_page(regression_of) -> None:
    assert summarise(regression_of("poisson"), 0.9).level == 0.9
    assert "90 % Wald" in pages.page(regression_of("two formulas"), 0.9)


@pytest.mark.parametrize(
    "fitted",
    [
        lambda x: th.fit(th.Regression("s ~ x", th.Bernoulli()), {"s": (x > 0).astype(int), "x": x}),
        lambda x: th.fit(th.Regression("s ~ 1", th.Poisson()), {"s": np.arange(x.size) % 3, "x": x}),
    ],
    ids=["complete separation", "no columns"],
)
def test_pages_of_regressions_with_little_to_draw(fitted) -> None:
    text = pages.page(fitted(np.linspace(-1.0, 1.0, 40)))
    assert "<h2>Estimates</h2>" in text
    assert "<h2>Residuals</h2>" in text
