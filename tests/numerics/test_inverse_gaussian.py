from __future__ import annotations

import mpmath as mp
import numpy as np

from thetahat.numerics.inverse_gaussian import inverse_gaussian_quantile, log_inverse_gaussian_mass

MANY_DIGITS = 250
"""For closed forms whose terms cancel, and differences of them."""
STEP = mp.mpf(10) ** -40


def exact(low, high, precision):
    """Value and two derivatives in log precision, from the closed form of the distribution function."""
    low, high = (mp.mpf(float(end)) for end in (low, high))

    def tail(w, precision, sign):
        a, b = 2 * mp.sqrt(precision) * mp.sinh(w / 2), 2 * mp.sqrt(precision) * mp.cosh(w / 2)
        return (
            mp.erfc(-sign * a / mp.sqrt(2)) / 2 + sign * mp.exp(2 * precision) * mp.erfc(b / mp.sqrt(2)) / 2
        )

    def mass(log_precision):
        precision = mp.exp(log_precision)
        if high == mp.inf:
            return mp.log(tail(low, precision, -1))
        return mp.log(tail(high, precision, 1) - (tail(low, precision, 1) if low > -mp.inf else 0))

    at = mp.log(mp.mpf(float(precision)))
    below, here, above = (mass(at + k * STEP) for k in (-1, 0, 1))
    return here, (above - below) / (2 * STEP), (above - 2 * here + below) / STEP**2


def draw(rng):
    precision = 10.0 ** rng.uniform(-10, 8)
    width = 1.0 / np.sqrt(precision) if precision > 1 else 1.0 + 2.0 * np.arcsinh(1.0 / precision)
    low = rng.normal() * rng.choice([0.3, 1.0, 3.0]) * width
    high = low + width * 10.0 ** rng.uniform(-6, 0.5)
    return [(-np.inf, low), (low, np.inf), (low, high)][rng.integers(3)], precision


def test_value_and_derivatives_against_the_closed_form_in_many_digits(rng, assert_close):
    checked = 0
    with mp.workdps(MANY_DIGITS):
        while checked < 150:
            (low, high), precision = draw(rng)
            found = log_inverse_gaussian_mass(low, high, precision, order=2)
            if found[0] < -150 or found[0] > -1e-100:
                continue
            checked += 1
            value, first, second = exact(low, high, precision)
            context = (low, high, precision)
            assert_close(found[0], value, 1e-12, context=context)
            assert_close(found[1], first, 1e-10, floor=1e-6, context=context)
            assert_close(found[2], second, 1e-9, floor=1e-6, context=context)


def test_far_tails_and_what_is_no_interval():
    value, first, second = log_inverse_gaussian_mass(
        [np.log(200.0), 1.0, np.nan, -np.inf], [np.inf, 1.0, 2.0, np.inf], 40.0, order=2
    )
    assert value[0] < -3000
    assert np.isfinite([value[0], first[0], second[0]]).all()
    assert np.isneginf(value[1])
    assert np.isnan(value[2])
    assert abs(value[3]) < 1e-15


def test_quantiles_are_those_of_the_smaller_tail():
    probability = np.array([0.0, 1e-300, 1e-12, 0.01, 0.3, 0.5, 0.7, 0.999, 1.0 - 1e-13, 1.0])
    for precision in (1e-10, 1e-3, 0.3, 1.0, 40.0, 1e7):
        w = inverse_gaussian_quantile(probability, precision)
        assert (w[0], w[-1]) == (-np.inf, np.inf)
        assert np.all(np.diff(w) > 0)
        below = np.exp(log_inverse_gaussian_mass(-np.inf, w[1:6], precision)[0])
        above = np.exp(log_inverse_gaussian_mass(w[6:-1], np.inf, precision)[0])
        np.testing.assert_allclose(below, probability[1:6], rtol=1e-10)
        np.testing.assert_allclose(above, 1.0 - probability[6:-1], rtol=1e-10)
