"""What is left to estimate when some coefficients go to infinity: the rows, the columns, and how to say it."""

from __future__ import annotations

import numpy as np

from thetahat._dataclass import dataclass
from thetahat.optimize.certify import listed
from thetahat.optimize.separation.recession import Mask, Recession
from thetahat.optimize.separation.rows import Array

_LISTED_ROWS = 5
_LISTED_NAMES = 6


@dataclass(frozen=True, slots=True)
class FiniteSubmodel:
    """The model that the likelihood approaches: its maximum is the supremum.

    Attributes
    ----------
    conditions
        (m,), those that remain; the likelihood of the others is at its supremum.
    columns
        The r columns that the remaining conditions determine, once the others are set to 0.
    matrix
        (p, r), T with β = T γ, γ the coefficients of ``columns``: the likelihood of the remaining conditions has
        its maximum at a finite T γ.
    names
        Of ``columns``.
    finite
        The coefficients whose estimates stay finite; their γ are their β whichever columns were set to 0, and so
        are their standard errors.
    infinite
        The coefficients that some recession direction moves.
    """

    conditions: Mask
    columns: tuple[int, ...]
    matrix: Array
    names: tuple[str, ...]
    finite: tuple[str, ...]
    infinite: tuple[str, ...]


def finite_submodel(found: Recession) -> FiniteSubmodel:
    """The finite submodel of a likelihood without maximum.

    Recession directions span V = {d: b_i·d = 0 in the remaining conditions}. A coefficient j with v_j = 0 throughout
    V is a function of the remaining predictors, so its column belongs to every basis of theirs, and its estimate does
    not depend on the basis.

    Examples
    --------
    >>> import numpy as np
    >>> from thetahat.optimize.separation.separation import separated_rows
    >>> X = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> success = np.array([True, False, True])
    >>> found = separated_rows(X, success, ~success, ["Intercept", "group"])
    >>> left = finite_submodel(found)
    >>> left.finite, left.infinite, np.flatnonzero(left.conditions).tolist()
    (('Intercept',), ('group',), [0, 1])
    """
    columns = found.span.independent
    matrix = np.zeros((len(found.names), len(columns)))
    matrix[list(columns), np.arange(len(columns))] = 1.0
    left_out = {*found.limits, *found.aliased}
    return FiniteSubmodel(
        found.remaining,
        columns,
        matrix,
        tuple(found.names[column] for column in columns),
        tuple(name for name in found.names if name not in left_out),
        tuple(found.limits),
    )


def separation_sentence(found: Recession, rows: Mask, *, firth: bool = True) -> str:
    """Which coefficients are infinite and because of which rows, what stays finite, and what can be done.

    Parameters
    ----------
    found
        The recession directions.
    rows
        (n,), the rows of data with a separated condition.
    firth
        Whether ``th.Firth()`` is available for the model's link.

    Examples
    --------
    >>> import numpy as np
    >>> from thetahat.optimize.separation.separation import separated_rows
    >>> X = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> success = np.array([True, False, True])
    >>> found = separated_rows(X, success, ~success, ["Intercept", "C(group)[T.b]"])
    >>> print(separation_sentence(found, found.separated))
    No maximum-likelihood estimate exists (quasi-complete separation): the likelihood still rises as C(group)[T.b]
    goes to infinity, because of 1 of 3 rows (row 2, counted from 0). The estimate of Intercept stays finite: it is
    that of the remaining rows. Drop C(group)[T.b] or merge its level with another, or give penalty=th.Firth() or a
    prior such as penalty=th.Ridge(1.0), or read a one-sided profile interval.
    """
    kind = "complete" if found.complete else "quasi-complete"
    count = int(np.count_nonzero(rows))
    infinite = tuple(found.limits)
    several = len(infinite) > 1
    spare = without_constants(infinite)
    levels = any("[" in name and not name.startswith("thresholds[") for name in infinite)
    drop = "Use fewer columns" if found.complete and several else f"Drop {_some(spare)}"
    merge = (
        f" or merge {'their levels with others' if len(spare) > 1 else 'its level with another'}"
        if levels
        else ""
    )
    bias = "penalty=th.Firth() or " if firth else ""
    return (
        f"No maximum-likelihood estimate exists ({kind} separation): the likelihood still rises as {_movement(found)}, "
        f"because of {'all' if count == len(rows) else f'{count} of'} {len(rows)} rows{_which(rows)}. "
        f"{_what_stays(found, len(rows))} {drop}{merge}, or give {bias}a prior such as penalty=th.Ridge(1.0), or read "
        "a one-sided profile interval."
    )


def without_constants(names: tuple[str, ...]) -> tuple[str, ...]:
    """The coefficients that one may do without: not a constant, unless there is nothing else.

    Examples
    --------
    >>> without_constants(("zero_prob:Intercept", "zero_prob:x"))
    ('zero_prob:x',)
    """
    return tuple(name for name in names if name.rpartition(":")[2] != "Intercept") or names


def _which(rows: Mask) -> str:
    """The first few rows, unless they are all."""
    places = np.flatnonzero(rows)
    if places.size == len(rows):
        return ""
    first = ", ".join(str(place) for place in places[:_LISTED_ROWS])
    more = ", ..." if places.size > _LISTED_ROWS else ""
    return f" (row{'s' if places.size > 1 else ''} {first}{more}, counted from 0)"


def _what_stays(found: Recession, count: int) -> str:
    finite = finite_submodel(found).finite
    if not finite:
        return "No coefficient has a finite estimate."
    # Several conditions a row: a row may stay in part.
    rest = "of the remaining rows" if len(found.separated) == count else "of what remains of the rows"
    if len(finite) == 1:
        return f"The estimate of {finite[0]} stays finite: it is that {rest}."
    return f"The estimates of {_some(finite)} stay finite: they are those {rest}."


def _movement(found: Recession) -> str:
    """Where the coefficients go."""
    groups = (
        (tuple(name for name, end in found.limits.items() if end == np.inf), "to infinity"),
        (tuple(name for name, end in found.limits.items() if end == -np.inf), "to minus infinity"),
        (
            tuple(name for name, end in found.limits.items() if np.isnan(end)),
            "to infinity or not depending on the way there",
        ),
    )
    parts = [
        f"{_some(names)} {'goes' if len(names) == 1 else 'go'} {where}" for names, where in groups if names
    ]
    return listed(tuple(parts))


def _some(names: tuple[str, ...]) -> str:
    if len(names) <= _LISTED_NAMES:
        return listed(names)
    return f"{', '.join(names[:_LISTED_NAMES])} and {len(names) - _LISTED_NAMES} more"
