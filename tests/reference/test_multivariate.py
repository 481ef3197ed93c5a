"""Fits of vectors against the answers of other software, to all the digits that those answers have."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import thetahat as th

DATA = Path(__file__).parent / "data"
ESTIMATES = 2e-10
"""In standard errors."""
LOG_LIKELIHOOD = 1e-13
CURVATURE = 2e-8
PROFILE = 2e-10


@cache
def answers(name: str) -> dict:
    return json.loads((DATA / f"{name}.json").read_text())


@cache
def fitted(name: str) -> th.Fit:
    table = np.genfromtxt(DATA / answers(name)["data"], delimiter=",", names=True, deletechars="")
    columns = {column: table[column] for column in table.dtype.names}
    families = {
        "mv_normal_setosa": th.MultivariateNormal,
        "mv_dirichlet_skye": th.Dirichlet,
        "mv_t_animals": th.MultivariateT,
        "mv_normal_missing_airquality": th.MultivariateNormal,
    }
    missing = "marginal" if "missing" in name else "error"
    return th.fit(families[name](y=answers(name)["model"]["response"], missing=missing), columns)


@pytest.mark.parametrize(
    "name", ["mv_normal_setosa", "mv_dirichlet_skye", "mv_t_animals", "mv_normal_missing_airquality"]
)
def test_log_likelihood_and_criteria(name):
    fit, expected = fitted(name), answers(name)["expected"]
    assert fit.certificate.verdict == "maximum"
    alone = name in {"mv_normal_setosa", "mv_dirichlet_skye"}
    assert fit.certificate.scope == ("global" if alone else "local")
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=LOG_LIKELIHOOD)
    assert (fit.n_obs, fit.dof) == (expected["n_obs"], expected["n_params"])
    assert (fit.aic, fit.bic) == pytest.approx((expected["aic"], expected["bic"]), rel=4 * LOG_LIKELIHOOD)


def test_the_normal_has_the_textbook_standard_errors():
    fit, expected = fitted("mv_normal_setosa"), answers("mv_normal_setosa")["expected"]
    columns = fit.model["columns"]
    names = {f"mean[{i}]": f"mean:{column}" for i, column in enumerate(columns)}
    names |= {
        f"covariance[{i},{j}]": f"cov:{columns[j]},{columns[i]}" for i in range(4) for j in range(i + 1)
    }
    assert set(names) == set(fit.estimates)
    for ours, theirs in names.items():
        assert fit.estimates[ours] == pytest.approx(expected["params"][theirs], rel=1e-12)
        assert fit.standard_errors[ours] == pytest.approx(expected["se"][theirs], rel=1e-12)
    # Cov(s_ij, s_kl) = (s_ik s_jl + s_il s_jk)/n, and none with the means (Anderson, 2003, section 3.3).
    law, n = fit.distribution, fit.n_obs
    s = law.covariance()
    places = [(i, j) for i in range(4) for j in range(i + 1)]
    textbook = np.array([[(s[i, k] * s[j, m] + s[i, m] * s[j, k]) / n for k, m in places] for i, j in places])
    for kind in ("observed", "expected"):
        found = fit.covariance(kind)
        scale = np.sqrt(np.outer(np.diag(found), np.diag(found)))
        assert np.abs((found[4:, 4:] - textbook) / scale[4:, 4:]).max() < 1e-12
        assert np.abs((found[:4, :4] - s / n) / scale[:4, :4]).max() < 1e-12
        assert np.abs(found[:4, 4:] / scale[:4, 4:]).max() < 1e-12


def test_the_normal_with_missing_values():
    fit, expected = (
        fitted("mv_normal_missing_airquality"),
        answers("mv_normal_missing_airquality")["expected"],
    )
    columns = fit.model["columns"]
    places = [(i, j) for i in range(4) for j in range(i + 1)]
    names = {f"mean[{i}]": f"mean:{column}" for i, column in enumerate(columns)}
    names |= {f"covariance[{i},{j}]": f"cov:{columns[j]},{columns[i]}" for i, j in places}
    order = [expected["vcov_order"].index(theirs) for theirs in names.values()]
    vcov = np.array(expected["vcov"])[np.ix_(order, order)]
    errors = np.sqrt(np.diag(vcov))
    found = np.array([fit.estimates[name] for name in names])
    assert (
        np.abs((found - [expected["params"][theirs] for theirs in names.values()]) / errors).max() < ESTIMATES
    )
    assert np.abs((fit.covariance() - vcov) / np.outer(errors, errors)).max() < CURVATURE
    assert [fit.standard_errors[name] for name in names] == pytest.approx(list(errors), rel=CURVATURE)
    profiles = fit.intervals(method="profile", parameters=["mean[0]", "mean[1]"])
    for ours in ("mean[0]", "mean[1]"):
        error = fit.standard_errors[ours]
        assert profiles[ours] == pytest.approx(
            expected["ci_profile_95"][names[ours]], rel=1e-13, abs=PROFILE * error
        )


def test_the_dirichlet():
    name = "mv_dirichlet_skye"
    fit, expected = fitted(name), answers(name)["expected"]
    theirs = expected["vcov_order"]
    errors = np.sqrt(np.diag(expected["vcov"]))
    found = np.array(list(fit.estimates.values()))
    assert np.abs((found - [expected["params"][key] for key in theirs]) / errors).max() < ESTIMATES
    assert np.abs((fit.covariance() - expected["vcov"]) / np.outer(errors, errors)).max() < CURVATURE
    assert list(fit.standard_errors.values()) == pytest.approx(list(errors), rel=CURVATURE)
    natural, profiles = fit.intervals(scale="natural"), fit.intervals(method="profile")
    for ours, key, error in zip(fit.free_names, theirs, errors, strict=True):
        assert natural[ours] == pytest.approx(expected["ci_wald_95"][key], abs=2 * CURVATURE * error)
        assert profiles[ours] == pytest.approx(expected["ci_profile_95"][key], rel=1e-13, abs=PROFILE * error)


def test_the_multivariate_t():
    fit, expected = fitted("mv_t_animals"), answers("mv_t_animals")["expected"]
    theirs = expected["vcov_order"]

    def parameters(p):
        first, second = p["scatter[0,0]"] ** 0.5, p["scatter[1,1]"] ** 0.5
        correlation = p["scatter[1,0]"] / (first * second)
        return np.array([p["location[0]"], p["location[1]"], first, second, correlation, p["df"]])

    found = fit.transform(parameters)
    errors = np.sqrt(np.diag(expected["vcov"]))
    assert np.abs((found.estimate - [expected["params"][key] for key in theirs]) / errors).max() < ESTIMATES
    assert np.abs((found.covariance - expected["vcov"]) / np.outer(errors, errors)).max() < CURVATURE
    profiles = fit.intervals(method="profile", parameters=["location[0]", "location[1]", "df"])
    for ours, key in {"location[0]": "mean1", "location[1]": "mean2", "df": "df"}.items():
        error = fit.standard_errors[ours]
        assert profiles[ours] == pytest.approx(expected["ci_profile_95"][key], rel=1e-13, abs=PROFILE * error)
