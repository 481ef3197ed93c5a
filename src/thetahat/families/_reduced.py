"""The reduced variable w = log(1 + shape z)/shape of extreme-value families, smooth through shape = 0."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thetahat.numerics.elementary import horner, log1p_minus

# log(1 + v)/v = 1 - v/2 + v²/3 - ...
_TERMS = 16
_SERIES = [(-1.0) ** k / (k + 1.0) for k in range(_TERMS)]
_NEAR = 0.05
_TINY = 1e-17
# (atanh(r)/r - 1)/r² = 1/3 + r²/5 + r⁴/7 + ...
_ATANH_SERIES = 1.0 / (2.0 * np.arange(1, 18) + 1.0)


class Reduced(NamedTuple):
    """Value and derivatives of w(z, shape), at points inside the support."""

    value: Any
    by_z: Any
    by_z_z: Any
    by_shape: Any
    by_z_shape: Any
    by_shape_shape: Any


def reduced_value(xp: Any, z: Any, shape: Any) -> Any:
    """w, for NumPy and JAX, where 1 + shape z > 0."""
    v = shape * z
    if not xp.is_jax:
        tiny = np.abs(v) < _TINY
        return np.where(tiny, z, np.log1p(v) / np.where(tiny, 1.0, shape))
    near = xp.abs(v) < _NEAR
    inner = xp.where(near, v, 0.0)
    series = _SERIES[-1]
    for coefficient in _SERIES[-2::-1]:
        series = series * inner + coefficient
    divisor = xp.where(near, 1.0, shape)
    return xp.where(near, z * series, xp.log1p(xp.where(near, 0.0, v)) / divisor)


def reduced_terms(xp: Any, z: Any, shape: Any) -> Reduced:
    """w and its derivatives: with A(v) = log(1 + v)/v, w = z A(shape z), so w_shape = z² A', and so on."""
    v = shape * z
    u = 1.0 + v
    return Reduced(
        reduced_value(xp, z, shape),
        1.0 / u,
        -shape / u / u,
        z * z * _slope(v),
        -z / u / u,
        z * z * z * _bend(v),
    )


def unreduced(w: Any, shape: Any) -> Any:
    """z with w(z, shape) = w: (exp(shape w) - 1)/shape."""
    v = shape * w
    tiny = np.abs(v) < _TINY
    return np.where(tiny, w, np.expm1(v) / np.where(tiny, 1.0, shape))


def _slope(v: Any) -> Any:
    """A'(v) = -(log(1 + v) - v)/v² - 1/(1 + v)."""
    tiny, large = np.abs(v) < 1e-5, v > 1.0
    safe = np.where(tiny, 1.0, v)
    rest = np.where(tiny, 0.5 - v * (1.0 / 3.0 - 0.25 * v), -log1p_minus(safe) / safe / safe)
    return np.where(large, (v / (1.0 + v) - np.log1p(safe)) / safe / safe, rest - 1.0 / (1.0 + v))


def _bend(v: Any) -> Any:
    """A''(v) = 2 (log(1 + v) - v + v²/2)/v³ - v/(1 + v)²."""
    near = np.abs(v) < 0.5
    inner = np.asarray(np.where(near, v, 0.0))
    total = 2.0 + inner
    r = inner / total
    series = 1.0 / total + 4.0 * horner(_ATANH_SERIES, r * r) / total**3
    outer = np.where(near, 1.0, v)
    plain = (2.0 * np.log1p(outer) - outer * (2.0 + 3.0 * outer) / np.square(1.0 + outer)) / outer**3
    return np.where(near, series - inner / np.square(1.0 + inner), plain)
