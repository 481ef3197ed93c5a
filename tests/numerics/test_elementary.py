from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thetahat.numerics import elementary

negative = st.one_of(
    st.floats(-1e4, 0.0, exclude_max=True), st.floats(-320.0, -0.5).map(lambda e: -(10.0**e))
)
positive = negative.map(lambda x: -x)
moderate = st.floats(-700.0, 700.0)


@pytest.mark.parametrize(
    ("name", "exact", "arguments"),
    [
        ("log1mexp", lambda x: mp.log(-mp.expm1(x)), negative),
        ("log_expm1", lambda x: mp.log(mp.expm1(x)), positive),
        ("softplus", lambda x: mp.log1p(mp.exp(x)), moderate),
        ("log_expit", lambda x: -mp.log1p(mp.exp(-x)), moderate),
        ("expit", lambda x: 1 / (1 + mp.exp(-x)), moderate),
        ("log1p_minus", lambda x: mp.log1p(x) - x, st.one_of(st.floats(-0.999, 1e6), st.floats(-1e-3, 1e-3))),
        ("expm1_minus", lambda x: mp.expm1(x) - x, st.one_of(st.floats(-1e3, 700.0), st.floats(-1e-3, 1e-3))),
    ],
)
def test_relative_precision(name, exact, arguments):
    @given(arguments)
    def check(x):
        with mp.workdps(400):
            expected = exact(mp.mpf(x))
            # Below 1e-290 the result may be denormal.
            error = abs(mp.mpf(float(getattr(elementary, name)(x))) - expected)
            assert error <= 4e-15 * abs(expected) + mp.mpf("1e-290")

    check()


@given(st.lists(st.one_of(st.floats(-0.999, 1e6), st.floats(-0.3, 0.3)), min_size=1, max_size=5))
def test_logarithms_of_quotients_keep_their_digits(arguments):
    logs, minus = elementary.log_quotient(np.array(arguments), 1.0 + np.array(arguments))
    with mp.workdps(400):
        for x, log, less in zip(arguments, logs, minus, strict=True):
            exact = mp.log1p(mp.mpf(x))
            # What 1 + x lost to rounding counts only where x is not near 0.
            lost = mp.mpf(3e-16) / (1 + mp.mpf(x)) if abs(x) >= 0.25 else 0
            assert abs(mp.mpf(float(log)) - exact) <= 1e-15 * abs(exact) + lost + mp.mpf("1e-300")
            assert abs(mp.mpf(float(less)) - (exact - x)) <= 2e-15 * abs(exact - x) + lost + mp.mpf("1e-290")


@given(st.floats(-1e4, 1e4), st.floats(1e-300, 1e4))
def test_log_diff_exp(b, gap):
    a = b + gap
    with mp.workdps(400):
        if a == b:
            assert float(elementary.log_diff_exp(a, b)) == -np.inf
            return
        expected = mp.mpf(a) + mp.log(-mp.expm1(mp.mpf(b) - mp.mpf(a)))
        assert abs(mp.mpf(float(elementary.log_diff_exp(a, b))) - expected) <= 1e-15 * max(
            1, abs(a), abs(expected)
        )


def test_edges():
    infinity = np.inf
    assert elementary.log1mexp([0.0, -infinity]).tolist() == [-infinity, 0.0]
    assert np.isnan(elementary.log1mexp(1.0))
    assert elementary.log_expm1([0.0, infinity]).tolist() == [-infinity, infinity]
    assert elementary.log_diff_exp([3.0, -infinity, 2.0], [-infinity, -infinity, 2.0]).tolist() == [
        3.0,
        -infinity,
        -infinity,
    ]
    assert elementary.softplus([-infinity, infinity]).tolist() == [0.0, infinity]
    assert elementary.log_expit([-infinity, infinity]).tolist() == [-infinity, 0.0]
    assert elementary.log1p_minus([-1.0, 0.0, infinity])[:2].tolist() == [-infinity, 0.0]
    assert np.isnan(elementary.log1mexp(np.nan))
