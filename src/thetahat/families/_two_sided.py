"""An exponential density on each side of a point: value, derivatives, masses, information.

f(y) = c exp(-α (y - μ)) above μ and c exp(-β (μ - y)) below it, c = αβ/(α + β). All is in the coordinates
(μ, log α, log β); a family says how its own coordinates make these.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thetahat.families._terms import Array, Coordinates, Terms, pairs
from thetahat.numerics.elementary import log1mexp


class Sides(NamedTuple):
    """α, β, the share p = α/(α + β) of the mass below μ, p (1 - p), and c."""

    above: Any
    below: Any
    share: Any
    product: Any
    height: Any

    @classmethod
    def of(cls, log_above: Any, log_below: Any) -> Sides:
        """From log α and log β."""
        above, below = np.exp(log_above), np.exp(log_below)
        share = 1.0 / (1.0 + np.exp(log_below - log_above))
        other = 1.0 / (1.0 + np.exp(log_above - log_below))
        return cls(above, below, share, share * other, above * other)


def point_terms(value: Any, distance: Array, sides: Sides) -> Terms:
    """Terms of a row at ``distance`` = y - μ, whose log density is ``value``.

    At the point itself the slope is the mean of the two one-sided ones.
    """
    above, below, share, product, _ = sides
    right, left = np.heaviside(distance, 0.5), np.heaviside(-distance, 0.5)
    rise, fall = np.maximum(distance, 0.0) * above, np.maximum(-distance, 0.0) * below
    return Terms(
        value,
        (above * right - below * left, 1.0 - share - rise, share - fall),
        (
            np.zeros_like(distance),
            above * right,
            -product - rise,
            -below * left,
            product + np.zeros_like(distance),
            -product - fall,
        ),
    )


def information(sides: Sides) -> tuple[Any, ...]:
    """Fisher information of a row, the variance of the score: lower triangle."""
    above, below, share, product, height = sides
    return above * below, -height, product + 1.0 - share, height, -product, product + share


def interval_terms(low: Array, high: Array, width: Array, sides: Sides, order: int) -> Terms:
    """Terms of the log mass between ends ``low`` and ``high`` from μ, ``width`` apart."""
    above, below, share, product, height = sides
    shape = np.broadcast_shapes(np.shape(low), np.shape(width), np.shape(above), np.shape(below))
    low, high, width, above, below, share, product, height = (
        np.broadcast_to(np.asarray(item, dtype=float), shape)
        for item in (low, high, width, above, below, share, product, height)
    )
    with np.errstate(all="ignore"):
        right, left = low >= 0, high <= 0
        outer = right | left
        # On one side only: the tail beyond the near end, less what lies beyond the far one.
        rate = np.where(right, above, below)
        far = np.where(right, low, -high) * rate
        gap = width * rate
        tail = np.where(right, 1.0 - share, share)
        # Around the point: what is missed on each side.
        a, b = -low * below, high * above
        miss_a, miss_b = np.exp(-a), np.exp(-b)
        got_a, got_b = -np.expm1(-a), -np.expm1(-b)
        missed = share * miss_a + (1.0 - share) * miss_b
        mass = share * got_a + (1.0 - share) * got_b
        around = np.where(missed < 0.5, np.log1p(-missed), np.log(mass))
        value = np.where(outer, np.log(tail) - far + log1mexp(-gap), around)
        if not order:
            return Terms(value)
        # q = gap/(exp(gap) - 1), and its derivative in log gap.
        q = np.where(np.isposinf(gap), 0.0, np.where(gap > 0, gap / np.expm1(gap), 1.0))
        bend = np.where(q > 0, q * (1.0 - gap - q), 0.0)
        pull = q - far
        own = np.where(right, share, 1.0 - share)
        sign = np.where(right, 1.0, -1.0)
        ones = (sign * rate, pull - own, own)
        curved = bend - far - product
        zero = np.zeros(shape)
        slope_above = np.where(right, ones[1], 1.0 - share)
        slope_below = np.where(right, share, ones[1])
        outside = (
            (ones[0], slope_above, slope_below),
            (
                zero,
                np.where(right, above, 0.0),
                np.where(right, curved, -product),
                np.where(right, 0.0, -below),
                product,
                np.where(right, -product, curved),
            ),
        )
        inside = _around(
            a, b, miss_a, miss_b, got_a, got_b, mass, sides=(above, below, share, product, height)
        )
    return Terms(
        value,
        tuple(np.where(outer, one, two) for one, two in zip(outside[0], inside[0], strict=True)),
        tuple(np.where(outer, one, two) for one, two in zip(outside[1], inside[1], strict=True)),
    )


def _around(
    a: Array,
    b: Array,
    miss_a: Array,
    miss_b: Array,
    got_a: Array,
    got_b: Array,
    mass: Array,
    sides: tuple[Array, ...],
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Derivatives of the log of p (1 - exp(-a)) + (1 - p) (1 - exp(-b))."""
    above, below, share, product, height = sides
    flow_a, flow_b = np.where(np.isposinf(a), 0.0, a * miss_a), np.where(np.isposinf(b), 0.0, b * miss_b)
    a, b = np.where(np.isposinf(a), 0.0, a), np.where(np.isposinf(b), 0.0, b)
    difference, other = got_a - got_b, 1.0 - share
    skew = product * (other - share) * difference
    by_point = -height * difference
    first = (by_point, product * difference + other * flow_b, -product * difference + share * flow_a)
    second = (
        -height * (below * miss_a + above * miss_b),
        other * by_point + height * flow_b,
        skew - 2.0 * product * flow_b + other * flow_b * (1.0 - b),
        share * by_point - height * flow_a,
        -skew + product * (flow_a + flow_b),
        skew - 2.0 * product * flow_a + share * flow_a * (1.0 - a),
    )
    slopes = tuple(item / mass for item in first)
    bends = tuple(item / mass - slopes[i] * slopes[j] for item, (i, j) in zip(second, pairs(3), strict=True))
    return slopes, bends


def carried(terms: Terms, slopes: Coordinates, bends: tuple[Array, ...] = ()) -> Terms:
    """Terms in a family's own coordinates (μ, s, ...), of which log α and log β are functions.

    ``slopes`` holds a pair (∂ log α, ∂ log β) for each coordinate beside μ; ``bends`` their second derivatives of each
    pair of coordinates, lower triangle, which are those of log α and log β alike; 0 where there are none.
    """
    u, h = terms.gradient, terms.hessian
    gradient = [u[0], *(one * u[1] + two * u[2] for one, two in slopes)]
    hessian = [h[0]]
    position = 0
    for row, (one, two) in enumerate(slopes):
        hessian.append(one * h[1] + two * h[3])
        for first, second in slopes[: row + 1]:
            item = one * first * h[2] + (one * second + two * first) * h[4] + two * second * h[5]
            if bends:
                item = item + bends[position] * (u[1] + u[2])
            hessian.append(item)
            position += 1
    return Terms(terms.value, tuple(gradient), tuple(hessian))
