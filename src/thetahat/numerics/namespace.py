"""One set of mathematical names for NumPy and JAX, so that a density is written once.

``xp = namespace(y, *parameters)`` is NumPy's set unless an argument is JAX's; then autodiff sees the very code that
NumPy runs.
"""

from __future__ import annotations

import sys
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import special

from thetahat.numerics import elementary, gamma_functions, normal


def namespace(*values: object) -> Any:
    """Return the mathematical functions that fit ``values``: JAX's if any of them is JAX's, else NumPy's.

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.ones(3), 2.0) is namespace(1.0)
    True
    """
    if "jax" in sys.modules:
        array = sys.modules["jax"].Array
        for value in values:
            if isinstance(value, array):
                return _jax_namespace()
    return NUMPY


def _log_bessel_i0(kappa: Any) -> Any:
    from thetahat.numerics.bessel import log_bessel_i0

    return log_bessel_i0(kappa)[0]


def _log_bessel(order: float, kappa: Any) -> Any:
    from thetahat.numerics.bessel_ratio import bessel_terms

    return bessel_terms(order, float(kappa)).log_value


def _inverse_lower(lower: Any) -> Any:
    from thetahat.numerics.lower_triangle import inverse_lower

    return inverse_lower(lower)


NUMPY = SimpleNamespace(
    is_jax=False,
    asarray=np.asarray,
    exp=np.exp,
    log=np.log,
    log1p=np.log1p,
    expm1=np.expm1,
    sqrt=np.sqrt,
    abs=np.abs,
    square=np.square,
    where=np.where,
    maximum=np.maximum,
    minimum=np.minimum,
    logaddexp=np.logaddexp,
    zeros_like=np.zeros_like,
    stack=np.stack,
    concatenate=np.concatenate,
    gammaln=special.gammaln,
    softplus=elementary.softplus,
    log_expit=elementary.log_expit,
    expit=special.expit,
    logit=special.logit,
    log_gamma_ratio=gamma_functions.log_gamma_ratio,
    log1p_minus=elementary.log1p_minus,
    stirling_remainder=gamma_functions.stirling_remainder,
    betaln=special.betaln,
    log_ndtr=special.log_ndtr,
    log_scaled_ndtr=normal.log_scaled_normal_cdf,
    arctan2=np.arctan2,
    arcsinh=np.arcsinh,
    cos=np.cos,
    sin=np.sin,
    log_bessel_i0=_log_bessel_i0,
    log_bessel=_log_bessel,
    cholesky=np.linalg.cholesky,
    inverse_lower=_inverse_lower,
)


@cache
def _jax_namespace() -> SimpleNamespace:
    import jax
    import jax.numpy as jnp
    from jax.scipy import special as jsp
    from jax.scipy.linalg import solve_triangular

    from thetahat.numerics import bessel_ratio

    def log1p_minus(x: Any) -> Any:
        small = jnp.abs(x) < 0.01
        safe = jnp.where(small, 1.0, x)
        series = (
            x * x * (-1 / 2 + x * (1 / 3 + x * (-1 / 4 + x * (1 / 5 + x * (-1 / 6 + x * (1 / 7 - x / 8))))))
        )
        return jnp.where(small, series, jnp.log1p(safe) - safe)

    def stirling_remainder(x: Any) -> Any:
        # Small arguments by steps upwards: gammaln's second derivative takes JAX seconds to compile.
        large = x > 20.0
        plain = jnp.where(large, 1.0, x)
        inverse = 1 / jnp.where(large, x, plain + 20.0)
        square = inverse * inverse
        tail = 1 / 1260 + square * (-1 / 1680 + square * (1 / 1188 - square * 691 / 360360))
        series = inverse * (1 / 12 + square * (-1 / 360 + square * tail))
        at = jnp.expand_dims(plain, -1) + jnp.arange(20.0)
        steps = jnp.sum((at + 0.5) * jnp.log1p(1 / at) - 1.0, axis=-1)
        return jnp.where(large, series, series + steps)

    def log_gamma_ratio(x: Any, a: Any) -> Any:
        # Two branches, each fed values at which it is finite, so that neither's gradient poisons the other.
        large = x > 50.0
        plain_x = jnp.where(large, 1.0, x)
        big_x = jnp.where(large, x, 100.0)
        plain = jsp.gammaln(plain_x + a) - jsp.gammaln(plain_x)
        ratio = a / big_x
        series = (
            big_x * log1p_minus(ratio)
            + (a - 0.5) * jnp.log1p(ratio)
            + a * jnp.log(big_x)
            + stirling_remainder(big_x + a)
            - stirling_remainder(big_x)
        )
        return jnp.where(large, series, plain)

    def betaln(a: Any, b: Any) -> Any:
        # jax.scipy's orders its arguments by minimum and maximum, whose derivatives at a = b are wrong.
        swap = a > b
        smaller, larger = jnp.where(swap, b, a), jnp.where(swap, a, b)
        return jsp.gammaln(smaller) - log_gamma_ratio(larger, smaller)

    def log_scaled_ndtr(z: Any) -> Any:
        # JAX's log_ndtr has nine digits below 0.
        far = z < -20.0
        inverse = 1.0 / jnp.where(far, z, -20.0)
        square = inverse * inverse
        series: Any = 1.0
        for odd in range(17, 0, -2):
            series = 1.0 - odd * square * series
        near = jnp.where(far, 0.0, z)
        plain = jnp.log(0.5 * jsp.erfc(-near / np.sqrt(2.0))) + 0.5 * near * near
        return jnp.where(far, jnp.log(-inverse * series) - normal.LOG_SQRT_2_PI, plain)

    def log_bessel(order: float, kappa: Any) -> Any:
        # What is traced tells no number of steps: as many as any argument needs, in a loop that is compiled once.
        steps = bessel_ratio.steps_up(order, 0.0)
        log_value, ratio, _, _ = bessel_ratio.debye(jnp, order + steps, kappa)

        def step(held: Any, above: Any) -> Any:
            log_value, ratio = held
            below = 2.0 * above + kappa * ratio
            return (log_value + jnp.log(below), kappa / below), None

        return jax.lax.scan(step, (log_value, ratio), order + np.arange(steps, 0.0, -1.0))[0][0]

    return SimpleNamespace(
        is_jax=True,
        asarray=jnp.asarray,
        exp=jnp.exp,
        log=jnp.log,
        log1p=jnp.log1p,
        expm1=jnp.expm1,
        sqrt=jnp.sqrt,
        abs=jnp.abs,
        square=jnp.square,
        where=jnp.where,
        maximum=jnp.maximum,
        minimum=jnp.minimum,
        logaddexp=jnp.logaddexp,
        zeros_like=jnp.zeros_like,
        stack=jnp.stack,
        concatenate=jnp.concatenate,
        gammaln=jsp.gammaln,
        softplus=jax.nn.softplus,
        log_expit=jax.nn.log_sigmoid,
        expit=jsp.expit,
        logit=jsp.logit,
        log_gamma_ratio=log_gamma_ratio,
        log1p_minus=log1p_minus,
        stirling_remainder=stirling_remainder,
        betaln=betaln,
        log_ndtr=jsp.log_ndtr,
        log_scaled_ndtr=log_scaled_ndtr,
        arctan2=jnp.arctan2,
        arcsinh=jnp.arcsinh,
        cos=jnp.cos,
        sin=jnp.sin,
        log_bessel_i0=lambda kappa: jnp.log(jsp.i0e(kappa)),
        log_bessel=log_bessel,
        cholesky=jnp.linalg.cholesky,
        inverse_lower=lambda lower: solve_triangular(lower, jnp.eye(lower.shape[0]), lower=True),
    )
