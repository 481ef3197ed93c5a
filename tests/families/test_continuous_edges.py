"""Continuous families at their limits and edges: huge df, shape 0, end-points, extreme units, starts."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from thetahat.families import GEV, Beta, Exponential, Logistic, LogNormal, Normal, StudentT, Weibull
from thetahat.families._survey import Survey
from thetahat.numerics.namespace import namespace

INF = np.inf
NORMAL, LOG_NORMAL, LOGISTIC, STUDENT = Normal(), LogNormal(), Logistic(), StudentT()
GEV_, WEIBULL, EXPONENTIAL, BETA = GEV(), Weibull(), Exponential(), Beta()


def triangle(size):
    return [(j, k) for j in range(size) for k in range(j + 1)]


def flat_items(terms):
    return (terms.value, *terms.gradient, *terms.hessian)


def density_terms(family, y, eta):
    rows = family.prepare(namespace(), np.atleast_1d(np.asarray(y, dtype=float)), {})
    with np.errstate(all="ignore"):
        return family.derivatives(rows, tuple(np.float64(coordinate) for coordinate in eta))


def mass_terms(family, low, high, eta):
    ends = np.array([low], dtype=float), np.array([high], dtype=float)
    with np.errstate(all="ignore"):
        return family.log_mass(*ends, {}, tuple(np.float64(coordinate) for coordinate in eta), 2)


def test_slope_of_student_at_the_normal_limit():
    (limit,) = StudentT.limits
    y, eta = np.array([-3.0, 0.1, 0.9, 7.0]), (0.2, 0.4, 5.0)
    slopes = limit.slope((y,), eta)
    with mp.workdps(60):
        for value, slope in zip(y, slopes, strict=True):
            square = ((mp.mpf(value) - mp.mpf(eta[0])) / mp.exp(mp.mpf(eta[1]))) ** 2
            df = mp.mpf(10) ** 20
            student = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df / 2) / 2
            student -= (df + 1) / 2 * mp.log1p(square / df)
            assert float((student + square / 2) * df) == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize("df", [1e6, 1e10, 1e15])
def test_student_score_in_df_approaches_its_limit(df):
    y, eta = np.array([-3.0, 0.1, 0.9, 7.0]), (0.2, 0.4, np.log(df))
    slopes = StudentT.limits[0].slope((y,), eta)
    np.testing.assert_allclose(-df * density_terms(STUDENT, y, eta).gradient[2], slopes, rtol=1e4 / df)


def test_student_in_region_needs_more_than_one_degree_of_freedom_for_two_rows():
    survey = Survey(3, 3.0, 3.0, 0.0, 1.0, np.array([0.5]), 1.0)
    assert STUDENT.in_region((0.0, 0.0, np.log(0.6)), survey)
    assert not STUDENT.in_region((0.0, 0.0, np.log(0.4)), survey)


def test_student_log_density_at_huge_residuals():
    terms = density_terms(STUDENT, [1e200, -1e300], (0.0, 0.0, 0.0))
    np.testing.assert_allclose(terms.value, -np.log(np.pi) - 2 * np.log([1e200, 1e300]))
    np.testing.assert_allclose(terms.gradient[1], 1.0)
    np.testing.assert_allclose(terms.hessian[2], 0.0, atol=1e-300)


def test_gev_is_smooth_through_shape_zero():
    y = np.array([-1.0, 0.2, 3.0])
    at_zero = density_terms(GEV_, y, (0.3, 0.2, 0.0))
    for shape in (1e-300, -1e-13, 1e-11):
        beside = density_terms(GEV_, y, (0.3, 0.2, shape))
        for one, other in zip(
            (*at_zero.gradient, *at_zero.hessian), (*beside.gradient, *beside.hessian), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-8)
    distribution = GEV(location=1.0, scale=2.0, shape=0.0)
    assert distribution.mean() == pytest.approx(1 + 2 * np.euler_gamma, rel=1e-15)
    assert distribution.variance() == pytest.approx(4 * np.pi**2 / 6, rel=1e-15)
    assert distribution.quantile(0.3) == pytest.approx(
        GEV(location=1.0, scale=2.0, shape=1e-15).quantile(0.3)
    )


def test_gev_outside_its_support():
    terms = density_terms(GEV_, [-100.0, 0.5], (0.0, 0.0, 0.5))
    assert terms.value[0] == -np.inf
    assert np.isfinite(terms.value[1])
    assert all(np.all(np.isfinite(item)) for item in (*terms.gradient, *terms.hessian))
    outside = mass_terms(GEV_, 5.0, INF, (0.0, 0.0, -0.5))
    assert outside.value[0] == -np.inf
    assert mass_terms(GEV_, -INF, 5.0, (0.0, 0.0, -0.5)).value[0] == 0.0


def test_gev_gradient_by_jax_is_finite_outside_the_support_and_at_shape_zero():
    import jax

    with jax.enable_x64(new_val=True):
        for y, shape in ((-100.0, 0.5), (0.7, 0.0)):
            hessian = jax.hessian(lambda eta, y=y: GEV_.log_density(namespace(eta), (y,), tuple(eta)))
            assert np.all(np.isfinite(hessian(jax.numpy.array([0.0, 0.0, shape]))))


def test_gev_declares_where_it_is_irregular():
    assert GEV_.regularity((0.0, 1.0, -0.4)) == "smooth"
    assert GEV_.regularity((0.0, 1.0, -0.5)) == "irregular"
    assert np.all(np.isnan(GEV_.expected_information((0.0, 0.0, -0.5), {})))
    assert GEV_.in_region((0.0, 0.0, -0.99), None)
    assert not GEV_.in_region((0.0, 0.0, -1.01), None)


@pytest.mark.parametrize(
    ("family", "eta"),
    [
        *((GEV_, (0.3, 0.2, shape)) for shape in (-0.2, -0.1001, -0.0999, 0.0, 0.0999, 0.1001, 0.4)),
        *((STUDENT, (0.3, 0.2, np.log(df))) for df in (0.7, 5.0, 900.0, 2000.0)),
        (WEIBULL, (0.4, 0.2)),
        (LOGISTIC, (0.4, 0.2)),
        (NORMAL, (0.4, 0.2)),
        (BETA, (0.4, 0.7)),
    ],
)
def test_expected_information_is_the_variance_of_the_score(family, eta):
    # Substituting p = expit(s) makes every integrand smooth with exponential tails: the trapezoidal rule.
    s = np.arange(-36.0, 36.0, 0.02)
    p, mass = 1 / (1 + np.exp(-s)), 0.02 * np.exp(-np.abs(s)) / np.square(1 + np.exp(-np.abs(s)))
    keep = (p > 0) & (p < 1)
    y = family.quantile_at(p[keep], family.theta(eta), {})
    score = [np.broadcast_to(item, y.shape) for item in density_terms(family, y, eta).gradient]
    information = [float(np.sum(mass[keep] * score[j] * score[k])) for j, k in triangle(len(eta))]
    expected = np.asarray(family.expected_information(eta, {}), dtype=float)
    np.testing.assert_allclose(expected, information, rtol=2e-6, atol=2e-9)


@pytest.mark.parametrize("family", [NORMAL, LOGISTIC, STUDENT, GEV_])
@pytest.mark.parametrize(("unit", "origin"), [(2.0**990, 0.0), (2.0**-990, 0.0), (2.0**-10, 1e9)])
def test_extreme_units_and_offsets_change_nothing_else(family, unit, origin):
    z = np.array([-1.5, 0.25, 3.0])
    rest = (0.2,)[: len(family.declared) - 2]
    there = density_terms(family, origin + unit * z, (origin, np.log(unit), *rest))
    here = density_terms(family, z, (0.0, 0.0, *rest))
    np.testing.assert_allclose(there.value + np.log(unit), here.value, rtol=1e-12)
    np.testing.assert_allclose(there.gradient[0] * unit, here.gradient[0], rtol=1e-11)
    for one, other in zip(there.gradient[1:], here.gradient[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    "points",
    [
        [0.0],
        [7.0],
        [5.0, 5.0, 5.0],
        [1e300, -1e300, 0.0],
        [1e-300, 2e-300],
        [1e9 + 1, 1e9, 1e9 + 2.5],
        [0.0, 0.0, 0.0, 1e5],
        [5e-324, 0.0],
    ],
)
def test_starts_never_fail(points):
    points = np.array(points)
    for family in (NORMAL, LOGISTIC, STUDENT, GEV_, EXPONENTIAL, WEIBULL, LOG_NORMAL, BETA):
        inside = points
        if family.support.lower == 0:
            inside = np.maximum(np.abs(points), 0.0 if family is EXPONENTIAL else 5e-324)
        if family.support.upper == 1:
            inside = np.clip(inside, 5e-324, 1 - 2.0**-53)
        start = family.start(inside, {})
        named = zip(family.declared, start, strict=True)
        assert all(parameter.domain.contains(value) for parameter, value in named)
        eta = family.working(start)
        assert np.all(np.isfinite(eta))
        assert np.all(density_terms(family, inside, eta).value > -np.inf)


def test_closed_forms():
    survey = Survey(4, 8.0, 8.0, 1.0, 3.0, np.array([2.5]), 18.0)
    assert NORMAL.solve(survey, {}) == (2.5, 1.5)
    assert LOG_NORMAL.solve(survey, {}) == (2.5, 1.5)
    assert EXPONENTIAL.solve(survey, {}) == (0.4,)
    equal = Survey(4, 8.0, 8.0, 0.0, 0.0, np.array([0.0]), 0.0)
    assert all(family.solve(equal, {}) is None for family in (NORMAL, LOG_NORMAL, EXPONENTIAL, WEIBULL, GEV_))


@pytest.mark.parametrize(
    ("family", "eta", "rows"),
    [(NORMAL, (0.4, 0.3), 2), (LOG_NORMAL, (0.4, 0.3), 2), (EXPONENTIAL, (0.3,), 1), (BETA, (0.2, 0.5), 1)],
)
def test_means_and_spread_of_the_prepared_columns_are_sufficient(family, eta, rows):
    y = np.array([0.1, 0.35, 0.4, 0.8])
    prepared = family.prepare(namespace(), y, {})
    means = [float(np.mean(column)) for column in prepared]
    if rows == 2:
        half = np.sqrt(np.mean(np.square(prepared[0] - means[0])))
        pseudo = (np.array([means[0] - half, means[0] + half]),)
    else:
        pseudo = tuple(np.array([mean]) for mean in means)
    full, reduced_terms = family.derivatives(prepared, eta), family.derivatives(pseudo, eta)
    for one, other in zip(
        (full.value, *full.gradient, *full.hessian), flat_items(reduced_terms), strict=True
    ):
        assert np.mean(one) == pytest.approx(np.mean(other), rel=1e-13)
