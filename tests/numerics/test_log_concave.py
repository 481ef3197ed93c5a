from __future__ import annotations

import numpy as np
import pytest

from thetahat.numerics.log_concave import LOG_DROP, effective_extent, log_concave_moments


def test_exponential_moments_over_many_scales():
    rate = 10.0 ** np.arange(-9.0, 9.0)

    def integrand(rows, s, narrow):
        assert not narrow or np.abs(s).max() <= 0.5
        return -rate[rows] * s, (s,)

    moments = log_concave_moments(integrand, np.zeros(rate.size), 50.0 / rate, 1, 2)
    assert moments.log_integral == pytest.approx(-np.log(rate), abs=1e-13)
    assert moments.mean[0] == pytest.approx(1 / rate, rel=1e-13)
    assert moments.covariance[0, 0] == pytest.approx(1 / rate**2, rel=1e-12)


def test_two_statistics_and_both_sides():
    def integrand(_rows, s, _narrow):
        return -0.5 * s * s, (s, s * s)

    moments = log_concave_moments(integrand, np.full(3, 9.0), np.full(3, 9.0), 2, 2)
    assert moments.log_integral == pytest.approx(0.5 * np.log(2 * np.pi), abs=1e-14)
    assert moments.mean[1] == pytest.approx(1.0, abs=1e-13)
    assert moments.covariance[:, :, 0] == pytest.approx(np.diag([1.0, 2.0]), abs=1e-12)


def test_rows_do_not_depend_on_their_neighbours():
    extent = np.random.default_rng(3).uniform(0.01, 40.0, 5000)

    def integrand(_rows, s, _narrow):
        return -s, (s,)

    together = log_concave_moments(integrand, np.zeros(5000), extent, 1, 2).log_integral
    alone = log_concave_moments(integrand, np.zeros(100), extent[:100], 1, 2).log_integral
    assert together[:100] == pytest.approx(alone, rel=1e-15, abs=1e-15)


def test_an_empty_interval_has_no_mass():
    def integrand(_rows, s, _narrow):
        return -s, ()

    assert log_concave_moments(integrand, np.zeros(1), np.zeros(1), 0, 0).log_integral.tolist() == [-np.inf]


@pytest.mark.parametrize("guess", [1e-8, 1.0, 1e8])
def test_effective_extent(guess):
    drops = [
        lambda _, s: (0.5 * s * s, s),
        lambda _, s: (1e-6 * s, np.full_like(s, 1e-6)),
        lambda _, s: (np.expm1(s) - s, np.expm1(s)),
        lambda _, s: (1e7 * (np.cosh(s) - 1), 1e7 * np.sinh(s)),
        lambda _, s: (np.log1p(np.exp(s)) - np.log(2.0) - 1e-3 * s, 1 / (1 + np.exp(-s)) - 1e-3),
    ]
    for drop in drops:
        for limit in (np.inf, 1e-3, 1e3):
            extent = effective_extent(drop, np.array([limit]), np.array([guess]))
            fall = drop(None, extent)[0]
            assert (fall <= 1.61 * LOG_DROP).all()
            assert (fall >= LOG_DROP).all() or extent[0] == limit
