from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from thetahat.numerics.normal import (
    log_normal_cdf,
    log_normal_density,
    log_normal_mass,
    normal_quantile,
    normal_quantile_of_log,
)


def test_mass_against_many_digits(rng):
    for _ in range(400):
        low = float(rng.normal() * 10.0 ** rng.uniform(-2, 2))
        high = low + 10.0 ** rng.uniform(-12, 2)
        if low == high:
            continue
        with mp.workdps(80):
            near, far = (low, high) if low > 0 else (-high, -low)
            expected = mp.log((mp.erfc(mp.mpf(near) / mp.sqrt(2)) - mp.erfc(mp.mpf(far) / mp.sqrt(2))) / 2)
            error = abs(mp.mpf(float(log_normal_mass(low, high))) - expected)
            assert error <= 2e-15 * max(1, abs(expected)), (low, high)


def test_mass_near_one_keeps_its_digits():
    with mp.workdps(60):
        expected = mp.log1p(-mp.erfc(mp.mpf(9) / mp.sqrt(2)))
        assert abs(mp.mpf(float(log_normal_mass(-9.0, 9.0))) / expected - 1) < 1e-13


def test_cdf_in_both_tails():
    for z in [*np.linspace(-40.0, 12.0, 200), -141.0, -1e4]:
        with mp.workdps(60):
            expected = mp.log(mp.erfc(-mp.mpf(float(z)) / mp.sqrt(2)) / 2)
            assert abs(mp.mpf(float(log_normal_cdf(z))) - expected) <= 1e-13 * abs(expected)


def test_quantiles_invert():
    z = np.linspace(-8.0, 5.0, 50)
    assert normal_quantile(np.exp(log_normal_cdf(z))) == pytest.approx(z, abs=1e-9)
    tail = np.array([-100.0, -10.0, -1.0, 0.0, 2.0])
    assert normal_quantile_of_log(log_normal_cdf(tail)) == pytest.approx(tail, rel=1e-13, abs=1e-15)


def test_edges():
    infinity = np.inf
    assert float(log_normal_mass(-infinity, infinity)) == 0.0
    assert float(log_normal_mass(2.0, 2.0)) == -infinity
    assert log_normal_mass([1e160, 1e160, -1e200], [1.5e160, infinity, -1e180]).tolist() == [-infinity] * 3
    assert float(log_normal_mass(-infinity, -infinity)) == -infinity
    assert np.isnan(log_normal_mass(np.nan, 1.0))
    assert log_normal_mass(np.zeros((2, 1)), np.ones(3)).shape == (2, 3)
    assert float(log_normal_density(infinity)) == -infinity
