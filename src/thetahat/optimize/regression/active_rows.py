"""Maximising where some rows end: an interior path to the edge, then Newton's method on the edge itself.

The predictor of a row may have an end that its likelihood does not avoid, such as log prob = 0 for a success. The
maximum is then that of a likelihood under linear inequalities s_i (x_i·φ - e_i) >= 0. A logarithmic barrier leads to
the rows that hold it (Frisch, 1955); with these held, Newton's method on what they leave free gives all digits; and
multipliers λ >= 0 with ∇ℓ + Σ λ_i s_i x_i = 0 prove it (Karush, 1939; Kuhn & Tucker, 1951).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.models import DERIVATIVES, VALUE, Tally
from thetahat.numerics.linear_algebra import SymmetricFactor, analyse
from thetahat.optimize.constrained import Tallies
from thetahat.optimize.evidence import CURVATURE_CHANGE
from thetahat.optimize.newton import DECREMENT, NEGLIGIBLE

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
WEAKEST = 1e-8
"""The barrier, in nats a row, at which the path ends."""
STEPS = 40
"""Newton steps at each strength of the barrier, and on the edge."""
SHORT_OF_THE_EDGE = 0.95
NEAR = (1e-4, 1e-3, 1e-6)
"""Of a usual distance: rows nearer to the edge at the end of the path are tried as those that hold the maximum."""
ON_THE_EDGE = 1e-9
DOUBLINGS = 8
RANK = UNKNOWN = 1e-10
UNBALANCED, NO_GAIN = 1e-7, 1e-6
"""Of the multipliers, and in roots of nats: a score that they leave is none."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Rows whose predictors have an end at which their likelihood is finite: s (x·φ + c) >= 0.

    ``pulls`` are the derivatives of the weighted rows by their predictors there; ``usual`` is a usual distance.
    """

    matrix: Matrix
    constants: Vector
    signs: Vector
    pulls: Vector
    usual: Vector

    def distances(self, point: Vector) -> Vector:
        """Of each row from its end, positive inside."""
        return self.signs * (self.matrix @ point + self.constants)

    def moved(self, held: NDArray[np.intp], point: Vector) -> Ends:
        """The same in the coordinates that are not held where ``point`` has them."""
        others = np.setdiff1d(np.arange(point.size), held)
        constants = self.constants + self.matrix[:, held] @ point[held]
        return Ends(self.matrix[:, others], constants, self.signs, self.pulls, self.usual)


@dataclass(frozen=True, slots=True)
class OnTheEdge:
    """A maximum on the edge: the rows that hold it, and what is known of the coordinates that they leave free.

    ``covariance`` is conditional on the edge; ``tally`` that of the other rows; ``multipliers`` one a row, 0 inside.
    """

    point: Vector
    active: Mask
    covariance: Matrix
    tally: Tally
    multipliers: Vector
    decrement: float
    away: Vector | None = None
    """A direction along the edge on which the likelihood still rises, and has levelled off."""

    @property
    def untouched(self) -> Mask:
        """The coordinates that the other rows determine by themselves, at a maximum of theirs."""
        factor = analyse(self.tally.information)
        if not np.isfinite(self.tally.information).all():
            return np.zeros(self.point.size, dtype=bool)
        known = factor.eigenvalues > UNKNOWN * max(factor.largest, 1e-300)
        slope = factor.eigenvectors.T @ (self.tally.score / factor.roots)
        if 0.5 * float(np.sum(slope[known] ** 2 / factor.eigenvalues[known])) > DECREMENT:
            return np.zeros(self.point.size, dtype=bool)
        return np.asarray((np.abs(factor.eigenvectors[:, ~known]) < UNKNOWN).all(axis=1))


def maximise_on_edge(
    likelihood: Tallies, without: Callable[[Mask], Tallies], ends: Ends, inside: Vector
) -> OnTheEdge | None:
    """The maximum on the edge, from a point inside; None where there is none, or none was proved.

    ``without`` is the likelihood of all rows but some of ``ends``.
    """
    near = _path(likelihood, ends, inside)
    if near is None:
        return None
    tried: set[bytes] = set()
    for share in NEAR:
        found = _settled(without, ends, near, ends.distances(near) < share * ends.usual, tried)
        if found is not None:
            return found
    return None


def _settled(
    without: Callable[[Mask], Tallies], ends: Ends, near: Vector, active: Mask, tried: set[bytes]
) -> OnTheEdge | None:
    """Let go of rows that hold the likelihood back, and hold those that are reached, until neither is left."""
    while active.any() and active.tobytes() not in tried:
        tried.add(active.tobytes())
        held = _held(without(active), ends, active, near)
        if held is None:
            return None
        point, covariance, tally, decrement, away = held
        reached = ~active & (ends.distances(point) < ON_THE_EDGE * ends.usual)
        if decrement > DECREMENT:
            if not reached.any():
                return None
            active = active | reached
            continue
        multipliers, loose, balanced = _multipliers(ends, active, tally)
        if balanced:
            return OnTheEdge(point, active, covariance, tally, multipliers, decrement, away)
        active = active & ~loose
    return None


def _path(likelihood: Tallies, ends: Ends, inside: Vector) -> Vector | None:
    """Where the maximum with ever weaker barriers Σ log d - d/usual leads, which keep rows from running away too."""
    point, tally = inside, likelihood.tally(inside, DERIVATIVES)
    distances = ends.distances(point)
    if not tally.finite or not (distances > 0).all():
        return None
    strength = 1.0
    while strength >= WEAKEST:
        for _ in range(STEPS):
            pushes = ends.signs * (1.0 / distances - 1.0 / ends.usual)
            score = tally.score + strength * (pushes @ ends.matrix)
            bent = ends.matrix / distances[:, np.newaxis]
            step = _ascent(analyse(tally.information + strength * (bent.T @ bent)), score)
            if 0.5 * float(score @ step) <= 1e-3 * strength:
                break
            merit = tally.value + strength * _barrier(ends, distances)
            # As far as to the edge nearly, and then back until it pays.
            towards = -(ends.signs * (ends.matrix @ step)) / distances
            length = min(1.0, SHORT_OF_THE_EDGE / max(float(towards.max()), 1e-300))
            while length > 1e-12:
                trial = point + length * step
                there, room = likelihood.tally(trial, DERIVATIVES), ends.distances(trial)
                if there.finite and np.isfinite(there.information).all() and (room > 0).all():
                    gain = there.value + strength * _barrier(ends, room) - merit
                    if gain >= -(there.rounding + tally.rounding):
                        break
                length /= 4
            else:
                break
            point, tally, distances = trial, there, room
        strength /= 10
    return point


def _barrier(ends: Ends, distances: Vector) -> float:
    return float(np.sum(np.log(distances) - distances / ends.usual))


def _ascent(factor: SymmetricFactor, score: Vector) -> Vector:
    """Newton's step, with curvature that is not positive taken for its size."""
    values = np.abs(factor.eigenvalues)
    values = np.maximum(values, 1e-12 * max(float(values.max()), 1e-300))
    slope = factor.eigenvectors.T @ (score / factor.roots)
    return np.asarray(factor.eigenvectors @ (slope / values) / factor.roots)


def _held(
    likelihood: Tallies, ends: Ends, active: Mask, near: Vector
) -> tuple[Vector, Matrix, Tally, float, Vector | None] | None:
    """The maximum with some rows held on their ends, the covariance of what is free, and what could be gained yet.

    Last a direction in which it is neared for ever, None where there is none.
    """
    tally = likelihood.tally(near, DERIVATIVES)
    rows, index = np.unique(ends.matrix[active], axis=0, return_index=True)
    levels = -ends.constants[active][index]
    roots = _roots(tally.information, rows)
    scaled = rows / roots
    sizes = np.linalg.norm(scaled, axis=1)
    _, singular, across = np.linalg.svd(scaled / sizes[:, np.newaxis])
    rank = int(np.count_nonzero(singular > RANK * singular[0]))
    along = across[rank:].T
    inverse = np.linalg.pinv(scaled / sizes[:, np.newaxis], rcond=RANK)

    def on_the_ends(point: Vector) -> Vector:
        for _ in range(2):
            point = point + inverse @ ((levels - rows @ point) / sizes) / roots
        return np.asarray(point)

    point = on_the_ends(near)
    tally = likelihood.tally(point, DERIVATIVES)
    decrement = before = np.inf
    for _ in range(STEPS):
        if not (tally.finite and np.isfinite(tally.information).all()):
            return None
        factor = analyse(along.T @ (tally.information / roots / roots[:, np.newaxis]) @ along)
        if rank == point.size:
            return point, np.zeros_like(tally.information), tally, 0.0, None
        slope = along.T @ (tally.score / roots)
        before, positive = decrement, factor.smallest > 100 * factor.error_bound
        step = factor.solve(slope) if positive else _ascent(factor, slope)
        decrement = 0.5 * float(slope @ step)
        if positive and (decrement <= NEGLIGIBLE or (decrement <= DECREMENT and not decrement < before / 4)):
            break
        length = 1.0
        while length > 1e-12:
            trial = on_the_ends(point + length * (along @ step) / roots)
            there = likelihood.tally(trial, DERIVATIVES)
            inside = (ends.distances(trial)[~active] > 0).all()
            if there.finite and inside and there.value >= tally.value - there.rounding - tally.rounding:
                break
            length /= 2
        else:
            break
        point, tally = trial, there
    if not positive:
        return None
    move, away = (along @ step) / roots, None
    change = likelihood.tally(point + move, DERIVATIVES).information - tally.information
    if (
        not factor.relative_norm(along.T @ (change / roots / roots[:, np.newaxis]) @ along)
        <= CURVATURE_CHANGE
    ):
        # A curvature that fades as Newton goes on is that of a way to infinity.
        away = move / float(np.max(np.abs(move)))
        if not _levels_off(likelihood, point, away, tally):
            return None
        along = along @ np.linalg.svd((along.T @ (away * roots))[np.newaxis])[2][1:].T
        factor = analyse(along.T @ (tally.information / roots / roots[:, np.newaxis]) @ along)
    spread = along @ factor.inverse() @ along.T
    return point, spread / roots / roots[:, np.newaxis], tally, decrement, away


def _levels_off(likelihood: Tallies, point: Vector, direction: Vector, tally: Tally) -> bool:
    """Whether ℓ never falls along a direction, and has nothing to gain there."""
    noise = DECREMENT + 4 * tally.rounding
    values = [
        likelihood.tally(point + 2.0**doubling * direction, VALUE).value for doubling in range(DOUBLINGS)
    ]
    return all(abs(value - tally.value) <= noise for value in values)


def _roots(information: Matrix, rows: Matrix) -> Vector:
    """A scale of each coordinate: of its curvature, or where it has none of its entries in the rows held."""
    curvature = np.sqrt(np.maximum(np.nan_to_num(information.diagonal()), 0.0))
    entries = np.sqrt(np.sum(rows * rows, axis=0))
    return np.where(curvature > 0, curvature, np.where(entries > 0, entries, 1.0))


def _multipliers(ends: Ends, active: Mask, tally: Tally) -> tuple[Vector, Mask, bool]:
    """Multipliers of the rows held, those of them that hold ℓ back from rising inwards, and whether ℓ rises nowhere."""
    from scipy.optimize import nnls

    rows = ends.matrix[active]
    pulls = ends.pulls[active]
    total = tally.score + pulls @ rows
    roots = _roots(tally.information, rows)
    inward = (ends.signs[active][:, np.newaxis] * rows / roots).T
    sizes = np.linalg.norm(inward, axis=0)
    weights, _ = nnls(inward / sizes, -total / roots, maxiter=50 * rows.shape[0] + 100)
    left = total / roots + (inward / sizes) @ weights
    noise = max(UNBALANCED * float(weights.sum() + np.abs(pulls) @ sizes), NO_GAIN)
    multipliers = np.zeros(active.size)
    multipliers[active] = weights / sizes
    loose = np.zeros(active.size, dtype=bool)
    balanced = float(np.linalg.norm(left)) <= noise
    if not balanced:
        loose[active] = (left @ (inward / sizes)) > 1e-3 * noise
    return multipliers, loose, balanced
