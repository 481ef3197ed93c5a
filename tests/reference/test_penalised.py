"""Penalised regressions against the answers of R, to all the digits that those have."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thetahat as th

DATA = Path(__file__).parent / "data"


@cache
def table(name: str) -> dict[str, np.ndarray]:
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


def numbers(name: str) -> dict[str, np.ndarray]:
    return {column: values.astype(float) for column, values in table(name).items()}


@cache
def expected(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["expected"]


def slopes(name: str) -> tuple[np.ndarray, list[str]]:
    columns = {column: values.astype(float) for column, values in table(name).items() if column != "y"}
    return np.column_stack(list(columns.values())), list(columns)


def named(answers: dict[str, float]) -> dict[str, float]:
    return {name.replace("intercept", "Intercept"): value for name, value in answers.items()}


@pytest.mark.parametrize(
    ("name", "first", "others"),
    [
        ("map_logistic_normal_infert", th.Normal(mean=0, sd=10), th.Normal(mean=0, sd=0.5)),
        ("map_logistic_cauchy_infert", th.Cauchy(location=0, scale=10), th.Cauchy(location=0, scale=2.5)),
    ],
)
def test_modes_of_posteriors(name: str, first: th.Family, others: th.Family) -> None:
    design = numbers("map_logistic_infert_design")
    priors = {column: first if column == "intercept" else others for column in design}
    fit = th.regress(
        np.column_stack(list(design.values())),
        numbers("map_logistic_infert")["case"],
        th.Bernoulli(),
        names=list(design),
        penalty=th.Prior(priors),
    )
    answers = expected(name)
    assert fit.certificate.verdict == "maximum"
    assert fit.penalised_log_likelihood == pytest.approx(answers["log_posterior_unnormalised"], rel=1e-12)
    for column in design:
        assert fit.standard_errors[column] == pytest.approx(answers["se"][column], rel=1e-6)
        distance = abs(fit.estimates[column] - answers["params"][column])
        assert distance <= 1e-7 * answers["se"][column]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("pen_gaussian_mtcars", th.Normal(sd=1)),
        ("pen_logistic_infert", th.Bernoulli()),
        ("pen_poisson_biochemists", th.Poisson()),
    ],
)
def test_ridge_regressions(name: str, family: th.Family) -> None:
    matrix, columns = slopes(name)
    n = len(matrix)
    ridges = [solution for solution in expected(name)["solutions"] if solution["alpha"] == 0]
    assert ridges
    for answers in ridges:
        penalty = th.Ridge(n * answers["lambda"])
        y = numbers(name)["y"]
        fit = th.regress(matrix, y, family, intercept=True, names=columns, penalty=penalty)
        assert fit.certificate.scope == "global"
        for column, value in named(answers["params"]).items():
            assert fit.estimates[column] == pytest.approx(value, abs=1e-10)
        # R's Gaussian objective leaves out the constants.
        left_out = 0.5 * n * np.log(2 * np.pi) if name == "pen_gaussian_mtcars" else 0.0
        assert -fit.log_likelihood - left_out == pytest.approx(answers["nll"], rel=1e-11)
        assert (-fit.penalised_log_likelihood - left_out) / n == pytest.approx(
            answers["objective"], rel=1e-11
        )


@pytest.mark.parametrize("reference", ["setosa", "versicolor", "virginica"])
def test_softmax_ridge_counts_the_classes_alike(reference: str) -> None:
    name = "pen_multinomial_iris"
    matrix, columns = slopes(name)
    answers = expected(name)
    levels = [reference, *(level for level in ("setosa", "versicolor", "virginica") if level != reference)]
    fit = th.regress(
        matrix,
        table(name)["y"],
        th.Categorical(levels=levels),
        intercept=True,
        names=columns,
        penalty=th.Ridge(len(matrix) * answers["lambda"]),
    )
    for level in levels[1:]:
        for column in ("intercept", *columns):
            value = answers["params"][f"{level}:{column}"] - answers["params"][f"{reference}:{column}"]
            ours = fit.estimates[f"{level}:{column.replace('intercept', 'Intercept')}"]
            assert ours == pytest.approx(value, abs=1e-7)
    assert -fit.log_likelihood == pytest.approx(answers["nll"], rel=1e-9)
    assert -fit.penalised_log_likelihood / len(matrix) == pytest.approx(answers["objective"], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "data", "response"),
    [
        ("firth_logistic_endometrial", "endometrial", "HG"),
        ("firth_logistic_iris_separated", "iris_separated", "versicolor"),
    ],
)
def test_firth(name: str, data: str, response: str) -> None:
    design = numbers(f"{data}_design")
    matrix = np.column_stack(list(design.values()))
    fit = th.regress(matrix, numbers(data)[response], th.Bernoulli(), names=list(design), penalty=th.Firth())
    answers = expected(name)
    assert fit.certificate.verdict == "maximum"
    assert fit.log_likelihood == pytest.approx(answers["loglik"], rel=1e-10)
    assert fit.penalised_log_likelihood == pytest.approx(answers["loglik_penalised"], rel=1e-10)
    intervals = fit.intervals(method="profile")
    tally = fit.solution.with_data("a test").tally(fit.solution.point)
    by_curvature = np.sqrt(np.diag(np.linalg.inv(tally.information)))
    for column, curved in zip(design, by_curvature, strict=True):
        error = answers["se"][column]
        assert abs(fit.estimates[column] - answers["params"][column]) <= 1e-9 * error
        assert fit.standard_errors[column] == pytest.approx(error, rel=1e-7)
        assert curved == pytest.approx(answers["se_penalised_hessian"][column], rel=1e-6)
        assert intervals[column] == pytest.approx(answers["ci_profile_penalised_95"][column], rel=1e-7)
