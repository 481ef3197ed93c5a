from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from thetahat.numerics.normal import log_normal_mass
from thetahat.numerics.student import log_student_mass


def exact(reference, low, high, freedom):
    n = mp.mpf(freedom)
    excess = mp.psi(0, (n + 1) / 2) - mp.psi(0, n / 2) - 1 / n
    slope = (mp.psi(1, (n + 1) / 2) - mp.psi(1, n / 2)) / 2 + 1 / n**2

    def hyperbolic(z):
        return mp.asinh(z / mp.sqrt(n)) if abs(z) < mp.inf else mp.sign(z) * mp.inf

    def direct(low, high):
        if high <= 0:
            low, high = -high, -low
        centre = hyperbolic(max(low, mp.mpf(0)))
        steep = n * mp.tanh(centre)
        width = min(1 / mp.sqrt(n), 1 / steep if steep else mp.mpf(1), mp.mpf(1)) / 2

        def products(s):
            v = centre + s
            share = mp.tanh(v) ** 2
            score = (excess - (2 * mp.log(mp.cosh(v)) - share) + share / n) / 2
            bend = (slope + share**2 / n - (2 * share - share**2) / n**2) / 2
            return 1, score, score**2 + bend

        total, first, second = reference.moments(
            lambda s: -n * mp.log(mp.cosh(centre + s) / mp.cosh(centre)),
            products,
            centre - hyperbolic(low),
            hyperbolic(high) - centre,
            width,
        )
        constant = mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2) - mp.log(mp.pi) / 2
        mean = first / total
        return (
            constant - n * mp.log(mp.cosh(centre)) + mp.log(total),
            [mean],
            [[second / total - mean**2]],
        )

    value, gradient, hessian = reference.interval(direct, low, high, (-mp.inf, mp.inf))
    return value, gradient[0], hessian[0][0]


def draw(rng):
    df = 10.0 ** rng.uniform(-1.3, 10)
    size = 10.0 ** rng.uniform(-2, 2 if df > 50 else 8)
    z = rng.normal() * size
    width = 10.0 ** rng.uniform(-10, 2)
    return [(-np.inf, z), (z, np.inf), (z, z + width), (-abs(z), width + 2 * abs(z))][rng.integers(4)], df


def test_value_and_derivatives_against_50_digits(reference, rng, assert_close):
    checked = 0
    while checked < 100:
        (low, high), df = draw(rng)
        if not low < high:
            continue
        value, first, second = exact(reference, low, high, df)
        if value < -1e4 or value > -1e-250:
            continue
        checked += 1
        computed = log_student_mass(low, high, df, order=2)
        context = (low, high, df)
        assert_close(computed[0], value, 1e-13, floor=1.0, context=context)
        assert_close(computed[0], value, 1e-12, context=context)
        # A half line from near zero has a derivative near zero, whose terms set the scale.
        assert_close(computed[1], first, 1e-9, floor=1e-3 / (df * (df + 1)), context=context)
        assert_close(computed[2], second, 1e-9, floor=1e-3 / (df**2 * (df + 1)), context=context)


def test_approaches_the_normal():
    low, high = np.array([-1.0, 2.0, -30.0]), np.array([0.5, np.inf, -29.0])
    assert log_student_mass(low, high, 1e16)[0] == pytest.approx(log_normal_mass(low, high), rel=1e-11)
    value = log_student_mass(low, high, 1e8, order=1)[1]
    assert log_student_mass(low, high, 1e9, order=1)[1] == pytest.approx(value / 100.0, rel=1e-4)


def test_closed_forms():
    z = np.array([0.1, 1.0, 1e3, 1e200])
    assert log_student_mass(z, np.inf, 1.0)[0] == pytest.approx(np.log(np.arctan(1 / z) / np.pi), rel=1e-14)
    assert np.exp(log_student_mass(-np.inf, z[:3], 5.0)[0]) == pytest.approx(
        special.stdtr(5.0, z[:3]), rel=1e-12
    )


def test_edges_and_shapes():
    value, first, second = log_student_mass(-np.inf, np.inf, [0.05, 3.0], order=2)
    assert value.tolist() == first.tolist() == second.tolist() == [0.0, 0.0]
    assert float(log_student_mass(1.0, 1.0, 3.0)[0]) == -np.inf
    assert np.isnan(log_student_mass(0.0, 1.0, [-1.0, np.nan, np.inf])[0]).all()
    assert log_student_mass(np.ones((2, 1)), np.full(3, 2.0), 1.0, order=1)[1].shape == (2, 3)
