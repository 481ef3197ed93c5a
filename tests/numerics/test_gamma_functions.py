from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from thetahat.numerics import gamma_functions

exponents = st.floats(-3.0, 15.0)
shapes = st.one_of(exponents.map(lambda e: 10.0**e), st.floats(0.5, 20.0))
steps = st.one_of(
    st.just(0.5), st.floats(-8.0, 6.0).map(lambda e: 10.0**e), st.integers(1, 10**6).map(float), st.just(0.0)
)


def stirling(x):
    return mp.loggamma(x) - ((x - 0.5) * mp.log(x) - x + mp.log(2 * mp.pi) / 2)


UNARY = {
    "stirling_remainder": stirling,
    "log_minus_digamma": lambda x: mp.log(x) - mp.psi(0, x),
    "trigamma": lambda x: mp.psi(1, x),
    "trigamma_minus_inverse": lambda x: mp.psi(1, x) - 1 / x,
    "half_step_excess": lambda z: mp.psi(0, (z + 1) / 2) - mp.psi(0, z / 2) - 1 / z,
    "half_step_excess_slope": lambda z: (mp.psi(1, (z + 1) / 2) - mp.psi(1, z / 2)) / 2 + 1 / z**2,
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    @given(shapes)
    @example(8.0)
    @example(7.999999)
    @example(1e-3)
    def check(x):
        with mp.workdps(90):
            expected = UNARY[name](mp.mpf(x))
            assert abs(mp.mpf(float(getattr(gamma_functions, name)(x))) - expected) <= 4e-14 * abs(expected)

    check()


@pytest.mark.parametrize("order", [1, 2])
def test_stirling_derivatives(order):
    @given(shapes)
    def check(x):
        with mp.workdps(90):
            y = mp.mpf(x)
            first = mp.psi(0, y) - mp.log(y) + 1 / (2 * y)
            expected = first if order == 1 else mp.psi(1, y) - 1 / y - 1 / (2 * y * y)
            computed = mp.mpf(float(gamma_functions.stirling_remainder(x, order)))
            assert abs(computed - expected) <= 2e-14 * abs(expected)

    check()


@given(shapes, steps)
def test_differences(x, a):
    with mp.workdps(90):
        y, b = mp.mpf(x), mp.mpf(a)
        expected = mp.loggamma(y + b) - mp.loggamma(y)
        # Around the minimum of lgamma the ratio may vanish: there the sum of its terms is the scale.
        scale = max(abs(expected), b * max(1, abs(mp.log(y))))
        assert abs(mp.mpf(float(gamma_functions.log_gamma_ratio(x, a))) - expected) <= 1e-14 * scale
        for name, order in (("digamma_difference", 0), ("trigamma_difference", 1)):
            expected = mp.psi(order, y + b) - mp.psi(order, y)
            computed = mp.mpf(float(getattr(gamma_functions, name)(x, a)))
            assert abs(computed - expected) <= 4e-15 * abs(expected)


def test_huge_arguments_and_edges():
    assert float(gamma_functions.log_gamma_ratio(1e300, 1e6)) == pytest.approx(1e6 * np.log(1e300), rel=1e-15)
    assert float(gamma_functions.log_gamma_ratio(np.inf, 1.0)) == np.inf
    assert float(gamma_functions.log_gamma_ratio(np.inf, 0.0)) == 0.0
    assert float(gamma_functions.digamma_difference(1e300, 0.5)) == pytest.approx(5e-301, rel=1e-14)
    for name in UNARY:
        assert float(getattr(gamma_functions, name)(np.inf)) == 0.0
    assert gamma_functions.log_gamma_ratio(np.ones((2, 1)), np.ones(3)).shape == (2, 3)
    assert float(gamma_functions.trigamma(0.0)) == np.inf


@pytest.mark.parametrize("name", [*UNARY, "log_gamma_ratio", "digamma_difference", "trigamma_difference"])
def test_one_number_and_an_array_agree(name):
    function = getattr(gamma_functions, name)
    x = np.exp(np.linspace(-100.0, 100.0, 401))
    others = [()] if name in UNARY else [(0.5,), (3.0,), (1e-5,), (1e5,)]
    for other in others:
        one_by_one = [float(function(value, *other)) for value in x.tolist()]
        np.testing.assert_allclose(one_by_one, function(x, *other), rtol=4e-15, atol=0.0)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_one_number_and_an_array_agree_on_remainders(order):
    x = np.exp(np.linspace(-100.0, 100.0, 401))
    one_by_one = [float(gamma_functions.stirling_remainder(value, order)) for value in x.tolist()]
    np.testing.assert_allclose(one_by_one, gamma_functions.stirling_remainder(x, order), rtol=4e-15, atol=0.0)
