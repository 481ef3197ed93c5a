"""Modified Bessel functions of any order, against 50-digit arithmetic."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from thetahat.numerics.bessel_ratio import bessel_terms
from thetahat.numerics.namespace import NUMPY, namespace

ARGUMENTS = [1e-200, 1e-10, 1e-3, 0.1, 0.7, 2.0, 5.0, 20.0, 23.9, 25.0, 90.0, 2e3, 1e5, 1e9]


@pytest.mark.parametrize("order", [0.0, 0.5, 1.0, 1.5, 7.0, 10.5, 23.0, 24.0, 99.5, 499.0])
def test_all_digits_from_small_arguments_to_large_ones(order):
    with mpmath.workdps(60):
        for kappa in ARGUMENTS:
            k, nu = mpmath.mpf(kappa), mpmath.mpf(order)
            # For arguments this small the power series' first term is all; mpmath's own would underflow to it.
            value = mpmath.besseli(nu, k)
            ratio = mpmath.besseli(nu + 1, k) / value
            expected = (
                mpmath.log(value) - nu * mpmath.log(k) - k,
                ratio,
                k * (1 - ratio),
                k * k * (1 - ratio**2) - (2 * nu + 1) * k * ratio,
            )
            found = bessel_terms(order, kappa)
            assert abs(found.log_value - expected[0]) <= 4e-14 * max(1, abs(expected[0]))
            assert found.ratio == pytest.approx(float(expected[1]), rel=1e-15)
            assert found.lack == pytest.approx(float(expected[2]), rel=4e-15)
            if kappa > 1e-100:
                assert found.spread == pytest.approx(float(expected[3]), rel=4e-15)


@pytest.mark.parametrize("order", [0.5, 40.0])
def test_the_ratio_is_the_slope_of_the_logarithm(order):
    with jax.enable_x64(True):  # noqa: FBT003 - its only argument
        xp = namespace(jnp.ones(1))
        slope = jax.jit(jax.grad(lambda log_kappa: xp.log_bessel(order, jnp.exp(log_kappa))))
        for kappa in (1e-3, 0.5, 8.0, 60.0, 1e4):
            found = bessel_terms(order, kappa)
            assert float(xp.log_bessel(order, jnp.asarray(kappa))) == pytest.approx(
                found.log_value, rel=1e-13, abs=1e-13
            )
            # κ (log I)' = κ A + ν, less ν and κ.
            assert float(slope(jnp.log(kappa))) == pytest.approx(-found.lack, rel=1e-11)
    assert NUMPY.log_bessel(order, 2.0) == bessel_terms(order, 2.0).log_value


def test_half_orders_are_elementary():
    for kappa in np.geomspace(1e-2, 1e3, 20):
        expected = np.log(-np.expm1(-2.0 * kappa)) - 0.5 * np.log(2.0 * np.pi) - np.log(kappa)
        assert bessel_terms(0.5, float(kappa)).log_value == pytest.approx(expected, rel=1e-13, abs=1e-13)
