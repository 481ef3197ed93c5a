"""Robust standard errors and deviances against those that R prints."""

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
ROBUST = 1e-8
DEVIANCE = 1e-9


@cache
def table(name: str) -> dict[str, np.ndarray]:
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


@cache
def expected(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["expected"]


def numbers(name: str, column: str) -> np.ndarray:
    return table(name)[column].astype(float)


@cache
def fitted(name: str) -> th.Fit:
    design = table(f"{name}_design")
    matrix = np.column_stack([column.astype(float) for column in design.values()])
    options: dict[str, Any] = {"names": tuple(design)}
    match name:
        case "inf_cluster_epil":
            y, family = numbers(name, "y"), th.Poisson()
        case "inf_cluster_petersen":
            y, family = numbers(name, "y"), th.Normal()
        case "reg_logistic_infert":
            y, family = numbers(name, "case"), th.Bernoulli()
        case "reg_gaussian_stackloss":
            y, family = numbers(name, "stack.loss"), th.Normal()
        case "reg_gaussian_norris_nist":
            y, family = numbers(name, "y"), th.Normal()
        case "reg_gamma_log_clotting":
            y, family = numbers(name, "time"), th.Gamma()
        case "reg_invgauss_log_trees":
            y, family, options["links"] = numbers(name, "Volume"), th.InverseGaussian(), {"mean": "log"}
        case "reg_poisson_insurance":
            y, family = numbers(name, "Claims"), th.Poisson()
            options["offset"] = np.log(numbers(name, "Holders"))
        case "reg_negbin_quine":
            y, family = numbers(name, "Days"), th.NegativeBinomial()
        case "reg_logistic_esoph_grouped":
            cases, controls = numbers(name, "ncases"), numbers(name, "ncontrols")
            y, family = cases, th.Binomial(trials=cases + controls)
        case "reg_probit_menarche":
            y, family = numbers(name, "Menarche"), th.Binomial(trials=numbers(name, "Total"))
            options["links"] = {"prob": "probit"}
        case "reg_cloglog_flourbeetle":
            y, family = numbers(name, "killed"), th.Binomial(trials=numbers(name, "exposed"))
            options["links"] = {"prob": "cloglog"}
        case _:
            raise AssertionError(name)
    return th.regress(matrix, y, family, **options)


CLUSTERED = {"inf_cluster_epil": "subject", "inf_cluster_petersen": "firm"}
KINDS = {
    "HC0": ("sandwich", False),
    "HC1": ("HC1", False),
    "HC2": ("HC2", False),
    "HC3": ("HC3", False),
    "cluster_HC0": ("sandwich", True),
    "cluster_HC0_cadjust": ("stata", True),
    "cluster_HC1_cadjust": ("HC1", True),
}


@pytest.mark.parametrize("labels", ["numbers", "text"])
@pytest.mark.parametrize("name", [*CLUSTERED, "reg_logistic_infert", "reg_gaussian_stackloss"])
def test_robust_standard_errors(name: str, labels: str) -> None:
    fit = fitted(name)
    cluster: Any = None
    if name in CLUSTERED:
        column = table(name)[CLUSTERED[name]]
        cluster = column.astype(float) if labels == "numbers" else column
    for theirs, errors in expected(name)["robust_se"].items():
        kind, clustered = KINDS[theirs]
        covariance = fit.covariance(kind, cluster=cluster if clustered else None)
        mine = dict(zip(fit.free_names, np.sqrt(np.diag(covariance)), strict=True))
        for coefficient, error in errors.items():
            assert mine[coefficient] == pytest.approx(error, rel=ROBUST), (theirs, coefficient)


@pytest.mark.parametrize("name", CLUSTERED)
def test_robust_covariances(name: str) -> None:
    fit = fitted(name)
    size = len(expected(name)["params"])
    for theirs, matrix in expected(name)["robust_vcov"].items():
        kind, clustered = KINDS[theirs]
        cluster = table(name)[CLUSTERED[name]].tolist() if clustered else None
        mine = fit.covariance(kind, cluster=cluster)[:size, :size]
        np.testing.assert_allclose(mine, matrix, rtol=ROBUST, atol=ROBUST * np.abs(matrix).max())


def dispersion(fit: th.Fit) -> float:
    """What R multiplies the deviance by."""
    estimates = fit.estimates
    if "sd" in estimates:
        return estimates["sd"] ** 2
    return 1.0 / estimates["shape"] if "shape" in estimates else 1.0


@pytest.mark.parametrize(
    "name",
    [
        "reg_gaussian_norris_nist",
        "reg_gaussian_stackloss",
        "reg_logistic_infert",
        "reg_logistic_esoph_grouped",
        "reg_probit_menarche",
        "reg_cloglog_flourbeetle",
        "reg_poisson_insurance",
        "reg_negbin_quine",
        "reg_gamma_log_clotting",
        "reg_invgauss_log_trees",
    ],
)
def test_deviances(name: str) -> None:
    fit, scale = fitted(name), dispersion(fitted(name))
    residuals = fit.residuals("deviance")
    assert fit.deviance * scale == pytest.approx(expected(name)["deviance"], rel=DEVIANCE)
    assert np.sum(residuals**2) == pytest.approx(fit.deviance, rel=1e-12)
    if name == "reg_poisson_insurance":
        # R's glm refits with the offset and prints 236.3; the file's figure is that of glm.fit, which does not.
        claims, holders = numbers(name, "Claims"), numbers(name, "Holders")
        rates = holders * claims.sum() / holders.sum()
        terms = np.where(claims > 0, claims * np.log(np.where(claims > 0, claims, 1.0) / rates), 0.0)
        assert fit.null_deviance == pytest.approx(2 * np.sum(terms - (claims - rates)), rel=DEVIANCE)
    elif "null_deviance" in expected(name):
        assert fit.null_deviance * scale == pytest.approx(expected(name)["null_deviance"], rel=DEVIANCE)


def test_leverage_and_distance_of_a_well_known_outlier() -> None:
    # Brownlee's stack loss data in Cook (1979) and Daniel & Wood (1980): plant 21 has h = 0.285 and D = 0.692.
    fit = fitted("reg_gaussian_stackloss")
    leverage, n, p = fit.leverage(), 21, 4
    assert leverage[20] == pytest.approx(0.285, abs=5e-4)
    assert leverage[0] == pytest.approx(0.302, abs=5e-4)
    assert fit.cooks_distance()[20] * (n - p) / n == pytest.approx(0.692, abs=5e-4)
