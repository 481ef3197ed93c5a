"""What is said where a likelihood may have several maxima, or no bound, and where fixing a parameter changes that."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import thetahat as th
from thetahat.families._survey import Survey
from thetahat.optimize._optimizer import Settled
from thetahat.optimize.elsewhere import leads_back
from thetahat.optimize.outcome import Outcome

CLUSTERED = (
    ([0.01, -0.038, -0.07, 0.061, 0.051, 8.709, 9.193, 7.715, 5.285, 9.082], -25.539405),
    ([0.009, 0.02, 0.007, 0.053, -0.027, -0.006, 5.476, 6.059, 7.069, 6.276, 5.286, 6.622], -24.144795),
    # So few rows that the starts which look best lie outside the regular region.
    ([0.028, 0.042, 0.018, 5.663, 4.129, 3.934, 4.614], -14.803095),
    ([-0.026, -0.032, 0.048, 5.903, 6.506, 4.705, 6.094], -17.321309),
)
HEAVY = np.random.default_rng(1).standard_t(3, 30)
GUMBEL = np.random.default_rng(1).gumbel(size=30)
EIGHT = np.random.default_rng(0).normal(size=8)
NO_BOUND = "rises without bound"


@pytest.mark.parametrize(("y", "highest"), CLUSTERED)
def test_a_maximum_on_a_tight_cluster_is_found_before_a_limit_is_declared(
    y: list[float], highest: float
) -> None:
    fit = th.fit(th.StudentT(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.log_likelihood == pytest.approx(highest, abs=1e-6)
    assert fit.estimates["df"] < 1


def test_no_start_at_any_cluster_leads_higher() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        y = np.concatenate([rng.normal(0, 0.03, 5), rng.normal(6, 1, 6)])
        found = th.fit(th.StudentT(), y)
        for size in (3, 5, 8):
            ordered = np.sort(y)[:size]
            start = {"location": float(np.median(ordered)), "scale": float(np.ptp(ordered)) / 4, "df": 0.4}
            other = th.fit(th.StudentT(), y, start=start)
            if other.certificate.verdict in {"maximum", "at_infinity"}:
                assert found.log_likelihood > other.log_likelihood - 1e-7, (seed, size)


def test_a_limit_that_rests_on_a_search_says_so() -> None:
    certificate = th.fit(th.StudentT(), np.linspace(-2, 2, 40)).certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.sentence.startswith("No finite df was found")
    proven = th.fit(th.NegativeBinomial(), [3, 3, 4]).certificate
    assert proven.sentence.startswith("No finite size attains")


def test_a_decrement_that_falls_from_nothing_to_far_does_not_raise() -> None:
    fit = th.fit(th.StudentT(), EIGHT, fixed={"df": 0.05})
    assert fit.certificate.verdict == "unbounded"


@pytest.mark.parametrize(
    ("family", "y", "fixed"),
    [
        (th.StudentT(), HEAVY, {"df": 5.0}),
        (th.StudentT(), HEAVY, {"df": 1.0}),
        (th.GEV(), GUMBEL, {"shape": 0.0}),
        (th.GEV(), GUMBEL, {"shape": -0.3}),
        (th.GEV(), GUMBEL, {"shape": 0.0, "scale": 1.0}),
        (th.NegativeBinomial(), [1, 2, 9, 4], {"size": 2.0}),
        (th.Normal(), GUMBEL, {"mean": 0.0}),
    ],
)
def test_fixing_makes_the_maximum_the_only_one(family: Any, y: Any, fixed: dict[str, float]) -> None:
    fit = th.fit(family, y, fixed=fixed)
    certificate = fit.certificate
    assert (certificate.verdict, certificate.scope, certificate.region) == ("maximum", "global", None)
    assert certificate.sentence.startswith("Interior maximum, and the only one")
    assert "closed form" not in certificate.sentence
    free = {name: value for name, value in fit.estimates.items() if name not in fixed}
    wide = {name: value + 2.0 if name == "location" else 4.0 * abs(value) for name, value in free.items()}
    assert th.fit(family, y, fixed=fixed, start=wide).log_likelihood == pytest.approx(
        fit.log_likelihood, abs=1e-8
    )


@pytest.mark.parametrize(
    ("family", "y", "fixed"),
    [
        (th.StudentT(), HEAVY, {"df": 0.5}),
        (th.StudentT(), HEAVY, {"scale": 1.0}),
        (th.StudentT(), HEAVY, {"location": 0.0}),
        (th.StudentT(), EIGHT, {"df": 0.13, "scale": 1.0}),
        (th.GEV(), GUMBEL, {"shape": 0.3}),
        (th.NegativeBinomial(), [1, 2, 9, 4], {"mean": 2.0}),
    ],
)
def test_no_lack_of_a_bound_is_claimed_where_what_is_fixed_bounds_the_likelihood(
    family: Any, y: Any, fixed: dict[str, float]
) -> None:
    certificate = th.fit(family, y, fixed=fixed).certificate
    assert (certificate.verdict, certificate.scope, certificate.region) == ("maximum", "local", None)
    assert NO_BOUND not in certificate.sentence
    assert "region" not in certificate.sentence


@pytest.mark.parametrize("family", [th.StudentT(), th.GEV()])
def test_probabilities_alone_are_bounded(family: Any) -> None:
    rounded = th.Observations.interval(np.floor(GUMBEL), np.floor(GUMBEL) + 1)
    certificate = th.fit(family, rounded).certificate
    assert certificate.region is None
    assert NO_BOUND not in certificate.sentence


def test_the_location_on_a_value_or_off_every_one() -> None:
    on = th.fit(th.StudentT(), HEAVY, fixed={"location": float(HEAVY[0])}).certificate
    assert on.region is not None
    assert NO_BOUND in on.sentence


@pytest.mark.parametrize(
    ("fixed", "why"),
    [
        ({}, "below -1 .* and for large shapes"),
        ({"shape": -1.5}, "fixed outside the regular region, below -1"),
        ({"shape": 40.0}, "for so large a shape"),
        ({"location": -50.0}, "^for shape below -1 (?!.*smallest)"),
        ({"location": 50.0}, "^for large shapes"),
        ({"location": 50.0, "scale": 1.0}, None),
    ],
)
def test_why_the_likelihood_of_gev_has_no_bound(fixed: dict[str, float], why: str | None) -> None:
    survey = Survey(30, 30.0, 30.0, -2.0, 4.0, np.zeros(1), 0.0, tie=(1.0, 29.0))
    said = th.GEV().unbounded_given(fixed, survey)
    assert said is None if why is None else re.search(why, str(said))


def test_degrees_of_freedom_fixed_outside_the_region_are_said_to_be() -> None:
    survey = Survey(8, 8.0, 8.0, -2.0, 4.0, np.zeros(1), 0.0, tie=(1.0, 7.0))
    said = th.StudentT().unbounded_given({"df": 0.13}, survey)
    assert said is not None
    assert "df is fixed outside the regular region" in said
    assert th.StudentT().unbounded_given({"df": 0.15}, survey) is None


@pytest.mark.parametrize("unit", [1.0, 3.0, 0.1, 1e-200, 1e200])
def test_conditioning_does_not_depend_on_the_units(unit: float) -> None:
    certificate = th.fit(th.Normal(), np.array([1.0, 2.0, 4.0, 7.0]) * unit).certificate
    assert certificate.condition_number == pytest.approx(1.0, abs=1e-12)
    assert certificate.smallest_eigenvalue == pytest.approx(1.0, abs=1e-12)
    correlated = th.fit(th.Logistic(), GUMBEL * unit).certificate
    assert correlated.condition_number == pytest.approx(
        th.fit(th.Logistic(), GUMBEL).certificate.condition_number, rel=1e-9
    )


def test_a_climb_is_given_up_only_where_newton_goes_to_the_known_maximum() -> None:
    y = np.random.default_rng(3).standard_t(4, 200)
    fit = th.fit(th.StudentT(), y)
    solution = fit.solution
    likelihood = solution.likelihood
    assert likelihood is not None
    found = Outcome(
        solution.natural,
        solution.point,
        solution.log_likelihood,
        likelihood.tally(solution.point),
        solution.regular,
        solution.information,
        fit.certificate,
        (),
    )
    errors = np.sqrt(np.diag(solution.free_covariance()))

    def at(steps: float) -> Settled:
        point = solution.point + steps * errors
        return Settled(point, likelihood.tally(point))

    assert leads_back(found, at(0.1))
    assert not leads_back(found, at(8.0))
    elsewhere = replace(found, point=solution.point + 2.0 * errors)
    assert not leads_back(elsewhere, at(0.1))
    no_maximum = replace(found, certificate=replace(fit.certificate, verdict=th.Verdict.AT_INFINITY))
    assert not leads_back(no_maximum, at(0.1))
