"""Residuals of each row, in the order of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from thetahat._errors import InferenceError
from thetahat.diagnostics.saturated import row_deviance
from thetahat.families._tails import tail_terms
from thetahat.inference.leverage import curvature
from thetahat.inference.rows import Piece, Rows
from thetahat.models._model import DERIVATIVES
from thetahat.numerics.generator import generator_of
from thetahat.solved import Solved

Array = NDArray[Any]
Vector = NDArray[np.float64]
KINDS = ("response", "pearson", "deviance", "quantile", "working", "cox_snell")


def residuals(solved: Solved, kind: str, rng: np.random.Generator | int | None) -> Vector:
    """Residuals by row, NaN for rows of weight 0 and where a kind has none."""
    if kind not in KINDS:
        raise InferenceError(f"residuals({kind!r}): choose from {', '.join(KINDS)}")
    rows = Rows(solved, f"residuals({kind!r})")
    if kind == "quantile":
        generator = generator_of(rng, rows.purpose)
        # One number a row whether it needs one or not, so that they do not depend on how the rows are read.
        share = generator.random(rows.n_data)
        _refuse_labels(rows)
        return rows.by_row(lambda piece: _quantile(rows, piece, share[piece.start + piece.place]))
    functions: dict[str, Callable[[Rows, Piece], Any]] = {
        "response": _response,
        "pearson": _pearson,
        "deviance": _deviance,
        "working": _working,
        "cox_snell": _cox_snell,
    }
    if kind != "deviance":
        _refuse_labels(rows)
    function = functions[kind]
    return rows.by_row(lambda piece: function(rows, piece))


def _refuse_labels(rows: Rows) -> None:
    if rows.family.labelled:
        raise InferenceError(
            f"{rows.purpose} needs values that can be subtracted or ordered, and {rows.family.name} has none; "
            "use 'deviance'"
        )


def _response(rows: Rows, piece: Piece) -> Any:
    if piece.y is None:
        return np.nan
    mean = rows.family.mean_at(_theta_untruncated(rows, piece), piece.part.known)
    return (piece.y - mean) * rows.unit


def _pearson(rows: Rows, piece: Piece) -> Any:
    if piece.y is None:
        return np.nan
    theta, known = _theta_untruncated(rows, piece), piece.part.known
    distance = piece.y - rows.family.mean_at(theta, known)
    spread = np.sqrt(rows.family.variance_at(theta, known))
    # Of no trials nothing but 0 comes, which is no surprise.
    certain = (distance == 0) & (spread == 0)
    return np.where(certain, 0.0, distance / np.where(certain, 1.0, spread))


def _theta_untruncated(rows: Rows, piece: Piece) -> tuple[Any, ...]:
    if piece.part.truncation is not None:
        raise InferenceError(
            f"{rows.purpose} needs the mean of each row, which is not known between limits of truncation; "
            "use 'quantile'"
        )
    return rows.theta(piece.eta)


def _deviance(rows: Rows, piece: Piece) -> Vector:
    root = np.sqrt(row_deviance(rows, piece))
    if len(rows.primary) > 1:
        return root
    slope = piece.part.terms(rows.family, piece.eta, DERIVATIVES).gradient[rows.primary.start]
    return np.copysign(root, slope if rows.family.increasing else -piece.spread(slope))


def _working(rows: Rows, piece: Piece) -> Vector:
    slope = piece.slopes(rows.family).gradient[rows.primary.start]
    (weight,) = curvature(rows, piece, expected=rows.all_exact)
    return piece.spread(slope) / weight


def _quantile(rows: Rows, piece: Piece, share: Vector) -> Vector:
    """Φ⁻¹ of a point between F at both ends, made of the smaller tail so that it keeps its digits far out."""
    lower, upper = _tails(rows, piece)
    if piece.y is not None and not rows.family.support.discrete and not rows.family.atoms():
        return _normal_score(lower[1], upper[1])
    with np.errstate(divide="ignore"):
        rest, given = np.log1p(-share), np.log(share)
    return _normal_score(
        np.logaddexp(rest + lower[0], given + lower[1]), np.logaddexp(rest + upper[0], given + upper[1])
    )


def _normal_score(log_below: Vector, log_above: Vector) -> Vector:
    smaller = np.minimum(log_below, log_above)
    return np.where(log_below <= log_above, 1.0, -1.0) * special.ndtri_exp(smaller)


def _cox_snell(rows: Rows, piece: Piece) -> Vector:
    _, upper = _tails(rows, piece)
    if piece.y is not None:
        return -upper[1]
    start, end = -upper[0], -upper[1]
    # E[H | start < H <= end] of a unit exponential: start + 1 - width/(exp(width) - 1).
    with np.errstate(all="ignore"):
        width = end - start
        middle = start + 1.0 - 1.0 / special.exprel(width)
    return np.where(np.isinf(end), start, middle)


def _tails(rows: Rows, piece: Piece) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """log F and log(1 - F) at both ends of each row: the value before and at y, or the ends of an interval.

    Between limits of truncation F is that of the values there.
    """
    if piece.y is None:
        low, high = (np.asarray(end, dtype=float) for end in piece.part.rows)
    else:
        high = np.asarray(piece.y, dtype=float)
        low = high - 1.0 if rows.family.support.discrete else high
        atom = np.isin(high, rows.family.atoms())
        low = np.where(atom, np.nextafter(low, -np.inf), low) if atom.any() else low
    ends = [
        (_log_tail(rows, piece, end, upper=False), _log_tail(rows, piece, end, upper=True))
        for end in (low, high)
    ]
    return (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1])


def _log_tail(rows: Rows, piece: Piece, end: Vector, *, upper: bool) -> Vector:
    family, known, eta = rows.family, piece.part.known, piece.eta
    limits = piece.part.truncation
    whole = piece.spread(tail_terms(family, end, known, eta, upper=upper, order=0).value)
    if limits is None:
        return whole
    first, last = np.full(piece.n_rows, -np.inf), np.full(piece.n_rows, np.inf)
    place: Any = slice(None) if limits.place is None else limits.place
    first[place], last[place] = limits.low, limits.high
    low, high = (np.clip(end, first, last), last) if upper else (first, np.clip(end, first, last))
    mass = piece.spread(family.log_mass(low, high, known, eta, 0).value)
    total = piece.spread(family.log_mass(first, last, known, eta, 0).value)
    limited = np.isfinite(first) | np.isfinite(last)
    return np.where(limited, np.where(high > low, mass - total, -np.inf), whole)
