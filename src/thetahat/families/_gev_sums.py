"""Sums over rows of the generalised extreme-value terms, in scratch memory."""

from __future__ import annotations

import numpy as np

from thetahat.families._row_sums import Sums, Vector, score_sums, total, total_of_product
from thetahat.families._terms import Array, Coordinates

MODERATE = 0.1
"""Shapes farther from 0 than this lose less than a digit to what cancels in the derivatives of w."""
NO_SCORES: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())


def gev_sums(
    y: Vector, weight: Array | None, eta: Coordinates, scratch: tuple[Vector, ...], *, scores: bool
) -> Sums | None:
    """Sum by rows with u = 1 + shape z, w = log(u)/shape, t = exp(-w), s = 1/u and k = z s.

    ℓ = -(1 + shape) w - t - log scale. With b = ∂w/∂shape = (k - w)/shape and p = t - 1 - shape: ∂ℓ/∂z = p s and
    ∂ℓ/∂shape = p b - w, and ∂b/∂shape = -(k² + 2 b)/shape. None near shape 0, and where a row is outside the support.
    """
    location, log_scale, shape = (float(item) for item in eta)
    if not abs(shape) > MODERATE:
        return None
    scale = float(np.exp(log_scale))
    w, t, s, k, b, c, p, work = scratch
    # k holds z until s is known.
    np.divide(np.subtract(y, location, out=k), scale, out=k)
    np.add(np.multiply(k, shape, out=s), 1.0, out=s)
    if not (float(s.min()) > 0.0 and float(s.max()) < np.inf):
        return None
    np.divide(np.log(s, out=w), shape, out=w)
    np.exp(np.negative(w, out=t), out=t)
    np.divide(1.0, s, out=s)
    np.multiply(k, s, out=k)
    np.divide(np.subtract(k, w, out=b), shape, out=b)
    n = float(y.shape[0]) if weight is None else float(np.add.reduce(weight))
    np.subtract(t, 1.0 + shape, out=p)
    by_w, by_t = total(w, weight, work), total(t, weight, work)
    by_z, by_radial = total_of_product(p, s, weight, work), total_of_product(p, k, weight, work)
    by_shape = total_of_product(p, b, weight, work) - by_w
    value = -(1.0 + shape) * by_w - by_t - n * float(log_scale)
    if not np.isfinite(value):
        return None
    # q = t (1 - z) - 1 - shape over u, of which ∂²ℓ/∂z² and its radial products are made.
    by_b, by_t_b_b = total(b, weight, work), total_of_product(np.multiply(t, b, out=c), b, weight, work)
    np.add(c, s, out=c)
    np.subtract(np.multiply(np.subtract(1.0, t, out=work), k, out=work), c, out=c)
    mixed, radial_mixed = total_of_product(c, s, weight, work), total_of_product(c, k, weight, work)
    np.add(np.multiply(k, k, out=c), np.multiply(b, 2.0, out=work), out=c)
    bent = total_of_product(p, c, weight, work)
    np.subtract(np.multiply(p, s, out=c), np.multiply(t, k, out=work), out=c)
    radial_first, radial_second = total_of_product(c, s, weight, work), total_of_product(c, k, weight, work)
    np.multiply(np.subtract(shape, t, out=c), s, out=c)
    second = (1.0 + shape) * total_of_product(c, s, weight, work)
    size = abs(1.0 + shape) * total(np.abs(w, out=c), weight, work) + by_t + n * abs(log_scale)
    highest, row_scores = -np.inf, NO_SCORES
    if scores:
        np.subtract(np.multiply(w, -(1.0 + shape), out=c), t, out=c)
        highest = float(c.max()) - log_scale
        np.subtract(np.multiply(p, b, out=c), w, out=c)
        np.divide(np.multiply(p, s, out=s), -scale, out=s)
        np.subtract(-1.0, np.multiply(p, k, out=k), out=k)
        row_scores = score_sums((s, k, c), weight, work)
    return Sums(
        value,
        size,
        (-by_z / scale, -n - by_radial, by_shape),
        (
            second / scale / scale,
            radial_first / scale,
            radial_second,
            -mixed / scale,
            -radial_mixed,
            -bent / shape - 2.0 * by_b - by_t_b_b,
        ),
        *row_scores,
        highest,
    )
