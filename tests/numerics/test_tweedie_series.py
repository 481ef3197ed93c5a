"""The series of Tweedie's density against 50-digit sums of its terms."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from thetahat.numerics.tweedie_series import tweedie_series


def remainder(x):
    return mpmath.loggamma(x) - (x - mpmath.mpf(1) / 2) * mpmath.log(x) + x - mpmath.log(2 * mpmath.pi) / 2


def direct(log_peak, log_shape):
    place, alpha = mpmath.e ** mpmath.mpf(log_peak), mpmath.e ** mpmath.mpf(log_shape)
    spread = float(mpmath.sqrt(place / (1 + alpha)))
    first = max(1, int(place - 12 * spread - 8))
    last = int(place + 13 * spread + 60 / (1 + float(alpha)) + 4)
    terms = [
        -(1 + alpha) * (j * mpmath.log(j / place) - j + place)
        - remainder(mpmath.mpf(j))
        - remainder(alpha * j)
        for j in range(first, last + 1)
    ]
    return mpmath.log(mpmath.fsum(mpmath.exp(term) for term in terms))


@pytest.mark.parametrize("log_shape", [-4.6, -1.0, 0.0, 1.5, 4.6])
@pytest.mark.parametrize("log_peak", [-20.0, -1.0, 1.0, 3.6, 3.75, 5.0])
def test_value_and_derivatives_are_those_of_the_sum(log_peak, log_shape):
    found = tweedie_series(np.array([log_peak]), log_shape, 2)
    with mpmath.workdps(50):
        step = mpmath.mpf("1e-12")
        at = {
            (i, j): direct(log_peak + i * step, log_shape + j * step)
            for i, j in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)]
        }
        level = at[0, 0]
        rise = at[1, 1] + at[-1, -1] - 2 * level
        peak, shape = at[1, 0] + at[-1, 0] - 2 * level, at[0, 1] + at[0, -1] - 2 * level
        expected = [
            level,
            (at[1, 0] - at[-1, 0]) / (2 * step),
            (at[0, 1] - at[0, -1]) / (2 * step),
            peak / step**2,
            (rise - peak - shape) / (2 * step**2),
            shape / step**2,
        ]
    for item, truth in zip((found.value, *found.gradient, *found.hessian), map(float, expected), strict=True):
        assert abs(item[0] - truth) < 1e-12 * max(1.0, abs(truth)) * np.exp(max(log_shape, 0.0))


def test_the_limit_of_many_terms_is_stirlings_of_the_gamma_function():
    log_total = np.log([0.3, 2.0, 50.0])
    with mpmath.workdps(30):
        expected = [float(-remainder(mpmath.e ** mpmath.mpf(item))) for item in log_total]
    for log_shape in (-60.0, -800.0):
        found = tweedie_series(log_total - log_shape, log_shape, 2)
        # W is √(2π j*) exp(-r(α j*)) there.
        rest = found.value - 0.5 * (log_total - log_shape) - 0.5 * np.log(2.0 * np.pi)
        assert np.allclose(rest, expected, rtol=0, atol=1e-13)
        assert np.isfinite([*found.gradient, *found.hessian]).all()


def test_rows_do_not_depend_on_each_other_nor_on_how_many_there_are():
    rng = np.random.default_rng(3)
    peak, shape = rng.uniform(-5.0, 8.0, 3000), rng.uniform(-3.0, 4.0, 3000)
    together = tweedie_series(peak, shape, 2)
    for row in range(0, 3000, 97):
        alone = tweedie_series(peak[row : row + 1], shape[row], 2)
        for both, one in zip(
            (together.value, *together.gradient, *together.hessian),
            (alone.value, *alone.gradient, *alone.hessian),
            strict=True,
        ):
            assert np.isclose(both[row], one[0], rtol=1e-12, atol=1e-12)


def test_few_rows_far_apart_take_no_more_memory_than_their_terms():
    log_peak, log_shape = np.array([-10.0, 25.0]), np.array([-2.0, 30.0])
    together = tweedie_series(log_peak, log_shape)
    alone = [tweedie_series(log_peak[k : k + 1], log_shape[k : k + 1]).value[0] for k in range(2)]
    assert np.array_equal(together.value, alone)
    assert np.isfinite(alone).all()
