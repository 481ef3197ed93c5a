"""Suprema that triangles near and do not attain: an end without bound, or on what a censored row excludes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat.models import DERIVATIVES, VALUE, Tally
from thetahat.optimize.certificate import Verdict
from thetahat.optimize.certify import certify, listed
from thetahat.optimize.declared import Declared
from thetahat.optimize.kinks.corners import Corners
from thetahat.optimize.outcome import Outcome

Vector = NDArray[np.float64]
FAR, NEAR = 1e4, 1e-4
"""Widths of the rows beyond them, from which on an end may be on its way to infinity, or to the rows."""
STEPS = np.array([1e-4, 1e-5, 1e-6])
"""What is left of the way: widths over distances, or distances over widths."""
FEWEST, MOST = 5.0, 20.0
"""Between what ratio gains of ℓ shrink where they are in proportion to what is left of the way: by 10."""
MOVES = np.array([1e-6, 1e-4, 1e-2])


def out_of_reach(corners: Corners, point: Vector, declared: Declared) -> Outcome | None:
    """The supremum that is neared as ends at a point go on where they have come to; None where there is none.

    With 1/distance, or the distance, as what is left of the way, ℓ is its supremum less a multiple of it to first
    order. The other parameters stay: what they gain is of second order. None too where ℓ rises as these are moved.
    """
    extent, room = corners.extent, corners.room
    likelihood = corners.kinks.likelihood
    limits: dict[int, tuple[float, float, bool]] = {}
    for end, sign, outer, known in (
        (corners.low, -1.0, extent.least, room.exact_least),
        (corners.high, 1.0, extent.most, room.exact_most),
    ):
        gap = sign * (float(point[end]) - outer) / extent.size
        if gap >= FAR:
            limits[end] = (sign, outer, True)
        elif 0.0 < gap <= NEAR and outer != known:
            limits[end] = (sign, outer, False)
    if not limits:
        return None

    def on_the_way(left: float) -> Vector:
        there = point.copy()
        for end, (sign, outer, far) in limits.items():
            there[end] = outer + sign * extent.size * (1.0 / left if far else left)
        return there

    tallies = [likelihood.tally(on_the_way(left), VALUE) for left in STEPS.tolist()]
    if not all(tally.finite for tally in tallies):
        return None
    gains = tallies[1].value - tallies[0].value, tallies[2].value - tallies[1].value
    noise = 2.0 * tallies[2].rounding
    if not (gains[1] > noise and FEWEST * gains[1] <= gains[0] <= MOST * gains[1]):
        return None
    last = on_the_way(float(STEPS[-1]))
    if _rises_aside(corners, last, tuple(limits), noise):
        return None
    return _neared(corners, last, tallies[2].value + gains[1] / 9.0, limits, declared)


def _rises_aside(corners: Corners, point: Vector, ends: tuple[int, ...], noise: float) -> bool:
    """Whether ℓ rises as parameters that are not on the way are moved, alone or together."""
    others = [at for at in range(point.size) if at not in ends]
    likelihood, size = corners.kinks.likelihood, corners.extent.size
    height = likelihood.tally(point, VALUE).value
    signs = np.array(np.meshgrid(*[[-1.0, 0.0, 1.0]] * len(others))).reshape(len(others), -1).T
    for sign in signs:
        for move in MOVES.tolist():
            there = point.copy()
            there[others] += move * size * sign
            ordered = there[corners.low] <= there[corners.mode] <= there[corners.high]
            # Those found far out are at their maximum up to what is left of the way.
            if ordered and likelihood.tally(there, VALUE).value > height + noise + float(STEPS[-1]) ** 2:
                return True
    return False


def _neared(
    corners: Corners,
    point: Vector,
    supremum: float,
    limits: dict[int, tuple[float, float, bool]],
    declared: Declared,
) -> Outcome:
    table = corners.table
    natural = dict(table.natural(point))
    status = dict.fromkeys(table.free_names, declared.regularity(natural))
    direction: dict[str, float] = {}
    for end in sorted(limits):
        sign, outer, far = limits[end]
        name = table.free_names[end]
        natural[name] = sign * np.inf if far else outer * table.unit(name)
        status[name] = "at_infinity" if far else "boundary"
        direction[name] = sign if far else -sign
    names = tuple(direction)
    shown = listed(tuple(f"{name} = {natural[name]:g}" for name in names))
    certificate = certify(
        Verdict.AT_INFINITY,
        table,
        None,
        declared,
        sentence=f"No distribution of the family attains the supremum, {supremum:.6g}: it is neared on the way to "
        f"{shown}. Fix {'it' if len(names) == 1 else 'them'}, or add rows that are known exactly.",
        exists=False,
        scope=declared.scope,
        status=status,
        supremum=supremum,
        parameters=names,
        direction=direction,
        allows=False,
    )
    tally: Tally = corners.kinks.likelihood.tally(point, DERIVATIVES)
    none = np.zeros(table.n_free, dtype=bool)
    return Outcome(natural, point, supremum, tally, none, np.zeros((0, 0)), certificate, ())
