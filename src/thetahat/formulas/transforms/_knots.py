"""Where a spline's knots lie, and what becomes of values outside them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from thetahat._errors import DataError, FormulaError
from thetahat.formulas.transforms._transform import LARGEST_BASIS, Matrix, Summary, Vector, finite, refuse

EXTRAPOLATIONS: Final = ("raise", "clip", "zero", "extend")


def check_options(knots: Any, lower: Any, upper: Any, extrapolation: Any) -> None:
    """Refuse knots, ends and an extrapolation that mean nothing."""
    if knots is not None:
        if not isinstance(knots, tuple) or len(knots) > LARGEST_BASIS:
            raise FormulaError(
                f"knots must be a list of at most {LARGEST_BASIS:,} numbers, as in knots=[1, 2]"
            )
        for knot in knots:
            finite("knots", knot)
        if list(knots) != sorted(set(knots)):
            raise FormulaError(f"knots={list(knots)} must rise, each larger than the one before")
    for name, bound in (("lower_bound", lower), ("upper_bound", upper)):
        if bound is not None:
            finite(name, bound)
    if extrapolation not in EXTRAPOLATIONS:
        raise FormulaError(f"extrapolation={extrapolation!r} must be one of: {', '.join(EXTRAPOLATIONS)}")


def ends(call: str, lower: float | None, upper: float | None, summary: Summary) -> tuple[float, float]:
    """The ends of the spline: as given, else the smallest and largest value."""
    low = float(lower) if lower is not None else summary.minimum
    high = float(upper) if upper is not None else summary.maximum
    if not low < high:
        if lower is None and upper is None:
            raise refuse(call, f"all values are equal ({low:.6g}), which leaves no room for a spline")
        raise refuse(call, f"the lower end {low:.6g} must lie below the upper end {high:.6g}")
    return low, high


def inside(call: str, knots: Vector, low: float, high: float, *, given: bool) -> Vector:
    """Return inner knots that rise strictly between the ends, or say which do not."""
    whole = np.concatenate(([low], knots, [high]))
    if (np.diff(whole) > 0).all():
        return knots
    if given:
        outside = [float(knot) for knot in knots if not low < knot < high]
        raise refuse(
            call,
            f"knots {outside} do not lie between the ends {low:.6g} and {high:.6g}; set lower_bound= and upper_bound=",
        )
    raise refuse(
        call,
        f"the quantiles at which {knots.size} knots would stand coincide, for too many values are equal; "
        "give a smaller df or the knots themselves (knots=[...])",
    )


def confined(
    call: str, values: Vector, low: float, high: float, extrapolation: str
) -> tuple[Vector, Any | None]:
    """Values as the basis is to see them, and which rows are to be zero.

    Raises
    ------
    DataError
        If values lie beyond the ends and ``extrapolation`` is ``"raise"``.
    """
    if extrapolation == "extend":
        return values, None
    beyond = (values < low) | (values > high)
    if not beyond.any():
        return values, None
    if extrapolation == "raise":
        first = float(values[beyond][0])
        raise DataError(
            f"{call}: {int(beyond.sum()):,} values lie beyond the ends {low:.6g} and {high:.6g} of the spline "
            f"({first:.6g}, ...). Say what it does there, as in extrapolation='clip' or 'extend'"
        )
    return np.clip(values, low, high), beyond if extrapolation == "zero" else None


def zeroed(basis: Matrix, rows: Any | None) -> Matrix:
    """Return the basis with some rows zero."""
    if rows is not None:
        basis[rows] = 0.0
    return basis
