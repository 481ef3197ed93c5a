"""The logarithm of a sum of weighted densities, with two derivatives: the calculus of mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thetahat.families._terms import Array, Terms, pairs
from thetahat.numerics.namespace import NUMPY

Places = tuple[int, ...]
NOWHERE = -1
"""The place of a log weight that is held at 0, against which the others are measured."""


def log_sum(parts: Sequence[Terms], log_weights: Sequence[Any], places: Sequence[Places], size: int) -> Terms:
    """log Σ_k exp(a_k + M_k) with derivatives in ``size`` coordinates.

    With r_k the share of part k, D_k its derivative (1 in a_k) and H_k its second one, the gradient is Σ r_k D_k and
    the Hessian Σ r_k H_k + Σ r_k (1 - r_k) D_k D_k' less Σ r_k r_l D_k D_l' over k ≠ l, in which nothing cancels
    where one part has nearly all of the sum.

    Parameters
    ----------
    parts
        M_k with its derivatives in coordinates of its own; without them at order 0.
    log_weights
        a_k.
    places
        For each part, where a_k lies among the coordinates (``NOWHERE`` where it is 0), then where its own do; a
        coordinate may belong to several parts.
    size
        How many coordinates there are.
    """
    with np.errstate(all="ignore"):
        logs = [weight + part.value for weight, part in zip(log_weights, parts, strict=True)]
        value = log_total(NUMPY, logs)
        if not parts[0].gradient and len(places[0]) > 1:
            return Terms(value)
        shares = [np.where(np.isneginf(item), 0.0, np.exp(item - value)) for item in logs]
        gradient: list[Any] = [0.0] * size
        hessian: list[Any] = [0.0] * (size * (size + 1) // 2)
        slopes = [_slopes(part, share) for part, share in zip(parts, shares, strict=True)]

        def add(i: int, j: int, item: Any) -> None:
            low, high = min(i, j), max(i, j)
            hessian[high * (high + 1) // 2 + low] = hessian[high * (high + 1) // 2 + low] + item

        for k, (part, share, slope, place) in enumerate(zip(parts, shares, slopes, places, strict=True)):
            others = sum((item for other, item in enumerate(shares) if other != k), start=0.0)
            spread = share * others
            second = {
                (i + 1, j + 1): np.where(share == 0, 0.0, item)
                for item, (i, j) in zip(part.hessian, pairs(len(part.gradient)), strict=True)
            }
            for i, at in enumerate(place):
                if at == NOWHERE:
                    continue
                gradient[at] = gradient[at] + share * slope[i]
                for j, to in enumerate(place[: i + 1]):
                    if to == NOWHERE:
                        continue
                    add(at, to, spread * slope[i] * slope[j] + share * second.get((i, j), 0.0))
            for other in range(k):
                both = -share * shares[other]
                for i, at in enumerate(place):
                    for j, to in enumerate(places[other]):
                        if NOWHERE in (at, to):
                            continue
                        # A coordinate that both have is met once, and stands for both orders of the two.
                        item = both * slope[i] * slopes[other][j]
                        add(at, to, 2.0 * item if at == to else item)
    return Terms(value, tuple(gradient), tuple(hessian))


def log_total(xp: Any, logs: Sequence[Any]) -> Any:
    """log Σ exp, which is -inf where every part is."""
    highest = logs[0]
    for item in logs[1:]:
        highest = xp.maximum(highest, item)
    finite = xp.where(xp.abs(highest) < np.inf, highest, 0.0)
    total = sum((xp.exp(item - finite) for item in logs), start=0.0)
    return finite + xp.log(total)


def _slopes(part: Terms, share: Array) -> list[Any]:
    """1 for the weight, then the part's own, which need not be numbers where it has no share."""
    return [1.0, *(np.where(share == 0, 0.0, item) for item in part.gradient)]
