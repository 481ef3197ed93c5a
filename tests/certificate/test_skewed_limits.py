"""Limits of families that are skewed: where skewness is not needed, and where all of it is and more."""

from __future__ import annotations

import math

import numpy as np
import pytest

import thetahat as th

DELAYED = th.ExponentiallyModifiedNormal(location=1, scale=1, rate=0.7).sample(300, rng=5)
WAITS = [0.31, 0.02, 1.7, 0.55, 0.09, 2.9, 0.14, 0.83]


@pytest.mark.parametrize("unit", [1.0, 2.0**300, 2.0**-300])
def test_a_normal_is_not_delayed_where_data_are_skewed_to_the_left(unit):
    fit, normal = (
        th.fit(family, -unit * DELAYED) for family in (th.ExponentiallyModifiedNormal(), th.Normal())
    )
    certificate = fit.certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.limit == "Normal"
    assert certificate.status == {"location": "regular", "scale": "regular", "rate": "at_infinity"}
    assert fit.log_likelihood == pytest.approx(normal.log_likelihood, rel=1e-13)
    for ours, theirs in (("location", "mean"), ("scale", "sd")):
        assert fit.estimates[ours] == pytest.approx(normal.estimates[theirs], rel=1e-9)
        assert fit.standard_errors[ours] == pytest.approx(normal.standard_errors[theirs], rel=1e-9)
    assert math.isnan(fit.standard_errors["rate"])


@pytest.mark.parametrize("unit", [1.0, 2.0**300, 2.0**-300])
def test_a_delay_is_told_from_its_measurement_where_there_is_enough_of_both(unit):
    fit = th.fit(th.ExponentiallyModifiedNormal(), unit * DELAYED)
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["rate"] * unit == pytest.approx(0.7, rel=0.25)
    assert fit.estimates["scale"] / unit == pytest.approx(1.0, rel=0.25)


@pytest.mark.parametrize("weights", [None, [2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0]])
def test_a_delay_alone_is_the_exponential_from_the_smallest_value_on(weights):
    fit = th.fit(th.ExponentiallyModifiedNormal(), WAITS, weights=weights)
    shifted = th.fit(th.Shifted(th.Exponential()), WAITS, weights=weights)
    certificate = fit.certificate
    assert certificate.verdict == "boundary"
    assert certificate.exists
    assert certificate.limit == "Shifted(Exponential)"
    assert fit.estimates["scale"] == 0.0
    assert fit.estimates["location"] == min(WAITS)
    assert fit.estimates["rate"] == pytest.approx(shifted.estimates["rate"], rel=1e-10)
    assert fit.standard_errors["rate"] == pytest.approx(shifted.standard_errors["rate"], rel=1e-10)
    assert fit.log_likelihood == pytest.approx(shifted.log_likelihood, rel=1e-12)
    for scale in (1e-2, 1e-4, 1e-6):
        near = th.ExponentiallyModifiedNormal(
            location=min(WAITS) - 6.0 * scale, scale=scale, rate=fit.estimates["rate"]
        )
        assert (
            np.sum((1.0 if weights is None else np.array(weights)) * near.log_prob(WAITS))
            < fit.log_likelihood
        )


def test_a_delay_alone_is_so_too_where_some_are_known_to_be_longer():
    rows = th.Observations.right_censored(np.minimum(WAITS, 1.0), np.array(WAITS) < 1.0)
    fit, shifted = th.fit(th.ExponentiallyModifiedNormal(), rows), th.fit(th.Shifted(th.Exponential()), rows)
    assert fit.certificate.limit == "Shifted(Exponential)"
    assert fit.log_likelihood == pytest.approx(shifted.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_skew_normal_is_half_a_normal_where_no_skew_is_enough(side):
    y = side * np.array(WAITS)
    fit, half = th.fit(th.SkewNormal(), y), th.fit(th.Shifted(th.HalfNormal()), WAITS)
    certificate = fit.certificate
    assert certificate.verdict == "at_infinity"
    assert not certificate.exists
    assert certificate.limit == ("Shifted(HalfNormal)" if side > 0 else "Shifted(HalfNormal) of -y")
    assert fit.estimates["skew"] == side * np.inf
    assert fit.estimates["location"] == side * min(WAITS)
    assert fit.estimates["scale"] == pytest.approx(half.estimates["scale"], rel=1e-9)
    assert fit.standard_errors["scale"] == pytest.approx(half.standard_errors["scale"], rel=1e-9)
    assert fit.log_likelihood == pytest.approx(half.log_likelihood, rel=1e-12)
    assert certificate.direction["skew"] == side


@pytest.mark.parametrize("unit", [1.0, 2.0**300, 2.0**-300])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_skew_is_found_where_there_is_some(side, unit):
    y = th.SkewNormal(location=1, scale=2, skew=4).sample(400, rng=8)
    fit = th.fit(th.SkewNormal(), side * unit * y)
    assert fit.certificate.verdict == "maximum"
    assert fit.estimates["skew"] == pytest.approx(4.0 * side, rel=0.4)
    assert fit.log_likelihood == pytest.approx(th.fit(th.SkewNormal(), y).log_likelihood - 400 * np.log(unit))


def test_the_stationary_point_of_every_sample_at_skew_0_is_left():
    y = np.random.default_rng(0).normal(size=50)
    fit, normal = th.fit(th.SkewNormal(), y, start={"skew": 0.0}), th.fit(th.Normal(), y)
    assert fit.certificate.verdict == "maximum"
    assert abs(fit.estimates["skew"]) > 0.1
    assert fit.log_likelihood > normal.log_likelihood


def test_a_skew_of_0_withholds_standard_errors_by_its_regularity():
    assert th.SkewNormal().regularity((0.0, 1.0, 0.0)) == "singular"
    assert th.SkewNormal().regularity((0.0, 1.0, 0.1)) == "smooth"
    information = th.SkewNormal().expected_information((0.0, 0.0, 0.0), {})
    matrix = np.array([[information[0], information[3]], [information[3], information[5]]])
    assert abs(np.linalg.det(matrix)) < 1e-12


def test_skewed_rows_of_which_none_is_outermost_have_their_supremum_at_infinity():
    rows = th.Observations.interval([0.127, -65.6, 65.9], [np.inf, 46.2, 65.9])
    certificate = th.fit(th.SkewNormal(), rows).certificate
    assert certificate.verdict == "at_infinity"
    assert certificate.direction["skew"] < 0
