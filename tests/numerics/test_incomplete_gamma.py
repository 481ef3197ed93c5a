from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from thetahat.numerics.incomplete_gamma import log_gamma_mass


def exact(reference, low, high, shape):
    a = mp.mpf(shape)

    def direct(low, high):
        centre = min(max(a, mp.mpf(1), low), high)
        left = mp.log(centre / low) if low > 0 else mp.inf
        right = mp.log(high / centre) if high < mp.inf else mp.inf
        width = min(1 / mp.sqrt(centre), 1 / abs(a - centre) if a != centre else mp.mpf(1)) / 2
        total, first, second = reference.moments(
            lambda s: a * s - centre * mp.expm1(s), lambda s: (1, s, s * s), left, right, width
        )
        value = a * mp.log(centre) - centre - mp.loggamma(a) + mp.log(total)
        mean = first / total
        return value, [mp.log(centre) + mean - mp.psi(0, a)], [[second / total - mean**2 - mp.psi(1, a)]]

    value, gradient, hessian = reference.interval(direct, low, high, (mp.mpf(0), mp.inf))
    return value, gradient[0], hessian[0][0]


def draw(rng):
    shape = 10.0 ** rng.uniform(-3, 7)
    spread = rng.normal() * rng.choice([1, 3, 10, 100])
    x = shape * np.exp(spread / np.sqrt(shape)) if shape > 1 else 10.0 ** rng.uniform(-8, 4)
    width = 10.0 ** rng.uniform(-12, 1)
    return [(0.0, x), (x, np.inf), (x, x * (1 + width)), (x, x * (1 + 3 / np.sqrt(shape)))][
        rng.integers(4)
    ], shape


def test_value_and_derivatives_against_50_digits(reference, rng, assert_close):
    checked = 0
    while checked < 150:
        (low, high), shape = draw(rng)
        value, first, second = exact(reference, low, high, shape)
        if value < -1e4 or value > -1e-250:
            continue
        checked += 1
        computed = log_gamma_mass(low, high, shape, order=2)
        context = (low, high, shape)
        assert_close(computed[0], value, 1e-13, floor=1.0, context=context)
        assert_close(computed[0], value, 1e-12, context=context)
        assert_close(computed[1], first, 1e-9, context=context)
        assert_close(computed[2], second, 1e-9, context=context)


@pytest.mark.parametrize("shape", [1e-8, 1e-5, 1e10])
def test_extreme_shapes(reference, assert_close, shape):
    for low, high in ((shape * 0.9999, shape), (0.5, 2.0), (0.0, 1e-300), (3.0, np.inf)):
        value, first, second = exact(reference, low, high, shape)
        computed = log_gamma_mass(low, high, shape, order=2)
        assert_close(computed[0], value, 1e-12, floor=1.0, context=(low, high, shape))
        if value < -1e-250:
            # In log shape, the working coordinate, derivatives come multiplied by the shape and its square.
            assert_close(computed[1], first, 1e-8, floor=1e-3 / shape, context=(low, high, shape))
            assert_close(computed[2], second, 1e-8, floor=1e-3 / shape**2, context=(low, high, shape))


def test_far_tail_near_one(reference, assert_close):
    value, first, second = exact(reference, 0.0, 80.0, 3.0)
    computed = log_gamma_mass(0.0, 80.0, 3.0, order=2)
    assert -1e-29 < float(computed[0]) < 0.0
    for left, right in zip(computed, (value, first, second), strict=True):
        assert_close(left, right, 1e-12)


def test_agrees_with_scipy_in_the_bulk(rng):
    shape = 10.0 ** rng.uniform(-1, 3, 1000)
    x = rng.gamma(shape)
    inside = x > 0.0
    lower = log_gamma_mass(0.0, x[inside], shape[inside])[0]
    assert np.exp(lower) == pytest.approx(special.gammainc(shape[inside], x[inside]), abs=1e-12)
    upper = log_gamma_mass(x[inside], np.inf, shape[inside])[0]
    assert np.exp(upper) == pytest.approx(special.gammaincc(shape[inside], x[inside]), abs=1e-12)


def test_neighbouring_intervals_add_up(rng):
    edges = np.concatenate([[0.0], np.sort(rng.gamma(2.5, size=50)), [np.inf]])
    assert np.exp(log_gamma_mass(edges[:-1], edges[1:], 2.5)[0]).sum() == pytest.approx(1.0, abs=1e-14)


def test_edges_and_shapes():
    value, first, second = log_gamma_mass(0.0, np.inf, [1.0, 2.0], order=2)
    assert value.tolist() == first.tolist() == second.tolist() == [0.0, 0.0]
    value, first, _ = log_gamma_mass([2.0, 3.0], 2.0, 1.0, order=1)
    assert value.tolist() == [-np.inf, -np.inf]
    assert np.isnan(first).all()
    assert np.isnan(log_gamma_mass(0.0, 1.0, [-1.0, np.nan, 0.0])[0]).all()
    assert np.isnan(log_gamma_mass(np.nan, 1.0, 1.0)[0])
    assert log_gamma_mass(np.ones((2, 1)), np.full(3, 2.0), 1.0, order=1)[1].shape == (2, 3)
    assert log_gamma_mass(np.ones(0), 2.0, 1.0)[0].shape == (0,)


@pytest.mark.parametrize("shape", [0.05, 3.0, 2000.0, 5e5])
def test_derivatives_in_the_shape_at_ends_relative_to_the_mean(assert_close, shape):
    step, scale = mp.mpf(10) ** -15, 1.0 / np.sqrt(shape)

    def mass(low, high, a):
        return mp.log(mp.gammainc(a, low * a, high * a, regularized=True))

    for low, high in ((1e-8, 1.5), (1.0 + scale, 1.0 + 1.01 * scale), (1.0 + 5 * scale, np.inf), (0.5, 0.6)):
        if shape * (low - 1.0 - np.log(low)) > 300:
            continue
        with mp.workdps(100):
            below, here, above = (mass(mp.mpf(low), mp.mpf(high), shape + k * step) for k in (-1, 0, 1))
            first, second = (above - below) / (2 * step), (above - 2 * here + below) / step**2
        found = log_gamma_mass(low * shape, high * shape, shape, order=2, relative=True)
        context = (low, high, shape)
        assert_close(found[0], here, 1e-12, context=context)
        assert_close(found[1], first, 1e-10, floor=1e-3 / shape, context=context)
        assert_close(found[2], second, 1e-9, floor=1e-3 / shape**2, context=context)
