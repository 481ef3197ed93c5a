"""Directions from a point that is no certain maximum: in which the likelihood rises, is level, or came from below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.likelihood import Likelihood
from thetahat.models import SCORES, VALUE
from thetahat.numerics.linear_algebra import analyse
from thetahat.optimize.evidence import DECREMENT, NULL, Evidence

Vector = NDArray[np.float64]
LEVELLED = 1e-5
"""In nats, a change along a direction that counts as none so far out."""
BACKWARDS = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0)
FARTHEST_DOUBLING = 10


@dataclass(frozen=True, slots=True)
class Ray:
    """How ℓ behaves along a direction: whether it never falls, where it ends, and whether it levels off."""

    direction: Vector
    end: Vector
    supremum: float
    rises: bool
    levels_off: bool


def rising(likelihood: Likelihood, found: Evidence) -> Ray | None:
    """The first direction along which ℓ rises, and is lower the other way."""
    for direction in candidate_directions(found):
        ray = walk(likelihood, found, direction)
        if ray.rises and _falls_behind(likelihood, found, ray):
            return ray
    return None


def _falls_behind(likelihood: Likelihood, found: Evidence, ray: Ray) -> bool:
    """Whether ℓ is lower the other way, as it is on a slope and is not on a level ridge."""
    if ray.supremum > found.tally.value + 4 * found.tally.rounding + DECREMENT:
        return True
    back = likelihood.tally(found.point - 2.0 * ray.direction, VALUE)
    return bool(not back.finite or back.value < found.tally.value - found.tally.rounding - DECREMENT)


def walk(likelihood: Likelihood, evidence: Evidence, direction: Vector) -> Ray:
    """Follow a direction by doublings as far as double precision goes."""
    units = evidence.reach
    length = float(np.max(np.abs(direction) / units))
    if not length > 0 or not np.isfinite(length):
        return Ray(direction, evidence.point, evidence.tally.value, rises=False, levels_off=False)
    unit = direction / length
    value = evidence.tally.value
    noise = evidence.tally.rounding
    end, gains = evidence.point, []
    for doubling in range(FARTHEST_DOUBLING):
        point = evidence.point + unit * 2.0**doubling
        there = likelihood.tally(point, VALUE)
        if np.isposinf(there.value):
            return Ray(unit, point, float(np.inf), rises=True, levels_off=False)
        if not there.finite:
            break
        if there.value < value - noise - there.rounding:
            return Ray(unit, end, value, rises=False, levels_off=False)
        gains.append(there.value - value)
        value, end = max(value, there.value), point
    levels_off = len(gains) >= 5 and gains[-1] <= max(DECREMENT, 4 * noise)
    return Ray(unit, end, value, rises=len(gains) >= 3, levels_off=levels_off)


def receding(likelihood: Likelihood, evidence: Evidence) -> Vector | None:
    """A direction from which ℓ came rising and levelled off, so far out that rounding hides what it still gains.

    Backwards along it ℓ falls, the more the farther, and beyond it does not fall.
    """
    value, noise = evidence.tally.value, LEVELLED + 4 * evidence.tally.rounding
    for direction in candidate_directions(evidence):
        unit = direction / float(np.max(np.abs(direction) / evidence.reach))
        ahead = likelihood.tally(evidence.point + 2.0 * unit, VALUE)
        if not (ahead.finite and abs(ahead.value - value) <= noise):
            continue
        drop = 0.0
        for length in BACKWARDS:
            before, drop = drop, value - likelihood.tally(evidence.point - length * unit, VALUE).value
            if not drop >= before - noise or (length == BACKWARDS[0] and drop > noise):
                break
            if drop > 100.0 * noise:
                return np.asarray(unit)
    return None


def candidate_directions(evidence: Evidence) -> list[Vector]:
    """Directions in which a likelihood without an interior maximum would go on rising."""
    directions = []
    factor = evidence.factor
    if evidence.step.any():
        directions.append(evidence.step)
    weak = factor.eigenvalues <= np.maximum(1e-6, 100 * factor.error_bound)
    for column in factor.eigenvectors.T[weak]:
        direction = column / factor.roots
        directions.extend(
            [direction, -direction] if evidence.tally.score @ direction >= 0 else [-direction, direction]
        )
    for j in range(evidence.point.size):
        axis = np.zeros_like(evidence.point)
        axis[j] = 1.0
        directions.extend([axis, -axis] if evidence.tally.score[j] >= 0 else [-axis, axis])
    return directions


def structural_null(likelihood: Likelihood, evidence: Evidence, rng: np.random.Generator) -> Vector | None:
    """A direction in which no row's score ever points, at the estimate and at random points near it."""
    opg = evidence.tally.opg
    if opg is None:
        opg = likelihood.tally(evidence.point, SCORES).opg
    if opg is None:
        return None
    gram = analyse(opg)
    if (
        gram.smallest > NULL * gram.error_bound
        or evidence.factor.smallest > NULL * evidence.factor.error_bound
    ):
        return None
    direction = gram.eigenvectors[:, 0] / gram.roots
    for _ in range(2):
        near = evidence.point + 0.1 * rng.standard_normal(evidence.point.size) * evidence.reach
        there = likelihood.tally(near, SCORES)
        if there.opg is None or not there.finite:
            return None
        nearby = analyse(there.opg)
        if nearby.smallest > NULL * nearby.error_bound:
            return None
        direction = nearby.eigenvectors[:, 0] / nearby.roots
    return np.asarray(direction / np.max(np.abs(direction)))


def is_level(likelihood: Likelihood, evidence: Evidence, direction: Vector, n_obs: float) -> bool:
    """Whether ℓ falls along ±direction by next to nothing of what informative rows would make of it.

    On a curved ridge a short straight step falls by its fourth power; near one, by its square.
    """
    length = 1e-4
    step = length * direction / float(np.max(np.abs(direction) / evidence.reach))
    most = 1e-3 * length**2 * n_obs + 4 * evidence.tally.rounding
    drops = [
        evidence.tally.value - likelihood.tally(evidence.point + s * step, VALUE).value for s in (-1.0, 1.0)
    ]
    return all(abs(drop) <= most for drop in drops)


def level_direction(likelihood: Likelihood, evidence: Evidence) -> Vector | None:
    """A direction along which ℓ changes by at most τ for one unit both ways, in these data."""
    factor = evidence.factor
    weak = np.flatnonzero(factor.eigenvalues <= np.maximum(1e-8, 100 * factor.error_bound))
    for index in weak:
        direction = factor.eigenvectors[:, index] / factor.roots
        direction = direction / np.max(np.abs(direction) / evidence.reach)
        moves = [likelihood.tally(evidence.point + sign * direction, VALUE).value for sign in (-1.0, 1.0)]
        if all(abs(value - evidence.tally.value) <= DECREMENT + evidence.tally.rounding for value in moves):
            return np.asarray(direction)
    return None


def ascent_direction(likelihood: Likelihood, evidence: Evidence) -> Vector | None:
    """A verified direction of negative curvature along which ℓ rises."""
    factor = evidence.factor
    if factor.smallest >= -100 * factor.error_bound:
        return None
    direction = factor.eigenvectors[:, 0] / factor.roots
    for length in (1.0, 0.1, 0.01, 1e-3):
        for sign in (1.0, -1.0):
            there = likelihood.tally(evidence.point + sign * length * direction, VALUE)
            if there.finite and there.value > evidence.tally.value + evidence.tally.rounding + there.rounding:
                return np.asarray(sign * direction)
    return None
