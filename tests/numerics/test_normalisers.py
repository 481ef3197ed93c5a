"""Logarithms of Bessel and zeta functions with their derivatives, against fifty digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from thetahat.numerics.bessel import log_bessel_i0
from thetahat.numerics.namespace import NUMPY, namespace
from thetahat.numerics.zeta import log_zeta, log_zeta_terms


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(50):
        yield


def close(found, exact, relative, absolute=0.0):
    return abs(mp.mpf(float(found)) - exact) <= relative * abs(exact) + absolute


@pytest.mark.parametrize("kappa", [1e-10, 1e-3, 0.5, 3.0, 10.0, 24.9, 25.1, 100.0, 1e4, 1e10])
def test_log_bessel_i0(kappa):
    k = mp.mpf(kappa)
    ratio = mp.besseli(1, k) / mp.besseli(0, k)
    value, lack, spread = log_bessel_i0(kappa)
    assert close(value, mp.log(mp.besseli(0, k)) - k, 1e-15, 1e-15)
    assert close(lack, k * (1 - ratio), 1e-13)
    assert close(spread, k * k * (1 - ratio / k - ratio**2), 1e-12)


@pytest.mark.parametrize("gap", [1e-12, 1e-5, 0.01, 0.5, 0.99, 1.0, 1.01, 2.5, 10.0, 40.0])
def test_log_zeta(gap):
    s = 1 + mp.mpf(gap)
    zeta, first, second = (mp.zeta(s, derivative=order) for order in range(3))
    found = log_zeta_terms(gap)
    exact = mp.log(zeta), first / zeta, second / zeta - (first / zeta) ** 2
    assert all(close(a, b, 4e-15) for a, b in zip(found, exact, strict=True))
    assert close(log_zeta(NUMPY, np.array(gap)), exact[0], 4e-15)


def test_the_same_formulas_run_in_jax():
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(new_val=True):
        at = jnp.array([0.3, 4.0])
        xp = namespace(at)
        np.testing.assert_allclose(log_zeta(xp, at), log_zeta(NUMPY, np.array([0.3, 4.0])), rtol=1e-14)
        np.testing.assert_allclose(xp.log_bessel_i0(at), log_bessel_i0(np.array([0.3, 4.0]))[0], rtol=1e-14)
