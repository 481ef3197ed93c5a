from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from thetahat.numerics.incomplete_beta import log_beta_mass


def exact(reference, low, high, first, second):
    a, b = mp.mpf(first), mp.mpf(second)
    n = a + b

    def direct(low, high):
        centre = min(max(mp.log(max(a, 1) / max(b, 1)), low), high)
        p, q = 1 / (1 + mp.exp(-centre)), 1 / (1 + mp.exp(centre))

        def logs(s):
            growth = mp.log(q + p * mp.exp(s))
            return s - growth, -growth

        def products(s):
            x, y = logs(s)
            return 1, x, y, x * x, x * y, y * y

        slope = abs(a * q - b * p)
        width = min(1 / mp.sqrt(n * p * q), 1 / slope if slope else mp.mpf(1), mp.mpf(1)) / 2
        total, *rest = reference.moments(
            lambda s: mp.fdot((a, b), logs(s)), products, centre - low, high - centre, width
        )
        x, y, xx, xy, yy = (term / total for term in rest)
        value = (
            a * mp.log(p) + b * mp.log(q) - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(n) + mp.log(total)
        )
        shared = mp.psi(1, n)
        gradient = [mp.log(p) + x - mp.psi(0, a) + mp.psi(0, n), mp.log(q) + y - mp.psi(0, b) + mp.psi(0, n)]
        cross = xy - x * y + shared
        hessian = [[xx - x * x - mp.psi(1, a) + shared, cross], [cross, yy - y * y - mp.psi(1, b) + shared]]
        return value, gradient, hessian

    return reference.interval(direct, low, high, (-mp.inf, mp.inf))


def draw(rng):
    a, b = 10.0 ** rng.uniform(-3, 8, 2)
    sd = np.sqrt(1 / a + 1 / b) if min(a, b) > 1 else 3.0
    v = np.log(a / b) + rng.normal() * rng.choice([1, 3, 10, 30]) * sd
    intervals = [(-np.inf, v), (v, np.inf), (v, v + sd * 10.0 ** rng.uniform(-9, 1)), (v, v + 3 * sd)]
    return intervals[rng.integers(4)], a, b


def check(computed, expected, assert_close, context):
    value, gradient, hessian = computed
    assert_close(value, expected[0], 1e-11, floor=1.0, context=context)
    assert_close(value, expected[0], 1e-10, context=context)
    for j in range(2):
        assert_close(gradient[j], expected[1][j], 1e-8, context=(context, j))
    for entry, (j, k) in zip(hessian, ((0, 0), (0, 1), (1, 1)), strict=True):
        assert_close(entry, expected[2][j][k], 1e-8, context=(context, j, k))


def test_value_and_derivatives_against_50_digits(reference, rng, assert_close):
    checked = 0
    while checked < 120:
        (low, high), a, b = draw(rng)
        expected = exact(reference, low, high, a, b)
        if expected[0] < -1e4 or expected[0] > -1e-250:
            continue
        checked += 1
        check(log_beta_mass(low, high, a, b, order=2), expected, assert_close, (low, high, a, b))


@pytest.mark.parametrize(
    ("low", "high", "a", "b"),
    [
        (40.0, np.inf, 1e-3, 1e-3),
        (-np.inf, -5000.0, 1e-3, 2.0),
        (600.0, 700.0, 0.01, 0.02),
        (-1e-3, 1e-3, 1e8, 1e8),
        (0.0, np.inf, 1e5, 1e5 + 10),
        (-np.inf, 45.0, 2.0, 3.0),
    ],
)
def test_chosen_cases(reference, assert_close, low, high, a, b):
    expected = exact(reference, low, high, a, b)
    check(log_beta_mass(low, high, a, b, order=2), expected, assert_close, (low, high, a, b))


def test_agrees_with_scipy_in_the_bulk(rng):
    a, b = 10.0 ** rng.uniform(-1, 3, (2, 1000))
    v = np.log(a / b) + rng.normal(size=1000)
    lower = log_beta_mass(-np.inf, v, a, b)[0]
    assert np.exp(lower) == pytest.approx(special.betainc(a, b, special.expit(v)), abs=1e-11)


def test_mirror_symmetry(rng):
    v, w = np.sort(rng.normal(size=(2, 200)), axis=0)
    a, b = 10.0 ** rng.uniform(-2, 4, (2, 200))
    value, (d_a, d_b), (d_aa, d_ab, d_bb) = log_beta_mass(v, w, a, b, order=2)
    mirrored, (e_b, e_a), (e_bb, e_ab, e_aa) = log_beta_mass(-w, -v, b, a, order=2)
    for left, right in zip(
        (value, d_a, d_b, d_aa, d_ab, d_bb), (mirrored, e_a, e_b, e_aa, e_ab, e_bb), strict=True
    ):
        assert left == pytest.approx(right, rel=1e-9, abs=1e-300)


def test_edges_and_shapes():
    value, gradient, hessian = log_beta_mass(-np.inf, np.inf, [1.0, 2.0], 3.0, order=2)
    for array in (value, *gradient, *hessian):
        assert array.tolist() == [0.0, 0.0]
    value, gradient, hessian = log_beta_mass(1.0, 1.0, 1.0, 1.0, order=1)
    assert float(value) == -np.inf
    assert np.isnan(gradient[0])
    assert hessian is None
    assert np.isnan(log_beta_mass(0.0, 1.0, [-1.0, np.nan], 1.0)[0]).all()
    assert log_beta_mass(np.ones((2, 1)), np.full(3, 2.0), 1.0, 1.0, order=1)[1][0].shape == (2, 3)
