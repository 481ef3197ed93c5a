"""How densely rows lie at the predictor of a quantile regression, which is what its covariance needs to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._dataclass import dataclass
from thetahat._errors import InferenceError
from thetahat.inference.rows import Piece, Rows
from thetahat.models._predictors import Group
from thetahat.models.regression import RegressionModel
from thetahat.numerics.linear_algebra import analyse
from thetahat.numerics.sums import Total
from thetahat.optimize.regression.check_loss import least_check_loss
from thetahat.solution import Solution
from thetahat.solved import Solved

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
DENSITIES = ("ker", "nid")
"""Kinds of covariance that hold where the predictor is the quantile, as R's ``quantreg`` calls them."""
LEVEL = 0.05
"""Of the intervals that Hall & Sheather's bandwidth is best for."""
NORMAL_QUARTILES = 1.34
"""About the distance between the quartiles of a standard normal distribution."""
ROUNDING = 1e-11
"""Of a value and its predictor, up to which they are the same."""
SLACK = float(np.finfo(float).eps) ** (2 / 3)


def is_kinked(solution: Solution, kind: str) -> bool:
    """Whether the fit is a regression whose likelihood has kinks, so that no row tells a curvature."""
    model = solution.with_data(f"covariance({kind!r})").model
    return isinstance(model, RegressionModel) and bool(model.family.kinked)


@dataclass(frozen=True, slots=True)
class QuantileCovariance:
    """What stands around the middle of a sandwich, the scores of its rows, and the middle for the quantile itself.

    ``bread`` is the inverse of A = Σ w J f x xᵀ, J the jump of the slope at a kink and f the density of the row there,
    over the free coordinates; ``location`` are those of the coefficients, and ``middle`` is tau (1 - tau) J² Σ w x xᵀ.
    A row that is met has a slope in between, with which Σ w u = 0.
    """

    bread: Matrix
    location: NDArray[np.intp]
    middle: Matrix
    gradient: Callable[[Piece], tuple[Any, ...]]


def quantile_covariance(solved: Solved, kind: str) -> QuantileCovariance:
    """Estimate the density at the predictor, by ``nid`` from two quantiles beside it and else by a kernel.

    Raises
    ------
    InferenceError
        If the fit is no quantile regression, or the density is found to be 0 in too many rows.
    """
    solution = solved.solution
    purpose = f"covariance({kind!r})"
    if not is_kinked(solution, kind):
        raise InferenceError(
            f"{purpose} is of quantile regressions, those of th.AsymmetricLaplace(tau=...) and th.Laplace(); use "
            "'sandwich'"
        )
    rows = Rows(solved, purpose)
    group = rows.primary_group
    assert group is not None  # noqa: S101 - the kinked parameter is the primary one
    family: Any = rows.family
    model: Any = solved.regression
    tau = float(family.quantile_level({**family.given, **model.table.fixed}))
    design, residual, weight, numbers = _gathered(rows, group)
    free = rows.table.free_index
    location = np.flatnonzero((free >= group.span.start) & (free < group.span.stop))
    design = design[:, free[location] - group.span.start]
    above, below = _slopes(rows, family)
    density = (
        _from_quantiles(design, residual, weight, tau)
        if kind == "nid"
        else _from_kernel(residual, weight, tau)
    )
    information = np.array(solution.information)
    information[np.ix_(location, location)] = (design.T * (weight * density * (above - below))) @ design
    factor = analyse(information)
    if not factor.smallest > factor.error_bound:
        raise InferenceError(
            f"{purpose}: the density of rows at the predictor is found to be 0 in so many of them that the others do "
            f"not determine the covariance; use {'ker' if kind == 'nid' else 'expected'!r}, or resample the rows"
        )
    slopes = np.where(residual > 0.0, above, below)
    met = np.flatnonzero(residual == 0.0)
    slopes[met] = 0.0
    between = np.linalg.lstsq(
        (design[met] * weight[met, np.newaxis]).T, -(slopes * weight) @ design, rcond=None
    )[0]
    slopes[met] = np.clip(between, below, above)
    by_number = dict(zip(numbers[met].tolist(), slopes[met].tolist(), strict=True))
    middle = (1.0 - tau) * above**2 + tau * below**2
    return QuantileCovariance(
        factor.inverse(),
        location,
        middle * ((design.T * weight) @ design),
        partial(_scores, family, rows.primary.start, (above, below), by_number),
    )


def _scores(
    family: Any, first: int, sides: tuple[float, float], met: Mapping[int, float], piece: Piece
) -> tuple[Any, ...]:
    """The scores of rows, those that are met having the slopes given."""
    scores = list(piece.slopes(family).gradient)
    slopes = np.where(_residual(piece, first) > 0.0, *sides)
    numbers = (piece.start + piece.place).tolist()
    for place, number in enumerate(numbers):
        if number in met:
            slopes[place] = met[number]
    scores[first] = slopes
    return tuple(scores)


def _residual(piece: Piece, first: int) -> Vector:
    """Of each row, 0 where it is met but for rounding."""
    y, predictor = np.asarray(piece.part.rows[0], dtype=float), piece.spread(piece.eta[first])
    residual = y - predictor
    return np.where(np.abs(residual) <= ROUNDING * (np.abs(y) + np.abs(predictor)), 0.0, residual)


def bandwidth(tau: float, n: float) -> float:
    """Hall & Sheather's (1988) for the density at a quantile of n values, halved until tau ± it are levels."""
    z = float(special.ndtri(tau))
    density = float(np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))
    level = float(special.ndtri(1.0 - 0.5 * LEVEL))
    width = n ** (-1 / 3) * level ** (2 / 3) * (1.5 * density * density / (2.0 * z * z + 1.0)) ** (1 / 3)
    while not (tau - width > 0.0 and tau + width < 1.0):
        width *= 0.5
    return float(width)


def _from_kernel(residual: Vector, weight: Vector, tau: float) -> Vector:
    """A normal kernel at each residual (Powell, 1991), as wide as the bandwidth is in units of the residuals."""
    n = float(weight.sum())
    width = bandwidth(tau, n)
    mean = float(weight @ residual) / n
    deviation = np.sqrt(float(weight @ np.square(residual - mean)) / max(n - 1.0, 1.0))
    quartiles = _quantile(residual, weight, 0.75) - _quantile(residual, weight, 0.25)
    spread = min(deviation, quartiles / NORMAL_QUARTILES) if quartiles > 0 else deviation
    h = float(special.ndtri(tau + width) - special.ndtri(tau - width)) * spread
    return np.asarray(np.exp(-0.5 * np.square(residual / h)) / (h * np.sqrt(2.0 * np.pi)))


def _from_quantiles(design: Matrix, residual: Vector, weight: Vector, tau: float) -> Vector:
    """The inverse of how far apart the predictors of two levels beside tau are (Hendricks & Koenker, 1992)."""
    width = bandwidth(tau, float(weight.sum()))
    # Of the residuals the coefficients are those of the values less the ones found.
    high, low = (least_check_loss(design, residual, weight, tau + sign * width) for sign in (1.0, -1.0))
    apart = design @ (high.coefficients - low.coefficients)
    with np.errstate(divide="ignore"):
        return np.where(apart > SLACK, 2.0 * width / (apart - SLACK), 0.0)


def _quantile(values: Vector, weight: Vector, level: float) -> float:
    """Between neighbours of the values, each repeated as often as its weight says."""
    order = np.argsort(values, kind="stable")
    values, total = values[order], np.cumsum(weight[order])
    place = level * max(float(total[-1]) - 1.0, 0.0)
    below = int(np.floor(place))
    first, second = (
        float(values[min(int(np.searchsorted(total, at, side="right")), values.size - 1)])
        for at in (below, below + 1)
    )
    return first + (place - below) * (second - first)


def _slopes(rows: Rows, family: Any) -> tuple[float, float]:
    """The slope of log f in the location, below a row's value and above it."""
    eta = [0.0 if group.design is not None else rows.working[group.span.start] for group in rows.groups]
    above, below = family.kink(tuple(eta))
    return float(above), float(below)


def _gathered(rows: Rows, group: Group) -> tuple[Matrix, Vector, Vector, NDArray[np.intp]]:
    """The design of the location, residuals, weights and numbers, row by row."""
    index = group.design
    assert index is not None  # noqa: S101 - it has a formula
    first = rows.primary.start

    def one(piece: Piece) -> tuple[Matrix, Vector, Vector, NDArray[np.intp]]:
        return (
            piece.part.designs[index].dense(),
            _residual(piece, first),
            piece.spread(piece.weight),
            piece.start + piece.place,
        )

    found: Total[Any] = rows.reduce(lambda pieces, _: Total([one(piece) for piece in pieces]))
    design, residual, weight, numbers = (np.concatenate(column) for column in zip(*found.value, strict=True))
    return design, residual, weight, numbers
