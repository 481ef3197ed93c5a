"""Skellam's mass for large counts, beside 50-digit Bessel functions and identities of its own."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import thetahat as th
from thetahat.families._bessel_saddle import SMALLEST, log_skellam

LOGS = [(3.0, 4.0), (6.2, 6.0), (-4.0, 7.0), (7.5, -2.0), (5.0, 7.6)]


def exactly(y, log_rate1, log_rate2):
    """Log mass, the excesses of both counts, and their variance given y."""
    with mp.workdps(50):
        first, second = mp.exp(mp.mpf(log_rate1)), mp.exp(mp.mpf(log_rate2))
        half, order = mp.sqrt(first * second), abs(int(y))
        bessel = [mp.besseli(order + k, 2 * half, maxterms=10**6) for k in range(3)]
        value = -first - second + mp.mpf(int(y)) / 2 * mp.log(first / second) + mp.log(bessel[0])
        smaller = half * bessel[1] / bessel[0]
        spread = half**2 * bessel[2] / bessel[0] + smaller - smaller**2
        return value, smaller + max(y, 0) - first, smaller + max(-y, 0) - second, spread


@pytest.mark.parametrize(("log_rate1", "log_rate2"), LOGS)
def test_it_has_all_digits_from_the_smallest_sum_on(log_rate1, log_rate2):
    rate1, rate2 = np.exp(log_rate1), np.exp(log_rate2)
    sd = np.sqrt(rate1 + rate2)
    y = np.round(rate1 - rate2 + sd * np.array([0.0, 0.7, -3.0, 12.0, -40.0, 200.0]))
    y = np.append(y, [0.0, 100.0, -100.0])
    y = y[np.hypot(y, 2.0 * np.exp(0.5 * (log_rate1 + log_rate2))) >= SMALLEST]
    assert y.size >= 3
    found = log_skellam(y, np.full(y.size, log_rate1), np.full(y.size, log_rate2), 2)
    for k, count in enumerate(y):
        value, first, second, spread = exactly(count, log_rate1, log_rate2)
        assert abs(found.value[k] - value) <= 2e-14 * (1 + abs(value))
        assert abs(found.first[k] - first) <= 1e-13 * (sd + abs(first))
        assert abs(found.second[k] - second) <= 1e-13 * (sd + abs(second))
        assert abs(found.spread[k] - spread) <= 1e-13 * spread


@pytest.mark.parametrize(("rate1", "rate2"), [(1e3, 1.1e3), (2e6, 2e6), (1e9, 5e8), (1e12, 1.0)])
def test_a_tail_moves_with_a_rate_by_the_mass_at_its_end(rate1, rate2):
    """∂P(Y > k)/∂rate1 = P(Y = k) and ∂P(Y > k)/∂rate2 = -P(Y = k + 1)."""
    family = th.Skellam(rate1=rate1, rate2=rate2)
    eta = (np.log(rate1), np.log(rate2))
    k = np.floor(rate1 - rate2 + np.sqrt(rate1 + rate2) * np.array([-2.0, 0.0, 1.0, 5.0]))
    tail = family.log_mass(k, np.full(4, np.inf), {}, eta, 2)
    expected = np.exp(family.log_prob(k) - tail.value), np.exp(family.log_prob(k + 1.0) - tail.value)
    np.testing.assert_allclose(tail.gradient[0], rate1 * expected[0], rtol=1e-8)
    np.testing.assert_allclose(tail.gradient[1], -rate2 * expected[1], rtol=1e-8)


def test_no_seam_where_the_expansion_takes_over():
    y = np.arange(90.0, 111.0)
    family = th.Skellam(rate1=9.0, rate2=2.0)
    steps = np.diff(family.log_prob(y), n=4)
    assert np.abs(np.diff(steps)).max() < 1e-7
