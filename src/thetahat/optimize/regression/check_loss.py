"""Coefficients with the least sum of check losses, exactly: an interior point, then vertices, then multipliers.

Σ (tau - 1{r < 0}) r with r = y - Xβ is piecewise linear in β, and its minimum a linear programme (Koenker & Bassett,
1978). An interior point method (Portnoy & Koenker, 1997) comes near the solution in a few dozen steps whatever the
number of rows; from there single rows are exchanged until as many residuals as there are coefficients are 0 and the
multipliers of their rows prove that nothing is lower.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from thetahat._dataclass import dataclass

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Indices = NDArray[np.intp]
EPSILON = float(np.finfo(float).eps)
ROUNDING = 64.0 * EPSILON
SLACK = 1e-9
"""Of a multiplier's range, how far outside it rounding may carry it."""
JITTERS = (1e-7, 1e-9, 1e-5, 1e-8, 1e-10, 1e-6)
"""Of the mean residual, by which responses are moved to tell apart rows that are met at once."""
STEPS, SHORT, GAP = 60, 0.99995, 1e-10
MOST_EXCHANGES = 10_000
FEW = 256
"""Rows, up to which a programme is written down in full."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """A minimum: ``multipliers`` of all rows are their slopes, those of rows that are met being what proves it.

    ``ends`` are corners of the set of all minima, its only one being ``coefficients`` where it is one point; else
    ``coefficients`` are in the middle of them. ``proved`` tells that the multipliers are in their range.
    """

    coefficients: Vector
    multipliers: Vector
    met: Indices
    ends: Matrix
    proved: bool

    @property
    def unique(self) -> bool:
        """Whether no other coefficients have a sum as low."""
        return len(self.ends) == 1


def least_check_loss(design: Matrix, y: Vector, weight: Vector | None, tau: float) -> Vertex:
    """Minimise Σ w ρ(y - Xβ) over β, for a design of full column rank and positive weights."""
    if weight is not None:
        design, y = design * weight[:, np.newaxis], y * weight
    n, p = design.shape
    if not p:
        return _without_columns(y, tau)
    start, inside = _interior(design, y, tau)
    basis = _basis(design, np.minimum(inside, 1.0 - inside), y - design @ start)
    corner = _exchanged(design, y, tau, basis)
    if corner.met.size > p:
        # More rows are met than there are coefficients: moved a little they are not, and the same rows solve both.
        size = float(np.mean(np.abs(corner.residuals))) or float(np.max(np.abs(y))) or 1.0
        rng, met = np.random.default_rng(0), corner
        for jitter in JITTERS:
            moved = _exchanged(design, y + jitter * size * rng.uniform(-1.0, 1.0, n), tau, met.basis)
            corner = _corner(design, y, tau, moved.basis, moved.residuals)
            if _is_proved(corner, tau):
                break
    proved = _is_proved(corner, tau)
    ends = _ends(design, corner, tau) if proved else corner.coefficients[np.newaxis]
    return Vertex(ends.mean(axis=0), corner.multipliers, corner.met, ends, proved)


def _is_proved(corner: _Corner, tau: float) -> bool:
    """Whether the multipliers are in their range, and those of other rows are on the side where these are."""
    return corner.agrees and bool(np.all(_outside(corner.multipliers[corner.basis], tau) <= SLACK))


def _without_columns(y: Vector, tau: float) -> Vertex:
    none = np.zeros(0)
    slopes = np.where(y > 0, tau, np.where(y < 0, tau - 1.0, 0.0))
    return Vertex(none, slopes, np.flatnonzero(y == 0.0), none[np.newaxis], proved=True)


# ---- Near the solution ------------------------------------------------------------------------------------------


def _interior(design: Matrix, y: Vector, tau: float) -> tuple[Vector, Vector]:
    """Coefficients near the solution, and for each row a number from 0 to 1 that is inside only where it is met.

    Mehrotra's predictor and corrector for max yᵀa over 0 <= a <= 1 with Xᵀa = (1 - tau) Xᵀ1.
    """
    size = float(np.max(np.abs(y)))
    y = y / size if size > 0 else y
    a = np.full(y.size, 1.0 - tau)
    rest = 1.0 - a
    total = design.T @ a
    beta = linalg.lstsq(design, y, check_finite=False)[0]
    residual = y - design @ beta
    # Dual variables of both bounds: their difference is minus the residual.
    away = max(float(np.mean(np.abs(residual))), EPSILON)
    low, high = np.maximum(-residual, 0.0) + 1e-3 * away, np.maximum(residual, 0.0) + 1e-3 * away
    for _ in range(STEPS):
        gap = float(a @ low + rest @ high)
        if gap <= GAP * (1.0 + abs(float(y @ a))) or not np.isfinite(gap):
            break
        scale = 1.0 / (low / a + high / rest)
        missing = total - design.T @ a
        infeasible = y - design @ beta + low - high
        factor = _factor(design, scale)
        if factor is None:
            break

        def step(by_low: Vector, by_high: Vector) -> tuple[Vector, Vector, Vector, Vector]:
            """Newton's step to where a·low and rest·high change by these."""
            pull = infeasible + by_low / a - by_high / rest  # noqa: B023 - called in this round alone
            move = linalg.cho_solve(factor, design.T @ (scale * pull) - missing, check_finite=False)  # noqa: B023
            along = scale * (pull - design @ move)  # noqa: B023
            return move, along, (by_low - low * along) / a, (by_high + high * along) / rest  # noqa: B023

        move, along, to_low, to_high = step(-a * low, -rest * high)
        reach = _reach(a, along, rest, -along), _reach(low, to_low, high, to_high)
        ahead = float(
            (a + reach[0] * along) @ (low + reach[1] * to_low)
            + (rest - reach[0] * along) @ (high + reach[1] * to_high)
        )
        target = (ahead / gap) ** 3 * gap / (2.0 * y.size)
        move, along, to_low, to_high = step(
            target - a * low - along * to_low, target - rest * high + along * to_high
        )
        reach = _reach(a, along, rest, -along), _reach(low, to_low, high, to_high)
        a, rest = a + reach[0] * along, rest - reach[0] * along
        beta, low, high = beta + reach[1] * move, low + reach[1] * to_low, high + reach[1] * to_high
    return beta * (size if size > 0 else 1.0), a


def _factor(design: Matrix, scale: Vector) -> tuple[Matrix, bool] | None:
    gram = design.T @ (design * scale[:, np.newaxis])
    gram[np.diag_indices(gram.shape[0])] *= 1.0 + 4.0 * EPSILON
    if not np.isfinite(gram).all():
        return None
    try:
        return linalg.cho_factor(gram, check_finite=False)
    except linalg.LinAlgError:
        return None


def _reach(one: Vector, by_one: Vector, other: Vector, by_other: Vector) -> float:
    """How much of a step keeps both positive."""
    most = 1.0 / SHORT
    for value, change in ((one, by_one), (other, by_other)):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(change < 0, -value / change, np.inf)
        most = min(most, float(np.min(ratio)))
    return min(SHORT * most, 1.0)


def _basis(design: Matrix, inside: Vector, residual: Vector) -> Indices:
    """Rows that determine the coefficients: those that the solution meets, as far as they do."""
    n, p = design.shape
    lengths = np.linalg.norm(design, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        close = np.where(lengths > 0, 1.0 / (1.0 + np.abs(residual) / np.maximum(lengths, EPSILON)), 0.0)
    likely = np.where(lengths > 0, np.maximum(inside, 1e-12) * close, 0.0)
    few = min(n, 4 * p + 64)
    order = np.argpartition(-likely, few - 1)[:few]
    rows = design[order] / np.maximum(lengths[order], np.finfo(float).tiny)[:, np.newaxis]
    diagonal, pivots = _pivots(rows * likely[order][:, np.newaxis])
    if not diagonal[-1] > ROUNDING * diagonal[0]:
        # What is likely does not determine them.
        order = np.arange(n)
        _, pivots = _pivots(design)
    return np.asarray(order[pivots[:p]], dtype=np.intp)


def _pivots(rows: Matrix) -> tuple[Vector, Indices]:
    triangle, pivots = linalg.qr(rows.T, mode="r", pivoting=True, check_finite=False)
    return np.abs(np.diagonal(triangle)), pivots


# ---- From vertex to vertex --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Corner:
    """Where the rows of a basis are met; ``met`` are all rows that are."""

    basis: Indices
    coefficients: Vector
    residuals: Vector
    multipliers: Vector
    met: Indices
    inverse: Matrix
    agrees: bool = True


def _corner(design: Matrix, y: Vector, tau: float, basis: Indices, signs: Vector | None = None) -> _Corner:
    """The vertex of a basis; ``signs`` are residuals that say on which side rows are which are met beside it."""
    inverse = np.asarray(np.linalg.inv(design[basis]), dtype=np.float64)
    beta = inverse @ y[basis]
    beta += inverse @ (y[basis] - design[basis] @ beta)
    residuals = y - design @ beta
    noise = ROUNDING * (np.abs(y) + np.abs(design) @ np.abs(beta))
    residuals[np.abs(residuals) <= noise] = 0.0
    residuals[basis] = 0.0
    told = residuals if signs is None else signs
    slopes = np.where(told > 0, tau, np.where(told < 0, tau - 1.0, 0.0))
    slopes[basis] = 0.0
    slopes[basis] = -(slopes @ design) @ inverse
    agrees = signs is None or bool(np.all(residuals * signs >= 0.0))
    return _Corner(basis, beta, residuals, slopes, np.flatnonzero(residuals == 0.0), inverse, agrees)


def _outside(multipliers: Vector, tau: float) -> Vector:
    """How far multipliers are outside from tau - 1 to tau."""
    return np.maximum(multipliers - tau, tau - 1.0 - multipliers)


def _exchanged(design: Matrix, y: Vector, tau: float, basis: Indices) -> _Corner:
    """Exchange rows of the basis until the sum falls along no edge, or more rows are met than the basis has."""
    for _ in range(MOST_EXCHANGES):
        corner = _corner(design, y, tau, basis)
        if corner.met.size > basis.size:
            break
        outside = _outside(corner.multipliers[basis], tau)
        leaving = int(np.argmax(outside))
        if not outside[leaving] > SLACK:
            break
        way, slope = _edge(corner, leaving, tau)
        found = _lowest(design @ way, corner.residuals, basis, slope)
        if found is None:
            break
        basis = basis.copy()
        basis[leaving] = found[0]
    return corner


def _edge(corner: _Corner, leaving: int, tau: float) -> tuple[Vector, float]:
    """The direction along which a row of the basis is met no more and the others are, and the slope along it."""
    multiplier = float(corner.multipliers[corner.basis[leaving]])
    # Beyond tau the sum falls as the row's residual grows, so that its predictor is to fall.
    if multiplier > 0.5 * (2.0 * tau - 1.0):
        return -corner.inverse[:, leaving], tau - multiplier
    return corner.inverse[:, leaving].copy(), multiplier + 1.0 - tau


def _lowest(along: Vector, residuals: Vector, basis: Indices, slope: float) -> tuple[int, float] | None:
    """The row at which the sum has stopped falling along a direction, and how far that is; None if there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = residuals / along
    lengths[basis] = np.nan
    ahead = np.flatnonzero(lengths > 0.0)
    if not ahead.size:
        return None
    order = ahead[np.argsort(lengths[ahead], kind="stable")]
    total = slope + np.cumsum(np.abs(along[order]))
    index = int(np.argmax(total >= 0.0))
    if not total[index] >= 0.0:
        return None
    return int(order[index]), float(lengths[order[index]])


def _ends(design: Matrix, corner: _Corner, tau: float) -> Matrix:
    """The vertex, and those beside it where the sum is as low."""
    ends = [corner.coefficients]
    beside = None
    if corner.met.size > corner.basis.size:
        beside = _level_direction(design, corner, tau)
        if beside is None:
            return np.array(ends)
    at_bounds = np.flatnonzero(_outside(corner.multipliers[corner.basis], tau) >= -SLACK)
    for leaving in at_bounds.tolist():
        way, _ = _edge(corner, leaving, tau)
        along = design @ way
        with np.errstate(divide="ignore", invalid="ignore"):
            lengths = corner.residuals / along
        lengths[corner.basis] = np.nan
        # Rows that are met beside the basis and would be passed at once: the edge has no length.
        touched = (corner.residuals == 0.0) & (along * corner.multipliers > 0.0)
        touched[corner.basis] = False
        ahead = lengths[lengths > 0.0]
        if ahead.size and not touched.any():
            ends.append(corner.coefficients + float(np.min(ahead)) * way)
    if len(ends) == 1 and beside is not None:
        ends = [corner.coefficients + _level(design, corner, tau, way) * way for way in (beside, -beside)]
    return np.array(ends)


def _level_direction(design: Matrix, corner: _Corner, tau: float) -> Vector | None:
    """A direction along which the sum does not change; None where there is none.

    There is none if and only if some multipliers of the rows that are met are all strictly inside their range (Goldman
    & Tucker, 1956). How far inside they can all be is a linear programme, and the direction its shadow prices.
    """
    from scipy.optimize import linprog

    others = corner.multipliers.copy()
    others[corner.met] = 0.0
    rows, n = design[corner.met], corner.met.size
    inside = np.ones((n, 1))
    bounds = np.block([[np.eye(n), inside], [-np.eye(n), inside]]) if n <= FEW else _sparse_bounds(n)
    found = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=bounds,
        b_ub=np.append(np.full(n, tau), np.full(n, 1.0 - tau)),
        A_eq=np.column_stack([rows.T, np.zeros(rows.shape[1])]),
        b_eq=-(others @ design),
        bounds=(None, None),
        method="highs",
    )
    if found.x is None or found.x[-1] > SLACK:
        return None
    way: Vector = found.eqlin.marginals
    size = float(np.max(np.abs(way)))
    return way / size if size > 0 else None


def _sparse_bounds(n: int) -> Any:
    from scipy import sparse

    one, inside = sparse.identity(n, format="csr"), sparse.csr_matrix(np.ones((n, 1)))
    return sparse.bmat([[one, inside], [-one, inside]], format="csr")


def _level(design: Matrix, corner: _Corner, tau: float, way: Vector) -> float:
    """How far the sum stays as it is along a direction."""
    along = design @ way
    along[np.abs(along) <= SLACK * np.max(np.abs(along), initial=0.0)] = 0.0
    met = corner.residuals == 0.0
    slopes = np.where(met, np.where(along > 0, 1.0 - tau, -tau), -corner.multipliers) * along
    if abs(float(slopes.sum())) > SLACK * float(np.abs(slopes).sum()):
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = corner.residuals / along
    ahead = lengths[lengths > 0.0]
    return float(np.min(ahead)) if ahead.size else 0.0
