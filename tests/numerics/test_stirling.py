from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from thetahat.numerics.stirling import stirling_remainders, stirling_rises


def remainder(x, order):
    if order == 0:
        return mp.loggamma(x) - ((x - 0.5) * mp.log(x) - x + mp.log(2 * mp.pi) / 2)
    if order == 1:
        return mp.psi(0, x) - mp.log(x) + 1 / (2 * x)
    return mp.psi(1, x) - 1 / x - 1 / (2 * x * x)


@pytest.mark.parametrize("x", [1e-8, 0.3, 0.999, 1.0, 2.5, 7.9, 8.0, 31.7, 1e3, 1e8, 1e14])
def test_rises_are_differences_of_remainders_to_all_digits(x):
    found = stirling_rises(x, 64)
    # Below 1 the closed form of the first step subtracts numbers ten times as large.
    most = 3e-15 if x >= 1 else 2e-14
    with mp.workdps(120):
        for order, rises in enumerate(found):
            for step in (1, 2, 9, 64):
                expected = remainder(mp.mpf(x) + step, order) - remainder(mp.mpf(x), order)
                assert abs(float(mp.mpf(float(rises[step])) / expected - 1)) < most


@pytest.mark.parametrize("x", [0.4, 3.0, 1e6])
def test_no_step_is_no_rise(x):
    assert [rises.tolist() for rises in stirling_rises(x, 0)] == [[0.0]] * 3


def test_all_three_remainders_agree_with_many_digits():
    x = np.array([1e-3, 0.7, 1.0, 4.2, 7.99, 8.0, 123.0, 1e9])
    with mp.workdps(120):
        for order, values in enumerate(stirling_remainders(x)):
            expected = [float(remainder(mp.mpf(float(at)), order)) for at in x]
            np.testing.assert_allclose(values, expected, rtol=1e-14)
