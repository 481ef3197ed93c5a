"""Sums over rows of the generalised extreme-value terms, in scratch memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from thetahat.families._row_sums import (
    Sums,
    Vector,
    Vectors,
    block_scores,
    total,
    total_of_product,
    totals,
    totals_of_products,
)
from thetahat.families._terms import Array, Coordinates

MODERATE = 0.1
"""Shapes farther from 0 than this lose less than a digit to what cancels in the derivatives of w."""


def gev_sums(
    y: Vector, weight: Array | None, eta: Coordinates, scratch: Vectors, *, scores: bool
) -> Sums | None:
    """Sum by rows with u = 1 + shape z, w = log(u)/shape, t = exp(-w), s = 1/u and k = z s.

    ℓ = -(1 + shape) w - t - log scale. With b = ∂w/∂shape = (k - w)/shape and p = t - 1 - shape: ∂ℓ/∂z = p s and
    ∂ℓ/∂shape = p b - w, and ∂b/∂shape = -(k² + 2 b)/shape. None near shape 0, and where a row is outside the support.
    """
    location, log_scale, shape = (float(item) for item in eta)
    if not abs(shape) > MODERATE:
        return None
    scale = float(np.exp(log_scale))
    s, k, b, w, t, p, c = scratch[:7]
    s_k, work = scratch[:2], scratch[7:]
    # k holds z until s is known.
    np.divide(np.subtract(y, location, out=k), scale, out=k)
    np.add(np.multiply(k, shape, out=s), 1.0, out=s)
    np.divide(np.log(s, out=w), shape, out=w)
    np.exp(np.negative(w, out=t), out=t)
    np.divide(1.0, s, out=s)
    np.multiply(k, s, out=k)
    np.divide(np.subtract(k, w, out=b), shape, out=b)
    n = float(y.shape[0]) if weight is None else float(np.add.reduce(weight))
    by_b, by_w, by_t = totals(scratch[2:5], weight, work)
    value = -(1.0 + shape) * by_w - by_t - n * log_scale
    # Outside the support, and where 1 + shape z overflows, w is infinite or no number.
    if not isfinite(value):
        return None
    np.subtract(t, 1.0 + shape, out=p)
    by_z, by_radial, by_pull = totals_of_products(scratch[:3], p, weight, work)
    # q = t (1 - z) - 1 - shape over u, of which ∂²ℓ/∂z² and its radial products are made.
    by_t_b_b = total_of_product(np.multiply(t, b, out=c), b, weight, work[0])
    np.add(c, s, out=c)
    np.subtract(np.multiply(np.subtract(1.0, t, out=work[0]), k, out=work[0]), c, out=c)
    mixed, radial_mixed = totals_of_products(s_k, c, weight, work)
    np.add(np.multiply(k, k, out=c), np.multiply(b, 2.0, out=work[0]), out=c)
    bent = total_of_product(p, c, weight, work[0])
    np.subtract(np.multiply(p, s, out=c), np.multiply(t, k, out=work[0]), out=c)
    radial_first, radial_second = totals_of_products(s_k, c, weight, work)
    np.multiply(np.subtract(shape, t, out=c), s, out=c)
    second = (1.0 + shape) * total_of_product(c, s, weight, work[0])
    size = abs(1.0 + shape) * total(np.abs(w, out=c), weight, work[0]) + by_t + n * abs(log_scale)
    highest = -np.inf
    row_scores: tuple[Sequence[float], Sequence[float]] = ((), ())
    if scores:
        np.subtract(np.multiply(w, -(1.0 + shape), out=c), t, out=c)
        highest = float(np.maximum.reduce(c)) - log_scale
        np.divide(np.multiply(p, s, out=s), -scale, out=s)
        np.subtract(-1.0, np.multiply(p, k, out=k), out=k)
        np.subtract(np.multiply(p, b, out=b), w, out=b)
        row_scores = block_scores(scratch[:3], weight, work)
    return Sums(
        value,
        size,
        (-by_z / scale, -n - by_radial, by_pull - by_w),
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
