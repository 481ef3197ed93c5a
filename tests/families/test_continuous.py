"""Continuous families: derivatives against JAX and 50 digits, and masses of intervals."""

from __future__ import annotations

from functools import cache
from itertools import product

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from thetahat.families import GEV, Beta, Exponential, Logistic, LogNormal, Normal, StudentT, Weibull
from thetahat.numerics.namespace import namespace

DIGITS = 50
ROWS = 8
INF = np.inf


# ---- References in 50 digits: log density of y and log mass of (low, high], in working coordinates
# ----------------


def log_normal_tail(z):
    return mp.log(mp.erfc(z / mp.sqrt(2)) / 2)


def log_difference(low, high, log_cdf, log_sf):
    """Log mass from the log cdf and log sf, taken in the tail where it does not cancel."""
    if low + high > 0:
        upper, beyond = log_sf(low), (log_sf(high) if high < mp.inf else -mp.inf)
    else:
        upper, beyond = log_cdf(high), (log_cdf(low) if low > -mp.inf else -mp.inf)
    return upper if beyond == -mp.inf else upper + mp.log(-mp.expm1(beyond - upper))


def standardised(y, location, log_scale):
    return y if mp.isinf(y) else (y - location) / mp.exp(log_scale)


def log_of(y):
    return -mp.inf if y <= 0 else mp.log(y) if y < mp.inf else mp.inf


def normal_density(y, mean, log_sd):
    z = standardised(y, mean, log_sd)
    return -z * z / 2 - mp.log(2 * mp.pi) / 2 - log_sd


def normal_mass(low, high, mean, log_sd):
    ends = (standardised(end, mean, log_sd) for end in (low, high))
    return log_difference(*ends, lambda z: log_normal_tail(-z), log_normal_tail)


def log_normal_density(y, mean_log, log_sd):
    return normal_density(mp.log(y), mean_log, log_sd) - mp.log(y)


def log_normal_mass(low, high, mean_log, log_sd):
    return normal_mass(log_of(low), log_of(high), mean_log, log_sd)


def logistic_density(y, location, log_scale):
    z = standardised(y, location, log_scale)
    return -abs(z) - 2 * mp.log1p(mp.exp(-abs(z))) - log_scale


def logistic_mass(low, high, location, log_scale):
    ends = (standardised(end, location, log_scale) for end in (low, high))
    return log_difference(*ends, lambda z: -mp.log1p(mp.exp(-z)), lambda z: -mp.log1p(mp.exp(z)))


def exponential_density(y, log_rate):
    return log_rate - mp.exp(log_rate) * y


def exponential_mass(low, high, log_rate):
    low, rate = max(low, mp.mpf(0)), mp.exp(log_rate)
    return -rate * low + (mp.log(-mp.expm1(-rate * (high - low))) if high < mp.inf else 0)


def weibull_density(y, log_shape, log_scale):
    z = mp.exp(log_shape) * (mp.log(y) - log_scale)
    return z - mp.exp(z) + log_shape - mp.log(y)


def weibull_mass(low, high, log_shape, log_scale):
    shape, scale = mp.exp(log_shape), mp.exp(log_scale)
    low, high = ((end / scale) ** shape if end > 0 else mp.mpf(0) for end in (low, high))
    return -low + (mp.log(-mp.expm1(low - high)) if high < mp.inf else 0)


def student_density(y, location, log_scale, log_df):
    df, z = mp.exp(log_df), standardised(y, location, log_scale)
    constant = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(mp.pi * df) / 2
    return constant - (df + 1) / 2 * mp.log1p(z * z / df) - log_scale


def student_mass(low, high, location, log_scale, log_df):
    df = mp.exp(log_df)

    def log_sf(z):
        if z < 0:
            return mp.log1p(-mp.exp(log_sf(-z)))
        return mp.log(mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + z * z), regularized=True) / 2)

    ends = (standardised(end, location, log_scale) for end in (low, high))
    return log_difference(*ends, lambda z: log_sf(-z), log_sf)


def reduced(z, shape):
    return mp.log1p(shape * z) / shape if shape else z


def gev_density(y, location, log_scale, shape):
    w = reduced(standardised(y, location, log_scale), shape)
    return -(1 + shape) * w - mp.exp(-w) - log_scale


def gev_mass(low, high, location, log_scale, shape):
    def power(end):
        z = standardised(end, location, log_scale)
        if z == mp.inf or (shape < 0 and shape * z <= -1):
            return mp.mpf(0)
        if z == -mp.inf or shape * z <= -1:
            return mp.inf
        return mp.exp(-reduced(z, shape))

    low, high = power(low), power(high)
    return -high + (mp.log(-mp.expm1(high - low)) if low < mp.inf else 0)


def beta_density(y, log_alpha, log_beta):
    alpha, beta = mp.exp(log_alpha), mp.exp(log_beta)
    normaliser = mp.loggamma(alpha) + mp.loggamma(beta) - mp.loggamma(alpha + beta)
    return (alpha - 1) * mp.log(y) + (beta - 1) * mp.log1p(-y) - normaliser


def beta_mass(low, high, log_alpha, log_beta):
    alpha, beta = mp.exp(log_alpha), mp.exp(log_beta)
    if high >= 1:
        return mp.log(mp.betainc(beta, alpha, 0, 1 - low, regularized=True))
    return mp.log(mp.betainc(alpha, beta, max(low, 0), high, regularized=True))


# ---- Comparison
# ---------------------------------------------------------------------------------------------------


def triangle(size):
    return [(j, k) for j in range(size) for k in range(j + 1)]


def exact_terms(function, eta):
    """Value, gradient and Hessian of ``function(*eta)`` by differences in 50 digits."""
    with mp.workdps(DIGITS):
        point = tuple(mp.mpf(float(coordinate)) for coordinate in eta)
        units = [tuple(int(j == k) for k in range(len(eta))) for j in range(len(eta))]
        gradient = [mp.diff(function, point, unit) for unit in units]
        pairs = [tuple(map(sum, zip(units[j], units[k], strict=True))) for j, k in triangle(len(eta))]
        hessian = [mp.diff(function, point, pair) for pair in pairs]
        return [float(item) for item in (function(*point), *gradient, *hessian)]


def flat(terms, row=0):
    return [float(np.ravel(item)[row if np.size(item) > 1 else 0]) for item in flat_items(terms)]


def flat_items(terms):
    return (terms.value, *terms.gradient, *terms.hessian)


def density_terms(family, y, eta):
    rows = family.prepare(namespace(), np.atleast_1d(np.asarray(y, dtype=float)), {})
    with np.errstate(all="ignore"):
        return family.derivatives(rows, tuple(np.float64(coordinate) for coordinate in eta))


def mass_terms(family, low, high, eta, order=2):
    ends = np.array([low], dtype=float), np.array([high], dtype=float)
    with np.errstate(all="ignore"):
        return family.log_mass(*ends, {}, tuple(np.float64(coordinate) for coordinate in eta), order)


@cache
def by_autodiff(family):
    import jax

    def value(eta, rows):
        return family.log_density(namespace(*rows), rows, tuple(eta))

    row_wise = [jax.vmap(function, (None, 0)) for function in (value, jax.grad(value), jax.hessian(value))]
    return jax.jit(lambda eta, rows: tuple(function(eta, rows) for function in row_wise))


def assert_agrees_with_jax(family, y, eta, relative=1e-9):
    import jax

    terms = density_terms(family, y, eta)
    rows = family.prepare(namespace(), y, {})
    with jax.enable_x64(new_val=True):
        arrays_ = tuple(jax.numpy.asarray(column) for column in rows)
        value, gradient, hessian = map(np.asarray, by_autodiff(family)(jax.numpy.asarray(eta), arrays_))
    np.testing.assert_allclose(terms.value, value, rtol=1e-12, atol=1e-12)
    scale = 1.0 + np.abs(value)
    for j in range(len(eta)):
        assert np.all(
            np.abs(terms.gradient[j] - gradient[:, j]) <= relative * (np.abs(gradient[:, j]) + scale)
        )
    for item, (j, k) in zip(terms.hessian, triangle(len(eta)), strict=True):
        assert np.all(np.abs(item - hessian[:, j, k]) <= relative * (np.abs(hessian[:, j, k]) + scale))


NORMAL, LOG_NORMAL, LOGISTIC, STUDENT = Normal(), LogNormal(), Logistic(), StudentT()
GEV_, WEIBULL, EXPONENTIAL, BETA = GEV(), Weibull(), Exponential(), Beta()

bulk = st.floats(-6.0, 6.0)
tails = st.sampled_from([-1.0, 1.0]).flatmap(lambda sign: st.floats(6.0, 60.0).map(lambda size: sign * size))
standard_points = arrays(np.float64, ROWS, elements=st.one_of(bulk, tails))
locations, log_scales = st.floats(-10.0, 10.0), st.floats(-3.0, 3.0)


@settings(max_examples=25)
@given(standard_points, locations, log_scales, st.floats(-2.0, 4.0), st.floats(-0.9, 1.5))
def test_location_scale_derivatives_agree_with_jax(z, location, log_scale, log_df, shape):
    y = location + np.exp(log_scale) * z
    # In units of the scale, so that a small one does not hide the other entries' agreement.
    for family, rest in ((NORMAL, ()), (LOGISTIC, ()), (STUDENT, (log_df,))):
        assert_agrees_with_jax(
            family, y, (location, log_scale, *rest), 1e-9 * max(1.0, np.exp(-2 * log_scale))
        )
    w = np.clip(z, -3.0, 12.0)
    inside = location + np.exp(log_scale) * (np.expm1(shape * w) / shape if shape else w)
    assert_agrees_with_jax(
        GEV_, inside, (location, log_scale, shape), 1e-8 * max(1.0, np.exp(-2 * log_scale))
    )


@settings(max_examples=25)
@given(standard_points, st.floats(-3.0, 3.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_positive_derivatives_agree_with_jax(z, log_scale, log_shape, log_other):
    assert_agrees_with_jax(LOG_NORMAL, np.exp(log_scale + z * np.exp(log_shape)), (log_scale, log_shape))
    assert_agrees_with_jax(EXPONENTIAL, np.exp(np.clip(z, -60.0, 5.0) - log_scale), (log_scale,))
    times = np.exp(np.clip(z, -60.0, 4.0) * np.exp(-log_shape) + log_scale)
    assert_agrees_with_jax(WEIBULL, times, (log_shape, log_scale))
    proportions = np.clip(1 / (1 + np.exp(-z)), 1e-300, 1 - 1e-12)
    assert_agrees_with_jax(BETA, proportions, (log_shape, log_other), 1e-7)


DENSITY_CASES = [
    *(
        (STUDENT, student_density, y, (0.3, 0.2, np.log(df)))
        for df, y in product((0.01, 3, 1e5, 1e10), (0.9, -40.0, 1e9))
    ),
    *(
        (GEV_, gev_density, y, (0.3, 0.2, shape))
        for shape, y in product((1e-300, 1e-9, -1e-4, 0.04, 0.06), (0.31, -1.5, 6.0))
    ),
    (GEV_, gev_density, 1.6, (0.3, 0.2, -0.9)),
    (GEV_, gev_density, 1e6, (0.3, 0.2, 0.9)),
    (BETA, beta_density, 1e-300, (-1.0, 2.0)),
    (BETA, beta_density, 0.999999, (5.0, -3.0)),
    (WEIBULL, weibull_density, 1e-20, (1.0, 0.5)),
    (LOGISTIC, logistic_density, -900.0, (0.2, 0.1)),
]


@pytest.mark.parametrize(("family", "reference", "y", "eta"), DENSITY_CASES)
def test_derivatives_keep_their_digits_where_autodiff_would_not(family, reference, y, eta):
    with mp.workdps(DIGITS):
        exact = exact_terms(lambda *point: reference(mp.mpf(y), *point), eta)
    np.testing.assert_allclose(flat(density_terms(family, y, eta)), exact, rtol=3e-14, atol=1e-40)


def test_the_formula_for_numpy_is_the_value_of_the_derivatives():
    y = np.array([0.1, 0.4, 0.9])
    for family in (NORMAL, LOG_NORMAL, LOGISTIC, STUDENT, GEV_, WEIBULL, EXPONENTIAL, BETA):
        eta = (0.3, -0.2, 0.1)[: len(family.declared)]
        rows = family.prepare(namespace(), y, {})
        np.testing.assert_array_equal(
            family.log_density(namespace(), rows, eta), family.derivatives(rows, eta).value
        )


# ---- Masses of intervals
# ------------------------------------------------------------------------------------------

REAL_INTERVALS = [
    (-INF, 0.4),
    (-INF, -30.0),
    (30.0, INF),
    (-1.0, 2.0),
    (1.0, 1.0 + 1e-9),
    (12.0, 12.02),
    (-12.5, -12.0),
    (-9.0, 10.0),
]
POSITIVE_INTERVALS = [
    (0.0, 1e-30),
    (0.0, 3.0),
    (5.0, INF),
    (0.5, 1.5),
    (2.0, 2.0 + 1e-9),
    (4.0, 4.1),
    (1e-9, 1.3e-9),
]
MASS_CASES = [
    *((NORMAL, normal_mass, ends, (0.1, 0.05)) for ends in [*REAL_INTERVALS, (130.0, INF), (100.0, 100.01)]),
    *((LOGISTIC, logistic_mass, ends, (0.1, 0.05)) for ends in [*REAL_INTERVALS, (2000.0, INF)]),
    *(
        (STUDENT, student_mass, ends, (0.1, 0.05, log_df))
        for ends, log_df in product(REAL_INTERVALS, (-0.7, 3.0))
    ),
    *(
        (GEV_, gev_mass, ends, (0.1, 0.05, shape))
        for ends, shape in product([*REAL_INTERVALS[:-4], (1.0, 1.0 + 1e-9), (3.0, 3.2)], (1e-9, 0.3, -0.2))
        if not (shape < 0 and ends[0] > 5)
        and not (shape > 0.1 and ends[1] < -5)
        and not (shape < 0.1 and ends[1] < -5)
    ),
    *(
        (WEIBULL, weibull_mass, ends, (0.3, 0.05))
        for ends in [*POSITIVE_INTERVALS, (40.0, INF), (0.0, 1e-300)]
    ),
    *((LOG_NORMAL, log_normal_mass, ends, (0.1, 0.05)) for ends in [*POSITIVE_INTERVALS, (1e30, INF)]),
    *(
        (EXPONENTIAL, exponential_mass, ends, (0.1,))
        for ends in [*POSITIVE_INTERVALS, (1e3, INF), (0.0, 45.0)]
    ),
    *(
        (BETA, beta_mass, ends, (0.3, 1.2))
        for ends in [(-INF, 1e-200), (0.0, 0.3), (0.99, 1.0), (0.5, INF), (0.5, 0.5 + 1e-9), (0.2, 0.7)]
    ),
]


@pytest.mark.parametrize(("family", "reference", "ends", "eta"), MASS_CASES)
def test_interval_mass_and_derivatives_agree_with_fifty_digits(family, reference, ends, eta):
    with mp.workdps(DIGITS):
        low, high = (mp.mpf(end) if np.isfinite(end) else mp.inf * int(np.sign(end)) for end in ends)
        exact = exact_terms(lambda *point: reference(low, high, *point), eta)
    terms = mass_terms(family, *ends, eta)
    # A value near 0 has the accuracy of the complement; tiny curvatures that of the gradient they are made
    # of.
    floor = 1e-15 * max(abs(item) for item in exact[1:]) if abs(exact[0]) > 1e-3 else 0.0
    np.testing.assert_allclose(
        flat(terms), exact, rtol=1e-10 if family is STUDENT else 2e-12, atol=10 * floor
    )
    assert mass_terms(family, *ends, eta, order=0).value == terms.value


@pytest.mark.parametrize("family", [NORMAL, LOGISTIC, STUDENT, GEV_])
def test_interval_mass_far_from_the_origin(family):
    eta = (1e9, -5.0, 0.2)[: len(family.declared)]
    shifted = (0.0, *eta[1:])
    for low, high in ((-0.015625, 0.0078125), (0.0, 2.0**-20), (-INF, 0.0)):
        there, here = mass_terms(family, 1e9 + low, 1e9 + high, eta), mass_terms(family, low, high, shifted)
        np.testing.assert_allclose(flat(there), flat(here), rtol=1e-11)


def test_parameters_by_row_give_what_each_row_gives_alone():
    rng = np.random.default_rng(7)
    low = rng.normal(size=6)
    high = low + np.array([1e-8, 1e-3, 0.1, 1.0, 5.0, INF])
    for family in (NORMAL, LOGISTIC, STUDENT, GEV_):
        eta = tuple(rng.normal(scale=0.2, size=6) for _ in family.declared)
        with np.errstate(all="ignore"):
            together = family.log_mass(low, high, {}, eta, 2)
            density = family.derivatives(family.prepare(namespace(), low, {}), eta)
        for row in range(6):
            at_row = tuple(coordinate[row] for coordinate in eta)
            mass_alone = mass_terms(family, low[row], high[row], at_row)
            density_alone = density_terms(family, low[row], at_row)
            np.testing.assert_allclose(flat(together, row), flat(mass_alone), rtol=1e-13)
            np.testing.assert_allclose(flat(density, row), flat(density_alone), rtol=1e-13)
