"""Mixtures against the answers of other software, to all the digits that those answers have."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import thetahat as th

DATA = Path(__file__).parent / "data"
ESTIMATES = 2e-9
"""In standard errors."""
CURVATURE = 2e-7
PROFILE = 5e-7


class Case(NamedTuple):
    """A mixture and the names that R gives its parameters, in this library's order; weight[1] is 1 - p1."""

    family: th.Mixture
    theirs: tuple[str, ...]


CASES = {
    "mix_normal2_faithful": Case(
        th.Mixture([th.Normal(), th.Normal()]), ("p1", "", "mean1", "sd1", "mean2", "sd2")
    ),
    "mix_normal2_equalvar_faithful": Case(
        th.Mixture([th.Normal(), th.Normal()], tied=["sd"]), ("p1", "", "mean1", "mean2", "sd")
    ),
    "mix_poisson2_biochemists": Case(
        th.Mixture([th.Poisson(), th.Poisson()]), ("p1", "", "lambda1", "lambda2")
    ),
}
every_case = pytest.mark.parametrize("name", CASES)


@cache
def answers(name: str) -> dict:
    return json.loads((DATA / f"{name}.json").read_text())


@cache
def fitted(name: str) -> th.Fit:
    return th.fit(CASES[name].family, np.loadtxt(DATA / answers(name)["data"], skiprows=1))


def selection(name: str) -> np.ndarray:
    """From their parameters to ours; the second weight is the first one's complement."""
    order, theirs = answers(name)["expected"]["vcov_order"], CASES[name].theirs
    rows = np.array([[float(ours == name) for name in order] for ours in theirs])
    rows[1] = -rows[0]
    return rows


@every_case
def test_estimates_and_likelihood(name):
    expected, fit = answers(name)["expected"], fitted(name)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "local"
    values = np.array(
        [expected["params"].get(theirs, 1.0 - expected["params"]["p1"]) for theirs in CASES[name].theirs]
    )
    errors = np.sqrt(np.diag(fit.covariance()))
    assert np.all(np.abs(list(fit.estimates.values()) - values) < ESTIMATES * errors)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=1e-13)
    assert (fit.aic, fit.bic) == pytest.approx((expected["aic"], expected["bic"]), rel=1e-12)
    assert fit.dof == expected["n_params"]


@every_case
def test_covariance(name):
    rows = selection(name)
    expected = rows @ np.array(answers(name)["expected"]["vcov"]) @ rows.T
    errors = np.sqrt(np.diag(expected))
    assert np.abs((fitted(name).covariance() - expected) / np.outer(errors, errors)).max() < CURVATURE
    assert list(fitted(name).standard_errors.values()) == pytest.approx(errors, rel=CURVATURE)


@every_case
def test_profile_intervals(name):
    expected = answers(name)["expected"]["ci_profile_95"]
    found = fitted(name).intervals(method="profile")
    for ours, theirs in zip(fitted(name).free_names, CASES[name].theirs, strict=True):
        low, high = expected[theirs] if theirs else [1.0 - end for end in reversed(expected["p1"])]
        error = fitted(name).standard_errors[ours]
        assert found[ours] == pytest.approx((low, high), rel=0, abs=PROFILE * error)


def test_unequal_spreads_are_unbounded_in_theory_and_equal_ones_are_not():
    unequal, equal = (fitted(name).certificate for name in list(CASES)[:2])
    assert "collapses on a value (Day, 1969)" in unequal.sentence
    assert unequal.region is not None
    assert "collapses" not in equal.sentence
    assert equal.region is None
