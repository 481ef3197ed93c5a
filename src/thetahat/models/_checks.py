"""What is asked of rows before a family sees them: numbers, inside the support, with sensible weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import DataError, ModelError
from thetahat.families import Family
from thetahat.response import Observed
from thetahat.response._response import SHOWN_ROWS, Limits, RowNumbers, numbers, rows_message, shown_column

Array = NDArray[Any]
Extent = tuple[float, float]
"""Smallest and largest value; inf and -inf where there is none."""
_LABELS = "Labels, of two classes or more, are what th.Categorical() and, in an order, th.Ordinal() take"


def checked_values(
    family: Family, what: str, y: Array, rows: Array | None, where: RowNumbers
) -> tuple[Array, Extent]:
    """Return exact values as numbers inside the family's support, with their extent, or say which rows are not."""
    if not y.shape[0]:
        return y.astype(float), (np.inf, -np.inf)
    support = family.support
    if y.dtype == bool and support.discrete and support.upper == 1:
        y = y.astype(np.int64)
    binary = support.discrete and support.lower == 0 and support.upper == 1
    if y.dtype.kind in "bO":
        try:
            numbers(what, y, where)
        except DataError as error:
            if not binary or y.dtype.kind != "O":
                raise
            raise DataError(f"{error}. {_LABELS}") from error
    lowest, highest = float(np.minimum.reduce(y)), float(np.maximum.reduce(y))
    whole = not support.discrete or y.dtype.kind in "iu" or bool((y == np.floor(y)).all())
    if isfinite(lowest) and isfinite(highest) and whole and support.spans(lowest, highest):
        return y if support.discrete or y.dtype == float else y.astype(float), (lowest, highest)
    numbers(what, y, where)
    bad = ~support.contains(y)
    outside = y[bad]
    n_bad = f"{outside.size:,} value{'s' if outside.size > 1 else ''}"
    remedy = _remedy(support.lower, support.upper, outside) + (f". {_LABELS}" if binary else "")
    raise DataError(
        f"{what}: {n_bad} outside the support of {family.title}, which takes "
        f"{support.describe()}: {_places(bad, y, rows, where)}. {remedy}"
    )


def check_known(
    family: Family,
    what: str,
    y: Array,
    rows: Array | None,
    known: Mapping[str, Any],
    columns: Mapping[str, Any],
    where: RowNumbers,
) -> None:
    """Raise where what is known of a row rules its value out; ``columns`` are what holds it, or numbers for all."""
    found = family.misfits(y, known)
    if found is None or not found[0].any():
        return
    bad, reason = found
    n_bad = int(bad.sum())
    held = ", ".join(
        f"{name} of {shown_column(column)}"
        if isinstance(column, str) and not column.startswith("(")
        else name
        for name, column in columns.items()
    )

    def row(position: Any) -> str:
        beside = ", ".join(f"{name} {_at(value, position):.6g}" for name, value in known.items())
        number = where.of(position if rows is None else rows[position])
        return f"row {number} ({float(y[position]):.6g} with {beside})"

    shown = ", ".join(row(position) for position in np.flatnonzero(bad)[:SHOWN_ROWS])
    more = ", ..." if n_bad > SHOWN_ROWS else ""
    raise DataError(
        f"{what} with {held}: {reason}, and {n_bad:,} row{'s are' if n_bad > 1 else ' is'} otherwise: "
        f"{shown}{more}, counted from 0. Correct these rows"
    )


def _at(value: Any, position: Any) -> float:
    return float(value[position] if np.ndim(value) else value)


def _places(bad: Array, y: Array, rows: Array | None, where: RowNumbers) -> str:
    """Say where the offending rows are in the data, of which ``y`` may be a part."""
    if rows is None:
        return rows_message(bad, y, where)
    whole = np.zeros(int(rows[-1]) + 1, dtype=bool)
    whole[rows] = bad
    values = np.zeros(whole.size, dtype=y.dtype)
    values[rows] = y
    return rows_message(whole, values, where)


def checked_ends(family: Family, what: str, observed: Observed, where: RowNumbers) -> tuple[Array, Array]:
    """Return the ends of intervals, open where they reach the support's, or say which rows hold no value."""
    low, high = observed.low, observed.high
    if not low.shape[0]:
        return low, high
    if family.labelled:
        raise DataError(f"{type(family).__name__}: labels have no order, so they cannot be censored")
    support = family.support
    unborn = low < support.lower if observed.last_seen else np.zeros(0, dtype=bool)
    if unborn.any():
        rows = observed.interval_rows if observed.interval_rows is not None else np.arange(low.size)
        at = np.flatnonzero(unborn)
        shown = ", ".join(f"row {where.of(rows[i])} ({low[i]:.6g})" for i in at[:SHOWN_ROWS])
        more = ", ..." if at.size > SHOWN_ROWS else ""
        raise DataError(
            f"{what}: {at.size:,} censored row{'s have times' if at.size > 1 else ' has a time'} outside the support "
            f"of {type(family).__name__}, which takes {support.describe()}: {shown}{more}, counted from 0. To exceed "
            "such a time says nothing of the value: correct these rows, or remove them"
        )
    if support.discrete:
        empty = (np.floor(high) <= np.floor(low)) | (high < support.lower) | (low >= support.upper)
    else:
        below = high < support.lower if _counts_lower(family) else high <= support.lower
        empty = below | (low >= support.upper)
    if empty.any():
        rows = observed.interval_rows if observed.interval_rows is not None else np.arange(low.size)
        at = np.flatnonzero(empty)[:5]
        shown = (
            ", ".join(f"row {where.of(rows[i])} ({low[i]:.6g}, {high[i]:.6g}]" for i in at)
            + ", counted from 0"
        )
        raise DataError(
            f"{what}: {int(empty.sum()):,} {'interval holds' if empty.sum() == 1 else 'intervals hold'} no value that "
            f"{type(family).__name__} can take ({support.describe()}): {shown}. Correct these rows"
        )
    lowest = support.lower - 1 if support.discrete else support.lower
    open_below = low < lowest if _counts_lower(family) else low <= lowest
    return np.where(open_below, -np.inf, low), np.where(high >= support.upper, np.inf, high)


def _counts_lower(family: Family) -> bool:
    """Whether the lower end of the support has a probability beside a density, which an interval from there lacks."""
    return family.support.lower in family.atoms()


def refuse_truncation(family: Family, what: str) -> None:
    """Raise for families whose rows cannot have limits of truncation."""
    if family.labelled:
        raise DataError(f"{what}: rows of {type(family).__name__} are labels, which cannot be truncated")
    if family.edges and not family.ends_truncated:
        raise ModelError(
            f"{what}: the support of {type(family).__name__} ends at its parameters ({', '.join(family.edges)}), which "
            "are not estimated from rows with limits of truncation; choose a family of fixed support, or one of "
            "Uniform, DiscreteUniform, Triangular and Pareto"
        )


def checked_limits(family: Family, limits: Limits) -> tuple[Array, Array]:
    """Return the limits of truncation, open where they reach the support's."""
    support, low, high = family.support, limits.entry, limits.exit
    if support.discrete:
        low, high = np.floor(low), np.floor(high)
    whole = support.discrete or _counts_lower(family)
    open_below = low < support.lower if whole else low <= support.lower
    return np.where(open_below, -np.inf, low), np.where(high >= support.upper, np.inf, high)


def checked_weights(column: str, values: Array, where: RowNumbers) -> Array:
    """Return frequency weights, which are numbers from 0 up."""
    weights = numbers(column, values, where).astype(float, copy=False)
    bad = weights < 0
    if bad.any():
        are = "is" if np.count_nonzero(bad) == 1 else "are"
        raise DataError(
            f"{shown_column(column)}: {int(bad.sum()):,} {are} negative: {rows_message(bad, weights, where)}. "
            "Frequency weights count rows, so they must be 0 or more"
        )
    return weights


def refuse_unseen(family: Any, column: str, distinct: Array | None, labels: Array, where: RowNumbers) -> None:
    """Raise where labels are none of the family's, whose levels were given."""
    if family.levels is None:
        return
    unseen = set((labels if distinct is None else distinct).tolist()) - set(family.levels)
    if unseen:
        bad = np.array([label in unseen for label in labels.tolist()], dtype=bool)
        count = int(bad.sum())
        raise DataError(
            f"column {column!r} has {count:,} label{'s' * (count > 1)} that {'are' if count > 1 else 'is'} no level of "
            f"{type(family).__name__}: {rows_message(bad, labels, where)}. The levels are "
            f"{', '.join(map(repr, family.levels))}; correct these rows, or give all in levels=[...]"
        )


def checked_labels(column: str, values: Array, where: RowNumbers) -> Array:
    """Return labels without missing ones; text as NumPy's text."""
    if values.dtype == object:
        missing = np.array([value is None for value in values])
        if missing.any():
            raise DataError(
                f"column {column!r} has {int(missing.sum()):,} missing label{'s' * (int(missing.sum()) > 1)}: "
                f"{rows_message(missing, values, where)}. "
                "Remove these rows or give them a label"
            )
        return values.astype(str)
    if values.dtype.kind == "f":
        return numbers(column, values, where)
    return values


def _remedy(lower: float, upper: float, bad: Array) -> str:
    if np.isinf(upper) and lower == 0 and bool((bad == 0).all()):
        return (
            "A zero has density 0 or infinity here: model zeros apart with th.Hurdle (of counts with th.ZeroInflated), "
            "or give them as interval data: th.Observations.interval(0, limit)"
        )
    if np.isfinite(lower) and np.isfinite(upper) and bool(((bad == lower) | (bad == upper)).all()):
        return (
            "A value exactly on the edge has density 0 or infinity: give it as interval data "
            "(th.Observations.interval), squeeze the data inside, or model the edges apart"
        )
    return "Correct these rows, or choose a family whose support holds them"
