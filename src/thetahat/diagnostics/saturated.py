"""The most that the log-likelihood of a row can be when the primary parameter is its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import InferenceError
from thetahat.families._contract import EDGE
from thetahat.families._terms import entry
from thetahat.inference.rows import Piece, Rows
from thetahat.models._model import DERIVATIVES
from thetahat.models._predictors import primary_of
from thetahat.numerics.namespace import NUMPY
from thetahat.parameters import Parameter

Array = NDArray[Any]
Vector = NDArray[np.float64]
LARGEST_STEP = 4.0
STEPS = 200
SETTLED = 1e-10
"""A Newton step, relative, after which the value has all its digits: its error is of the square of the step's."""


def row_deviance(rows: Rows, piece: Piece) -> Vector:
    """2(the row's highest log-likelihood - its log-likelihood), other parameters at the estimates; unweighted."""
    value = piece.spread(piece.part.terms(rows.family, piece.eta, 0).value)
    return np.maximum(2.0 * (_highest(rows, piece) - value), 0.0)


def _highest(rows: Rows, piece: Piece) -> Vector:
    if piece.part.truncation is not None:
        raise InferenceError(
            f"{rows.purpose} compares each row with its best fit, which is not known for rows with limits of "
            "truncation; use quantile residuals"
        )
    if piece.y is not None:
        known = _declared(rows, piece)
        return _climbed(rows, piece) if known is None else known
    low, high = piece.part.rows
    support, name = rows.family.support, _primary(rows).name
    gathers = rows.family.gathers
    from_start = low < support.lower if support.includes_lower else low <= support.lower
    to_end = high >= support.upper
    up = any(set(way) == {name} for way in gathers.upper)
    down = any(set(way) == {name} for way in gathers.lower)
    # Where the primary parameter alone can gather all mass inside the interval, the supremum is log 1.
    certain = (to_end & up) | (from_start & down) | (from_start & to_end)
    if certain.all():
        return np.zeros(piece.n_rows)
    return np.where(certain, 0.0, _climbed(rows, piece))


def _primary(rows: Rows) -> Parameter:
    name = primary_of(rows.family)
    return next(parameter for parameter in rows.family.declared if parameter.name == name)


def _declared(rows: Rows, piece: Piece) -> Vector | None:
    """Log density at the primary parameter that the family names; None where it names none."""
    family, primary = rows.family, rows.primary
    theta = rows.theta(piece.eta)
    best = family.saturated(np.asarray(piece.y), theta, piece.part.known)
    if best is None:
        return None
    with np.errstate(all="ignore"):
        free = np.asarray(_primary(rows).domain.to_free(np.asarray(best, dtype=float)))
        # An edge is far enough out to be it, near enough in that 0 times it is 0.
        free = np.nan_to_num(free, nan=0.0, posinf=EDGE, neginf=-EDGE)
        moved = free.reshape(len(primary), -1)
        eta = (*piece.eta[: primary.start], *moved, *piece.eta[primary.stop :])
        return piece.spread(family.log_density(NUMPY, piece.part.rows, eta))


def _climbed(rows: Rows, piece: Piece) -> Vector:
    """The maximum over the primary coordinate by guarded Newton steps, each row by itself."""
    primary = rows.primary
    if len(primary) > 1:
        raise InferenceError(
            f"{rows.purpose} compares each row with its best fit, which {rows.family.name} does not name"
        )
    at = primary.start

    def terms(coordinate: Vector) -> tuple[Vector, Vector, Vector]:
        eta = (*piece.eta[:at], coordinate, *piece.eta[at + 1 :])
        found = piece.part.terms(rows.family, eta, DERIVATIVES)
        return tuple(  # type: ignore[return-value]
            piece.spread(item) for item in (found.value, found.gradient[at], entry(found.hessian, at, at))
        )

    return highest(terms, np.array(piece.spread(piece.eta[at])))


def highest(terms: Callable[[Vector], tuple[Vector, Vector, Vector]], start: Vector) -> Vector:
    """Return the maxima of functions that rise to one and fall again, side by side.

    Parameters
    ----------
    terms
        Of one coordinate each: values with two derivatives.
    start
        Where they begin.
    """
    with np.errstate(all="ignore"):
        point = start
        value, slope, curvature = terms(point)
        longest = np.full(start.shape, LARGEST_STEP)
        for _ in range(STEPS):
            newton = np.where(curvature < 0, -slope / curvature, np.copysign(np.inf, slope))
            step = np.where(slope == 0, 0.0, np.clip(newton, -longest, longest))
            moving = np.abs(step) > SETTLED * (1.0 + np.abs(point))
            if not moving.any():
                break
            trial = point + step
            found, found_slope, found_curvature = terms(trial)
            better = (found >= value) & np.isfinite(found_slope) & np.isfinite(found_curvature)
            point = np.where(better, trial, point)
            value = np.where(better, found, value)
            slope = np.where(better, found_slope, slope)
            curvature = np.where(better, found_curvature, curvature)
            # A step that was too long is halved; one that was cut short and did well may be doubled.
            longest = np.where(better, 2.0 * longest, 0.5 * np.abs(step))
    return value
