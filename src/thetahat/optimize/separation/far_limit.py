"""The limit of a likelihood that rises for ever: followed outwards, and maximised across the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.likelihood import Likelihood
from thetahat.models import DERIVATIVES, VALUE, Tally
from thetahat.optimize.separation.recession import Recession
from thetahat.parameters import ParameterTable

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
NEAR = 1e-13
"""In nats a row, the gain from which on a further step outwards is of no interest."""
NEGLIGIBLE = 1e-20
FARTHEST = 2.0**24
MOST_STEPS = 60
ROUNDS = 4
POWER_LAW = 0.02
"""How near one half a gain must be to the one before, over a doubling, where tails fall as 1/distance."""


@dataclass(frozen=True, slots=True)
class FarLimit:
    """A point from which the likelihood rises no more, as far as double precision tells.

    ``covariance`` is over the free coordinates, of those directions that the limit determines; ``supremum`` adds to
    the point's value what is still to be gained, where tails fall so slowly that it can be seen.
    """

    point: Vector
    tally: Tally
    covariance: Matrix
    supremum: float


def far_limit(likelihood: Likelihood, start: Vector, found: Recession, n_obs: float) -> FarLimit:
    """Go along a recession direction until ℓ rises no more, and there climb in all directions but those of its span.

    The recession directions span a space V of which ℓ in the limit does not depend: it is a function of what is left
    of the coordinates modulo V, and has a finite maximum there (Geyer, 2009). Newton's method in the orthogonal
    complement of V finds it, whatever the model: rows of which one class of many became impossible, and thresholds
    that part, need no submodel of their own.

    Parameters
    ----------
    likelihood
        Of all rows.
    start
        Free coordinates where Newton's method stopped.
    found
        The directions, by names of natural entries.
    n_obs
        Σ w, to which a gain is compared.

    References
    ----------
    Geyer, C. J. (2009). Likelihood inference in exponential families and directions of recession. Electronic Journal
    of Statistics 3, 259-289.
    """
    table = likelihood.table
    place = {name: position for position, name in enumerate(table.free_names)}
    direction = np.zeros(len(place))
    basis = np.zeros((len(place), found.span.basis.shape[1]))
    for row, name in enumerate(found.names):
        if name in place:
            direction[place[name]] = found.direction[row]
            basis[place[name]] = found.span.basis[row]
    scale = np.sqrt(np.maximum(np.diag(likelihood.tally(start, DERIVATIVES).information), 0.0))
    point = start
    covariance = np.zeros((table.n_free, table.n_free))
    for _ in range(ROUNDS):
        point, moved = _outwards(likelihood, point, direction, NEAR * n_obs)
        scale = np.maximum(scale, np.sqrt(np.finfo(float).tiny))
        point, covariance = _across(likelihood, point, basis, scale)
        if not moved:
            break
    tally = likelihood.tally(point, DERIVATIVES)
    return FarLimit(point, tally, covariance, tally.value + _left(likelihood, point, tally, direction))


def _left(likelihood: Likelihood, point: Vector, tally: Tally, direction: Vector) -> float:
    """What going on would gain where ℓ nears its limit as 1/distance: what the second half of the way gained."""
    table = likelihood.table
    natural = table.natural(point)
    reached = np.array([natural[name] for name in table.free_names])
    farthest = int(np.argmax(np.abs(direction)))
    distance = float(reached[farthest] / direction[farthest])
    if not distance > 0:
        return 0.0
    half, quarter = (
        likelihood.tally(_free(table, natural, -share * distance * direction), VALUE) for share in (0.5, 0.75)
    )
    second, first = tally.value - half.value, half.value - quarter.value
    seen = second > 4 * (tally.rounding + half.rounding)
    return second if seen and abs(second - 0.5 * first) <= POWER_LAW * first else 0.0


def _outwards(likelihood: Likelihood, point: Vector, direction: Vector, most: float) -> tuple[Vector, bool]:
    """Go along by doublings while ℓ rises; tell whether it did."""
    table = likelihood.table
    natural = table.natural(point)
    value = likelihood.tally(point, VALUE).value
    length, moved = 1.0, False
    while length <= FARTHEST:
        trial = _free(table, natural, length * direction)
        there = likelihood.tally(trial, VALUE).value
        if not np.isfinite(there) or there < value:
            break
        gain, point, value = there - value, trial, there
        moved = moved or gain > most
        if gain <= most and length > 1.0:
            break
        length *= 2.0
    return point, moved


def _free(table: ParameterTable, natural: Mapping[str, float], step: Vector) -> Vector:
    """The free coordinates of natural entries that were moved; where columns are centred, of coordinates themselves."""
    if table.shifts:
        here = table.free_from_natural({name: natural[name] for name in table.free_names})
        return np.asarray(here + step)
    moved = {name: natural[name] + move for name, move in zip(table.free_names, step, strict=True)}
    values = {
        parameter.name: np.array([moved[name] for name in parameter.names])
        if parameter.domain.vector
        else moved[parameter.name]
        for parameter in table.free_parameters
    }
    return table.free_from_natural(values)


def _across(likelihood: Likelihood, point: Vector, basis: Matrix, scale: Vector) -> tuple[Vector, Matrix]:
    """Newton's method in the complement of the span, with steps halved until they pay; and the inverse information."""
    table = likelihood.table
    tally = likelihood.tally(point, DERIVATIVES)
    covariance = np.zeros((table.n_free, table.n_free))
    for _ in range(MOST_STEPS):
        inner = basis if table.shifts else np.linalg.solve(table.jacobian(point), basis)
        inner = inner * scale[:, np.newaxis]
        complement = np.linalg.qr(inner / np.linalg.norm(inner, axis=0), mode="complete")[0][
            :, basis.shape[1] :
        ]
        if not complement.shape[1]:
            break
        matrix = complement.T @ (tally.information / scale / scale[:, np.newaxis]) @ complement
        values, vectors = np.linalg.eigh(matrix)
        solid = values > 1e-13 * max(float(values[-1]), 0.0) if values[-1] > 0 else values > 0
        root = complement @ vectors[:, solid] / np.sqrt(values[solid]) / scale[:, np.newaxis]
        covariance = root @ root.T
        step = root @ (root.T @ tally.score)
        if 0.5 * float(tally.score @ step) <= NEGLIGIBLE:
            break
        length = 1.0
        while length > 1e-10:
            there = likelihood.tally(point + length * step, DERIVATIVES)
            if there.finite and there.value >= tally.value - tally.rounding - there.rounding:
                break
            length /= 2.0
        else:
            break
        stalled = 0.5 * float(there.score @ (root @ (root.T @ there.score))) >= 0.25 * float(
            tally.score @ step
        )
        point, tally = point + length * step, there
        if stalled and length == 1.0:
            break
    return point, covariance
