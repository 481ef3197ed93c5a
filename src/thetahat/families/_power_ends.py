"""Log masses of intervals under the density proportional to exp(-|z|^shape), in their ends and log shape.

|z|^shape has the gamma distribution of shape a = 1/shape, so that the mass on one side of 0 is half one of that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from thetahat.families._standard import reflected
from thetahat.families._terms import Array, EndTerms, end_terms
from thetahat.numerics.incomplete_gamma import log_gamma_mass

_LOG_2 = float(np.log(2.0))
_DEEP = 690.0
"""-log of a power z^shape below which e to minus it is 1, and the density level; near there the power underflows."""


class _End(NamedTuple):
    """An end z > 0 of an interval: the log of z^shape and itself, log f(z) and its slopes in z and log shape."""

    log_power: Array
    power: Array
    log_density: Array
    slope: Array
    by_shape: Array


def power_ends(low: Array, high: Array, log_shape: Any, order: int) -> EndTerms:
    """Return log(F(high) - F(low)) with its derivatives in both ends and in log shape."""
    low, high, log_shape = np.broadcast_arrays(low, high, np.asarray(log_shape, dtype=float))
    with np.errstate(all="ignore"):
        left, right = high <= 0, low >= 0
        outer = left | right
        if outer.all():
            return _one_sided(low, high, left, log_shape, order)
        inner = ~outer
        around = _around(low[inner], high[inner], log_shape[inner], order)
        if not outer.any():
            return EndTerms(*(_spread(item, inner) for item in around))
        beyond = _one_sided(low[outer], high[outer], left[outer], log_shape[outer], order)
    return EndTerms(*(_spread(a, inner, b, outer) for a, b in zip(around, beyond, strict=True)))


def _spread(item: Any, where: Array, other: Any = None, elsewhere: Any = None) -> Any:
    """Items of some rows, and of the others, each in its place."""
    if isinstance(item, tuple):
        others = (None,) * len(item) if other is None else other
        return tuple(_spread(a, where, b, elsewhere) for a, b in zip(item, others, strict=True))
    whole = np.empty(where.shape)
    whole[where] = item
    if elsewhere is not None:
        whole[elsewhere] = other
    return whole


def _one_sided(low: Array, high: Array, left: Array, log_shape: Array, order: int) -> EndTerms:
    """Of intervals that do not hold 0 inside."""
    found = _beyond(np.where(left, -high, low), np.where(left, -low, high), log_shape, order)
    if not order or not left.any():
        return found
    mirrored = reflected(found)

    def pick(one: Any, other: Any) -> Any:
        if isinstance(one, tuple):
            return tuple(pick(a, b) for a, b in zip(one, other, strict=True))
        return np.where(left, one, other)

    return EndTerms(*(pick(one, other) for one, other in zip(mirrored, found, strict=True)))


def _end(z: Array, log_shape: Array) -> _End:
    shape = np.exp(log_shape)
    log_power = shape * np.log(z)
    power = np.exp(log_power)
    inverse = 1.0 / shape
    inside = np.isfinite(z) & (z > 0)
    log_density = -_LOG_2 - special.gammaln(1.0 + inverse) - np.where(z > 0, power, 0.0)
    by_shape = inverse * special.digamma(1.0 + inverse) - np.where(inside, power * log_power, 0.0)
    slope = np.where(inside, -shape * power / z, 0.0)
    return _End(log_power, power, np.where(np.isposinf(z), -np.inf, log_density), slope, by_shape)


def _part(terms: EndTerms, rows: slice) -> EndTerms:
    def part(item: Any) -> Any:
        if isinstance(item, tuple):
            return tuple(part(inside) for inside in item)
        return item[rows] if np.ndim(item) else item

    return EndTerms(*(part(item) for item in terms))


def _beyond(near: Array, far: Array, log_shape: Array, order: int) -> EndTerms:
    """Of an interval on one side: 0 <= near < far; where the density is level, by lengths."""
    start = np.exp(-_DEEP * np.exp(-log_shape))
    level = far <= start
    both = (near > 0) & (near < start) & ~level
    if not (level.any() or both.any()):
        return _curved(near, far, log_shape, order)
    whole = _curved(np.where(both, start, near), far, log_shape, order)
    deep = _level(near, np.where(both, start, far), log_shape)
    joined = _joined(deep, whole)

    def pick(item: Any, alone: Any, together: Any) -> Any:
        if isinstance(item, tuple):
            return tuple(pick(*parts) for parts in zip(item, alone, together, strict=True))
        return np.where(level, alone, np.where(both, together, item))

    if not order:
        return EndTerms(pick(whole.value, deep.value, joined.value), 0.0, 0.0, 0.0, 0.0, 0.0)
    return EndTerms(*(pick(*parts) for parts in zip(whole, deep, joined, strict=True)))


def _level(near: Array, far: Array, log_shape: Array) -> EndTerms:
    """Of an interval in which e to minus the power is 1."""
    a = np.exp(-log_shape)
    length = far - near
    inverse, none = 1.0 / length, np.zeros_like(length)
    s = a * special.digamma(1.0 + a)
    return EndTerms(
        np.log(length) - _LOG_2 - special.gammaln(1.0 + a),
        -inverse,
        inverse,
        -inverse * inverse,
        inverse * inverse,
        -inverse * inverse,
        (s,),
        (none,),
        (none,),
        (-s - a * a * special.polygamma(1, 1.0 + a),),
    )


def _joined(first: EndTerms, second: EndTerms) -> EndTerms:
    """Of two intervals, the one beginning where the other ends."""
    total = np.logaddexp(first.value, second.value)
    one, two = np.exp(first.value - total), np.exp(second.value - total)
    if not second.s:
        return EndTerms(total, 0.0, 0.0, 0.0, 0.0, 0.0)
    low, high = one * first.low, two * second.high
    (s_one,), (s_two,) = first.s, second.s
    s = one * s_one + two * s_two
    return EndTerms(
        total,
        low,
        high,
        one * (first.low_low + first.low * first.low) - low * low,
        -low * high,
        two * (second.high_high + second.high * second.high) - high * high,
        (s,),
        (one * (first.low_s[0] + first.low * s_one) - low * s,),
        (two * (second.high_s[0] + second.high * s_two) - high * s,),
        (one * (first.s_s[0] + s_one * s_one) + two * (second.s_s[0] + s_two * s_two) - s * s,),
    )


def _curved(near: Array, far: Array, log_shape: Array, order: int) -> EndTerms:
    """Of an interval on one side that does not begin where the power underflows."""
    first, last = _end(near, log_shape), _end(far, log_shape)
    a = np.exp(-log_shape)
    mass, by_a, by_a_twice = log_gamma_mass(first.power, last.power, a, order)
    value = mass - _LOG_2
    if by_a is None or by_a_twice is None:
        return EndTerms(value, 0.0, 0.0, 0.0, 0.0, 0.0)
    digamma = special.digamma(a)

    def flow(end: _End) -> tuple[Array, Array, Array]:
        """The density of log z^shape at an end over the mass, times its log and further factors."""
        inside = np.isfinite(end.log_power)
        density = np.exp(a * end.log_power - end.power - special.gammaln(a) - mass)
        at = np.where(inside, density * np.where(inside, end.log_power, 0.0), 0.0)
        safe = np.where(inside, end.log_power, 0.0)
        power = np.where(np.isfinite(end.power), end.power, 0.0)
        return at, at * (1.0 - power * safe + a * digamma), at * (safe - digamma - by_a)

    (up, up_own, up_mixed), (down, down_own, down_mixed) = flow(last), flow(first)
    s = up - down - a * by_a
    s_s = up_own - down_own - (up - down) * s
    s_s = s_s + a * by_a + a * a * by_a_twice - a * (up_mixed - down_mixed)
    return end_terms(
        value,
        (first.log_density, first.slope, (first.by_shape,)),
        (last.log_density, last.slope, (last.by_shape,)),
        (s,),
        (s_s,),
    )


def _around(low: Array, high: Array, log_shape: Array, order: int) -> EndTerms:
    """Of an interval with 0 inside: the two parts, each by its share."""
    n, both = low.shape[0], np.concatenate([high, -low])
    log_shapes = np.concatenate([log_shape, log_shape])
    parts = _beyond(np.zeros(2 * n), both, log_shapes, order)
    up, down = (_part(parts, slice(0, n)), _part(parts, slice(n, 2 * n)))
    total = np.logaddexp(up.value, down.value)
    inverse = np.exp(-log_shapes)
    level = both <= np.exp(-_DEEP * inverse)
    curved = special.gammaincc(inverse, both ** np.exp(log_shapes))
    beyond = 0.5 * np.where(level, 1.0 - both / special.gamma(1.0 + inverse), curved)
    missed = beyond[:n] + beyond[n:]
    value = np.where(missed < 0.5, np.log1p(-missed), total)
    if not order:
        return EndTerms(value, 0.0, 0.0, 0.0, 0.0, 0.0)
    share, other = np.exp(up.value - total), np.exp(down.value - total)
    by_high, by_low = share * up.high, -other * down.high
    s = share * up.s[0] + other * down.s[0]

    def weighed(part: Array, second: Array, one: Array, two: Array) -> Array:
        return part * (second + one * two)

    return EndTerms(
        value,
        by_low,
        by_high,
        weighed(other, down.high_high, down.high, down.high) - by_low * by_low,
        -by_low * by_high,
        weighed(share, up.high_high, up.high, up.high) - by_high * by_high,
        (s,),
        (-weighed(other, down.high_s[0], down.high, down.s[0]) - by_low * s,),
        (weighed(share, up.high_s[0], up.high, up.s[0]) - by_high * s,),
        (
            weighed(share, up.s_s[0], up.s[0], up.s[0])
            + weighed(other, down.s_s[0], down.s[0], down.s[0])
            - s * s,
        ),
    )
