"""A hunt for false maxima: every ``maximum`` of many small awkward data sets is looked at again, slowly.

The second look knows the densities alone: no derivative, no optimiser and no start of the library's.
``THETAHAT_HUNT=20000`` hunts through that many data sets.
"""

from __future__ import annotations

import os
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from tests.certificate import hunting

import thetahat as th

DATA_SETS = int(os.environ.get("THETAHAT_HUNT", "180"))
FIRST = 10_000
PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_every_maximum_is_one(part: int) -> None:
    for seed in range(FIRST + part, FIRST + DATA_SETS, PARTS):
        case = hunting.draw(seed)
        fit = case.fit()
        certificate = fit.certificate
        if certificate.verdict != "maximum" or not fit.dof:
            continue
        rng = np.random.default_rng(seed)
        tolerance = hunting.tolerance(case, fit)
        point, scale = hunting.free_point(case, fit)
        own = hunting.log_likelihood(case, point, scale)
        assert own == pytest.approx(fit.log_likelihood, rel=1e-10, abs=tolerance), case
        assert hunting.higher_nearby(case, fit, rng) <= tolerance, case
        if certificate.scope == "global":
            assert hunting.highest_anywhere(case, fit, rng, starts=2) <= tolerance, case


def test_what_a_certificate_allows_is_what_there_is_and_hardly_any_search_ends_nowhere() -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + 2 * DATA_SETS):
        case = hunting.draw(seed)
        fit = case.fit()
        verdicts[fit.certificate.verdict.value] += 1
        check_what_is_allowed(case, fit)
    assert verdicts["not_converged"] + verdicts["saddle"] <= 0.03 * verdicts.total(), verdicts


def check_what_is_allowed(case: hunting.Case, fit: th.Fit) -> None:
    certificate = fit.certificate
    errors = np.array(list(fit.standard_errors.values()))
    assert not (errors == 0).any(), case
    assert np.isfinite(errors).any() == certificate.allows_standard_errors, case
    for name, status in certificate.status.items():
        if status != "regular":
            assert np.isnan(fit.standard_errors[name]), (name, case)
        if status == "unidentified":
            assert np.isnan(fit.estimates[name]), (name, case)
    if certificate.verdict == "maximum":
        assert certificate.newton_decrement <= 1e-10
        assert certificate.curvature_change <= 0.25
        assert certificate.supremum == fit.log_likelihood
    else:
        assert np.isnan(list(certificate.digits.values())).all()
    assert certificate.sentence[0].isupper()
    assert certificate.sentence.endswith(".")
    assert not certificate.sentence.endswith("..")


def test_the_hunt_would_find_a_false_maximum() -> None:
    case = hunting.Case(0, th.Gamma(), np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0]), None, {})
    fit = case.fit()
    assert hunting.higher_nearby(case, fit, np.random.default_rng(0)) <= hunting.tolerance(case, fit)

    beside = SimpleNamespace(estimates={name: 1.01 * value for name, value in fit.estimates.items()})
    assert hunting.higher_nearby(case, beside, np.random.default_rng(0)) > 1e-6
