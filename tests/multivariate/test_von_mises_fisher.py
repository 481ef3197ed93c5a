"""The von Mises-Fisher: the circle, known answers on the sphere, its limits, and rows of another length."""

from __future__ import annotations

import json

import mpmath
import numpy as np
import pytest

import thetahat as th

CROSS = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
"""Directions that cancel."""
AXIS = [0.6, 0.0, -0.8]
LAW = th.VonMisesFisher(direction=AXIS, concentration=5.0)


def on_circle(angles):
    return np.column_stack([np.cos(angles), np.sin(angles)])


def test_on_the_circle_it_is_the_von_mises():
    single = th.VonMises(location=2.9, concentration=3)
    angles = single.sample(200, rng=1)
    y = on_circle(angles)
    law = th.VonMisesFisher(direction=on_circle(2.9)[0], concentration=3)
    np.testing.assert_allclose(law.log_prob(y), single.log_prob(angles), rtol=1e-13, atol=1e-14)
    fit, other = th.fit(th.VonMisesFisher(), y), th.fit(th.VonMises(), angles)
    assert fit.certificate.verdict == "maximum"
    assert fit.certificate.scope == "global"
    assert fit.dof == other.dof == 2
    assert fit.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-13)
    assert fit.estimates["concentration"] == pytest.approx(other.estimates["concentration"], rel=1e-13)
    assert fit.standard_errors["concentration"] == pytest.approx(
        other.standard_errors["concentration"], rel=1e-12
    )
    location, error = other.estimates["location"], other.standard_errors["location"]
    found = np.array([fit.estimates["direction[0]"], fit.estimates["direction[1]"]])
    assert found == pytest.approx(on_circle(location)[0], rel=1e-14)
    # The delta method: the error lies along the tangent.
    tangent = np.array([-np.sin(location), np.cos(location)])
    covariance = fit.covariance()
    np.testing.assert_allclose(
        covariance[:2, :2], error**2 * np.outer(tangent, tangent), rtol=1e-11, atol=1e-16
    )
    low, high = fit.intervals(method="profile")["concentration"]
    assert (low, high) == pytest.approx(other.intervals(method="profile")["concentration"], rel=1e-8)


def test_on_the_sphere_the_constant_is_elementary():
    y = LAW.sample(20, rng=1)
    expected = 5.0 * (y @ AXIS) + np.log(5.0 / (4.0 * np.pi * np.sinh(5.0)))
    np.testing.assert_allclose(LAW.log_prob(y), expected, rtol=1e-13)
    length = 1.0 / np.tanh(5.0) - 1.0 / 5.0
    np.testing.assert_allclose(LAW.mean(), length * np.array(AXIS), rtol=1e-14)


@pytest.mark.parametrize("size", [2, 3, 8, 60])
@pytest.mark.parametrize("kappa", [1e-2, 3.0, 40.0, 1e4, 1e10])
def test_any_concentration_in_any_dimension(size, kappa):
    direction = np.full(size, size**-0.5)
    law = th.VonMisesFisher(direction=direction, concentration=kappa)
    y = law.sample(400, rng=2)
    np.testing.assert_allclose(np.square(y).sum(axis=1), 1.0, rtol=1e-15)
    fit = th.fit(th.VonMisesFisher(), y)
    assert fit.certificate.verdict == "maximum"
    assert fit.trace == ()
    assert min(fit.certificate.digits.values()) > 8
    if kappa > 1:
        assert abs(fit.estimates["concentration"] - kappa) < 5 * fit.standard_errors["concentration"]
    # The likelihood equation, in 50 digits: the ratio of Bessel functions is the length of the mean vector.
    if kappa < 1e4:
        with mpmath.workdps(50):
            mean = [mpmath.fsum(map(mpmath.mpf, column)) / 400 for column in y.T.tolist()]
            length = mpmath.sqrt(mpmath.fsum(value**2 for value in mean))
            at, order = mpmath.mpf(fit.estimates["concentration"]), mpmath.mpf(size) / 2 - 1
            ratio = mpmath.besseli(order + 1, at) / mpmath.besseli(order, at)
            assert abs(ratio / length - 1) < 1e-13


def test_standard_errors_lie_in_the_plane_that_touches_the_sphere():
    y = LAW.sample(3_000, rng=3)
    fit = th.fit(th.VonMisesFisher(), y)
    assert fit.dof == 3
    direction = np.array([fit.estimates[f"direction[{i}]"] for i in range(3)])
    kappa, length = fit.estimates["concentration"], np.linalg.norm(y.mean(axis=0))
    plane = (np.eye(3) - np.outer(direction, direction)) / (3_000 * kappa * length)
    covariance = fit.covariance()
    np.testing.assert_allclose(covariance[:3, :3], plane, rtol=1e-10, atol=1e-18)
    assert np.abs(covariance[:3, 3]).max() < 1e-12
    np.testing.assert_allclose(covariance, fit.covariance("expected"), rtol=1e-9, atol=1e-15)


def test_a_turn_of_the_axes_turns_the_estimates():
    y = LAW.sample(80, rng=4)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    fit, turned = th.fit(th.VonMisesFisher(), y), th.fit(th.VonMisesFisher(), y @ turn.T)
    assert turned.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(
        turned.covariance()[:3, :3], turn @ fit.covariance()[:3, :3] @ turn.T, rtol=1e-9, atol=1e-16
    )


def test_directions_that_cancel_are_uniform():
    fit = th.fit(th.VonMisesFisher(), CROSS)
    assert fit.certificate.verdict == "boundary"
    assert fit.certificate.parameters == ("concentration",)
    assert dict(fit.certificate.status) == {
        **{f"direction[{i}]": "unidentified" for i in range(3)},
        "concentration": "boundary",
    }
    assert "direction[2] are not identified" in fit.certificate.sentence
    assert fit.estimates["concentration"] == 0.0
    assert np.isnan([fit.estimates[f"direction[{i}]"] for i in range(3)]).all()
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert fit.log_likelihood == pytest.approx(-4 * np.log(4 * np.pi), rel=1e-14)
    uniform = fit.distribution
    assert uniform.entropy() == pytest.approx(np.log(4 * np.pi), rel=1e-14)
    np.testing.assert_array_equal(uniform.mean(), 0.0)
    np.testing.assert_allclose(uniform.covariance(), np.eye(3) / 3)
    draws = uniform.sample(4_000, rng=1)
    assert np.abs(draws.mean(axis=0)).max() < 5 / np.sqrt(3 * 4_000)


def test_directions_that_cancel_leave_the_direction_flat_where_the_concentration_is_fixed():
    fit = th.fit(th.VonMisesFisher(concentration=2.0), CROSS)
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.parameters == ("direction",)
    # About a direction that they turn away from, they are best uniform too.
    away = th.fit(th.VonMisesFisher(direction=[0.0, 0.0, -1.0]), [[0, 0.6, 0.8], [0.6, 0, 0.8], [0, 0, 1]])
    assert away.certificate.verdict == "boundary"
    assert away.estimates["concentration"] == 0.0


def test_equal_rows_have_no_maximum():
    for rows, told in ((CROSS[:1], "there is one row"), (CROSS[[0, 0, 0]], "all 3 rows are equal")):
        fit = th.fit(th.VonMisesFisher(), rows)
        assert fit.certificate.verdict == "unbounded"
        assert told in fit.certificate.sentence
    assert th.fit(th.VonMisesFisher(direction=[1, 0, 0]), CROSS[:1]).certificate.verdict == "unbounded"
    assert th.fit(th.VonMisesFisher(direction=AXIS), CROSS[:1]).certificate.verdict == "maximum"
    assert th.fit(th.VonMisesFisher(concentration=3.0), CROSS[:1]).certificate.verdict == "maximum"
    near = th.fit(th.VonMisesFisher(), on_circle(np.array([0.3, 0.3 + 1e-6, 0.3 - 1e-6])))
    assert near.certificate.verdict == "maximum"
    assert near.estimates["concentration"] == pytest.approx(1.5e12, rel=1e-3)


@pytest.mark.parametrize("away", [1.0, -1.0, -0.999])
def test_the_start_may_be_on_the_other_side(away):
    y = LAW.sample(50, rng=5)
    fit = th.fit(th.VonMisesFisher(), y)
    direction = np.array([fit.estimates[f"direction[{i}]"] for i in range(3)]) * away
    direction[1] += np.sqrt(1 - direction[0] ** 2 - direction[2] ** 2) * np.sign(away) - direction[1]
    far = th.fit(th.VonMisesFisher(), y, start={"direction": direction, "concentration": 0.5})
    assert far.certificate.verdict == "maximum"
    assert far.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-13)


def test_rows_of_another_length_are_told():
    with pytest.raises(th.DataError, match=r"row 2 \(\(0.5, 0.5, 0.5\)\).*divide each row by its length"):
        th.fit(th.VonMisesFisher(), np.insert(CROSS, 2, 0.5, axis=0))
    assert LAW.log_prob([0.5, 0.5, 0.5]) == -np.inf
    with pytest.raises(th.ParameterError, match="squares sum to 1"):
        th.VonMisesFisher(direction=[1.0, 1.0], concentration=2.0)
    with pytest.raises(th.DataError, match="at least 2 columns"):
        th.fit(th.VonMisesFisher(), [[1.0], [1.0]])


def test_a_saved_fit_keeps_the_plane_of_its_coordinates(tmp_path):
    fit = th.fit(th.VonMisesFisher(), LAW.sample(60, rng=6))
    fit.save(tmp_path / "fit.json")
    domain = json.loads((tmp_path / "fit.json").read_text())["parameters"][0]["domain"]
    assert domain["arguments"][1:] == pytest.approx([fit.estimates[f"direction[{i}]"] for i in range(3)])
    loaded = th.load(tmp_path / "fit.json")
    np.testing.assert_array_equal(loaded.covariance(), fit.covariance())
