"""Values that half of the rows or more equal, for tails that do not outweigh them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thetahat as th

CAUCHY = [th.Cauchy(), th.StudentT(df=1)]


@pytest.mark.parametrize("family", CAUCHY)
@pytest.mark.parametrize(
    "y",
    [
        [1, 1, 1, 2, 3],
        [0, 0, 0, 1e9, 3],
        [1e9, 1e9, 1e9, 1e9 + 1, 2],
        [5.0, 5.0, -5.0],
        [1e-300, 1e-300, 1e-300, 2e-300, 0.0],
        [1e300, 1e300, 1e300, 2e300, 0.0],
        [*[2.5] * 600, *np.linspace(-3, 3, 500)],
    ],
)
def test_more_than_half_on_one_value_leave_it_without_bound(family: Any, y: list[float]) -> None:
    certificate = th.fit(family, y).certificate
    assert certificate.verdict == "unbounded"
    assert certificate.exists is False
    assert "exclude it" in certificate.sentence


def test_weights_and_censored_rows_count_against_the_tie() -> None:
    y, weights = np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 1.0])
    assert th.fit(th.Cauchy(), y, weights=weights).certificate.verdict == "unbounded"
    # A row that admits the value does not count; one that excludes it does.
    admitting = th.Observations.right_censored([1, 1, 1, 4, 4, 0.0], [1, 1, 1, 1, 1, 0])
    assert th.fit(th.Cauchy(), admitting).certificate.verdict == "unbounded"
    excluding = th.Observations.right_censored([1, 1, 1, 4, 4, 2.0], [1, 1, 1, 1, 1, 0])
    certificate = th.fit(th.Cauchy(), excluding).certificate
    assert certificate.verdict == "at_infinity"
    many = np.repeat([1.0, 2.0, 3.0], [4, 3, 2])
    assert th.fit(th.Cauchy(), many).certificate.verdict == "maximum"


@pytest.mark.parametrize("family", CAUCHY)
@pytest.mark.parametrize(("low", "high"), [(1.0, 2.0), (-1e9, 1e-3), (1e300, 1.2e300), (0.0, 1e-300)])
@pytest.mark.parametrize("times", [1, 2, 7])
def test_two_values_by_halves_have_a_curve_of_maxima(
    family: Any, low: float, high: float, times: int
) -> None:
    """Every point of the half circle over the way between them has the same likelihood (Copas, 1975)."""
    y = np.repeat([low, high], times)
    certificate = th.fit(family, y).certificate
    assert certificate.verdict == "flat"
    assert certificate.exists is True
    assert set(certificate.parameters) == {"location", "scale"}
    for share in (0.1, 0.5, 0.7):
        location = low + share * (high - low)
        scale = (high - low) * np.sqrt(share * (1 - share))
        there = th.Cauchy(location=location, scale=scale).log_prob(y).sum()
        assert certificate.supremum == pytest.approx(there, rel=1e-12)


@pytest.mark.parametrize("family", CAUCHY)
@pytest.mark.parametrize("y", [[1, 1, 2, 3], [2, 2, 3, 3, 3, 3, 1, 1], [7, 7, 7, 9, 9, 8.5]])
def test_half_on_one_value_near_a_supremum_there(family: Any, y: list[float]) -> None:
    fit = th.fit(family, y)
    values, counts = np.unique(y, return_counts=True)
    tied = values[np.argmax(counts)]
    others = np.array(y)[np.array(y) != tied]
    supremum = -len(y) * np.log(np.pi) - 2 * np.log(np.abs(others - tied)).sum()
    assert fit.certificate.verdict == "at_infinity"
    assert fit.certificate.supremum == pytest.approx(supremum, rel=1e-10)
    assert fit.estimates["location"] == tied
    assert fit.estimates["scale"] == 0.0
    assert fit.certificate.status["scale"] == "boundary"
    assert np.isnan([fit.standard_errors[name] for name in ("location", "scale")]).all()
    # No distribution of the family does as well.
    for scale in (1.0, 0.1, 1e-3):
        assert th.Cauchy(location=tied, scale=scale).log_prob(y).sum() < supremum


def test_heavier_ties_are_needed_where_tails_are_lighter() -> None:
    three = th.StudentT(df=3)
    assert th.fit(three, [1, 1, 1, 1, 2]).certificate.verdict == "unbounded"
    assert th.fit(three, [1, 1, 1, 2]).certificate.verdict == "at_infinity"
    assert th.fit(three, [1, 1, 2, 3]).certificate.verdict == "maximum"


def test_a_fixed_parameter_may_bound_it() -> None:
    y = [1, 1, 1, 2, 3]
    assert th.fit(th.Cauchy(scale=1), y).certificate.verdict == "maximum"
    assert th.fit(th.Cauchy(location=1), y).certificate.verdict == "unbounded"
    assert th.fit(th.Cauchy(location=1.5), y).certificate.verdict == "maximum"
    half = th.fit(th.Cauchy(location=1), [1, 2])
    assert half.certificate.verdict == "at_infinity"
    assert half.estimates == {"location": 1.0, "scale": 0.0}
