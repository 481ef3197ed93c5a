"""Values that were observed only because they lie between limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import DataError, ModelError
from thetahat.response._response import SHOWN_ROWS, Array, Limits, Observed, Response, RowNumbers, numbers


@final
@dataclass(frozen=True, slots=True)
class Truncated(Response):
    """A response each of whose rows is there only because its value lies in (entry, exit].

    A limit is a column, or one number for all rows; None, -inf (entry) and inf (exit) leave that side open. What is
    known of a row is the narrower for it: one that was censored at ``time`` lies in (time, exit].
    """

    inner: Response
    entry: str | float | None = None
    exit: str | float | None = None

    def __post_init__(self) -> None:
        for name, limit in (("entry", self.entry), ("exit", self.exit)):
            if isinstance(limit, float) and np.isnan(limit):
                raise ModelError(f"{name}={limit!r}: give a number, or None where there is no limit")
        if not isinstance(self.entry, str) and not isinstance(self.exit, str):
            low, high = _or(self.entry, -np.inf), _or(self.exit, np.inf)
            if not low < high:
                raise ModelError(
                    f"entry={low:g}, exit={high:g}: no value lies above the one and not above the other"
                )

    @property
    def form(self) -> str:
        """That of what is truncated."""
        return self.inner.form

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the response, then the limits that vary by row."""
        limits = [limit for limit in (self.entry, self.exit) if isinstance(limit, str)]
        return tuple(dict.fromkeys([*self.inner.columns, *limits]))

    @property
    def censored(self) -> bool:
        """Whether what is truncated may be."""
        return self.inner.censored

    @property
    def truncated(self) -> bool:
        """Always."""
        return True

    def observe(self, columns: Mapping[str, Array], where: RowNumbers) -> Observed:
        """Read the rows and their limits, and refuse those that cannot have been observed between them."""
        n_rows = columns[self.inner.columns[0]].shape[0]
        entry = self._limit(self.entry, -np.inf, columns, where, n_rows)
        exit_ = self._limit(self.exit, np.inf, columns, where, n_rows)

        def limits(row: int) -> str:
            return f"entry {entry[row]:.6g}, exit {exit_[row]:.6g}"

        self._refuse(entry >= exit_, None, where, "an entry that is not before the exit", limits)
        observed = self.inner.observe(columns, where)
        rows = observed.exact_rows
        y = numbers(self.inner.describe(), observed.y, where) if rows is None else observed.y

        def exact(position: int) -> str:
            return f"{y[position]:.6g} with {limits(position if rows is None else rows[position])}"

        text = "a value at or before its entry, so that it cannot have been observed"
        self._refuse(y <= _taken(entry, rows), rows, where, text, exact)
        text = "a value after its exit, so that it cannot have been observed"
        self._refuse(y > _taken(exit_, rows), rows, where, text, exact)
        observed = replace(observed, y=y, limits=Limits(entry, exit_))
        if rows is None or observed.interval_rows is None:
            return observed
        return self._narrowed(observed, entry, exit_, where, limits)

    def _narrowed(
        self, observed: Observed, entry: Array, exit_: Array, where: RowNumbers, limits: Callable[[int], str]
    ) -> Observed:
        """The intervals as far as they lie between their rows' limits."""
        rows, before, after = observed.interval_rows, observed.low, observed.high
        early, late = _taken(entry, rows), _taken(exit_, rows)
        low, high = np.maximum(before, early), np.minimum(after, late)

        def interval(position: int) -> str:
            row = position if rows is None else rows[position]
            return f"({before[position]:.6g}, {after[position]:.6g}] with {limits(row)}"

        self._refuse(
            low >= high, rows, where, "an interval that does not reach between entry and exit", interval
        )
        silent = (low == early) & (high == late) & (np.isfinite(early) | np.isfinite(late))
        text = "an interval that holds all between entry and exit, so that they say nothing of the value"
        self._refuse(silent, rows, where, text, interval)
        return replace(observed, low=low, high=high)

    def _limit(
        self,
        limit: str | float | None,
        absent: float,
        columns: Mapping[str, Array],
        where: RowNumbers,
        n_rows: int,
    ) -> Array:
        if isinstance(limit, str):
            return numbers(limit, columns[limit], where, infinite=True).astype(float, copy=False)
        return np.full(n_rows, _or(limit, absent))

    def _refuse(
        self,
        bad: NDArray[np.bool_],
        rows: Array | None,
        where: RowNumbers,
        text: str,
        shown: Callable[[int], str],
    ) -> None:
        if not bad.any():
            return
        positions = np.flatnonzero(bad).tolist()
        listed = ", ".join(
            f"row {where.of(position if rows is None else rows[position])} ({shown(position)})"
            for position in positions[:SHOWN_ROWS]
        )
        more = ", ..." if len(positions) > SHOWN_ROWS else ""
        raise DataError(
            f"{self.describe()}: {len(positions):,} row{'s have' if len(positions) > 1 else ' has'} {text}: "
            f"{listed}{more}, counted from 0. Correct or remove these rows"
        )

    def describe(self) -> str:
        """Return ``censored(time, event, entry=start)``."""
        limits = [
            f"{name}={limit if isinstance(limit, str) else repr(float(limit))}"
            for name, limit in (("entry", self.entry), ("exit", self.exit))
            if limit is not None
        ]
        return f"{self.form}({', '.join([*self.inner.columns, *limits])})"


def _or(limit: str | float | None, absent: float) -> float:
    return absent if limit is None else float(limit)


def _taken(limit: Array, rows: Array | None) -> Array:
    return limit if rows is None else limit[rows]
