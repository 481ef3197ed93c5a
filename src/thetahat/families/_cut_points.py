"""Log masses between thresholds that are a first number and log gaps, with derivatives in those."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from thetahat.families._cut_laws import CutLaw
from thetahat.families._terms import Array, Terms

# As for location-scale families, an interval much narrower than the density's own scale is integrated, since
# differences of what its ends say would lose 1/gap² to cancellation.
_NARROW = 0.3


@cache
def _unit_rule() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(10)
    return 0.5 * (nodes + 1.0), 0.5 * weights


class Slice(NamedTuple):
    """log(F(anchor + gap) - F(anchor)) with derivatives in the anchor and in log gap.

    Where one end is infinite the anchor is the other, and derivatives in log gap are 0.
    """

    value: Any
    anchor: Any
    gap: Any
    anchor_anchor: Any
    anchor_gap: Any
    gap_gap: Any


class Cuts(NamedTuple):
    """Thresholds less the location, and which of them bound each row: codes in (low, high] of K = size + 1."""

    points: Array
    log_gaps: Array
    low: Array
    high: Array

    @property
    def size(self) -> int:
        """How many thresholds there are."""
        return int(self.points.shape[0])


def cuts_of(first: Any, log_gaps: tuple[Any, ...], location: Any, low: Array, high: Array) -> Cuts:
    """Thresholds by row, (size, rows), from working coordinates that are numbers or arrays over rows."""
    n = low.shape[0]
    gaps = np.stack([np.broadcast_to(np.asarray(item, dtype=float), (n,)) for item in (0.0, *log_gaps)])
    steps = np.concatenate(
        [np.broadcast_to(np.asarray(first - location, dtype=float), (1, n)), np.exp(gaps[1:])]
    )
    return Cuts(np.cumsum(steps, axis=0), gaps, low, high)


def cut_terms(law: CutLaw, cuts: Cuts, order: int) -> tuple[Terms, Slice]:
    """Terms in (first, log gaps) of the mass of each row's codes, and the same in anchor and gap."""
    rows = np.arange(cuts.low.shape[0])
    last = cuts.size - 1
    open_low, open_high = cuts.low < 0, cuts.high > last
    at_low, at_high = np.clip(cuts.low, 0, last), np.clip(cuts.high, 0, last)
    low = np.where(open_low, -np.inf, cuts.points[at_low, rows])
    high = np.where(open_high, np.inf, cuts.points[at_high, rows])
    between = ~(open_low | open_high)
    single = between & (at_high == at_low + 1)
    gap = np.where(single, np.exp(cuts.log_gaps[at_high, rows]), np.where(between, high - low, np.inf))
    found = _slice(law, low, high, gap)
    empty, whole = cuts.high <= cuts.low, open_low & open_high
    value = np.where(empty, -np.inf, np.where(whole, 0.0, found.value))
    if order == 0:
        return Terms(value), found._replace(value=value)
    nothing = empty | whole
    found = Slice(value, *(np.where(nothing, 0.0, item) for item in found[1:]))
    # The anchor moves with each gap up to it, log gap by the share of each gap in it.
    size = np.exp(cuts.log_gaps)
    anchor = np.where(open_low, at_high, at_low)
    steps = [np.where(anchor >= j, size[j], 0.0) for j in range(1, cuts.size)]
    shares = [
        np.where(between & (j > at_low) & (j <= at_high), size[j] / gap, 0.0) for j in range(1, cuts.size)
    ]
    gradient = [found.anchor, *(found.anchor * a + found.gap * s for a, s in zip(steps, shares, strict=True))]
    hessian = [found.anchor_anchor]
    curved = found.gap_gap - found.gap
    for i, (a_i, s_i) in enumerate(zip(steps, shares, strict=True)):
        hessian.append(found.anchor_anchor * a_i + found.anchor_gap * s_i)
        for j in range(i + 1):
            a_j, s_j = steps[j], shares[j]
            mixed = found.anchor_anchor * a_i * a_j + found.anchor_gap * (a_i * s_j + s_i * a_j)
            mixed = mixed + curved * s_i * s_j
            hessian.append(mixed + gradient[i + 1] if i == j else mixed)
    return Terms(value, tuple(gradient), tuple(hessian)), found


def _slice(law: CutLaw, low: Array, high: Array, gap: Array) -> Slice:
    with np.errstate(all="ignore"):
        end = law.ends(low, high, gap)
        width = np.where(np.isfinite(gap), gap, 0.0)
        found = Slice(
            end.value,
            end.low + end.high,
            width * end.high,
            end.low_low + 2.0 * end.low_high + end.high_high,
            width * (end.low_high + end.high_high),
            width * (end.high + width * end.high_high),
        )
        narrow = np.isfinite(low) & np.isfinite(high) & (gap > 0)
        for z in (low, high):
            _, first, second = law.density(np.where(narrow, z, 0.0))
            narrow = narrow & (gap * (np.abs(first) + np.sqrt(np.abs(second))) < _NARROW)
        if not narrow.any():
            return found
        fine = _integrated(law, low[narrow], gap[narrow])
    return Slice(*(_patched(item, narrow, better) for item, better in zip(found, fine, strict=True)))


def _integrated(law: CutLaw, low: Array, gap: Array) -> Slice:
    """By Gauss-Legendre: M = log ∫ f, M_a = E ℓ_a, M_ab = E ℓ_ab + cov(ℓ_a, ℓ_b) inside the interval."""
    fractions, rule = _unit_rule()
    step = gap[:, None] * fractions
    value, first, second = np.broadcast_arrays(*law.density(low[:, None] + step))
    top = np.max(value, axis=1, keepdims=True)
    shares = rule * np.exp(value - top)
    total = shares.sum(axis=1, keepdims=True)
    shares = shares / total

    def mean(item: Array) -> Array:
        return np.asarray((shares * item).sum(axis=1))

    stretched = step * first
    by_anchor, by_gap = mean(first), mean(stretched)
    centred, centred_gap = first - by_anchor[:, None], stretched - by_gap[:, None]
    return Slice(
        np.log(gap) + (top + np.log(total))[:, 0],
        by_anchor,
        1.0 + by_gap,
        mean(second + centred * centred),
        mean(step * second + centred * centred_gap),
        mean(stretched + step * step * second + centred_gap * centred_gap),
    )


def _patched(item: Any, where: Array, better: Array) -> Array:
    result = np.array(np.broadcast_to(item, where.shape))
    result[where] = better
    return result
