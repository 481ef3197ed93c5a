"""The reduced variable w = log(1 + shape z)/shape of extreme-value families, smooth through shape = 0."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thetahat.numerics.elementary import horner

# log(1 + v)/v = 1 - v/2 + v²/3 - ...
_TERMS = 16
_SERIES = [(-1.0) ** k / (k + 1.0) for k in range(_TERMS)]
_NEAR = 0.05
_NEAR_ZERO = 0.5
_TINY = 1e-17
_MOST_FLOATS = 16
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


def reduced_terms(z: Any, shape: Any) -> Reduced:
    """w and its derivatives: with A(v) = log(1 + v)/v, w = z A(shape z), so w_shape = z² A', and so on."""
    v = shape * z
    value, slope, bend = in_shape(z, v, shape)
    u = 1.0 + v
    return Reduced(value, 1.0 / u, -shape / u / u, slope, -z / u / u, bend)


def unreduced(w: Any, shape: Any) -> Any:
    """z with w(z, shape) = w: (exp(shape w) - 1)/shape."""
    v = shape * w
    # At shape 0 an infinite w, the end of the support, is its own image.
    tiny = (np.abs(v) < _TINY) | (shape == 0)
    return np.where(tiny, w, np.expm1(v) / np.where(tiny, 1.0, shape))


def at_end(y: Any, location: Any, scale: Any, shape: Any) -> Any:
    """Ends of the support, location - scale/shape, moved outwards by the few floats after which 1 + shape z is 0.

    Examples
    --------
    >>> import numpy as np
    >>> scale, shape = 1.3042458747676378, -0.07087455810626453
    >>> end = np.array(scale * (-1.0 / shape))
    >>> (
    ...     bool(1.0 + shape * (end / scale) > 0),
    ...     bool(1.0 + shape * (at_end(end, 0.0, scale, shape) / scale) > 0),
    ... )
    (True, False)
    """
    for _ in range(_MOST_FLOATS):
        z = (y - location) * np.exp(-np.log(scale))
        inside = np.isfinite(y) & (shape * z > -1.0)
        if not inside.any():
            break
        y = np.where(inside, np.nextafter(y, np.where(shape < 0, np.inf, -np.inf)), y)
    return y


def in_shape(z: Any, v: Any, shape: Any) -> tuple[Any, Any, Any]:
    """w, w_shape = z² A'(v) and w_shape,shape = z³ A''(v) at v = ``shape`` z.

    Near 0 both derivatives come from one series: with Q = 2 (log(1 + v) - v + v²/2)/v³, A' = (1 - v Q)/2 - 1/(1 + v)
    and A'' = Q - v/(1 + v)².
    """
    with np.errstate(all="ignore"):
        size, grown = np.abs(v), np.log1p(v)
        tiny, near = size < _TINY, size < _NEAR_ZERO
        value = grown / shape
        if tiny.any():
            value = np.where(tiny, z, value)
        inverse, share = 1.0 / (2.0 + v), 1.0 / (1.0 + v)
        r = v * inverse
        series = inverse + 4.0 * horner(_ATANH_SERIES, np.asarray(r * r)) * inverse * inverse * inverse
        slope, bend = 0.5 - 0.5 * v * series - share, series - v * share * share
        if not near.all():
            inverse = 1.0 / v
            slope = np.where(near, slope, (share - grown * inverse) * inverse)
            plain = 2.0 * grown * inverse - (2.0 + 3.0 * v) * share * share
            bend = np.where(near, bend, plain * inverse * inverse)
        square = z * z
        return value, square * slope, square * z * bend
