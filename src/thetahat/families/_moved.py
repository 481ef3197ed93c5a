"""Derivatives in the place of a density, by way of its scale."""

from __future__ import annotations

import numpy as np

from thetahat.families._family import Family
from thetahat.families._terms import Array, Coordinates, Terms, end_terms, pairs
from thetahat.numerics.namespace import NUMPY

_BESIDE = 1e-8
"""Of the largest distance, one that stands for none: the scale tells derivatives in the logarithm of it only."""


def moved_terms(family: Family, x: Array, eta: Coordinates) -> Terms:
    """log g(x), x = y - t, with derivatives in t and the family's coordinates.

    With the direction d of dilation and D = d·∂ in the family's coordinates, x ∂log g/∂x = -1 - D log g, whence
    (x ∂/∂x)² log g = D² log g and x ∂²log g/∂x∂θ = -D ∂log g/∂θ.
    """
    value, slope, bend, mixed, gradient, hessian = _by_place(family, x, eta)
    entries = list(hessian)
    whole = [bend]
    position = 0
    for i in range(len(gradient)):
        whole.append(-mixed[i])
        whole.extend(entries[position : position + i + 1])
        position += i + 1
    return Terms(value, (-slope, *gradient), tuple(whole))


def moved_mass(family: Family, low: Array, high: Array, eta: Coordinates, order: int) -> Terms:
    """log P(low < X <= high) for ends that move down as t grows, likewise."""
    support = family.support
    empty = high <= support.lower
    low, high = np.where(empty, -np.inf, low), np.where(empty, np.inf, high)
    mass = family.log_mass(low, high, {}, eta, order)
    value = np.where(empty, -np.inf, mass.value)
    if not order:
        return Terms(value)
    k = len(eta)
    gradient = tuple(np.broadcast_to(item, low.shape) for item in mass.gradient)
    sides = []
    for end in (low, high):
        inside = (end > support.lower) & np.isfinite(end)
        log_density, slope, _, _, by_theta, _ = _by_place(family, np.where(inside, end, 1.0), eta)
        sides.append((np.where(inside, log_density, -np.inf), slope, tuple(by_theta)))
    ends = end_terms(np.asarray(mass.value), sides[0], sides[1], gradient)
    whole = [ends.low_low + 2.0 * ends.low_high + ends.high_high]
    position = 0
    for i in range(k):
        whole.append(-(ends.low_s[i] + ends.high_s[i]))
        whole.extend(mass.hessian[position : position + i + 1])
        position += i + 1

    def only(item: Array) -> Array:
        return np.where(empty, 0.0, item)

    return Terms(
        value,
        tuple(only(item) for item in (-(ends.low + ends.high), *gradient)),
        tuple(only(item) for item in whole),
    )


def _by_place(
    family: Family, x: Array, eta: Coordinates
) -> tuple[Array, Array, Array, list[Array], tuple[Array, ...], tuple[Array, ...]]:
    """log g with its first two derivatives in x, the mixed ones, and the family's own."""
    terms = family.derivatives(family.prepare(NUMPY, x, {}), eta)
    at_end = x == 0
    place = x
    if at_end.any():
        # A density that is finite at 0 has its slope there from just beside it.
        place = np.where(at_end, _BESIDE * (np.max(x, initial=0.0) or 1.0), x)
        terms_beside = family.derivatives(family.prepare(NUMPY, place, {}), eta)
    else:
        terms_beside = terms
    d = family.dilation
    k = len(d)
    table: dict[tuple[int, int], Array] = {}
    for (i, j), item in zip(pairs(k), terms_beside.hessian, strict=True):
        table[i, j] = table[j, i] = item
    along = sum((d[i] * terms_beside.gradient[i] for i in range(k) if d[i]), start=np.zeros(()))
    by_theta = [sum((d[i] * table[i, j] for i in range(k) if d[i]), start=np.zeros(())) for j in range(k)]
    twice = sum((d[j] * by_theta[j] for j in range(k) if d[j]), start=np.zeros(()))
    log_slope = -1.0 - along
    slope = log_slope / place
    bend = (twice - log_slope) / place / place
    mixed = [-item / place for item in by_theta]
    return terms.value, slope, bend, mixed, terms.gradient, terms.hessian
